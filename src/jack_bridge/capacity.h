/* SPDX-License-Identifier: MIT */
/* How many frames the rings hold: what the bridge needs, and a history. */
#ifndef LEAT_JACK_CAPACITY_H
#define LEAT_JACK_CAPACITY_H

#include <stdint.h>

/* For the samples of both rings, if nobody says less. */
#define LEAT_JACK_SAMPLES_MAX_BYTES (UINT64_C(1) << 30)

struct leat_jack_capacity {
	uint32_t rate_hz;
	uint32_t period;
	uint32_t n_channels; /* of both directions */
	uint32_t history_ms;
	uint64_t most_bytes; /* for samples; the history has to do with it */
};

/* Frames of each ring, a power of two. */
uint32_t leat_jack_capacity(const struct leat_jack_capacity *wanted);

/* The history that such a ring has for certain, ms. */
uint32_t leat_jack_capacity_history_ms(const struct leat_jack_capacity *wanted,
				       uint32_t capacity);

/*
 * What the usual history may take: half of what may be locked in memory, as the
 * rings are, or all that there is room for.
 */
uint64_t leat_jack_capacity_lockable_bytes(void);

#endif
