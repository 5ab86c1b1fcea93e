/* SPDX-License-Identifier: MIT */
/*
 * What a writer of frames did besides writing the next ones: it passed over
 * some, or its graph did, or it slipped. The last such events stay in the part,
 * for those who read the frames later; in steady state nothing is written.
 *
 * An event is written before the index that makes its frames known is
 * published, so whoever has seen that index finds the event.
 */
#ifndef LEAT_LINK_EVENT_LOG_H
#define LEAT_LINK_EVENT_LOG_H

#include <leat/frames.h>
#include <leat/ring.h>

#include <stdint.h>

#define LEAT_EVENT_LOG_SIZE 32u

struct leat_event {
	uint64_t index;	      /* the ring's, of the first frame it is about */
	uint64_t n_frames;    /* that it is about */
	uint32_t kind;	      /* enum leat_frames_event, below 256 */
	uint32_t n_jumps;     /* so far, with this one; modulo 2^24 */
	uint32_t xrun_frames; /* of all xruns so far, with this one */
};

#define LEAT_EVENT_JUMPS_MASK 0xffffffu

/*
 * Slot n % SIZE holds the n-th event; `number` is as in stamp.h. `about` is the
 * kind, jumps from bit 8 on, and xrun_frames from bit 32 on: so whoever comes
 * too late for some events knows whether any was a jump.
 */
struct leat_event_slot {
	struct leat_word number;
	struct leat_word index;
	struct leat_word n_frames;
	struct leat_word about;
};

/* Part of a part, so an ABI: doc/format.md. */
struct leat_event_log {
	struct leat_word n_written;
	struct leat_word n_slots; /* SIZE; 0 from who keeps no log */
	struct leat_word
		block_max; /* frames written at once, the most so far */
	uint8_t pad[LEAT_LINE_BYTES - 24];
	struct leat_event_slot slots[LEAT_EVENT_LOG_SIZE];
};

/* The writer's own, 0 before its first event. */
struct leat_event_sums {
	uint64_t n_written;
	uint32_t n_jumps;
	uint32_t xrun_frames;
};

/* Add one. Thread: the one writer. RT-safe, wait-free. */
LEAT_RT void leat_event_log_write(struct leat_event_log *log,
				  struct leat_event_sums *sums, uint64_t index,
				  enum leat_frames_event kind,
				  uint64_t n_frames);

/*
 * The largest block so far: whoever reads the history must reckon with so many
 * frames behind the index being written. Known before the first of them is.
 *
 * Thread: the one writer. RT-safe, wait-free.
 */
LEAT_RT void leat_event_log_grow_block(struct leat_event_log *log,
				       uint32_t n_frames);

/*
 * Read the events that were written since *n_read, oldest first. *n_read is the
 * reader's own; begin with 0.
 *
 * events: room for LEAT_EVENT_LOG_SIZE of them.
 * n_lost: events that were overwritten before they were read; all of them are
 * older than those that are returned.
 *
 * Returns how many. Thread: any. Wait-free.
 */
LEAT_RT uint32_t leat_event_log_read(const struct leat_event_log *log,
				     uint64_t *n_read,
				     struct leat_event *events,
				     uint64_t *n_lost);

#endif
