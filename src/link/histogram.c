/* SPDX-License-Identifier: MIT */
#include "histogram.h"

#include <leat/status.h>

#include <math.h>

_Static_assert(LEAT_HISTOGRAM_N_BUCKETS ==
		       LEAT_HISTOGRAM_SUB * (1 + LEAT_HISTOGRAM_OCTAVES),
	       "each octave has its buckets, and what is below them");

uint32_t leat_histogram_bucket(uint64_t value_ns)
{
	return leat_histogram_find(value_ns);
}

uint64_t leat_histogram_least_ns(uint32_t bucket)
{
	uint32_t octave, in_octave;

	if (bucket > LEAT_HISTOGRAM_N_BUCKETS)
		return LEAT_UNKNOWN;
	if (bucket < LEAT_HISTOGRAM_SUB)
		return (uint64_t)bucket * LEAT_HISTOGRAM_UNIT_NS;
	octave = bucket / LEAT_HISTOGRAM_SUB - 1;
	in_octave = bucket % LEAT_HISTOGRAM_SUB + LEAT_HISTOGRAM_SUB;
	return ((uint64_t)in_octave << octave) * LEAT_HISTOGRAM_UNIT_NS;
}

/* The largest value of a bucket. Nobody knows how large the last one's are. */
static uint64_t most_ns(uint32_t bucket, uint64_t max_ns)
{
	uint64_t most = leat_histogram_least_ns(bucket + 1) - 1;

	if (bucket == LEAT_HISTOGRAM_N_BUCKETS - 1 || most > max_ns)
		return max_ns;
	return most;
}

/* A peer's counts may be anything; a sum of them is to stay one. */
static uint64_t add_up(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

void leat_histogram_read(struct leat_histogram *histogram,
			 const struct leat_histogram_words *words)
{
	histogram->n = 0;
	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++) {
		histogram->counts[i] = leat_word_peek(&words->counts[i]);
		histogram->n = add_up(histogram->n, histogram->counts[i]);
	}
	histogram->sum_ns = leat_word_peek(&words->sum_ns);
	histogram->max_ns = leat_word_peek(&words->max_ns);
}

/* The rank, from 1, of the value that is wanted. */
static uint64_t rank_of(uint64_t n, double percent)
{
	double rank;

	if (!(percent > 0))
		return 1;
	if (percent >= 100)
		return n;
	rank = (double)n * percent / 100;
	if (rank >= (double)n)
		return n;
	/* Rounded up, without ceil(): the library is linked to libc only. */
	return (uint64_t)rank + ((double)(uint64_t)rank < rank);
}

uint64_t leat_histogram_percentile(const struct leat_histogram *histogram,
				   double percent)
{
	uint64_t rank = rank_of(histogram->n, percent), n = 0;

	if (histogram->n == 0)
		return LEAT_UNKNOWN;
	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++) {
		n = add_up(n, histogram->counts[i]);
		if (n >= rank)
			return most_ns(i, histogram->max_ns);
	}
	return histogram->max_ns;
}

double leat_histogram_mean_ns(const struct leat_histogram *histogram)
{
	if (histogram->n == 0)
		return NAN;
	return (double)histogram->sum_ns / (double)histogram->n;
}

static void set_empty(struct leat_histogram *histogram)
{
	*histogram = (struct leat_histogram){ .n = 0 };
}

/* Of those that came in between; they are not known one by one. */
static uint64_t max_between(const struct leat_histogram *between,
			    const struct leat_histogram *after,
			    const struct leat_histogram *before)
{
	if (after->max_ns > before->max_ns)
		return after->max_ns;
	for (uint32_t i = LEAT_HISTOGRAM_N_BUCKETS; i-- > 0;)
		if (between->counts[i] > 0)
			return most_ns(i, after->max_ns);
	return 0;
}

void leat_histogram_between(struct leat_histogram *between,
			    const struct leat_histogram *after,
			    const struct leat_histogram *before)
{
	struct leat_histogram result = { .n = 0 };

	if (!before) {
		*between = *after;
		return;
	}
	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++) {
		if (after->counts[i] < before->counts[i]) {
			set_empty(between);
			return;
		}
		result.counts[i] = after->counts[i] - before->counts[i];
		result.n = add_up(result.n, result.counts[i]);
	}
	result.sum_ns = after->sum_ns - before->sum_ns;
	result.max_ns = max_between(&result, after, before);
	*between = result;
}
