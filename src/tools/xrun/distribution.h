/* SPDX-License-Identifier: MIT */
/* The histograms of several steps as one. */
#ifndef LEAT_XRUN_DISTRIBUTION_H
#define LEAT_XRUN_DISTRIBUTION_H

#include "picture.h"
#include "result.h"

struct xrun_merged {
	uint64_t n;
	/* XRUN_UNKNOWN where n is 0. */
	uint64_t p50_ns, p99_ns, p999_ns, max_ns;
	size_t n_bars;
	struct xrun_bar *bar; /* in rising order; to be freed */
};

/* Whether a step is one of those that are wanted. */
typedef bool (*xrun_step_fn)(const void *user, const struct xrun_step *step);

/* NULL as bar where there is no memory, and where nothing was measured. */
void xrun_merge(struct xrun_merged *merged, const struct xrun_result *result,
		enum xrun_callback callback, enum xrun_measure measure,
		xrun_step_fn wants, const void *user);

/*
 * Neighbours together, until there are no more than this many, which are at
 * least two; and all below 1 µs as one.
 */
void xrun_merged_thin(struct xrun_merged *merged, size_t n_most);

#endif
