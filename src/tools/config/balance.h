/* SPDX-License-Identifier: MIT */
/*
 * What can be wrong with a text before anybody asks what it says: brackets,
 * quotes, and bytes that are no text. PipeWire's reader lets some of it pass,
 * and not in each version the same.
 */
#ifndef LEAT_TOOLS_BALANCE_H
#define LEAT_TOOLS_BALANCE_H

#include <leat/link.h>

#include <stddef.h>

#define LEAT_BALANCE_DEPTH_MAX 8

/*
 * @return  0, or -EINVAL: then at is where it is wrong, and error says what.
 */
LEAT_MUST_CHECK int leat_balance_check(const char *text, size_t n_bytes,
				       size_t *at, struct leat_error *error);

/* Line and column of a byte, from 1 on; a column is a character. */
void leat_balance_place(const char *text, size_t at, unsigned *line,
			unsigned *column);

#endif
