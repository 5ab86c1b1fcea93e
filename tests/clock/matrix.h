/* SPDX-License-Identifier: MIT */
/* Every period with every quantum: what is asked of each run. */
#ifndef LEAT_CLOCK_MATRIX_H
#define LEAT_CLOCK_MATRIX_H

#include "sim.h"

#include <stdbool.h>

/* What the issue asks: ppm rms, and frames rms. */
#define MATRIX_NOISE_PPM 0.1
#define MATRIX_ERROR_FRAMES 1.0
#define MATRIX_SETTLED_S 15.0

/*
 * From when on the correction can be that quiet, whatever is done: a straight
 * line through n stamps with a deviation of sigma, dt apart, has a slope that
 * is known to sigma * sqrt(12 / n) / (n dt); solved for n dt and taken 4
 * times. The first 4 s, at 1 Hz, do not count.
 */
double matrix_quiet_s(const struct sim_config *config);

/* Whether a run is as it should be; says on stdout what is not. */
bool matrix_judge(const struct sim_config *config,
		  const struct sim_result *result);

/*
 * All pairs, or those of one P; all drifts, rates and kinds of jitter with
 * each, or one of them by turns. Returns how many runs failed.
 */
unsigned matrix_run(bool everything, uint32_t only_p);

#endif
