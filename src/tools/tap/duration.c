/* SPDX-License-Identifier: MIT */
#include "duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)

static const struct {
	const char *name;
	int64_t time_ns;
} units[] = {
	{ "", SECOND_NS },	    { "s", SECOND_NS },
	{ "ms", SECOND_NS / 1000 }, { "us", SECOND_NS / 1000000 },
	{ "min", 60 * SECOND_NS },  { "m", 60 * SECOND_NS },
	{ "h", 3600 * SECOND_NS },  { "d", 24 * 3600 * SECOND_NS },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, of which there must be one; no more than DURATION_MAX_NS. */
static bool read_number(const char **text, int64_t *number)
{
	if (!is_digit(**text))
		return false;
	for (*number = 0; is_digit(**text); ++*text) {
		*number = *number * 10 + (**text - '0');
		if (*number > DURATION_MAX_NS)
			return false;
	}
	return true;
}

/* The digits behind a point, as parts of 10^9; those beyond it are dropped. */
static bool read_fraction(const char **text, int64_t *billionths)
{
	int64_t worth = SECOND_NS;

	*billionths = 0;
	if (**text != '.')
		return true;
	if (!is_digit(*++*text))
		return false;
	for (; is_digit(**text); ++*text) {
		worth /= 10;
		*billionths += (**text - '0') * worth;
	}
	return true;
}

static bool find_unit(const char *name, int64_t *time_ns)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(name, units[i].name) == 0) {
			*time_ns = units[i].time_ns;
			return true;
		}
	}
	return false;
}

/* billionths of unit_ns, in ns: a double holds it to well below one. */
static int64_t part_of(int64_t billionths, int64_t unit_ns)
{
	return (int64_t)((double)billionths * (double)unit_ns / 1e9 + 0.5);
}

static bool add_units(int64_t *time_ns, int64_t number, int64_t billionths,
		      int64_t unit_ns)
{
	if (number > DURATION_MAX_NS / unit_ns)
		return false;
	*time_ns += number * unit_ns + part_of(billionths, unit_ns);
	return *time_ns <= DURATION_MAX_NS;
}

/* What follows the first colon: minutes and seconds are below 60. */
static bool parse_clock(const char *text, int64_t number, int64_t *time_ns)
{
	int64_t billionths = 0;

	for (int n_colons = 0; *text == ':'; n_colons++) {
		int64_t next;

		text++;
		if (n_colons == 2 || !read_number(&text, &next) || next > 59)
			return false;
		if (number > DURATION_MAX_NS / 60)
			return false;
		number = number * 60 + next;
	}
	*time_ns = 0;
	return read_fraction(&text, &billionths) && *text == 0 &&
	       add_units(time_ns, number, billionths, SECOND_NS);
}

bool duration_parse(const char *text, int64_t *time_ns)
{
	int64_t number, billionths, unit_ns;

	if (!read_number(&text, &number))
		return false;
	if (*text == ':')
		return parse_clock(text, number, time_ns);
	*time_ns = 0;
	return read_fraction(&text, &billionths) && find_unit(text, &unit_ns) &&
	       add_units(time_ns, number, billionths, unit_ns);
}

uint64_t duration_frames(int64_t time_ns, uint32_t rate_hz)
{
	uint64_t seconds = (uint64_t)(time_ns / SECOND_NS);
	uint64_t rest_ns = (uint64_t)(time_ns % SECOND_NS);

	return seconds * rate_hz +
	       (rest_ns * rate_hz + SECOND_NS / 2) / SECOND_NS;
}

const char *duration_print(char *text, size_t text_bytes, uint64_t seconds)
{
	uint64_t h = seconds / 3600, min = seconds / 60 % 60;

	if (h > 0)
		snprintf(text, text_bytes, "%" PRIu64 ":%02u:%02u", h,
			 (unsigned)min, (unsigned)(seconds % 60));
	else
		snprintf(text, text_bytes, "%u:%02u", (unsigned)min,
			 (unsigned)(seconds % 60));
	return text;
}
