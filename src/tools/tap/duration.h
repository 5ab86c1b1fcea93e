/* SPDX-License-Identifier: MIT */
/* Lengths of time as people write them. */
#ifndef LEAT_TAP_DURATION_H
#define LEAT_TAP_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest: a year of 365 days. */
#define DURATION_MAX_NS (INT64_C(365) * 24 * 3600 * 1000000000)

/* What messages say of the form. */
#define DURATION_FORMS "10, 10s, 500ms, 5min, 1h or 0:30"

/*
 * Read "10", "1.5s", "500ms", "5min", "1h", "0:30" or "1:00:00". Without a
 * unit it is seconds. False if it is none of these, or too long.
 */
bool duration_parse(const char *text, int64_t *time_ns);

/* Frames of that time, to the nearest. */
uint64_t duration_frames(int64_t time_ns, uint32_t rate_hz);

/* "1:02:03" or "2:03", whole seconds. Returns text. */
const char *duration_print(char *text, size_t text_bytes, uint64_t seconds);

#endif
