/* SPDX-License-Identifier: MIT */
/*
 * How much latency a direction aims at.
 *
 * Position is compared with position at one instant, so the other graph's
 * period costs nothing, and what is needed is (in JACK frames)
 *
 *     to PipeWire  Q * fs_jack / fs_pw + half the taps + margin
 *     to JACK      P                   + half the taps + margin
 *
 * The margin is for wake-ups that come late. It follows what was measured: at
 * once when more is needed, slowly when less has been needed for a minute or
 * two. The user can bound the whole, or fix it, down to the base and the
 * reserve; and the ring bounds it.
 */
#ifndef LEAT_LINK_TARGET_H
#define LEAT_LINK_TARGET_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stdint.h>

/* What the margin keeps free beyond the worst lateness seen, and begins with. */
#define LEAT_TARGET_RESERVE_US 333u
#define LEAT_TARGET_BEGIN_US 1000u
/* How late a graph may be without the ring's other end catching up with it. */
#define LEAT_TARGET_LATE_US 20000u
/* Who is later than this has stalled: no lateness to be prepared for. */
#define LEAT_TARGET_STALL_US 10000u
/* How long less must have been needed, and how fast it then goes down. */
#define LEAT_TARGET_HOLD_S 60.0
#define LEAT_TARGET_DOWN_PPM 2.0

struct leat_target_config {
	uint32_t rate_hz;      /* JACK's */
	uint32_t base_frames;  /* without the margin, see below */
	uint32_t min_frames;   /* of the target; 0: none */
	uint32_t max_frames;   /* of the target; 0: none */
	uint32_t fixed_frames; /* the target itself; 0: adapt it */
};

struct leat_target {
	struct leat_target_config config;
	double reserve; /* frames */
	double wish;	/* frames of margin, by what was measured */
	double margin;	/* frames, within the bounds */
	uint32_t most;	/* frames of target that the ring has room for */
	double used[2]; /* worst of this minute, and of the last */
	double used_s;	/* length of this minute so far */
	bool known;	/* a whole minute was seen */
};

/* The base of each direction; half_taps in the resampler's input frames. */
LEAT_RT uint32_t leat_target_base_to_pipewire(uint32_t q, uint32_t half_taps,
					      uint32_t jack_rate_hz,
					      uint32_t pw_rate_hz);
LEAT_RT uint32_t leat_target_base_to_jack(uint32_t p, uint32_t half_taps,
					  uint32_t jack_rate_hz,
					  uint32_t pw_rate_hz);

/*
 * Frames that a ring of such a target holds besides: what JACK and PipeWire
 * write at once and read at once, which may meet at its edge, while either is
 * late. q in JACK frames.
 */
LEAT_RT uint32_t leat_target_spare(uint32_t p, uint32_t q, uint32_t rate_hz);

/*
 * Begin, with whatever base is known. -EINVAL: the bounds are upside down, or
 * the rate is 0. Thread: any. RT-safe.
 */
LEAT_RT LEAT_MUST_CHECK int
leat_target_init(struct leat_target *target,
		 const struct leat_target_config *config);

/* P, Q or a rate is another one: what was measured holds. RT-safe. */
LEAT_RT void leat_target_set_base(struct leat_target *target,
				  uint32_t base_frames);

/* The ring has room for a target of so many frames. RT-safe. */
LEAT_RT void leat_target_set_most(struct leat_target *target, uint32_t most);

/* The target now, in JACK frames, not always whole. RT-safe. */
LEAT_RT double leat_target_frames(const struct leat_target *target);

/* The same if the ring were large enough. RT-safe. */
LEAT_RT double leat_target_wanted(const struct leat_target *target);

/*
 * The least that the base allows, whole frames: what is fixed below it, or is
 * to be at most less, cannot be kept, and this is used. RT-safe.
 */
LEAT_RT uint32_t leat_target_least(const struct leat_target *target);

/*
 * A cycle had `slack` frames to spare (less than 0: that many were missing)
 * while the latency was `excess` frames above the target; dt_s after the last.
 *
 * To PipeWire, slack is what is left in the ring beyond what this cycle needed
 * at the moment it needed it. To JACK, it is what was in the ring beyond P
 * when JACK read.
 *
 * Returns whether the target has gone up: a larger latency is to be reported.
 *
 * Thread: the owner. RT-safe.
 */
LEAT_RT bool leat_target_note(struct leat_target *target, double slack,
			      double excess, double dt_s);

/* The worst use of the margin within the last one to two minutes, frames. */
LEAT_RT double leat_target_used(const struct leat_target *target);

#endif
