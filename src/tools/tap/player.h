/* SPDX-License-Identifier: MIT */
/*
 * From a tap to a graph: a ring in this process, and behind it, where the graph
 * has a clock of its own, adaptive mode's reader, which resamples, keeps the
 * latency at what was asked for, and slips where it must. Where the graph runs
 * on the link's clock, frames are copied as they are (copier.h).
 *
 * One thread puts what the tap read; the graph's realtime thread calls
 * player_cycle().
 */
#ifndef LEAT_TAP_PLAYER_H
#define LEAT_TAP_PLAYER_H

#include <leat/attributes.h>
#include <leat/frames.h>

#include <stdbool.h>
#include <stdint.h>

/* Frames of a cycle, at most: adaptive mode serves no longer one. */
#define PLAYER_CYCLE_MAX 8192u

struct player_config {
	uint32_t rate_hz;	/* of the link */
	uint32_t graph_rate_hz; /* that cycles are counted in */
	uint32_t n_channels;	/* at least 1 */
	uint32_t latency;	/* frames of the link */
};

/* A cycle of the graph. */
struct player_cycle {
	uint32_t clock_id; /* of its driver */
	uint64_t frame;	   /* that it begins with */
	uint64_t time_ns;  /* CLOCK_MONOTONIC as it begins */
	uint32_t n_frames; /* of it */
	bool counts; /* frame counts what struct player_time's count does */
};

/* When a frame was carried. */
struct player_time {
	uint64_t time_ns; /* JACK's cycle, CLOCK_MONOTONIC; 0: not known */
	uint32_t count;	  /* of the frame, as cycles may count; wraps */
	bool counted;	  /* that is known */
};

/* What there is to say; 0 where nothing is known yet. */
struct player_status {
	bool copies;	  /* both run on one clock, and nothing is resampled */
	uint32_t latency; /* frames of the link that are aimed at */
	double rate_ppm;  /* the link's clock against the graph's */
	uint64_t n_silences; /* cycles in which the frames were not there */
	uint64_t n_slips;    /* jumps to bring the latency back */
};

struct player;

/* -EINVAL if the rates are too far apart, -ENOMEM, or of shared memory. */
LEAT_MUST_CHECK int player_create(struct player **player,
				  const struct player_config *config);

/* NULL is fine; the graph does not call it any more. */
void player_destroy(struct player *player);

/* ---- the tap's thread ---- */

/* The next frames, and when the first of them was. At most 1024. */
void player_put(struct player *player, const float *const *planes,
		uint32_t n_frames, const struct player_time *time);

void player_put_silence(struct player *player, uint64_t n_frames);

void player_get_status(const struct player *player,
		       struct player_status *status);

/* ---- the graph's thread ---- */

/*
 * Fill planes with a cycle: what the link carried a latency ago, or silence.
 * RT-safe.
 */
LEAT_RT void player_cycle(struct player *player,
			  const struct player_cycle *cycle,
			  float *const *planes);

#endif
