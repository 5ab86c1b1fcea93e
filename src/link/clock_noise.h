/* SPDX-License-Identifier: MIT */
/*
 * What a clock loop's errors look like: how far they are off in the mean, where
 * to clip them, and whether what is left of them is noise or a drift that the
 * loop does not follow. Blocks of one second are looked at, as their means tell
 * noise from drift, and eights of these, which wander where lateness does.
 * doc/clocks.md, section 3, has the reasons.
 *
 * Arithmetic only. RT-safe, in constant time.
 */
#ifndef LEAT_LINK_CLOCK_NOISE_H
#define LEAT_LINK_CLOCK_NOISE_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stdint.h>

/* The widest and narrowest final bandwidth that noise alone asks for. */
#define LEAT_CLOCK_FINAL_HZ 0.005
#define LEAT_CLOCK_NARROW_HZ 0.0003

/* What the errors look like, to choose bandwidth and clip. */
struct leat_clock_noise {
	double mean_abs;      /* seconds, of the clipped errors */
	double block_sum;     /* errors of the block so far */
	double block_s;	      /* its length so far */
	double block_last;    /* the last block's mean */
	double variance;      /* of a block's mean */
	double mean_weight;   /* of the errors */
	double long_sum;      /* blocks of the long block so far */
	double long_last;     /* the last long block's mean */
	double long_variance; /* of a long block's mean */
	double bias;	      /* running mean of the blocks' means */
	double clip_s;	      /* length of the clip count so far */
	uint32_t n_block;     /* updates in the block */
	uint32_t n_blocks;    /* blocks since the last upset */
	uint32_t n_lopsided;  /* errors in blocks to one side */
	uint32_t n_bias;      /* blocks in the bias */
	uint32_t n_clip;      /* updates in the clip count */
	int32_t n_clipped;    /* late ones less early ones */
};

/* What a block that ends says: a sum of these. */
enum leat_clock_noise_is {
	LEAT_CLOCK_NOISE_KNOWN = 1,   /* enough blocks were seen to say so */
	LEAT_CLOCK_NOISE_BIASED = 2,  /* the drift moves faster than the loop */
	LEAT_CLOCK_NOISE_LOPSIDED = 4 /* the drift is wrong */
};

/* After an upset: the blocks begin anew, how large errors are is still known. */
LEAT_RT void leat_clock_noise_forget(struct leat_clock_noise *noise);

/* An error of more than this, in seconds, is clipped. */
LEAT_RT double leat_clock_noise_clip_s(const struct leat_clock_noise *noise);

/* Take an error into the mean; one each interval_s, the n-th since an upset. */
LEAT_RT void leat_clock_noise_error(struct leat_clock_noise *noise,
				    double error_s, double interval_s,
				    uint32_t n_updates);

/*
 * Take a clipped error, dt after the last, into the block; frame_s is the length
 * of a frame. Returns a sum of enum leat_clock_noise_is if a block ends, else 0.
 */
LEAT_RT unsigned leat_clock_noise_block(struct leat_clock_noise *noise,
					double error_s, double dt,
					double frame_s);

/* Whether the clip does more than take the peaks off; dt after the last. */
LEAT_RT bool leat_clock_noise_saturated(struct leat_clock_noise *noise,
					double error_s, double dt);

/* The widest bandwidth, rad/s, at which the correction stays quiet. */
LEAT_RT double leat_clock_noise_omega(const struct leat_clock_noise *noise);

#endif
