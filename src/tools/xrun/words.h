/* SPDX-License-Identifier: MIT */
/* Figures for people, with their units. */
#ifndef LEAT_XRUN_WORDS_H
#define LEAT_XRUN_WORDS_H

#include <stdint.h>

#define XRUN_WORDS_BYTES 48

/* "1,234,567". Returns text. */
const char *xrun_words_count(char text[XRUN_WORDS_BYTES], uint64_t count);

/* With three digits and a unit that suits: "850 ns", "5.33 ms", "2 s",
 * "3 min 5 s". */
const char *xrun_words_time(char text[XRUN_WORDS_BYTES], double time_ns);

/* "1 period", "1,200 periods": with "s" where there is not just one. */
const char *xrun_words_some(char text[XRUN_WORDS_BYTES], uint64_t count,
			    const char *what);

#endif
