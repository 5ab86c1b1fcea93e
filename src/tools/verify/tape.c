/* SPDX-License-Identifier: MIT */
#include "tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tape_init(struct tape *tape, const struct sound *sound, uint32_t n_more)
{
	uint32_t n_channels = sound->n_channels;
	size_t n_bytes;

	memset(tape, 0, sizeof(*tape));
	tape->sound = sound;
	tape->n_total = sound->n_frames + n_more;
	n_bytes = (size_t)n_channels * tape->n_total * sizeof(float);
	tape->samples = malloc(n_bytes);
	if (!tape->samples)
		return -ENOMEM;
	/* Written to, so that the process thread finds its pages. */
	memset(tape->samples, 0, n_bytes);
	for (uint32_t c = 0; c < n_channels; c++)
		tape->recorded[c] = tape->samples + (size_t)c * tape->n_total;
	return 0;
}

void tape_finish(struct tape *tape)
{
	free(tape->samples);
	tape->samples = NULL;
}

void tape_start(struct tape *tape)
{
	tape->n_done = 0;
	atomic_store(&tape->rolling, true);
}

bool tape_is_rolling(const struct tape *tape)
{
	return atomic_load(&tape->rolling);
}

static uint32_t at_most(uint32_t n, uint32_t limit)
{
	return n < limit ? n : limit;
}

/* Frames of the sound from a place on, then silence. */
LEAT_RT static void play(const struct sound *sound, uint32_t channel,
			 uint32_t at, float *out, uint32_t n_frames)
{
	uint32_t left = at < sound->n_frames ? sound->n_frames - at : 0;
	uint32_t n = at_most(n_frames, left);

	if (n > 0)
		memcpy(out, sound->plane[channel] + at, n * sizeof(*out));
	memset(out + n, 0, (n_frames - n) * sizeof(*out));
}

LEAT_RT static void record(float *to, const float *in, uint32_t n_frames)
{
	if (in)
		memcpy(to, in, n_frames * sizeof(*to));
	else
		memset(to, 0, n_frames * sizeof(*to));
}

LEAT_RT static bool is_closed(const struct tape *tape, float *const *out,
			      const float *const *in)
{
	for (uint32_t c = 0; c < tape->sound->n_channels; c++)
		if (!out[c] || !in[c])
			return false;
	return true;
}

LEAT_RT void tape_roll(struct tape *tape, float *const *out,
		       const float *const *in, uint32_t n_frames)
{
	bool rolling = atomic_load(&tape->rolling);
	uint32_t at = rolling ? tape->n_done : tape->n_total;
	uint32_t n = at_most(n_frames, tape->n_total - at);

	for (uint32_t c = 0; c < tape->sound->n_channels; c++) {
		if (out[c])
			play(tape->sound, c, at, out[c], n_frames);
		if (rolling)
			record(tape->recorded[c] + at, in[c], n);
	}
	if (is_closed(tape, out, in))
		atomic_fetch_add(&tape->n_closed, 1);
	if (!rolling)
		return;
	tape->n_done = at + n;
	if (tape->n_done == tape->n_total)
		atomic_store(&tape->rolling, false);
}
