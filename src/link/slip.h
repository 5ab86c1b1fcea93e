/* SPDX-License-Identifier: MIT */
/*
 * When to jump instead of catching up, and the account of it.
 *
 * The clock loop brings a direction to its place within the 0.5 % that speed
 * may vary. What is further off than that can make good in two seconds, or
 * than one period of each graph, is brought there at once: a slip. So is
 * anything at all when the stream was interrupted anyway.
 *
 * A slip moves by whole frames of the ring, and each is accounted for: lost
 * ones were in the ring and are not heard, inserted ones are heard and were
 * not sent. splice.h hides the jump.
 */
#ifndef LEAT_LINK_SLIP_H
#define LEAT_LINK_SLIP_H

#include <leat/attributes.h>
#include <leat/frames.h>

#include <stdbool.h>
#include <stdint.h>

/* The furthest that is caught up: 6 ms in 1.2 s at 0.5 %. */
#define LEAT_SLIP_CAUGHT_UP_US 6000u

struct leat_slip {
	enum leat_direction direction;
	uint32_t limit;	   /* JACK frames that are caught up */
	uint64_t n_slips;  /* so far */
	uint64_t lost;	   /* frames, so far */
	uint64_t inserted; /* frames, so far */
};

/* The limit for P and Q (both in JACK frames) at JACK's rate. */
LEAT_RT uint32_t leat_slip_limit(uint32_t p, uint32_t q, uint32_t rate_hz);

LEAT_RT void leat_slip_init(struct leat_slip *slip,
			    enum leat_direction direction, uint32_t limit);

/*
 * Decide about an error: where the direction should be less where it is, in
 * JACK frames, as leat_clock_loop_speed() takes it.
 *
 * interrupted: frames were missing since the last call, or the map jumped.
 *
 * Returns by how many frames to jump, and has counted them: to PipeWire the
 * place it reads at, to JACK the place it writes at; forwards if positive. 0
 * if it is to be caught up.
 *
 * Thread: the owner. RT-safe.
 */
LEAT_RT int64_t leat_slip_take(struct leat_slip *slip, double error,
			       bool interrupted);

#endif
