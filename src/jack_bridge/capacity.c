/* SPDX-License-Identifier: MIT */
#include "capacity.h"

#include <leat/frames.h>

#include <sys/resource.h>

/*
 * A quarter of a second, so that a stall of either side passes without the
 * writer meeting the reader, and at least four periods.
 */
static uint64_t needed(const struct leat_jack_capacity *wanted)
{
	uint64_t periods = UINT64_C(4) * wanted->period;

	return wanted->rate_hz / 4 > periods ? wanted->rate_hz / 4 : periods;
}

static uint32_t at_least(uint64_t n_frames)
{
	uint32_t capacity = LEAT_FRAMES_CAPACITY_MIN;

	while (capacity < n_frames && capacity < LEAT_FRAMES_CAPACITY_MAX)
		capacity *= 2;
	return capacity;
}

uint32_t leat_jack_capacity(const struct leat_jack_capacity *wanted)
{
	uint64_t history =
		(uint64_t)wanted->rate_hz * wanted->history_ms / 1000;
	uint32_t least = at_least(needed(wanted));
	uint32_t capacity = at_least(needed(wanted) + history);

	while (capacity > least &&
	       (uint64_t)capacity * wanted->n_channels * sizeof(float) >
		       wanted->most_bytes)
		capacity /= 2;
	return capacity;
}

uint32_t leat_jack_capacity_history_ms(const struct leat_jack_capacity *wanted,
				       uint32_t capacity)
{
	uint64_t frames = capacity - wanted->period;

	return (uint32_t)(frames * 1000 / wanted->rate_hz);
}

uint64_t leat_jack_capacity_lockable_bytes(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    limit.rlim_cur / 2 > LEAT_JACK_SAMPLES_MAX_BYTES)
		return LEAT_JACK_SAMPLES_MAX_BYTES;
	return limit.rlim_cur / 2;
}
