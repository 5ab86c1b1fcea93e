/* SPDX-License-Identifier: MIT */
#ifndef LEAT_LINK_ERROR_H
#define LEAT_LINK_ERROR_H

#include <leat/link.h>

/* Put a sentence into error (which may be NULL) and pass the result on. */
__attribute__((format(printf, 3, 4))) int
leat_error_set(struct leat_error *error, int res, const char *format, ...);

#endif
