/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_quantile(double *samples, size_t n_samples, double quantile)
{
	if (n_samples == 0)
		return 0;
	qsort(samples, n_samples, sizeof(*samples), compare);
	return samples[(size_t)(quantile * (double)(n_samples - 1) + 0.5)];
}

double bench_middle(double *samples, size_t n_samples)
{
	size_t first = n_samples / 4, last = n_samples - first;
	double sum = 0;

	qsort(samples, n_samples, sizeof(*samples), compare);
	for (size_t i = first; i < last; i++)
		sum += samples[i];
	return sum / (double)(last - first);
}

/* Where the series is, or would be. */
static unsigned find(const struct bench_figures *figures, const char *key,
		     const char *name)
{
	unsigned i;

	for (i = 0; i < figures->n_series; i++) {
		const struct bench_series *s = &figures->series[i];

		if (strcmp(s->key, key) == 0 && strcmp(s->name, name) == 0)
			break;
	}
	return i;
}

void bench_record(struct bench_figures *figures, const char *key,
		  const char *name, double value)
{
	unsigned i = find(figures, key, name);
	struct bench_series *s = &figures->series[i];

	if (i == BENCH_MAX_SERIES)
		abort();
	if (i == figures->n_series) {
		figures->n_series++;
		snprintf(s->key, sizeof(s->key), "%s", key);
		s->name = name;
	}
	if (s->n_rounds < BENCH_MAX_ROUNDS)
		s->rounds[s->n_rounds++] = value;
}

const struct bench_series *bench_find(const struct bench_figures *figures,
				      const char *key, const char *name)
{
	unsigned i = find(figures, key, name);

	return i < figures->n_series ? &figures->series[i] : NULL;
}

double bench_series_quantile(const struct bench_series *series, double quantile)
{
	double sorted[BENCH_MAX_ROUNDS];

	memcpy(sorted, series->rounds, series->n_rounds * sizeof(*sorted));
	return bench_quantile(sorted, series->n_rounds, quantile);
}

double bench_ratio(const struct bench_series *a, const struct bench_series *b)
{
	double ratios[BENCH_MAX_ROUNDS];
	unsigned n = a->n_rounds < b->n_rounds ? a->n_rounds : b->n_rounds;

	for (unsigned i = 0; i < n; i++)
		ratios[i] = a->rounds[i] / b->rounds[i];
	return bench_quantile(ratios, n, 0.5);
}
