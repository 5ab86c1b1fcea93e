/* SPDX-License-Identifier: MIT */
#include "distribution.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct xrun_bar *left = a, *right = b;

	return (left->low_ns > right->low_ns) - (left->low_ns < right->low_ns);
}

/* Equal ones are one: the buckets of all steps are cut alike. */
static void join_equal(struct xrun_merged *merged)
{
	size_t n = 0;

	for (size_t i = 0; i < merged->n_bars; i++) {
		struct xrun_bar *bar = &merged->bar[i];

		if (n > 0 && merged->bar[n - 1].low_ns >= bar->low_ns)
			merged->bar[n - 1].count += bar->count;
		else
			merged->bar[n++] = *bar;
	}
	merged->n_bars = n;
}

/* The end of the bucket in which the value of this rank lies. */
static uint64_t value_at(const struct xrun_merged *merged, double quantile)
{
	double rank = quantile * (double)merged->n;
	uint64_t n = 0;

	for (size_t i = 0; i < merged->n_bars; i++) {
		n += merged->bar[i].count;
		if ((double)n >= rank) {
			uint64_t end_ns = (uint64_t)merged->bar[i].high_ns;

			return end_ns < merged->max_ns ? end_ns
						       : merged->max_ns;
		}
	}
	return merged->max_ns;
}

static void take(struct xrun_merged *merged,
		 const struct xrun_histogram *histogram)
{
	for (uint32_t i = 0; i < histogram->n_buckets; i++) {
		const struct xrun_bucket *bucket = &histogram->bucket[i];

		merged->bar[merged->n_bars++] =
			(struct xrun_bar){ (double)bucket->least_ns,
					   (double)bucket->end_ns, bucket->n };
		merged->n += bucket->n;
	}
	if (histogram->n > 0 && histogram->max_ns > merged->max_ns)
		merged->max_ns = histogram->max_ns;
}

static size_t count_buckets(const struct xrun_result *result,
			    enum xrun_callback callback,
			    enum xrun_measure measure, xrun_step_fn wants,
			    const void *user)
{
	size_t n = 0;

	for (uint32_t i = 0; i < result->n_steps; i++)
		if (wants(user, &result->step[i]))
			n += result->step[i]
				     .histogram[callback][measure]
				     .n_buckets;
	return n;
}

void xrun_merge(struct xrun_merged *merged, const struct xrun_result *result,
		enum xrun_callback callback, enum xrun_measure measure,
		xrun_step_fn wants, const void *user)
{
	size_t n = count_buckets(result, callback, measure, wants, user);

	memset(merged, 0, sizeof(*merged));
	merged->bar = n > 0 ? malloc(n * sizeof(*merged->bar)) : NULL;
	for (uint32_t i = 0; merged->bar && i < result->n_steps; i++)
		if (wants(user, &result->step[i]))
			take(merged,
			     &result->step[i].histogram[callback][measure]);
	if (merged->n == 0) {
		merged->p50_ns = merged->p99_ns = XRUN_UNKNOWN;
		merged->p999_ns = merged->max_ns = XRUN_UNKNOWN;
		return;
	}
	qsort(merged->bar, merged->n_bars, sizeof(*merged->bar), compare);
	join_equal(merged);
	merged->p50_ns = value_at(merged, 0.5);
	merged->p99_ns = value_at(merged, 0.99);
	merged->p999_ns = value_at(merged, 0.999);
}

/* What is shorter than this is all one: nobody is harmed by any of it. */
#define SHORT_NS 1000

static void join_short(struct xrun_merged *merged)
{
	size_t n = 0;
	uint64_t count = 0;

	while (n < merged->n_bars && merged->bar[n].high_ns <= SHORT_NS)
		count += merged->bar[n++].count;
	if (n < 2)
		return;
	merged->bar[0] = (struct xrun_bar){ 0, SHORT_NS, count };
	memmove(&merged->bar[1], &merged->bar[n],
		(merged->n_bars - n) * sizeof(merged->bar[0]));
	merged->n_bars -= n - 1;
}

/* Join those of which the longest is no more than so many times the least. */
static void join_within(struct xrun_merged *merged, double ratio)
{
	size_t n = 0;

	for (size_t i = 0; i < merged->n_bars; i++) {
		struct xrun_bar bar = merged->bar[i];

		if (n > 0 && bar.high_ns <= merged->bar[n - 1].low_ns * ratio) {
			merged->bar[n - 1].high_ns = bar.high_ns;
			merged->bar[n - 1].count += bar.count;
		} else {
			merged->bar[n++] = bar;
		}
	}
	merged->n_bars = n;
}

/*
 * By their ratio and not by their number: so a few that lie far apart do not
 * become one that is wide, and what is empty between them stays so.
 */
void xrun_merged_thin(struct xrun_merged *merged, size_t n_most)
{
	join_short(merged);
	for (double ratio = 1.02; merged->n_bars > n_most; ratio *= ratio)
		join_within(merged, ratio);
}
