/* SPDX-License-Identifier: MIT */
/*
 * From a tap to a graph with a clock of its own: a ring in this process, and
 * adaptive mode's reader behind it, which resamples, keeps the latency at what
 * was asked for, and slips where it must.
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
};

/* What there is to say; 0 where nothing is known yet. */
struct player_status {
	uint32_t latency;    /* frames of the link that are aimed at */
	double rate_ppm;     /* the link's clock against the graph's */
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

/*
 * The next frames, and when JACK was at the first of them, if that is known
 * (0: it is not). At most 1024.
 */
void player_put(struct player *player, const float *const *planes,
		uint32_t n_frames, uint64_t time_ns);

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
