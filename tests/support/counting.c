/* SPDX-License-Identifier: MIT */
#include "counting.h"

#include "link/fade.h"

#include <string.h>

/* A float32 has 24 significant bits: so many values between 0 and 1. */
#define N_VALUES (1u << 24)

uint32_t counting_wrap(uint32_t n_channels)
{
	return N_VALUES / n_channels;
}

static float value_of(uint32_t frame, uint32_t n_channels, uint32_t channel)
{
	return (float)(frame * n_channels + channel) / (float)N_VALUES;
}

float counting_value(uint64_t frame, uint32_t n_channels, uint32_t channel)
{
	uint32_t number = (uint32_t)(frame % counting_wrap(n_channels));

	return value_of(number, n_channels, channel);
}

/* The same bits: == would take -0 for 0. */
static bool is_same(float a, float b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

bool counting_decode(float value, uint32_t n_channels, uint32_t channel,
		     uint32_t *frame)
{
	uint32_t number;

	/* Written so that a NaN fails it. */
	if (!(value >= 0.0f && value < 1.0f))
		return false;
	number = (uint32_t)(value * (float)N_VALUES) / n_channels;
	*frame = number;
	return number < counting_wrap(n_channels) &&
	       is_same(value, value_of(number, n_channels, channel));
}

int64_t counting_distance(uint32_t from, uint32_t to, uint32_t n_channels)
{
	int64_t wrap = counting_wrap(n_channels);
	int64_t distance = ((int64_t)to - (int64_t)from + wrap) % wrap;

	return distance > wrap / 2 ? distance - wrap : distance;
}

static uint32_t number_after(uint32_t frame, uint32_t n_channels)
{
	return frame + 1 == counting_wrap(n_channels) ? 0 : frame + 1;
}

void counting_write(float *const *planes, uint32_t n_channels, uint64_t frame,
		    uint32_t n_frames)
{
	uint32_t start = (uint32_t)(frame % counting_wrap(n_channels));

	for (uint32_t c = 0; c < n_channels; c++) {
		uint32_t number = start;

		for (uint32_t i = 0; planes[c] && i < n_frames; i++) {
			planes[c][i] = value_of(number, n_channels, c);
			number = number_after(number, n_channels);
		}
	}
}

static float sample_at(const float *const *planes, uint32_t channel,
		       uint32_t at)
{
	return planes[channel] ? planes[channel][at] : 0.0f;
}

static bool frame_is(const struct counting_check *check,
		     const float *const *planes, uint32_t at, uint32_t frame)
{
	for (uint32_t c = 0; c < check->n_channels; c++)
		if (!is_same(sample_at(planes, c, at),
			     value_of(frame, check->n_channels, c)))
			return false;
	return true;
}

static bool frame_is_silent(const struct counting_check *check,
			    const float *const *planes, uint32_t at)
{
	for (uint32_t c = 0; c < check->n_channels; c++)
		if (!is_same(sample_at(planes, c, at), 0.0f))
			return false;
	return true;
}

static enum counting_kind take_silent(struct counting_check *check)
{
	if (check->locked && check->latest != COUNTING_SILENT)
		check->n_silences++;
	check->n_silent++;
	return COUNTING_SILENT;
}

/*
 * Where a block is missing, leat lets each channel's last sample run out in a
 * straight line; then frame number next - 1 is the last that was played.
 */
static bool frame_is_fade(const struct counting_check *check,
			  const float *const *planes, uint32_t at)
{
	uint32_t wrap = counting_wrap(check->n_channels);
	uint32_t last = (check->next + wrap - 1) % wrap;
	float gain;

	if (!check->locked || check->fade_left == 0)
		return false;
	gain = leat_fade_gain(check->fade_left - 1, check->fade_length);
	for (uint32_t c = 0; c < check->n_channels; c++)
		if (!is_same(sample_at(planes, c, at),
			     value_of(last, check->n_channels, c) * gain))
			return false;
	return true;
}

static enum counting_kind take_fade(struct counting_check *check)
{
	check->fade_left--;
	check->n_fades++;
	return COUNTING_FADE;
}

static enum counting_kind take_exact(struct counting_check *check,
				     uint32_t frame)
{
	check->locked = true;
	check->next = number_after(frame, check->n_channels);
	check->fade_left = check->fade_length;
	check->n_exact++;
	return COUNTING_EXACT;
}

static enum counting_kind take_jump(struct counting_check *check,
				    uint32_t frame, uint32_t *n_jumped)
{
	int64_t distance =
		counting_distance(check->next, frame, check->n_channels);

	check->next = number_after(frame, check->n_channels);
	check->fade_left = check->fade_length;
	if (distance < 0) {
		*n_jumped = (uint32_t)-distance;
		check->n_repeats++;
		return COUNTING_REPEAT;
	}
	*n_jumped = (uint32_t)distance;
	check->n_lost += (uint64_t)distance;
	check->n_gaps++;
	return COUNTING_GAP;
}

static enum counting_kind judge(struct counting_check *check,
				const float *const *planes, uint32_t at,
				uint32_t *n_jumped)
{
	uint32_t frame = 0;

	*n_jumped = 0;
	if (check->locked && frame_is(check, planes, at, check->next))
		return take_exact(check, check->next);
	if (frame_is_fade(check, planes, at))
		return take_fade(check);
	if (frame_is_silent(check, planes, at))
		return take_silent(check);
	if (!counting_decode(sample_at(planes, 0, at), check->n_channels, 0,
			     &frame) ||
	    !frame_is(check, planes, at, frame)) {
		check->n_corrupt++;
		return COUNTING_CORRUPT;
	}
	if (!check->locked)
		return take_exact(check, frame);
	return take_jump(check, frame, n_jumped);
}

enum counting_kind counting_judge(struct counting_check *check,
				  const float *const *planes, uint32_t at,
				  uint32_t *n_jumped)
{
	check->latest = judge(check, planes, at, n_jumped);
	return check->latest;
}
