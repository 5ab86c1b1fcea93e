/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <limits.h>
#include <string.h>

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/*
 * V. I. Levenshtein, "Binary codes capable of correcting deletions,
 * insertions, and reversals", 1966; row by row.
 */
unsigned leat_word_distance(const char *a, const char *b)
{
	unsigned row[LEAT_NEAREST_BYTES];
	unsigned n = (unsigned)strnlen(b, LEAT_NEAREST_BYTES);

	if (n == LEAT_NEAREST_BYTES ||
	    strnlen(a, LEAT_NEAREST_BYTES) == LEAT_NEAREST_BYTES)
		return UINT_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 0; a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] = i + 1;
		for (unsigned j = 0; j < n; j++) {
			unsigned up = row[j + 1];

			row[j + 1] = min3(up + 1, row[j] + 1,
					  diagonal + (a[i] != b[j]));
			diagonal = up;
		}
	}
	return row[n];
}

/* A word of which no letter is left is nothing that was meant. */
bool leat_word_is_nearer(const char *word, const char *candidate,
			 unsigned *least)
{
	unsigned d = leat_word_distance(word, candidate);

	if (d >= *least || d >= strlen(candidate))
		return false;
	*least = d;
	return true;
}
