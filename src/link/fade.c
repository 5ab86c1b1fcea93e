/* SPDX-License-Identifier: MIT */
#include "fade.h"

#include <string.h>

void leat_fade_init(struct leat_fade *fade, uint32_t rate_hz)
{
	memset(fade, 0, sizeof(*fade));
	fade->length = rate_hz / LEAT_FADE_DIVISOR;
	leat_fade_restart(fade);
}

void leat_fade_restart(struct leat_fade *fade)
{
	fade->in_left = fade->length;
}

static void fade_in(float *plane, uint32_t n, uint32_t left, uint32_t length)
	LEAT_RT
{
	for (uint32_t i = 0; i < n; i++)
		plane[i] *= leat_fade_gain(length - left + i, length);
}

void leat_fade_played(struct leat_fade *fade, float *const *planes,
		      uint32_t n_channels, uint32_t n_frames)
{
	uint32_t n = fade->in_left < n_frames ? fade->in_left : n_frames;

	if (n_frames == 0)
		return;
	for (uint32_t c = 0; c < n_channels; c++) {
		if (n > 0)
			fade_in(planes[c], n, fade->in_left, fade->length);
		fade->last[c] = planes[c][n_frames - 1];
	}
	fade->in_left -= n;
	fade->out_left = fade->length;
}

static void fade_out(float *plane, uint32_t n, float last, uint32_t left,
		     uint32_t length) LEAT_RT
{
	for (uint32_t i = 0; i < n; i++)
		plane[i] = last * leat_fade_gain(left - 1 - i, length);
}

void leat_fade_silence(struct leat_fade *fade, float *const *planes,
		       uint32_t n_channels, uint32_t n_frames)
{
	uint32_t n = fade->out_left < n_frames ? fade->out_left : n_frames;

	for (uint32_t c = 0; c < n_channels; c++) {
		if (n > 0)
			fade_out(planes[c], n, fade->last[c], fade->out_left,
				 fade->length);
		memset(planes[c] + n, 0, (n_frames - n) * sizeof(float));
	}
	fade->out_left -= n;
}
