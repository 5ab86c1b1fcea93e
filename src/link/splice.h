/* SPDX-License-Identifier: MIT */
/*
 * A jump in a resampled stream, cross-faded within 5 ms.
 *
 * What the old place still has to say is resampled into a tail, then the
 * resampler goes to the new place, and the tail is faded out over what comes:
 *
 *     feed what the old place has, at most leat_splice_need() frames
 *     leat_splice_cut(splice, r);
 *     half = leat_resampler_half_taps(r);
 *     leat_resampler_reset(r, new place - half);
 *     leat_resampler_feed half frames before the new place, if there are any
 *     leat_resampler_seek(r, half);
 *     then, as ever: feed, pull, and leat_splice_mix() after each pull
 *
 * If the old place has nothing more to say, its last samples go to nothing in
 * a straight line; if the new one has nothing before it, it begins in silence.
 */
#ifndef LEAT_LINK_SPLICE_H
#define LEAT_LINK_SPLICE_H

#include "resampler.h"

#include <leat/attributes.h>
#include <leat/frames.h>

#include <stdint.h>

/* Length of the cross-fade: 4 ms. */
#define LEAT_SPLICE_DIVISOR 250u

struct leat_splice {
	float *planes[LEAT_CHANNELS_MAX]; /* the tail */
	float *spare[LEAT_CHANNELS_MAX];  /* the one before, while cutting */
	float *samples;			  /* of both */
	uint32_t n_channels;
	uint32_t length; /* output frames of the tail */
	uint32_t at;	 /* the next of them; length: none left */
};

/* -ENOMEM. Thread: setup. */
LEAT_MUST_CHECK int leat_splice_init(struct leat_splice *splice,
				     uint32_t n_channels, uint32_t out_rate_hz);
void leat_splice_finish(struct leat_splice *splice);

/* Input frames that the tail can make use of now. RT-safe. */
LEAT_RT uint32_t leat_splice_need(const struct leat_splice *splice,
				  const struct leat_resampler *resampler,
				  double speed);

/*
 * Take the tail from the resampler. A cut within a cross-fade begins a new
 * one; what was left of the old tail is part of the new one.
 *
 * Thread: the owner. RT-safe.
 */
LEAT_RT void leat_splice_cut(struct leat_splice *splice,
			     struct leat_resampler *resampler, double speed);

/* Fade the tail out over n_frames that were pulled to planes[c] + offset. */
LEAT_RT void leat_splice_mix(struct leat_splice *splice, float *const *planes,
			     uint32_t offset, uint32_t n_frames);

#endif
