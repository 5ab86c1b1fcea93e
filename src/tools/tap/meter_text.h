/* SPDX-License-Identifier: MIT */
/* What a meter shows, as lines. data/man/leat-tap.1 promises the JSON's names. */
#ifndef LEAT_TAP_METER_TEXT_H
#define LEAT_TAP_METER_TEXT_H

#include "loudness.h"

#include <leat/link.h>

#include <stdio.h>

/* What is measured, beside the values. */
struct meter_subject {
	const char *link;
	const char *direction;
	uint32_t rate_hz;
	uint64_t n_missing; /* frames of silence that were not sent */
	uint8_t position[LEAT_CHANNELS_MAX];
};

/* A line of JSON with its end. */
void meter_print_json(FILE *file, const struct meter_subject *subject,
		      const struct loudness_values *values);

/* A line for people with its end. */
void meter_print_line(FILE *file, const struct meter_subject *subject,
		      const struct loudness_values *values);

/* "-12.3", or "-inf"; "-" for what is not known. Returns text. */
const char *meter_number(char *text, size_t text_bytes, double value);

#endif
