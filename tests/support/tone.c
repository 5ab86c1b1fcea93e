/* SPDX-License-Identifier: MIT */
#include "tone.h"

#include <math.h>
#include <string.h>

/* What a resampler may do to the amplitude. */
#define WHOLE 0.005
/* The speed of a clock that is off, or of a place that is caught up. */
#define SPEED 0.012

void tone_init(struct tone *tone)
{
	for (uint32_t i = 0; i < TONE_TURN; i++)
		tone->samples[i] =
			(float)(TONE_AMPLITUDE * cos(2 * M_PI * i / TONE_TURN));
}

static float sample(const struct tone *tone, uint64_t frame, int channel)
{
	/* A sine is a cosine a quarter of a turn ago. */
	uint64_t at = frame + (channel ? TONE_TURN - TONE_TURN / 4 : 0);

	return tone->samples[at % TONE_TURN];
}

void tone_write(const struct tone *tone, float *const *planes, uint64_t frame,
		uint32_t n_frames)
{
	for (int c = 0; c < TONE_CHANNELS; c++)
		for (uint32_t i = 0; i < n_frames; i++)
			planes[c][i] = sample(tone, frame + i, c);
}

double tone_distance(double from, double to)
{
	return remainder(to - from, TONE_TURN);
}

static double place_of(const float *frame)
{
	double turns = atan2(frame[1], frame[0]) / (2 * M_PI);

	return (turns < 0 ? turns + 1 : turns) * TONE_TURN;
}

static void note_step(struct tone_check *check, const float *frame)
{
	for (int c = 0; c < TONE_CHANNELS; c++) {
		float step = fabsf(frame[c] - check->last[c]);

		if (check->heard && step > check->step_max)
			check->step_max = step;
		check->last[c] = frame[c];
	}
	check->heard = true;
}

static bool same_bits(const struct tone *tone, const float *frame, double place)
{
	uint64_t at = (uint64_t)llround(place) % TONE_TURN;
	float sent[TONE_CHANNELS] = { sample(tone, at, 0),
				      sample(tone, at, 1) };

	return memcmp(sent, frame, sizeof(sent)) == 0;
}

static void note_whole(const struct tone *tone, struct tone_check *check,
		       const float *frame, uint64_t sent)
{
	double behind = tone_distance(check->place, (double)(sent % TONE_TURN));

	behind = behind < 0 ? behind + TONE_TURN : behind;
	if (check->n_whole == 0 || behind < check->behind_min)
		check->behind_min = behind;
	if (check->n_whole == 0 || behind > check->behind_max)
		check->behind_max = behind;
	check->behind = behind;
	check->n_whole++;
	check->n_exact += same_bits(tone, frame, check->place);
	check->locked = true;
}

static void judge(const struct tone *tone, struct tone_check *check,
		  const float *frame, uint64_t sent)
{
	double loud = hypot(frame[0], frame[1]);
	double before = check->place;
	bool loud_enough = fabs(loud - TONE_AMPLITUDE) < WHOLE;
	bool whole = loud_enough;

	note_step(check, frame);
	check->n_frames++;
	if (loud_enough) {
		check->place = place_of(frame);
		whole = !check->whole_before ||
			fabs(tone_distance(before, check->place) - 1) < SPEED;
	}
	if (whole)
		note_whole(tone, check, frame, sent);
	else if (loud_enough)
		check->n_bent++;
	else
		check->n_faint++;
	check->n_breaks += check->whole_before && !whole;
	/* What moves at full amplitude is judged against itself. */
	check->whole_before = loud_enough;
}

void tone_judge(const struct tone *tone, struct tone_check *check,
		const float *const *planes, uint64_t sent, uint32_t n_frames)
{
	for (uint32_t i = 0; i < n_frames; i++) {
		const float frame[TONE_CHANNELS] = { planes[0][i],
						     planes[1][i] };

		judge(tone, check, frame, sent + i);
	}
}
