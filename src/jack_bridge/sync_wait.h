/* SPDX-License-Identifier: MIT */
/*
 * --sync-wait: the process callback waits, for a share of the period at most,
 * until PipeWire's graph has answered the block that was just sent. Then the
 * way back takes no period either.
 *
 * It is the one place where JACK waits for PipeWire, and only if the user
 * asked for it. Nobody is waited for twice: after a miss the callback goes on
 * at once until a block has come again.
 */
#ifndef LEAT_JACK_SYNC_WAIT_H
#define LEAT_JACK_SYNC_WAIT_H

#include <leat/frames.h>

#include <stdbool.h>
#include <stdint.h>

struct leat_jack_sync_wait {
	uint32_t percent; /* of a period; 0: never wait */
	uint64_t missed;  /* the ring's newest index at the last miss */
	bool is_missing;  /* nothing has come since */
};

/* Whether PipeWire's blocks are to be had, and wanted, in JACK's own cycle. */
LEAT_RT bool leat_sync_wait_wanted(const struct leat_jack_sync_wait *wait,
				   const struct leat_frames_consumer *in);

/* A block of a cycle that began at start_ns, CLOCK_MONOTONIC. */
struct leat_sync_wait_block {
	uint64_t index;
	uint32_t n_frames;
	uint32_t rate_hz;
	uint64_t start_ns;
};

/*
 * Wait until the block is there.
 *
 * Returns whether it is. Thread: JACK's process thread; it sleeps for percent
 * of the block's length from start_ns on, and no longer.
 */
LEAT_RT bool leat_sync_wait(struct leat_jack_sync_wait *wait,
			    struct leat_frames_consumer *in,
			    const struct leat_sync_wait_block *block);

#endif
