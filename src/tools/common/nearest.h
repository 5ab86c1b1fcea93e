/* SPDX-License-Identifier: MIT */
/* What somebody may have meant who has mistyped a word. */
#ifndef LEAT_TOOLS_NEAREST_H
#define LEAT_TOOLS_NEAREST_H

#include <stdbool.h>

/* Longer words are not looked at. */
#define LEAT_NEAREST_BYTES 64

/*
 * The letters that have to be put in, taken out or changed to make one word
 * the other; UINT_MAX if one is too long.
 */
unsigned leat_word_distance(const char *a, const char *b);

/* Whether a candidate is nearer than the least so far, which is lowered. */
#define LEAT_NEAREST_START 3u
bool leat_word_is_nearer(const char *word, const char *candidate,
			 unsigned *least);

#endif
