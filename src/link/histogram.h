/* SPDX-License-Identifier: MIT */
/* Histograms of <leat/load.h>: which bucket, and reading them from memory. */
#ifndef LEAT_LINK_HISTOGRAM_H
#define LEAT_LINK_HISTOGRAM_H

#include <leat/inline/atomics.h>
#include <leat/load.h>

/* What is recorded there, each word read once; n is the sum of the counts. */
void leat_histogram_read(struct leat_histogram *histogram,
			 const struct leat_histogram_words *words);

/*
 * As leat_histogram_bucket(): for the bridges' realtime threads, without a call
 * into the library.
 */
static inline uint32_t leat_histogram_find(uint64_t value_ns) LEAT_RT
{
	uint64_t value = value_ns / LEAT_HISTOGRAM_UNIT_NS;
	uint32_t octave;

	if (value < LEAT_HISTOGRAM_SUB)
		return (uint32_t)value;
	octave = 63u - (uint32_t)__builtin_clzll(value / LEAT_HISTOGRAM_SUB);
	if (octave >= LEAT_HISTOGRAM_OCTAVES)
		return LEAT_HISTOGRAM_N_BUCKETS - 1;
	return octave * LEAT_HISTOGRAM_SUB + (uint32_t)(value >> octave);
}

/* Thread: the one writer. RT-safe, wait-free. */
static inline void leat_histogram_add(struct leat_histogram_words *words,
				      uint64_t value_ns) LEAT_RT
{
	leat_word_add(&words->counts[leat_histogram_find(value_ns)], 1);
	leat_word_add(&words->sum_ns, value_ns);
	if (value_ns > leat_word_peek(&words->max_ns))
		leat_word_set(&words->max_ns, value_ns);
}

#endif
