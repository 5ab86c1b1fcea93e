/* SPDX-License-Identifier: MIT */
/* What the programs' command lines have in common. */
#ifndef LEAT_CLI_OPTIONS_H
#define LEAT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* --sync-wait: the rest of JACK's graph has to run as well. */
#define LEAT_SYNC_WAIT_MAX_PERCENT 90u

/* --history: seconds that the rings keep for taps. */
#define LEAT_HISTORY_MAX_S 300
#define LEAT_HISTORY_DEFAULT_S 2

/* --latency-trim-in, --latency-trim-out: frames, either way. */
#define LEAT_LATENCY_TRIM_MAX 65536

/* Exit statuses, told in the man pages. */
#define LEAT_EXIT_FAILED 1	  /* could not */
#define LEAT_EXIT_USAGE 2	  /* was not asked properly */
#define LEAT_EXIT_WRONG_LIBJACK 3 /* --probe: libjack is PipeWire's */
#define LEAT_EXIT_UNKNOWN 4	  /* --probe: it cannot be told */

/* The link that is meant when none is named. */
#define LEAT_DEFAULT_LINK "main"

/* Read a decimal number in a range; false if it is not one. */
bool leat_parse_u32(const char *text, uint32_t min, uint32_t max,
		    uint32_t *value);

/* The same with a sign, '-' or '+', or without one. */
bool leat_parse_i32(const char *text, int32_t min, int32_t max, int32_t *value);

/* Read a number of seconds in a range, as milliseconds; false if it is not one. */
bool leat_parse_seconds(const char *text, double min_s, double max_s,
			int64_t *time_ms);

/*
 * Read positions separated by commas ("FL,FR") into at most 64 places.
 *
 * Returns how many there are, or 0 with a sentence in error if one is unknown
 * or there twice.
 */
uint32_t leat_parse_positions(const char *text, uint8_t *positions, char *error,
			      uint32_t error_bytes);

/* Tell whoever started the program that it is up; fd is closed. */
void leat_tell_ready(int *fd);

#endif
