/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <leat/frames.h>
#include <leat/positions.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool leat_parse_u32(const char *text, uint32_t min, uint32_t max,
		    uint32_t *value)
{
	unsigned long n;
	char *end;

	/* strtoul takes signs and blanks, which no option here means. */
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || *end != 0 || n < min || n > max)
		return false;
	*value = (uint32_t)n;
	return true;
}

bool leat_parse_i32(const char *text, int32_t min, int32_t max, int32_t *value)
{
	bool minus = text[0] == '-';
	int64_t number;
	uint32_t n;

	if (!leat_parse_u32(text + (minus || text[0] == '+'), 0, INT32_MAX, &n))
		return false;
	number = minus ? -(int64_t)n : n;
	if (number < min || number > max)
		return false;
	*value = (int32_t)number;
	return true;
}

bool leat_parse_seconds(const char *text, double min_s, double max_s,
			int64_t *time_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	/* Written so that not-a-number is refused as well. */
	if (end == text || *end || !(seconds >= min_s && seconds <= max_s))
		return false;
	*time_ms = llround(seconds * 1000);
	return true;
}

static bool contains(const uint8_t *positions, uint32_t n, uint8_t position)
{
	return memchr(positions, position, n) != NULL;
}

uint32_t leat_parse_positions(const char *text, uint8_t *positions, char *error,
			      uint32_t error_bytes)
{
	uint32_t n = 0;

	while (true) {
		size_t length = strcspn(text, ",");
		char name[8] = "";
		uint8_t position;

		if (length > 0 && length < sizeof(name))
			memcpy(name, text, length);
		position = leat_position_parse(name);
		if (position == LEAT_POSITION_NONE) {
			snprintf(error, error_bytes,
				 "'%.*s' is no channel position: use names "
				 "such as FL, FR, FC, LFE, AUX0",
				 (int)length, text);
			return 0;
		}
		if (contains(positions, n, position)) {
			snprintf(error, error_bytes,
				 "the position %s is given twice: name each "
				 "channel once",
				 name);
			return 0;
		}
		if (n == LEAT_CHANNELS_MAX) {
			snprintf(error, error_bytes,
				 "more than %u positions are given",
				 LEAT_CHANNELS_MAX);
			return 0;
		}
		positions[n++] = position;
		if (text[length] == 0)
			return n;
		text += length + 1;
	}
}

void leat_tell_ready(int *fd)
{
	if (*fd < 0)
		return;
	if (write(*fd, "1", 1) < 0) {
		/* Whoever wanted to know is gone: nothing to be done. */
	}
	close(*fd);
	*fd = -1;
}
