/* SPDX-License-Identifier: MIT */
/*
 * The figures of a run. Each measure puts one figure per contestant and round
 * under a key; the report takes medians of them, and ratios round by round,
 * so that whatever else the machine did in a round is in both.
 */
#ifndef LEAT_BENCH_STATS_H
#define LEAT_BENCH_STATS_H

#include <stddef.h>

#define BENCH_MAX_ROUNDS 101u
#define BENCH_MAX_SERIES 512u

struct bench_series {
	char key[24];	  /* of the measure */
	const char *name; /* of the contestant or floor */
	unsigned n_rounds;
	double rounds[BENCH_MAX_ROUNDS];
};

struct bench_figures {
	struct bench_series series[BENCH_MAX_SERIES];
	unsigned n_series;
};

/* Sorts the samples. */
double bench_quantile(double *samples, size_t n_samples, double quantile);

/*
 * The mean of the middle half: a median, finer than the steps of the clock
 * (some processors count time in steps of 10 ns). Sorts the samples.
 */
double bench_middle(double *samples, size_t n_samples);

void bench_record(struct bench_figures *figures, const char *key,
		  const char *name, double value);

/* NULL if there is none. */
const struct bench_series *bench_find(const struct bench_figures *figures,
				      const char *key, const char *name);

double bench_series_quantile(const struct bench_series *series,
			     double quantile);

/* The median over the rounds of a / b. */
double bench_ratio(const struct bench_series *a, const struct bench_series *b);

#endif
