/* SPDX-License-Identifier: MIT */
#include "tones.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int tones_init(struct tones *tones, uint32_t rate_hz, uint32_t n_channels)
{
	size_t n_all;

	memset(tones, 0, sizeof(*tones));
	tones->rate_hz = rate_hz;
	tones->n_channels = n_channels;
	tones->n_frames = rate_hz / TONES_PER_S;
	n_all = (size_t)TONES_KEPT * TONES_CHANNELS * tones->n_frames;
	tones->wave = malloc(rate_hz * sizeof(float));
	tones->samples = malloc(n_all * sizeof(float));
	if (!tones->wave || !tones->samples) {
		tones_finish(tones);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < rate_hz; i++)
		tones->wave[i] =
			(float)(TONES_AMPLITUDE * sin(2 * M_PI * i / rate_hz));
	/* Written to, so that the realtime thread finds the pages. */
	memset(tones->samples, 0, n_all * sizeof(float));
	for (uint32_t i = 0; i < TONES_KEPT; i++)
		for (uint32_t c = 0; c < TONES_CHANNELS; c++)
			tones->windows[i].samples[c] =
				tones->samples +
				(size_t)(i * TONES_CHANNELS + c) *
					tones->n_frames;
	return 0;
}

void tones_finish(struct tones *tones)
{
	free(tones->wave);
	free(tones->samples);
	tones->wave = NULL;
	tones->samples = NULL;
}

void tones_play(const struct tones *tones, uint32_t tone_hz, uint64_t frame,
		float *out, uint32_t n_frames)
{
	uint32_t rate_hz = tones->rate_hz;
	uint32_t at = (uint32_t)(frame % rate_hz * tone_hz % rate_hz);

	for (uint32_t i = 0; out && i < n_frames; i++) {
		out[i] = tones->wave[at];
		at = (at + tone_hz) % rate_hz;
	}
}

static void keep_piece(const struct tones *tones, struct window *window,
		       const float *const *planes, uint32_t from,
		       uint32_t n_frames) LEAT_RT
{
	for (uint32_t c = 0; c < tones->n_channels; c++) {
		float *to = window->samples[c] + tones->fill;

		if (planes[c])
			memcpy(to, planes[c] + from, n_frames * sizeof(*to));
		else
			memset(to, 0, n_frames * sizeof(*to));
	}
}

/* A window begins within a cycle. */
static void begin(struct window *window, const struct moment *moment,
		  uint32_t offset) LEAT_RT
{
	window->from = *moment;
	window->from.frame += offset;
	window->from.time_ns += (int64_t)(offset * moment->frame_ns);
	window->least_late_ns = moment->late_ns;
}

void tones_keep(struct tones *tones, const float *const *planes,
		uint32_t n_frames, const struct moment *moment,
		const struct upsets *upsets)
{
	uint32_t n;

	for (uint32_t done = 0; done < n_frames; done += n) {
		unsigned n_kept = atomic_load(&tones->n_kept);
		struct window *window = &tones->windows[n_kept % TONES_KEPT];
		uint32_t room = tones->n_frames - tones->fill;

		if (n_kept - atomic_load(&tones->n_judged) == TONES_KEPT) {
			atomic_fetch_add(&tones->n_lost, 1);
			return;
		}
		n = n_frames - done < room ? n_frames - done : room;
		if (tones->fill == 0)
			begin(window, moment, done);
		keep_piece(tones, window, planes, done, n);
		if (moment->late_ns < window->least_late_ns)
			window->least_late_ns = moment->late_ns;
		tones->fill += n;
		if (tones->fill < tones->n_frames)
			continue;
		window->upsets = *upsets;
		tones->fill = 0;
		atomic_store(&tones->n_kept, n_kept + 1);
	}
}

const struct window *tones_next(const struct tones *tones)
{
	unsigned n = atomic_load(&tones->n_judged);

	return atomic_load(&tones->n_kept) == n
		       ? NULL
		       : &tones->windows[n % TONES_KEPT];
}

void tones_free(struct tones *tones)
{
	atomic_fetch_add(&tones->n_judged, 1);
}
