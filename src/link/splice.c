/* SPDX-License-Identifier: MIT */
#include "splice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int leat_splice_init(struct leat_splice *splice, uint32_t n_channels,
		     uint32_t out_rate_hz)
{
	uint32_t length = out_rate_hz / LEAT_SPLICE_DIVISOR;

	memset(splice, 0, sizeof(*splice));
	if (n_channels > LEAT_CHANNELS_MAX || out_rate_hz > LEAT_RATE_MAX_HZ)
		return -EINVAL;
	splice->samples =
		calloc((size_t)length * n_channels * 2 + 1, sizeof(float));
	if (!splice->samples)
		return -ENOMEM;
	for (uint32_t c = 0; c < n_channels; c++) {
		splice->planes[c] = splice->samples + (size_t)c * 2 * length;
		splice->spare[c] = splice->planes[c] + length;
	}
	splice->n_channels = n_channels;
	splice->length = length;
	splice->at = length;
	return 0;
}

void leat_splice_finish(struct leat_splice *splice)
{
	free(splice->samples);
	memset(splice, 0, sizeof(*splice));
}

/* From 0 to 1 without a corner at either end; the weights add up to 1. */
static float gain(uint32_t at, uint32_t length) LEAT_RT
{
	float x = (float)(at + 1) / (float)(length + 1);

	return x * x * (3 - 2 * x);
}

static void mix_plane(const float *tail, float *out, uint32_t at,
		      uint32_t length, uint32_t n) LEAT_RT
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = tail[i] + (out[i] - tail[i]) * gain(at + i, length);
}

uint32_t leat_splice_need(const struct leat_splice *splice,
			  const struct leat_resampler *resampler, double speed)
{
	return leat_resampler_need(resampler, splice->length, speed);
}

void leat_splice_cut(struct leat_splice *splice,
		     struct leat_resampler *resampler, double speed)
{
	uint32_t left = splice->length - splice->at;

	leat_resampler_feed_end(resampler,
				leat_splice_need(splice, resampler, speed));
	leat_resampler_pull(resampler, splice->spare, 0, splice->length, speed);
	for (uint32_t c = 0; c < splice->n_channels; c++) {
		float *newer = splice->spare[c], *older = splice->planes[c];

		mix_plane(older + splice->at, newer, splice->at, splice->length,
			  left);
		splice->planes[c] = newer;
		splice->spare[c] = older;
	}
	splice->at = 0;
}

void leat_splice_mix(struct leat_splice *splice, float *const *planes,
		     uint32_t offset, uint32_t n_frames)
{
	uint32_t left = splice->length - splice->at;
	uint32_t n = n_frames < left ? n_frames : left;

	for (uint32_t c = 0; c < splice->n_channels; c++)
		mix_plane(splice->planes[c] + splice->at, planes[c] + offset,
			  splice->at, splice->length, n);
	splice->at += n;
}
