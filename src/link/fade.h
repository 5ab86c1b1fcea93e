/* SPDX-License-Identifier: MIT */
/*
 * Ends without a click: when a stream stops coming, each channel goes from its
 * last sample to zero in a straight line; a stream that begins anew is faded
 * in the same way. Samples in the middle of a stream are never touched.
 */
#ifndef LEAT_LINK_FADE_H
#define LEAT_LINK_FADE_H

#include <leat/attributes.h>
#include <leat/frames.h>

#include <stdint.h>

/* Length of a fade: 5 ms. */
#define LEAT_FADE_DIVISOR 200u

struct leat_fade {
	uint32_t length;   /* frames of a whole fade */
	uint32_t out_left; /* frames of the fade to zero still to come */
	uint32_t in_left;  /* frames of the fade from zero still to come */
	float last[LEAT_CHANNELS_MAX]; /* last sample of each channel */
};

/* Begin in silence; what is played first is faded in. */
void leat_fade_init(struct leat_fade *fade, uint32_t rate_hz);

/* The next stream is a new one: fade it in. */
LEAT_RT void leat_fade_restart(struct leat_fade *fade);

/*
 * A block was put into these planes: shape its beginning if the stream has
 * just begun, and remember its end.
 */
LEAT_RT void leat_fade_played(struct leat_fade *fade, float *const *planes,
			      uint32_t n_channels, uint32_t n_frames);

/* No block came: fill the planes with what is left of the fade, then zeros. */
LEAT_RT void leat_fade_silence(struct leat_fade *fade, float *const *planes,
			       uint32_t n_channels, uint32_t n_frames);

/* The factor of a fade with `left` frames to go. */
static inline float leat_fade_gain(uint32_t left, uint32_t length) LEAT_RT
{
	return (float)left / (float)length;
}

#endif
