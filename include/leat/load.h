/* SPDX-License-Identifier: MIT */
/**
 * How long each side's realtime callback takes, how regularly it is called,
 * and how late it is woken.
 *
 * Each side keeps this beside its counters, in a sealed part of its own: it
 * records one value of each kind per cycle of its graph, in a histogram, and
 * keeps the last cycles that were long or late by themselves. Others map that
 * part read-only; reading it costs the realtime threads nothing.
 */
#ifndef LEAT_LOAD_H
#define LEAT_LOAD_H

#include <leat/attributes.h>
#include <leat/inline/load.h>
#include <leat/status.h>

#include <stdbool.h>
#include <stdint.h>

LEAT_BEGIN_DECLS

/* ---- histograms ---- */

/** How often which values came, all since the side's process began. */
struct leat_histogram {
	uint64_t n;	 /**< values in all: the sum of counts */
	uint64_t sum_ns; /**< of all values; wraps */
	uint64_t max_ns; /**< the largest, exactly; 0 without any */
	uint64_t counts[LEAT_HISTOGRAM_N_BUCKETS];
};

/** The bucket that a value falls into. Thread: any. RT-safe, wait-free. */
LEAT_API LEAT_RT uint32_t leat_histogram_bucket(uint64_t value_ns);

/**
 * The least value of a bucket. That of the bucket behind the last one is
 * 2^34; what is beyond has none.
 *
 * Thread: any. RT-safe, wait-free.
 */
LEAT_API LEAT_RT uint64_t leat_histogram_least_ns(uint32_t bucket);

/**
 * The least value that so many percent of all do not exceed: the largest of
 * its bucket, or max_ns where that is less, so at most 3.1 % (or 31 ns) too
 * much and never too little.
 *
 * @param percent  0 to 100; cut to that.
 * @return         LEAT_UNKNOWN without any value.
 *
 * Thread: any.
 */
LEAT_API uint64_t leat_histogram_percentile(
	const struct leat_histogram *histogram, double percent);

/** The mean, or NaN without any value. Thread: any. */
LEAT_API double leat_histogram_mean_ns(const struct leat_histogram *histogram);

/**
 * What came between two snapshots of one histogram.
 *
 * Its max_ns is that of `after` if it grew, else the largest value of the last
 * bucket that is not empty: at most 3.1 % too much.
 *
 * @param between  May be `after`.
 * @param before   NULL: the beginning. Where it has more than `after`, because
 *                 it is of another process, the difference is 0.
 *
 * Thread: any.
 */
LEAT_API void leat_histogram_between(struct leat_histogram *between,
				     const struct leat_histogram *after,
				     const struct leat_histogram *before);

/* ---- what is recorded ---- */

/** One cycle of a side. */
struct leat_load_cycle {
	uint64_t start_ns;    /**< CLOCK_MONOTONIC; of the first callback */
	uint64_t duration_ns; /**< of the callbacks, as above */
	uint64_t interval_ns; /**< or LEAT_UNKNOWN: the first of a stretch */
	uint64_t wakeup_ns;   /**< or LEAT_UNKNOWN */
	uint64_t period_ns;   /**< of the graph then, or LEAT_UNKNOWN */
};

/* ---- reading it ---- */

/** The two sides of a link. */
enum leat_load_side { LEAT_LOAD_JACK, LEAT_LOAD_PIPEWIRE, LEAT_N_LOAD_SIDES };

/** What a side recorded, read at one moment. */
struct leat_side_load {
	bool known; /**< else all is 0: an older program, or none */
	struct leat_histogram histogram[LEAT_N_LOAD_KINDS];
};

/** A link's memory, mapped: both sides as they were when it was asked for. */
struct leat_load;

/**
 * Ask a link for its memory, and map it read-only.
 *
 * It stays readable when a process of the link ends, and does not change any
 * more then; open it anew to see the one that came after it.
 *
 * @retval 0    *load is to be closed.
 * @retval < 0  As leat_status_query(), or -ENOMEM; *load is NULL.
 *
 * Thread: any; it may wait for the other process for a second.
 */
LEAT_API LEAT_MUST_CHECK int leat_load_open(struct leat_load **load,
					    const char *link_name);

/**
 * The same with the answer to leat_status_ask(). The descriptor is closed, but
 * for -EAGAIN: it has not come yet.
 *
 * Thread: any.
 */
LEAT_API LEAT_MUST_CHECK int leat_load_answer(struct leat_load **load, int fd);

/** Unmap it. NULL is fine. Thread: any. */
LEAT_API void leat_load_close(struct leat_load *load);

/** The counters now, as leat_status_query() has them. Thread: any. */
LEAT_API void leat_load_status(const struct leat_load *load,
			       struct leat_link_status *status);

/** How many taps listen now; LEAT_UNKNOWN of an older program. Thread: any. */
LEAT_API uint64_t leat_load_n_taps(const struct leat_load *load);

/**
 * What a side recorded until now.
 *
 * A cycle may be in one histogram and not in the next one yet.
 *
 * Thread: any. Some 20 kB are copied.
 */
LEAT_API void leat_load_read(const struct leat_load *load,
			     enum leat_load_side side,
			     struct leat_side_load *recorded);

/**
 * The cycles that were long or late, since the last call, oldest first: those
 * with a duration of more than half of their period, or an interval of more
 * than one and a half. The PipeWire side's come when the next cycle begins, or
 * when it stops, as more of a cycle may come until then.
 *
 * @param n_read  The caller's own; begin with 0 for all that are there, or
 *                with leat_load_n_cycles() for those from now on.
 * @param cycles  Room for LEAT_LOAD_N_SLOTS of them.
 * @param n_lost  Those that were overwritten before they were read; all of
 *                them are older than those that are returned.
 * @return        How many.
 *
 * Thread: any. Wait-free.
 */
LEAT_API uint32_t leat_load_cycles(const struct leat_load *load,
				   enum leat_load_side side, uint64_t *n_read,
				   struct leat_load_cycle *cycles,
				   uint64_t *n_lost);

/** How many such cycles there have been so far. Thread: any. */
LEAT_API uint64_t leat_load_n_cycles(const struct leat_load *load,
				     enum leat_load_side side);

LEAT_END_DECLS

#endif
