/* SPDX-License-Identifier: MIT */
/* Taps: which frames of a generation can be trusted, and when they were. */
#include "tap_wire.h"

#include <leat/inline/atomics.h>

/* ---- the window ---- */

bool leat_tap_wire_look(struct leat_tap_wire *wire)
{
	uint64_t index = leat_word_load(&wire->part->words.index);
	uint64_t newest = index - wire->first_index;
	uint64_t block = leat_word_peek(&wire->part->events.block_max);

	/* Neither goes back, nor so far ahead. */
	if (newest < wire->newest || newest >= LEAT_TAP_POSITION_MAX ||
	    block < wire->block || block > wire->format.capacity) {
		wire->broken = true;
		return false;
	}
	wire->newest = newest;
	wire->block = (uint32_t)block;
	return !wire->broken;
}

bool leat_tap_wire_look_at_all(struct leat_tap_wire *wire)
{
	const struct leat_word *index = &wire->part->words.index;

	/* The index first: what it makes known is in the logs by then. */
	if (!leat_tap_wire_look(wire))
		return false;
	if (!leat_tap_log_look(&wire->log, index))
		wire->broken = true;
	if (wire->clock != wire->part &&
	    !leat_tap_log_look(&wire->clock_log, &wire->clock->words.index))
		wire->broken = true;
	return !wire->broken;
}

static uint64_t window(const struct leat_tap_wire *wire) LEAT_RT
{
	return wire->format.capacity - wire->block;
}

uint64_t leat_tap_wire_oldest(const struct leat_tap_wire *wire)
{
	uint64_t n = window(wire);

	return wire->newest > n ? wire->newest - n : 0;
}

/*
 * A hundredth of a second, and two blocks, inside the window: who begins there
 * has the time to read something before it is overtaken once more.
 */
uint64_t leat_tap_wire_oldest_safe(const struct leat_tap_wire *wire)
{
	uint64_t slack = wire->format.rate_hz / 100 + 2 * wire->block;
	uint64_t n = window(wire);

	n -= slack < n / 2 ? slack : n / 2;
	return wire->newest > n ? wire->newest - n : 0;
}

bool leat_tap_wire_intact(struct leat_tap_wire *wire, uint64_t position)
{
	leat_loads_before_loads();
	return leat_tap_wire_look(wire) &&
	       position >= leat_tap_wire_oldest(wire);
}

void leat_tap_wire_views(const struct leat_tap_wire *wire, uint64_t position,
			 uint32_t n_frames, struct leat_frames_view views[2])
{
	uint32_t capacity = wire->format.capacity;
	uint32_t offset =
		(uint32_t)((wire->first_index + position) & (capacity - 1));
	uint32_t first = n_frames < capacity - offset ? n_frames
						      : capacity - offset;

	views[0] = (struct leat_frames_view){
		.base = wire->planes + offset,
		.stride = wire->stride,
		.n_channels = wire->format.n_channels,
		.n_frames = first,
	};
	views[1] = views[0];
	views[1].base = wire->planes;
	views[1].n_frames = n_frames - first;
	views[1].n_before = first;
}

/* ---- time ---- */

bool leat_tap_wire_stamp(const struct leat_tap_wire *wire,
			 struct leat_stamp *stamp)
{
	if (!leat_stamp_read(&wire->clock->stamp, stamp) || stamp->time_ns == 0)
		return false;
	stamp->index -= wire->first_index;
	return stamp->index < LEAT_TAP_POSITION_MAX;
}

/* Days of frames: what is further is no time that can be told. */
#define AHEAD_MAX (INT64_C(1) << 38)

bool leat_tap_wire_time(struct leat_tap_wire *wire, uint64_t position,
			struct leat_tap_time *time)
{
	struct leat_tap_log *log = leat_tap_wire_clock_log(wire);
	struct leat_stamp stamp;
	uint64_t left_out = 0;
	int64_t ahead;

	if (!leat_tap_wire_stamp(wire, &stamp) ||
	    position >= LEAT_TAP_POSITION_MAX)
		return false;
	/* Its xruns are in the log by now. */
	if (!leat_tap_log_look(log, &wire->clock->words.index))
		return false;
	ahead = (int64_t)(position - stamp.index);
	if (ahead < 0)
		left_out = leat_tap_log_xruns(log, position, stamp.index);
	if (ahead < -AHEAD_MAX || ahead > AHEAD_MAX ||
	    left_out > (uint64_t)AHEAD_MAX)
		return false;
	ahead -= (int64_t)left_out;
	time->frame_time = (uint32_t)(stamp.frame_time + (uint64_t)ahead);
	time->time_ns =
		stamp.time_ns +
		(uint64_t)(int64_t)((double)ahead * 1e9 / wire->format.rate_hz);
	return true;
}
