/* SPDX-License-Identifier: MIT */
/*
 * What a meter measures: peaks of each channel, loudness after EBU R128 by
 * libebur128, and how alike the first two channels are.
 */
#ifndef LEAT_TAP_LOUDNESS_H
#define LEAT_TAP_LOUDNESS_H

#include <leat/attributes.h>
#include <leat/frames.h>

#include <stdint.h>

/* Of one channel. Linear: 1 is full scale. */
struct loudness_channel {
	double peak;	      /* since last taken */
	double true_peak;     /* between the samples too; since last taken */
	double max_peak;      /* since it began */
	double max_true_peak; /* since it began */
	uint64_t n_clips;     /* runs of samples at or beyond full scale */
};

struct loudness_values {
	uint64_t n_frames;
	double momentary;   /* LUFS, of 400 ms; -HUGE_VAL: silence */
	double short_term;  /* LUFS, of 3 s */
	double integrated;  /* LUFS, gated, since it began */
	double correlation; /* -1..1, of 300 ms; NaN: of nothing */
	uint64_t n_bad;	    /* samples that were no numbers */
	uint32_t n_channels;
	struct loudness_channel channel[LEAT_CHANNELS_MAX];
};

struct loudness;

/* -ENOMEM; -EINVAL for no channels, or a rate that cannot be measured. */
LEAT_MUST_CHECK int loudness_create(struct loudness **loudness,
				    uint32_t rate_hz, uint32_t n_channels,
				    const uint8_t *positions);

/* NULL is fine. */
void loudness_destroy(struct loudness *loudness);

void loudness_add(struct loudness *loudness, const float *const *planes,
		  uint32_t offset, uint32_t n_frames);

/* What there is, and begin anew what is "since last taken". */
void loudness_take(struct loudness *loudness, struct loudness_values *values);

/* Forget maxima and clips. */
void loudness_reset_maxima(struct loudness *loudness);

/* dB of full scale; -HUGE_VAL for 0. */
double loudness_db(double linear);

#endif
