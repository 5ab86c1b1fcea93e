/* SPDX-License-Identifier: MIT */
/*
 * One generation as a tap has it: the producer's part mapped read-only, which
 * of its frames can be trusted, and its events.
 *
 * The window. The producer publishes index I, and writes the next block behind
 * it, [I, I + n), where the frames [I - capacity, I + n - capacity) have been.
 * n is at most `block_max`, which it raises before it writes more. Between the
 * store of I and those of the block is a barrier, as between the store of
 * block_max and those. So a tap that has copied a frame, passes a barrier and
 * then loads I and block_max, has seen nothing of a block if the frame lies at
 * I + block_max - capacity or behind that. (The lines of the next block that a
 * producer touches ahead are those of a block not written yet, and get what
 * they have.) See doc/taps.md.
 *
 * A position is an index less the first one. Thread: the tap's.
 */
#ifndef LEAT_LINK_TAP_WIRE_H
#define LEAT_LINK_TAP_WIRE_H

#include "part.h"
#include "proto.h"
#include "tap_log.h"

#include <leat/shm.h>
#include <leat/tap.h>

struct leat_tap_wire {
	struct leat_shm shm; /* the part that is read */
	void *clock_page;    /* JACK's part's first page, if that is another */
	size_t clock_bytes;
	const struct leat_producer_part *part;	/* in shm */
	const struct leat_producer_part *clock; /* JACK's */
	const float *planes;
	size_t stride; /* samples */
	struct leat_tap_format format;
	uint64_t first_index;
	uint64_t newest; /* position, as last seen */
	uint32_t block;	 /* block_max, likewise */
	bool broken;	 /* it wrote what cannot be */
	struct leat_tap_log log;
	struct leat_tap_log clock_log; /* not used if it is the same */
};

/*
 * Map what came with a message that was checked; takes both descriptors over.
 * -ENOTSUP: by who wrote it, no tap can read it. -EPROTO: it is not safe to map,
 * or not as it was said to be.
 */
int leat_tap_wire_open(struct leat_tap_wire **wire,
		       const struct leat_tap_message *message,
		       enum leat_direction direction,
		       const int fds[LEAT_N_DIRECTIONS]);
void leat_tap_wire_close(struct leat_tap_wire *wire);

/* See how far the producer is. false: it wrote what cannot be. */
LEAT_RT bool leat_tap_wire_look(struct leat_tap_wire *wire);
/* The same, with its events. */
bool leat_tap_wire_look_at_all(struct leat_tap_wire *wire);

/* The oldest position that can be trusted, as it was last seen. */
LEAT_RT uint64_t leat_tap_wire_oldest(const struct leat_tap_wire *wire);
/* The oldest that still can be for a moment. */
uint64_t leat_tap_wire_oldest_safe(const struct leat_tap_wire *wire);

/* Whether what was read since, from a position on, can be trusted. */
LEAT_RT bool leat_tap_wire_intact(struct leat_tap_wire *wire,
				  uint64_t position);

/* Where n_frames lie, at most a capacity of them: one view, or two. */
LEAT_RT void leat_tap_wire_views(const struct leat_tap_wire *wire,
				 uint64_t position, uint32_t n_frames,
				 struct leat_frames_view views[2]);

/* The log with JACK's xruns. */
static inline struct leat_tap_log *
leat_tap_wire_clock_log(struct leat_tap_wire *wire)
{
	return wire->clock == wire->part ? &wire->log : &wire->clock_log;
}

/* JACK's newest stamp, its index as a position. false: there is none. */
bool leat_tap_wire_stamp(const struct leat_tap_wire *wire,
			 struct leat_stamp *stamp);

/* When JACK was at a position, by its newest stamp. false: not known. */
bool leat_tap_wire_time(struct leat_tap_wire *wire, uint64_t position,
			struct leat_tap_time *time);

#endif
