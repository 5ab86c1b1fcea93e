/* SPDX-License-Identifier: MIT */
/*
 * Adaptive mode on PipeWire's data loop: each graph on its own clock, and
 * between them, in each direction, a resampler that keeps its place.
 *
 * One map says where JACK is when PipeWire is at a frame (link/clock_loop.h),
 * and both directions follow it. To PipeWire, the resampler's positions are
 * indices of the ring, and it reads at J(frame) - target. To JACK, its
 * positions are PipeWire's frames, and what comes out is written at the index
 * J(position) + target - P: JACK's cycle at W reads [W-P, W), as it does in
 * follow mode, so a new P needs no jump.
 *
 * Made and destroyed on the main thread; the rest runs on the data loop.
 * doc/clocks.md has the reasons and the figures.
 */
#ifndef LEAT_PW_ADAPTIVE_H
#define LEAT_PW_ADAPTIVE_H

#include "link/clock_loop.h"
#include "link/resampler.h"
#include "link/slip.h"
#include "link/splice.h"
#include "link/target.h"

#include <leat/frames.h>
#include <leat/link.h>
#include <leat/status.h>

#include <stdbool.h>
#include <stdint.h>

/* Frames of a graph's cycle, at most; a longer one is not served. */
#define LEAT_PW_ADAPTIVE_QUANTUM_MAX LEAT_RESAMPLER_PULL_MAX

/* What the user wants the target to be, both ways; JACK frames, 0: not told. */
struct leat_pw_latency {
	uint32_t fixed;
	uint32_t min;
	uint32_t max;
};

struct leat_pw_adaptive_config {
	uint32_t jack_rate_hz;
	uint32_t pw_rate_hz;
	uint32_t period; /* JACK's */
	uint32_t n_channels[LEAT_N_DIRECTIONS];
	struct leat_pw_latency latency;
};

/* What both directions have. */
struct leat_pw_adaptive_way {
	struct leat_resampler *resampler;
	struct leat_splice splice;
	struct leat_slip slip;
	struct leat_target target;
	struct leat_direction_words *words;
	struct leat_word *delay; /* in the status: the resampler's */
	double ratio;	  /* JACK frames for one that the resampler is fed */
	bool placed;	  /* it has a place; else it gets one, uncounted */
	bool interrupted; /* frames were missing, or the map jumped */
	bool sounding;	  /* the resampler holds what was heard last */
};

struct leat_pw_adaptive {
	struct leat_pw_adaptive_config config;
	struct leat_clock_loop loop;
	struct leat_clock_words *words; /* of the status */
	struct leat_pw_adaptive_way way[LEAT_N_DIRECTIONS];
	float *samples; /* a piece to JACK, while it is made */
	float *planes[LEAT_CHANNELS_MAX];
	uint64_t n_stamps;	 /* read so far, of this wire's */
	struct leat_stamp stamp; /* the newest of them */
	bool stamp_is_new;	 /* and this cycle brought it */
	bool begun;		 /* there was a cycle */
	uint32_t clock_id;	 /* of the driver */
	uint64_t position;	 /* of the cycle, as the driver counts */
	uint64_t time_ns;	 /* of the cycle */
	uint64_t frame;		 /* of the cycle, as the streams count */
	uint32_t quantum;	 /* of the cycle */
	int64_t quantum_step;	 /* from that of the cycle before */
	uint32_t n_jack;	 /* frames of JACK's newest cycle; 0: unknown */
	uint32_t capacity;	 /* of the rings, frames */
	uint32_t spare;		 /* of that, beside the targets */
	uint64_t silent_since_ns; /* PipeWire's time; 0: JACK is not silent */
	struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE];
};

/* A cycle of the graph, as spa_io_clock has it. */
struct leat_pw_adaptive_cycle {
	uint32_t clock_id;
	uint32_t quantum;
	struct leat_clock_cycle clock;
};

/*
 * words: of the PipeWire side. -EINVAL if the rates are further apart than the
 * resampler goes, or the latencies are upside down; -ENOMEM. Thread: main.
 */
LEAT_MUST_CHECK int
leat_pw_adaptive_create(struct leat_pw_adaptive **adaptive,
			const struct leat_pw_adaptive_config *config,
			struct leat_side_words *words);
/* NULL is fine. Thread: main, once the data loop has forgotten it. */
void leat_pw_adaptive_destroy(struct leat_pw_adaptive *adaptive);

/* ---- on the data loop ---- */

/* What the status says of two clocks is not true any more. */
LEAT_RT void leat_pw_adaptive_forget(struct leat_clock_words *words);

/* A new wire, or a pause: begin anew; where things were is not counted. */
LEAT_RT void leat_pw_adaptive_restart(struct leat_pw_adaptive *adaptive);

/* The streams began or went on: keep the clock's speed, find new places. */
LEAT_RT void leat_pw_adaptive_pause(struct leat_pw_adaptive *adaptive);

/*
 * Frames that rings must hold for the targets that are wanted. Where they hold
 * less, the targets are what there is room for.
 */
LEAT_RT uint32_t leat_pw_adaptive_room(const struct leat_pw_adaptive *adaptive);

/*
 * The least that P and Q allow a target to be, JACK frames, where the user
 * wants it to be less; else 0.
 */
LEAT_RT uint32_t leat_pw_adaptive_raised(
	const struct leat_pw_adaptive *adaptive, enum leat_direction direction);

/* JACK's period changed. */
LEAT_RT void leat_pw_adaptive_set_period(struct leat_pw_adaptive *adaptive,
					 uint32_t period);

/*
 * A cycle begins. Both streams call it; the first one counts.
 *
 * Returns whether this was the first one.
 */
LEAT_RT bool
leat_pw_adaptive_update(struct leat_pw_adaptive *adaptive,
			struct leat_frames_consumer *in,
			const struct leat_pw_adaptive_cycle *cycle);

/*
 * Fill n_frames of each plane with what JACK sent, or with silence.
 *
 * Returns whether it is JACK's.
 */
LEAT_RT bool leat_pw_adaptive_read(struct leat_pw_adaptive *adaptive,
				   struct leat_frames_consumer *in,
				   float *const *planes, uint32_t n_frames);

/*
 * Send n_frames of each plane to JACK, who is to hear them when it should.
 *
 * Returns whether they were written.
 */
LEAT_RT bool leat_pw_adaptive_write(struct leat_pw_adaptive *adaptive,
				    struct leat_frames_producer *out,
				    const float *const *planes,
				    uint32_t n_frames);

/* ---- between the files of adaptive mode ---- */

/* Whether there is a map, and JACK is there. */
LEAT_RT bool leat_pw_adaptive_live(const struct leat_pw_adaptive *adaptive);

/*
 * So many frames of PipeWire's graph were played without us, which it heard as
 * silence.
 */
LEAT_RT void leat_pw_adaptive_note_hole(struct leat_pw_adaptive *adaptive,
					uint64_t n_frames);

/* Tell where the direction is: error and target in JACK frames. */
LEAT_RT void leat_pw_adaptive_tell(struct leat_pw_adaptive_way *way,
				   double latency);

#endif
