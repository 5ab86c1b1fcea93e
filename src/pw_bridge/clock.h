/* SPDX-License-Identifier: MIT */
/* The clock of the graph that we drive, as its nodes see it. */
#ifndef LEAT_PW_CLOCK_H
#define LEAT_PW_CLOCK_H

#include <leat/frames.h>

#include <spa/node/io.h>

#include <stdbool.h>

/* Name the clock, once per area. Thread: data loop. */
void leat_pw_clock_name(struct spa_io_position *position,
			const char *link_name);

/*
 * A cycle of n_frames begins, which JACK began at the stamp's time. The
 * clock's position is the ring's index, so frames that the graph missed show
 * as a jump. delay: between that position and JACK's devices. Thread: data loop. RT-safe.
 */
LEAT_RT void leat_pw_clock_write(struct spa_io_position *position,
				 const struct leat_stamp *stamp,
				 uint32_t n_frames, uint32_t rate_hz,
				 int64_t delay);

/*
 * What the cycles will be. The daemon goes by it when it first runs the graph:
 * where it knows of something else it suspends the nodes at once, which breaks
 * links that are being made (seen in 1.4.2).
 */
LEAT_RT void leat_pw_clock_aim(struct spa_io_clock *clock, uint32_t n_frames,
			       uint32_t rate_hz);

/* PipeWire calls process() once more after an xrun, outside our cycle. */
LEAT_RT bool leat_pw_clock_recovering(const struct spa_io_position *position);

#endif
