/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <string.h>

/*
 * The delay is found by frames spread over the whole sound, so that a loss in
 * one place does not hide it: the delay at which most of them agree.
 */
#define N_KEYS_MAX 256

struct keys {
	uint32_t n;
	uint32_t frame[N_KEYS_MAX];
};

/* The same bits: == would take -0 for 0. */
static bool is_same(float a, float b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool is_zero(float a)
{
	return !(a < 0.0f) && !(a > 0.0f);
}

static bool frame_is_same(const struct sound *sound,
			  const float *const *recorded, uint32_t at,
			  uint32_t delay)
{
	for (uint32_t c = 0; c < sound->n_channels; c++)
		if (!is_same(sound->plane[c][at], recorded[c][at + delay]))
			return false;
	return true;
}

static bool frame_is_silent(const struct sound *sound,
			    const float *const *planes, uint32_t at)
{
	for (uint32_t c = 0; c < sound->n_channels; c++)
		if (!is_zero(planes[c][at]))
			return false;
	return true;
}

/* The next frame from `at` on that is not silent, or n_frames. */
static uint32_t next_loud(const struct sound *sound, uint32_t at)
{
	while (at < sound->n_frames && frame_is_silent(sound, sound->plane, at))
		at++;
	return at;
}

static void choose_keys(struct keys *keys, const struct sound *sound)
{
	uint32_t step = sound->n_frames / N_KEYS_MAX + 1;
	uint32_t at = next_loud(sound, 0);

	keys->n = 0;
	while (at < sound->n_frames && keys->n < N_KEYS_MAX) {
		keys->frame[keys->n++] = at;
		at = next_loud(sound, at + step);
	}
}

/* Channels that agree in a frame; silence proves nothing. */
static uint32_t count_channels(const struct sound *sound,
			       const float *const *recorded, uint32_t at,
			       uint32_t delay)
{
	uint32_t n = 0;

	for (uint32_t c = 0; c < sound->n_channels; c++)
		if (!is_zero(sound->plane[c][at]) &&
		    is_same(sound->plane[c][at], recorded[c][at + delay]))
			n++;
	return n;
}

static uint32_t count_keys(const struct keys *keys, const struct sound *sound,
			   const float *const *recorded, uint32_t delay)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < keys->n; i++)
		n += count_channels(sound, recorded, keys->frame[i], delay);
	return n;
}

static bool find_delay(uint32_t *delay, const struct sound *sound,
		       const float *const *recorded, uint32_t n_recorded)
{
	struct keys keys;
	uint32_t best = 0;

	choose_keys(&keys, sound);
	for (uint32_t d = 0; d + sound->n_frames <= n_recorded; d++) {
		uint32_t n = count_keys(&keys, sound, recorded, d);

		if (n > best) {
			best = n;
			*delay = d;
		}
	}
	return best > 0;
}

void compare(struct comparison *result, const struct sound *sound,
	     const float *const *recorded, uint32_t n_recorded)
{
	memset(result, 0, sizeof(*result));
	result->found = find_delay(&result->delay, sound, recorded, n_recorded);
	if (!result->found)
		return;
	for (uint32_t i = 0; i < sound->n_frames; i++) {
		if (frame_is_same(sound, recorded, i, result->delay))
			continue;
		if (result->n_differing++ == 0)
			result->first = i;
		if (frame_is_silent(sound, recorded, i + result->delay))
			result->n_silent++;
	}
}
