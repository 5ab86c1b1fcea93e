/* SPDX-License-Identifier: MIT */
#include "loudness.h"

#include <leat/positions.h>

#include <ebur128.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Frames that are interleaved at once. */
#define BLOCK 1024u

/* The correlation looks back so far, in seconds, as meters do. */
#define CORRELATION_S 0.3

/*
 * The gated loudness keeps its blocks of 100 ms, which EBU Tech 3341 wants
 * exact: so long back, in ms. It takes 16 bytes for each, 14 MB in a day.
 */
#define HISTORY_MS (24ul * 3600 * 1000)

struct loudness {
	ebur128_state *state;
	uint32_t rate_hz;
	uint32_t first, second; /* channels that are compared */
	double sum_xy, sum_xx, sum_yy;
	bool clipping[LEAT_CHANNELS_MAX];
	struct loudness_values values;
	float block[BLOCK * LEAT_CHANNELS_MAX];
};

/* ---- which channel counts how much ---- */

static bool has_side(const uint8_t *positions, uint32_t n)
{
	return memchr(positions, LEAT_POSITION_SL, n) ||
	       memchr(positions, LEAT_POSITION_SR, n);
}

/*
 * ITU-R BS.1770-4, table 4: what comes from the sides, at 60 to 120 degrees,
 * counts 1.41 times. The rear pair does where it is the surround pair, in 5.1.
 * The LFE does not count at all, and any other channel once.
 */
static int weight_of(uint8_t position, bool side)
{
	switch (position) {
	case LEAT_POSITION_LFE:
		return EBUR128_UNUSED;
	case LEAT_POSITION_FL:
		return EBUR128_LEFT;
	case LEAT_POSITION_FR:
		return EBUR128_RIGHT;
	case LEAT_POSITION_SL:
		return EBUR128_LEFT_SURROUND;
	case LEAT_POSITION_SR:
		return EBUR128_RIGHT_SURROUND;
	case LEAT_POSITION_RL:
		return side ? EBUR128_Mp135 : EBUR128_LEFT_SURROUND;
	case LEAT_POSITION_RR:
		return side ? EBUR128_Mm135 : EBUR128_RIGHT_SURROUND;
	default:
		return EBUR128_CENTER;
	}
}

static uint32_t find(const uint8_t *positions, uint32_t n, uint8_t position,
		     uint32_t otherwise)
{
	const uint8_t *found = memchr(positions, position, n);

	return found ? (uint32_t)(found - positions) : otherwise;
}

static int set_up(struct loudness *loudness, const uint8_t *positions)
{
	uint32_t n = loudness->values.n_channels;
	bool side = has_side(positions, n);

	loudness->state = ebur128_init(
		n, loudness->rate_hz,
		EBUR128_MODE_M | EBUR128_MODE_S | EBUR128_MODE_I |
			EBUR128_MODE_SAMPLE_PEAK | EBUR128_MODE_TRUE_PEAK);
	if (!loudness->state)
		return -EINVAL;
	for (uint32_t c = 0; c < n; c++)
		if (ebur128_set_channel(loudness->state, c,
					weight_of(positions[c], side)) != 0)
			return -EINVAL;
	if (ebur128_set_max_history(loudness->state, HISTORY_MS) != 0)
		return -EINVAL;
	loudness->first = find(positions, n, LEAT_POSITION_FL, 0);
	loudness->second = find(positions, n, LEAT_POSITION_FR, n > 1 ? 1 : 0);
	return 0;
}

int loudness_create(struct loudness **out, uint32_t rate_hz,
		    uint32_t n_channels, const uint8_t *positions)
{
	struct loudness *loudness;
	int res;

	if (n_channels == 0 || n_channels > LEAT_CHANNELS_MAX)
		return -EINVAL;
	loudness = calloc(1, sizeof(*loudness));
	if (!loudness)
		return -ENOMEM;
	loudness->rate_hz = rate_hz;
	loudness->values.n_channels = n_channels;
	res = set_up(loudness, positions);
	if (res < 0)
		loudness_destroy(loudness);
	else
		*out = loudness;
	return res;
}

void loudness_destroy(struct loudness *loudness)
{
	if (!loudness)
		return;
	if (loudness->state)
		ebur128_destroy(&loudness->state);
	free(loudness);
}

/* ---- measuring ---- */

/* One NaN would stay in the filters for ever. */
static void interleave(struct loudness *loudness, const float *const *planes,
		       uint32_t offset, uint32_t n)
{
	uint32_t n_channels = loudness->values.n_channels;

	for (uint32_t c = 0; c < n_channels; c++)
		for (uint32_t i = 0; i < n; i++) {
			float sample = planes[c][offset + i];

			if (!isfinite(sample)) {
				sample = 0;
				loudness->values.n_bad++;
			}
			loudness->block[i * n_channels + c] = sample;
		}
}

static void correlate(struct loudness *loudness, uint32_t n)
{
	uint32_t n_channels = loudness->values.n_channels;
	double keep = exp(-(double)n / (CORRELATION_S * loudness->rate_hz));

	loudness->sum_xy *= keep;
	loudness->sum_xx *= keep;
	loudness->sum_yy *= keep;
	for (uint32_t i = 0; i < n; i++) {
		const float *frame = &loudness->block[i * n_channels];
		double x = frame[loudness->first];
		double y = frame[loudness->second];

		loudness->sum_xy += x * y;
		loudness->sum_xx += x * x;
		loudness->sum_yy += y * y;
	}
}

static void count_clips(struct loudness *loudness, uint32_t c, uint32_t n)
{
	uint32_t n_channels = loudness->values.n_channels;

	for (uint32_t i = 0; i < n; i++) {
		bool clips = fabsf(loudness->block[i * n_channels + c]) >= 1;

		if (clips && !loudness->clipping[c])
			loudness->values.channel[c].n_clips++;
		loudness->clipping[c] = clips;
	}
}

static void note_peaks(struct loudness *loudness, uint32_t c)
{
	struct loudness_channel *channel = &loudness->values.channel[c];
	double peak = 0, true_peak = 0;

	ebur128_prev_sample_peak(loudness->state, c, &peak);
	ebur128_prev_true_peak(loudness->state, c, &true_peak);
	channel->peak = fmax(channel->peak, peak);
	channel->true_peak = fmax(channel->true_peak, true_peak);
	channel->max_peak = fmax(channel->max_peak, peak);
	channel->max_true_peak = fmax(channel->max_true_peak, true_peak);
}

static void add_block(struct loudness *loudness, uint32_t n)
{
	ebur128_add_frames_float(loudness->state, loudness->block, n);
	correlate(loudness, n);
	for (uint32_t c = 0; c < loudness->values.n_channels; c++) {
		count_clips(loudness, c, n);
		note_peaks(loudness, c);
	}
	loudness->values.n_frames += n;
}

void loudness_add(struct loudness *loudness, const float *const *planes,
		  uint32_t offset, uint32_t n_frames)
{
	while (n_frames > 0) {
		uint32_t n = n_frames < BLOCK ? n_frames : BLOCK;

		interleave(loudness, planes, offset, n);
		add_block(loudness, n);
		offset += n;
		n_frames -= n;
	}
}

/* ---- results ---- */

static double correlation(const struct loudness *loudness)
{
	double power = sqrt(loudness->sum_xx * loudness->sum_yy);

	/* 1e-12: -120 dB of full scale for 300 ms; below it is noise. */
	if (loudness->first == loudness->second ||
	    !(power > 1e-12 * CORRELATION_S * loudness->rate_hz))
		return (double)NAN;
	return fmax(-1, fmin(1, loudness->sum_xy / power));
}

void loudness_take(struct loudness *loudness, struct loudness_values *values)
{
	struct loudness_values *own = &loudness->values;

	ebur128_loudness_momentary(loudness->state, &own->momentary);
	ebur128_loudness_shortterm(loudness->state, &own->short_term);
	ebur128_loudness_global(loudness->state, &own->integrated);
	own->correlation = correlation(loudness);
	*values = *own;
	for (uint32_t c = 0; c < own->n_channels; c++)
		own->channel[c].peak = own->channel[c].true_peak = 0;
}

void loudness_reset_maxima(struct loudness *loudness)
{
	for (uint32_t c = 0; c < loudness->values.n_channels; c++) {
		struct loudness_channel *channel = &loudness->values.channel[c];

		channel->max_peak = channel->max_true_peak = 0;
		channel->n_clips = 0;
	}
}

double loudness_db(double linear)
{
	return linear > 0 ? 20 * log10(linear) : -HUGE_VAL;
}
