/* SPDX-License-Identifier: MIT */
/*
 * Playing where the link's frames and the graph's cycles are counted by one
 * clock: what is played is what the link carried, frame by frame.
 *
 * Both counts, of 32 bits, run on; the ring's index of a frame is its count and
 * an offset, which the tap's thread keeps. Who counts otherwise is resampled,
 * see player.h. The two threads agree like this: the graph's says how it counts,
 * the tap's lays frames out by their counts from then on and says so, and then
 * the graph's reads them.
 */
#ifndef LEAT_TAP_COPIER_H
#define LEAT_TAP_COPIER_H

#include "link/fade.h"

#include <leat/frames.h>
#include <leat/ring.h>

#include <stdbool.h>
#include <stdint.h>

struct copier {
	uint32_t n_channels;
	uint32_t rate_hz;
	/* The tap's thread's. */
	struct leat_word copies; /* 1: frames lie where their counts say */
	struct leat_word offset; /* then: the ring's index less the count */
	/* The graph's thread's. */
	struct leat_word counts;     /* 1: cycles are counted as frames are */
	struct leat_word count;	     /* of the newest cycle */
	struct leat_word n_cycles;   /* in all */
	struct leat_word latency;    /* frames */
	struct leat_word n_silences; /* cycles without their frames */
	struct leat_word n_jumps;    /* as the latency had to be changed */
	bool playing;		     /* cycles are copied, the newest too */
	bool sounding;		     /* there was a frame since then */
	struct leat_fade fade;
};

/* latency: that is asked for; it is more where cycles are too long for it. */
void copier_init(struct copier *copier, uint32_t n_channels, uint32_t rate_hz,
		 uint32_t latency);

/* ---- the tap's thread ---- */

/*
 * Where the frame of this count is put, if the next one would be put at index.
 * Whether it is to be put so: else it comes next, and is resampled.
 */
bool copier_place(struct copier *copier, uint64_t *index, uint32_t count);

/* ---- the graph's thread ---- */

/* A cycle that begins at count, if it is known to be of the link's clock. */
LEAT_RT bool copier_wants(struct copier *copier, bool counts, uint32_t count);

/* Fill planes from the ring, or with silence. */
LEAT_RT void copier_cycle(struct copier *copier,
			  struct leat_frames_consumer *in, float *const *planes,
			  uint32_t count, uint32_t n_frames);

#endif
