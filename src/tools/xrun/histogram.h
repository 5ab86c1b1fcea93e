/* SPDX-License-Identifier: MIT */
/* Histograms: of the library's kind while they fill, of the result's after. */
#ifndef LEAT_XRUN_HISTOGRAM_H
#define LEAT_XRUN_HISTOGRAM_H

#include "result.h"

#include <leat/load.h>

/* Count a value. */
void xrun_histogram_add(struct leat_histogram *histogram, uint64_t value_ns);

/* Copy what is in it. 0 or -ENOMEM. */
int xrun_histogram_take(struct xrun_histogram *taken,
			const struct leat_histogram *histogram);

#endif
