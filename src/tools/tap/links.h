/* SPDX-License-Identifier: MIT */
/* The links that there are. */
#ifndef LEAT_TAP_LINKS_H
#define LEAT_TAP_LINKS_H

#include <leat/link.h>

/*
 * Whether somebody hosts a link of that name: 0, or -ENOENT with those there
 * are in error, or another negative errno.
 */
LEAT_MUST_CHECK int links_check(const char *link_name,
				struct leat_error *error);

/* As above, of the names of a folder. */
LEAT_MUST_CHECK int links_check_in(const char *folder, const char *link_name,
				   struct leat_error *error);

#endif
