/* SPDX-License-Identifier: MIT */
/**
 * Figures from what was heard: how clean, how late, how soon again.
 */
#ifndef TEST_DRIFT_FIGURES_H
#define TEST_DRIFT_FIGURES_H

#include "drift_run.h"

/** Of one leg. Not a number where nothing could be judged. */
struct leg_figures {
	uint32_t n_windows;	/* settled: long enough after an upset */
	double sinad_median_db; /* in a tenth of a second, settled */
	double sinad_least_db;
	double second_median_db; /* in a second, settled */
	double second_least_db;
	double recovery_s;   /* worst; until each second is clean again */
	double latency;	     /* frames of JACK's, the mean, settled */
	double off_target;   /* worst, frames; not within 2 s of an upset */
	double off_told;     /* the same against the latency told */
	uint32_t n_gaps;     /* windows with a hole or a step in them */
	uint32_t n_own_gaps; /* of these, with no upset within 3 s before */
};

struct drift_figures {
	struct leg_figures leg[N_LEGS];
	uint32_t n_hard; /* seconds in which a server's clock was upset */
	uint32_t n_late; /* ... or a thread called late by a millisecond */
	uint64_t n_slips, n_underruns; /* of both ways, as the bridge counts */
	double target[2];	       /* in the end */
	double bridge_cpu_s, server_cpu_s; /* a minute */
};

/**
 * settled_s: how long after the last upset and the beginning a window counts.
 */
void drift_figures(const struct drift_run *run, double settled_s,
		   struct drift_figures *figures);

/**
 * How far JACK's clock was off, measured: frames of its client's against
 * CLOCK_MONOTONIC where that read them, in the longest time without an upset.
 *
 * @return  Its length in seconds.
 */
double drift_measured_ppm(const struct drift_run *run, double *ppm);

/** A line for each window, to draw. */
void drift_figures_dump(const struct drift_run *run, const char *path);

#endif
