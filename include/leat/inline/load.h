/* SPDX-License-Identifier: MIT */
/**
 * What each side records of its callbacks, as it lies in memory: an ABI, told
 * in doc/format.md. <leat/load.h> reads it.
 */
#ifndef LEAT_INLINE_LOAD_H
#define LEAT_INLINE_LOAD_H

#include <leat/inline/words.h>

#include <stdint.h>

/**
 * Buckets are log-linear, as those of HdrHistogram (G. Tene,
 * hdrhistogram.org): a power of two of nanoseconds has LEAT_HISTOGRAM_SUB of
 * them, all of one width. With v the value in units of LEAT_HISTOGRAM_UNIT_NS:
 *
 *     v < SUB:   bucket = v
 *     v >= SUB:  e = floor(log2(v)) - log2(SUB)
 *                bucket = e * SUB + (v >> e)
 *
 * So values below 1024 ns are told apart by 32 ns, and those above by less
 * than 1/32 (3.1 %) of themselves. What is 2^34 ns (17.2 s) or more falls into
 * the last bucket.
 */
#define LEAT_HISTOGRAM_UNIT_NS 32u
#define LEAT_HISTOGRAM_SUB 32u	      /**< buckets of a power of two */
#define LEAT_HISTOGRAM_OCTAVES 24u    /**< from 2^10 ns to 2^34 ns */
#define LEAT_HISTOGRAM_N_BUCKETS 800u /**< SUB * (1 + OCTAVES) */

/** What each cycle of the graph gives a value of. */
enum leat_load_kind {
	/**
	 * How long the side's callbacks of the cycle took, all together. JACK:
	 * one; with --sync-wait what it waits is a part. PipeWire: those of the
	 * source and of the sink.
	 */
	LEAT_LOAD_DURATION,
	/** From the beginning of the last cycle's first callback. */
	LEAT_LOAD_INTERVAL,
	/**
	 * How long after the beginning of the graph's cycle the first callback
	 * began: after what jack_get_cycle_times() says; after the clock of
	 * PipeWire's graph, which in follow mode is JACK's callback.
	 */
	LEAT_LOAD_WAKEUP,
	LEAT_N_LOAD_KINDS
};

/** Cycles that are kept by themselves. */
#define LEAT_LOAD_N_SLOTS 128u

/** A histogram of one writer. */
struct leat_histogram_words {
	struct leat_word sum_ns;
	struct leat_word max_ns;
	uint8_t pad[LEAT_LINE_BYTES - 16];
	struct leat_word counts[LEAT_HISTOGRAM_N_BUCKETS];
};

/** Slot n % N_SLOTS holds the n-th cycle; number is n + 1, 0 while written. */
struct leat_load_slot {
	struct leat_word number;
	struct leat_word start_ns;
	struct leat_word duration_ns;
	struct leat_word interval_ns;
	struct leat_word wakeup_ns;
	struct leat_word period_ns;
};

/** What a side records. */
struct leat_load_words {
	struct leat_word n_kinds;   /**< LEAT_N_LOAD_KINDS, or more */
	struct leat_word n_buckets; /**< LEAT_HISTOGRAM_N_BUCKETS */
	struct leat_word n_slots;   /**< LEAT_LOAD_N_SLOTS */
	struct leat_word n_taps;    /**< of the host, by its main thread */
	uint8_t pad[LEAT_LINE_BYTES - 32];
	struct leat_word n_written; /**< slots, ever */
	uint8_t pad_written[LEAT_LINE_BYTES - 8];
	struct leat_load_slot slots[LEAT_LOAD_N_SLOTS];
	struct leat_histogram_words histogram[LEAT_N_LOAD_KINDS];
};

#endif
