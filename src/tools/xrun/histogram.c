/* SPDX-License-Identifier: MIT */
#include "histogram.h"

#include <errno.h>
#include <stdlib.h>

void xrun_histogram_add(struct leat_histogram *histogram, uint64_t value_ns)
{
	histogram->n++;
	histogram->sum_ns += value_ns;
	if (value_ns > histogram->max_ns)
		histogram->max_ns = value_ns;
	histogram->counts[leat_histogram_bucket(value_ns)]++;
}

static uint32_t count_buckets(const struct leat_histogram *histogram)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++)
		n += histogram->counts[i] > 0;
	return n;
}

static void take_bucket(struct xrun_histogram *taken,
			const struct leat_histogram *histogram, uint32_t i)
{
	if (histogram->counts[i] == 0)
		return;
	taken->bucket[taken->n_buckets++] = (struct xrun_bucket){
		.least_ns = leat_histogram_least_ns(i),
		.end_ns = leat_histogram_least_ns(i + 1),
		.n = histogram->counts[i],
	};
}

int xrun_histogram_take(struct xrun_histogram *taken,
			const struct leat_histogram *histogram)
{
	taken->n = histogram->n;
	taken->sum_ns = histogram->sum_ns;
	taken->max_ns = histogram->max_ns;
	taken->p50_ns = leat_histogram_percentile(histogram, 50);
	taken->p99_ns = leat_histogram_percentile(histogram, 99);
	taken->p999_ns = leat_histogram_percentile(histogram, 99.9);
	taken->n_buckets = 0;
	taken->bucket =
		calloc(count_buckets(histogram) + 1, sizeof(*taken->bucket));
	if (!taken->bucket)
		return -ENOMEM;
	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++)
		take_bucket(taken, histogram, i);
	return 0;
}
