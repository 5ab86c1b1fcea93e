/* SPDX-License-Identifier: MIT */
#include "clock_noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU (2 * M_PI)

/* Errors are clipped at this many times their running mean. */
#define CLIP 4.0
/* ... but never below this: a loop without noise must still move. */
#define CLIP_LEAST_S 10e-6

/* Blocks of one second tell noise from drift, and eights of them wander. */
#define BLOCK_S 1.0
#define BLOCK_WEIGHT (1.0 / 8)
#define N_LONG 8u
#define LONG_WEIGHT (1.0 / 8)
#define LONG_OUTLIER 9.0
#define LONG_LEAST_S 1e-6
#define LOPSIDED_S 250e-6
#define LOPSIDED 0.8
#define N_LOPSIDED 48u
#define BIAS_FRAMES 0.35
#define BIAS_SIGMAS 4.5
#define BIAS_WANDERS 2.5
/* The bandwidth keeps the correction's noise at this. */
#define NOISE_TARGET 0.04e-6

void leat_clock_noise_forget(struct leat_clock_noise *noise)
{
	struct leat_clock_noise known = *noise;

	memset(noise, 0, sizeof(*noise));
	noise->mean_abs = known.mean_abs;
	noise->mean_weight = known.mean_weight;
	noise->variance = known.variance;
	noise->long_variance = known.long_variance;
}

double leat_clock_noise_clip_s(const struct leat_clock_noise *noise)
{
	return fmax(CLIP * noise->mean_abs, CLIP_LEAST_S);
}

/* The mean of the errors, over two seconds or 64 of them. */
void leat_clock_noise_error(struct leat_clock_noise *noise, double error_s,
			    double interval_s, uint32_t n_updates)
{
	double n = fmax(2.0 / fmax(interval_s, 1e-6), 64);
	double weight = 1 / fmin(n, n_updates + 1.0);
	double clip_s = leat_clock_noise_clip_s(noise);

	noise->mean_abs +=
		weight *
		(fmin(fabs(error_s), clip_s + CLIP_LEAST_S) - noise->mean_abs);
}

/*
 * The widest bandwidth at which the correction's noise stays at the target:
 * its variance is about 3 omega^3 S, where S is the density of the errors, a
 * block's variance times its length: the short blocks' or the long ones',
 * whichever is more. If lateness wanders, it is the long ones'.
 */
double leat_clock_noise_omega(const struct leat_clock_noise *noise)
{
	double density =
		fmax(noise->variance, noise->long_variance * N_LONG) * BLOCK_S;
	double omega =
		cbrt(NOISE_TARGET * NOISE_TARGET / (3 * fmax(density, 1e-20)));

	return fmin(fmax(omega, TAU * LEAT_CLOCK_NARROW_HZ),
		    TAU * LEAT_CLOCK_FINAL_HZ);
}

/*
 * Errors whose mean is not nothing are not noise: the drift is moving faster
 * than the loop follows, so it is widened until the mean is small again.
 */
static bool biased(const struct leat_clock_noise *noise, double frame_s) LEAT_RT
{
	double weight = fmax(1.0 / (noise->n_bias + 1.0), BLOCK_WEIGHT);
	double sigma = sqrt(noise->variance * weight / (2 - weight));
	double wander = sqrt(noise->long_variance);
	double least = BIAS_FRAMES * frame_s;

	return noise->n_blocks > 8 && noise->n_bias >= 4 &&
	       fabs(noise->bias) > fmax(fmax(least, BIAS_SIGMAS * sigma),
					BIAS_WANDERS * wander);
}

/*
 * Whether the errors of some blocks, two and 48 errors at least, nearly all
 * lie to one side and far off: that is no noise, nor a drift that changes, but
 * a drift that is wrong.
 */
static bool lopsided(struct leat_clock_noise *noise, double mean) LEAT_RT
{
	bool far = fabs(mean) > LOPSIDED_S &&
		   fabs(mean) > LOPSIDED * noise->mean_abs;

	if (!far || mean * noise->block_last < 0) {
		noise->n_lopsided = 0;
		return false;
	}
	noise->n_lopsided += noise->n_block;
	return noise->n_lopsided >= N_LOPSIDED &&
	       noise->n_lopsided > noise->n_block;
}

/*
 * How far the means of eight blocks are from each other. One that is much
 * farther is the beginning of something else, and counts little.
 */
static void note_long_block(struct leat_clock_noise *noise, double mean) LEAT_RT
{
	double before = noise->long_last, step;

	noise->long_sum += mean;
	if (noise->n_blocks % N_LONG != 0)
		return;
	noise->long_last = noise->long_sum / N_LONG;
	noise->long_sum = 0;
	if (noise->n_blocks == N_LONG)
		return;
	step = noise->long_last - before;
	step = fmin(step * step / 2,
		    LONG_OUTLIER * (noise->long_variance +
				    LONG_LEAST_S * LONG_LEAST_S));
	noise->long_variance += LONG_WEIGHT * (step - noise->long_variance);
}

static unsigned end_block(struct leat_clock_noise *noise, double frame_s)
	LEAT_RT
{
	double mean = noise->block_sum / noise->n_block;
	double step = mean - noise->block_last;
	unsigned is = lopsided(noise, mean) ? LEAT_CLOCK_NOISE_LOPSIDED : 0;

	if (++noise->n_blocks > 1) {
		double weight = fmax(1.0 / noise->n_blocks, 1.0 / 64);

		noise->variance += weight * (step * step / 2 - noise->variance);
	}
	note_long_block(noise, mean);
	noise->bias += fmax(1.0 / ++noise->n_bias, BLOCK_WEIGHT) *
		       (mean - noise->bias);
	noise->block_last = mean;
	noise->block_sum = 0;
	noise->block_s = 0;
	noise->n_block = 0;
	if (noise->n_blocks > 8)
		is |= LEAT_CLOCK_NOISE_KNOWN;
	if (biased(noise, frame_s)) {
		is |= LEAT_CLOCK_NOISE_BIASED;
		/* What the wider loop makes of it is another question. */
		noise->bias = 0;
		noise->n_bias = 0;
	}
	return is;
}

unsigned leat_clock_noise_block(struct leat_clock_noise *noise, double error_s,
				double dt, double frame_s)
{
	noise->block_sum += error_s;
	noise->block_s += dt;
	noise->n_block++;
	return noise->block_s >= BLOCK_S ? end_block(noise, frame_s) : 0;
}

/*
 * Most of a second, and of a dozen errors, to one side and far off. Near by, the
 * clip widens by itself.
 */
bool leat_clock_noise_saturated(struct leat_clock_noise *noise, double error_s,
				double dt)
{
	bool full;

	noise->clip_s += dt;
	noise->n_clip++;
	if (fabs(error_s) > fmax(leat_clock_noise_clip_s(noise), LOPSIDED_S))
		noise->n_clipped += error_s > 0 ? 1 : -1;
	if (noise->clip_s < 1 || noise->n_clip < 12)
		return false;
	full = abs(noise->n_clipped) > (int32_t)(noise->n_clip * 4 / 5);
	noise->clip_s = 0;
	noise->n_clip = 0;
	noise->n_clipped = 0;
	return full;
}
