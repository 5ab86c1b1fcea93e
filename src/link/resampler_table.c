/* SPDX-License-Identifier: MIT */
#include "resampler_table.h"

#include "resampler.h"

#include <math.h>
#include <stdlib.h>

/*
 * Kaiser's window (J. F. Kaiser, "Nonrecursive digital filter design using the
 * I0-sinh window function", 1974). With beta the stop band is at about
 * 8.7 + beta / 0.11 dB and the edge (A - 8) / (14.36 * (taps - 1)) of the
 * sample rate wide: 13.2 gives 128 dB and 4.2 kHz at 48 kHz. The sinc's
 * middle lies half of that below Nyquist's frequency, or nearly: frequencies
 * that alias come to lie above 20 kHz.
 */
#define BETA 13.2
#define CUTOFF 0.95 /* of the lower Nyquist frequency, -6 dB */

/* The modified Bessel function of order 0: its power series. */
static double bessel_i0(double x)
{
	double sum = 1, term = 1;

	for (int k = 1; term > sum * 1e-18; k++) {
		term *= (x / 2 / k) * (x / 2 / k);
		sum += term;
	}
	return sum;
}

static double window(double x)
{
	return fabs(x) < 1 ? bessel_i0(BETA * sqrt(1 - x * x)) / bessel_i0(BETA)
			   : 0;
}

static double sinc(double x)
{
	return fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x);
}

/* The taps for one phase, as doubles. They add up to 1. */
static void make_row(double *row, uint32_t n_taps, double phase, double cutoff)
{
	double half = n_taps / 2.0, sum = 0;

	for (uint32_t i = 0; i < n_taps; i++) {
		double t = i - half + 1 - phase;

		row[i] = sinc(t * cutoff) * window(t / half);
		sum += row[i];
	}
	for (uint32_t i = 0; i < n_taps; i++)
		row[i] /= sum;
}

const float *leat_table_create(uint32_t n_taps, double down)
{
	const uint32_t n_rows = LEAT_RESAMPLER_PHASES + 3;
	float *table =
		aligned_alloc(64, (size_t)n_rows * n_taps * sizeof(float));
	double *row = malloc(n_taps * sizeof(double));

	if (table && row) {
		for (uint32_t k = 0; k < n_rows; k++) {
			make_row(row, n_taps,
				 ((double)k - 1) / LEAT_RESAMPLER_PHASES,
				 CUTOFF / down);
			for (uint32_t i = 0; i < n_taps; i++)
				table[(size_t)k * n_taps + i] = (float)row[i];
		}
	} else {
		free(table);
		table = NULL;
	}
	free(row);
	return table;
}

void leat_table_destroy(const float *table)
{
	free((void *)(uintptr_t)table);
}
