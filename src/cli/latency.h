/* SPDX-License-Identifier: MIT */
/* --latency, --latency-min and --latency-max: what the user wants of it. */
#ifndef LEAT_CLI_LATENCY_H
#define LEAT_CLI_LATENCY_H

#include <leat/link.h>

#include <stdint.h>

/*
 * The most, frames of JACK's: 20 s at 48 kHz. With the longest periods it fits
 * into the largest rings that a guest may ask for, of 2^20 frames.
 */
#define LEAT_LATENCY_MAX 960000u

/* In frames of JACK's; 0 where nothing is asked for. */
struct leat_latency_options {
	uint32_t fixed;
	uint32_t min;
	uint32_t max;
	const char *dashes; /* what stands before their names; NULL: "--" */
};

/* Read the number of one of them: 0, or -EINVAL and why it will not do. */
LEAT_MUST_CHECK int leat_latency_parse(uint32_t *frames, const char *option,
				       const char *arg,
				       struct leat_error *error);

/* Whether they go together: 0, or -EINVAL and why not. */
LEAT_MUST_CHECK int
leat_latency_check(const struct leat_latency_options *options,
		   struct leat_error *error);

#endif
