/* SPDX-License-Identifier: MIT */
/* How clean a sine is whose phase is known for every sample. */
#ifndef LEAT_UNIT_SINE_H
#define LEAT_UNIT_SINE_H

#include <stddef.h>

struct sine_fit {
	double amplitude;
	double phase;	 /* radians against the phases given */
	double sinad_db; /* fitted sine against all that remains */
};

/*
 * Fit a cos(phase) + b sin(phase) + c by least squares: amplitude, phase and
 * offset are free, the frequency is not.
 */
struct sine_fit sine_fit(const float *samples, const double *phases, size_t n);

/*
 * The same with a free frequency, for a sine of about radians_per_sample:
 * *pitch becomes the fitted frequency as a share of that. It starts from the
 * phases of the two halves, so n samples must hold some turns and the frequency
 * be off by less than a turn in n / 2; then it is fitted by least squares too.
 */
struct sine_fit sine_fit_free(const float *samples, double radians_per_sample,
			      size_t n, double *pitch);

#endif
