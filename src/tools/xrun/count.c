/* SPDX-License-Identifier: MIT */
#include "count.h"

#include <string.h>

/* A float32 has 24 significant bits: so many values between 0 and 1. */
#define N_VALUES (1u << 24)

static float value_of(uint32_t number)
{
	return (float)(number + 1) / (float)N_VALUES;
}

static uint32_t number_after(uint32_t number)
{
	return number + 1 == XRUN_COUNT_WRAP ? 0 : number + 1;
}

void xrun_count_write(float *samples, uint64_t frame, uint32_t n_frames)
{
	uint32_t number = (uint32_t)(frame % XRUN_COUNT_WRAP);

	for (uint32_t i = 0; i < n_frames; i++) {
		samples[i] = value_of(number);
		number = number_after(number);
	}
}

/* XRUN_COUNT_WRAP: it is none. */
static uint32_t number_of(float value)
{
	float exact, scaled = value * (float)N_VALUES;
	uint32_t number;

	/* Written so that a NaN fails it. */
	if (!(scaled >= 1.0f && scaled < (float)N_VALUES))
		return XRUN_COUNT_WRAP;
	number = (uint32_t)scaled - 1;
	exact = value_of(number);
	return memcmp(&value, &exact, sizeof(value)) == 0 ? number
							  : XRUN_COUNT_WRAP;
}

static uint32_t run_length(const float *samples, uint32_t n_frames,
			   uint32_t number)
{
	uint32_t n = 0;

	while (n < n_frames && number_of(samples[n]) == number) {
		number = number_after(number);
		n++;
	}
	return n;
}

uint32_t xrun_count_runs(const float *samples, uint32_t n_frames,
			 uint32_t expected, struct xrun_run runs[XRUN_RUNS_MAX])
{
	uint32_t n_runs = 0, at = 0;

	while (at < n_frames && n_runs < XRUN_RUNS_MAX) {
		uint32_t number = number_of(samples[at]), n = 0;

		if (number != XRUN_COUNT_WRAP)
			n = run_length(samples + at, n_frames - at, number);
		if (n > 1 || (n == 1 && number == expected)) {
			runs[n_runs] = (struct xrun_run){ number, (uint16_t)at,
							  (uint16_t)n };
			expected = xrun_run_next(&runs[n_runs++]);
		}
		at += n > 0 ? n : 1;
	}
	return n_runs;
}

/* Fewer frames than these prove nothing. */
#define ROUGH_MIN 8u

/* Frames that a resampled number may be wrong by. */
#define ROUGH_FRAMES 4.0

/* The rates of both graphs differ by this factor at most. */
#define RATIO_MAX 4.5

static double rough_number(float value)
{
	return (double)value * N_VALUES - 1.0;
}

static bool is_even(double first, double middle, double last, uint32_t n)
{
	double rise = last - first;

	return rise > n / RATIO_MAX && rise < n * RATIO_MAX &&
	       middle - (first + last) / 2 < ROUGH_FRAMES &&
	       (first + last) / 2 - middle < ROUGH_FRAMES;
}

bool xrun_count_rough(const float *samples, uint32_t n_frames,
		      struct xrun_run *run)
{
	uint32_t from = 0, to = n_frames;
	double first, last;

	while (from < to && !(samples[from] > 0.0f))
		from++;
	while (to > from && !(samples[to - 1] > 0.0f))
		to--;
	if (to - from < ROUGH_MIN)
		return false;
	first = rough_number(samples[from]);
	last = rough_number(samples[to - 1]);
	/* An odd number of frames has one in the middle. */
	if ((to - from) % 2 == 0)
		to--;
	if (first < 0.0 || last >= XRUN_COUNT_WRAP ||
	    !is_even(first, rough_number(samples[(from + to - 1) / 2]),
		     rough_number(samples[to - 1]), to - from))
		return false;
	*run = (struct xrun_run){ (uint32_t)first, (uint16_t)from,
				  (uint16_t)(last - first + 1.5) };
	return true;
}

uint32_t xrun_run_next(const struct xrun_run *run)
{
	return (run->number + run->n_frames) % XRUN_COUNT_WRAP;
}

uint64_t xrun_count_frame(uint32_t number, uint64_t near)
{
	uint32_t at = (uint32_t)(near % XRUN_COUNT_WRAP);
	int64_t distance = (int64_t)number - (int64_t)at;

	if (distance > (int64_t)XRUN_COUNT_WRAP / 2)
		distance -= XRUN_COUNT_WRAP;
	if (distance < -(int64_t)XRUN_COUNT_WRAP / 2)
		distance += XRUN_COUNT_WRAP;
	return (uint64_t)((int64_t)near + distance);
}
