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

#endif
