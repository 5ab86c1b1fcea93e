/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Two minutes: from here on they are counted. */
#define LONG_NS 119.5e9

const char *xrun_words_count(char text[XRUN_WORDS_BYTES], uint64_t count)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *at = text;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = 0;
	return text;
}

/* "3 min 5 s", "2 h 10 min", and no part that is 0. */
static void long_time(char text[XRUN_WORDS_BYTES], uint64_t time_s)
{
	bool has_hours = time_s >= 7200;
	uint64_t large = has_hours ? time_s / 3600 : time_s / 60;
	uint64_t small = has_hours ? time_s / 60 % 60 : time_s % 60;
	const char *units[] = { has_hours ? "h" : "min",
				has_hours ? "min" : "s" };

	if (small == 0)
		snprintf(text, XRUN_WORDS_BYTES, "%" PRIu64 " %s", large,
			 units[0]);
	else
		snprintf(text, XRUN_WORDS_BYTES,
			 "%" PRIu64 " %s %" PRIu64 " %s", large, units[0],
			 small, units[1]);
}

const char *xrun_words_time(char text[XRUN_WORDS_BYTES], double time_ns)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	int unit = 0;
	int n_decimals;

	if (time_ns >= LONG_NS && time_ns < 1e18) {
		long_time(text, (uint64_t)(time_ns / 1e9 + 0.5));
		return text;
	}
	/* What would be rounded up to 1000 is 1 of the next. */
	while (unit < 3 && fabs(time_ns) >= 999.5) {
		time_ns /= 1000;
		unit++;
	}
	n_decimals = fabs(time_ns) >= 99.95   ? 0
		     : fabs(time_ns) >= 9.995 ? 1
					      : 2;
	n_decimals = unit == 0 ? 0 : n_decimals;
	/* 5.00 is no better than 5. */
	while (n_decimals > 0) {
		double scaled = time_ns * pow(10, n_decimals - 1);

		if (fabs(scaled - round(scaled)) > 0.05)
			break;
		n_decimals--;
	}
	snprintf(text, XRUN_WORDS_BYTES, "%.*f %s", n_decimals, time_ns,
		 units[unit]);
	return text;
}

const char *xrun_words_some(char text[XRUN_WORDS_BYTES], uint64_t count,
			    const char *what)
{
	char number[XRUN_WORDS_BYTES];

	/* 26 are the digits and commas of the largest. */
	snprintf(text, XRUN_WORDS_BYTES, "%.26s %s%s",
		 xrun_words_count(number, count), what, count == 1 ? "" : "s");
	return text;
}
