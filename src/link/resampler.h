/* SPDX-License-Identifier: MIT */
/*
 * A resampler for audio whose rate ratio is never quite constant.
 *
 * A windowed sinc of 96 taps (more when the rate goes down), 256 phases and
 * cubic interpolation between the phases. The coefficients are computed once
 * for each output frame and serve all channels. doc/clocks.md argues the
 * constants and has what was measured.
 *
 * Words
 *
 *  - position: where in the input the next output frame lies, in input frames.
 *    0 is the first frame ever fed. The filter is symmetric about it, so an
 *    output frame at position p is the input at p: no delay is hidden in it.
 *  - speed: input frames for one output frame, relative to the nominal ratio
 *    of the two rates. 1.0001 reads 100 ppm faster.
 *
 * Use, when a graph wants just n_out frames (the direction to PipeWire):
 *
 *     n_in = leat_resampler_need(r, n_out, speed);
 *     feed n_in frames, in as many pieces as they come in: leat_resampler_feed
 *     (a closure of leat_frames_recv() does it), or leat_resampler_feed_zeros
 *     leat_resampler_pull(r, planes, n_out, speed);
 *
 * Use, when a graph brings n_in frames (the direction to JACK):
 *
 *     leat_resampler_feed(r, planes, n_in);
 *     for each of the ring's spans:
 *         n_out = leat_resampler_ready(r, span's frames, speed);
 *         leat_resampler_pull(r, span's planes, n_out, speed);
 *
 * The first piece goes over to the speed, the others keep it.
 *
 * What is fed is copied once, behind the filter's history, and nothing else is
 * copied. The speed goes from the last pull's to this one's in a straight line
 * within the block. Positions are fixed point with 44 bits of fraction, so
 * need and pull agree to the frame and nothing accumulates.
 *
 * NaN or infinity in the input is gone from the output when it has left the
 * filter; there is no feedback. Nor can denormals linger; silence in is
 * silence out.
 */
#ifndef LEAT_LINK_RESAMPLER_H
#define LEAT_LINK_RESAMPLER_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Taps at equal or rising rates, and phases. */
#define LEAT_RESAMPLER_TAPS 96u
#define LEAT_RESAMPLER_PHASES 256u

/* What speed is brought into: the clock loop's 0.5 % with room. */
#define LEAT_RESAMPLER_SPEED_MIN 0.98
#define LEAT_RESAMPLER_SPEED_MAX 1.02

/* The larger rate is at most this many times the smaller one. */
#define LEAT_RESAMPLER_RATIO_MAX 8u

/* Output frames of one pull, at most. */
#define LEAT_RESAMPLER_PULL_MAX 8192u

struct leat_resampler_config {
	uint32_t n_channels;  /* 0..LEAT_CHANNELS_MAX */
	uint32_t in_rate_hz;  /* LEAT_RATE_MIN_HZ..LEAT_RATE_MAX_HZ */
	uint32_t out_rate_hz; /* the same */
	uint32_t max_feed;    /* frames fed before a pull, at most; 0: what
				 the largest pull needs */
};

struct leat_resampler;

/*
 * Make one. It begins at position 0, at speed 1, with silence before.
 *
 * -EINVAL: rates or channels out of range. -ENOMEM.
 *
 * Thread: setup.
 */
LEAT_MUST_CHECK int
leat_resampler_create(struct leat_resampler **resampler,
		      const struct leat_resampler_config *config);

/* Thread: setup. */
void leat_resampler_destroy(struct leat_resampler *resampler);

/*
 * Forget all input, as if it had just been made; but the next frame fed will
 * count as `position`, which also is where the next output frame lies.
 *
 * Thread: the owner. RT-safe.
 */
LEAT_RT void leat_resampler_reset(struct leat_resampler *resampler,
				  uint64_t position);

/* Half the filter, in input frames: what must be fed beyond a position. */
LEAT_RT uint32_t
leat_resampler_half_taps(const struct leat_resampler *resampler);

/*
 * Input frames fed beyond the position of the next output frame: what the
 * resampler adds to the latency now, in input frames. Between pulls of what
 * leat_resampler_need() asks for it stays within half_taps - 1 and half_taps
 * and the input frames of one output frame.
 *
 * RT-safe.
 */
LEAT_RT double leat_resampler_delay(const struct leat_resampler *resampler);

/*
 * The position of the next output frame: whole frames, and the rest, 0 to 1,
 * in *fraction. RT-safe.
 */
LEAT_RT uint64_t leat_resampler_position(const struct leat_resampler *resampler,
					 double *fraction);

/* Frames fed since position 0: the index of the next one. RT-safe. */
LEAT_RT uint64_t leat_resampler_fed(const struct leat_resampler *resampler);

/*
 * Frames that must still be fed before n_out can be pulled at this speed.
 * n_out is at most LEAT_RESAMPLER_PULL_MAX. RT-safe.
 */
LEAT_RT uint32_t leat_resampler_need(const struct leat_resampler *resampler,
				     uint32_t n_out, double speed);

/*
 * Output frames that can be pulled at this speed from what was fed, at most
 * `max` or LEAT_RESAMPLER_PULL_MAX. RT-safe.
 */
LEAT_RT uint32_t leat_resampler_ready(const struct leat_resampler *resampler,
				      uint32_t max, double speed);

/*
 * Give the next n_frames of input: planes[c] + offset of each channel.
 *
 * Returns how many were taken: fewer only if more than max_feed lie unused.
 *
 * Thread: the owner. RT-safe.
 */
LEAT_RT uint32_t leat_resampler_feed(struct leat_resampler *resampler,
				     const float *const *planes,
				     uint32_t offset, uint32_t n_frames);

/* The same for planes that lie `stride` samples apart, as a ring's do. */
LEAT_RT uint32_t leat_resampler_feed_strided(struct leat_resampler *resampler,
					     const float *base, size_t stride,
					     uint32_t n_frames);

/*
 * The same with each channel's last sample going to nothing in a straight
 * line: how a stream ends that has stopped coming.
 */
LEAT_RT uint32_t leat_resampler_feed_end(struct leat_resampler *resampler,
					 uint32_t n_frames);

/* The same with silence, where frames are missing. */
LEAT_RT uint32_t leat_resampler_feed_zeros(struct leat_resampler *resampler,
					   uint32_t n_frames);

/*
 * Make n_out frames, planes[c] + offset of each channel, going over to
 * `speed` within them.
 *
 * Returns n_out, or 0 and changes nothing if too little was fed.
 *
 * Thread: the owner. RT-safe: bounded by n_out times the taps.
 */
LEAT_RT uint32_t leat_resampler_pull(struct leat_resampler *resampler,
				     float *const *planes, uint32_t offset,
				     uint32_t n_out, double speed);

/* Set the speed at once, as after a reset: the next pull begins with it. */
LEAT_RT void leat_resampler_set_speed(struct leat_resampler *resampler,
				      double speed);

/*
 * Move the position by a number of frames, whole or not, forwards (what lies
 * between is skipped) or backwards (it is heard again): a jump in the signal,
 * to be hidden by a splice (slip.h).
 *
 * Returns how far it moved: forwards up to the last frame fed
 * (leat_resampler_need() then asks for more), backwards as far as the history
 * goes, at least 256 frames once so many were fed.
 *
 * Thread: the owner. RT-safe.
 */
LEAT_RT double leat_resampler_seek(struct leat_resampler *resampler,
				   double n_frames);

#endif
