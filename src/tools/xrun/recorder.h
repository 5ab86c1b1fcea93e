/* SPDX-License-Identifier: MIT */
/*
 * What a realtime callback of ours notes of each of its calls, and how it gets
 * out of there: through a ring of leat's own, which a thread that may wait
 * empties. And what such a callback does on purpose: a load, a planted delay.
 */
#ifndef LEAT_XRUN_RECORDER_H
#define LEAT_XRUN_RECORDER_H

#include "count.h"

#include <leat/ring.h>

#include <stdatomic.h>
#include <stdint.h>

/* One call. */
struct xrun_record {
	uint64_t start_ns, end_ns;
	uint64_t wakeup_ns; /* since its cycle began; UINT64_MAX: not known */
	uint64_t frame;	    /* of its graph's time, as it began */
	uint32_t n_frames;
	uint32_t n_runs;
	bool is_rough;			     /* the only run was resampled */
	struct xrun_run runs[XRUN_RUNS_MAX]; /* of the signal, that it heard */
};

/* Longer than any wait of the thread that empties it: 0.5 s of 32 frames. */
#define XRUN_RECORDS 4096u

struct xrun_recorder {
	struct leat_ring_words producer_words, consumer_words;
	struct leat_producer producer;
	struct leat_consumer consumer;
	atomic_ullong n_dropped;     /* records that there was no room for */
	atomic_uint load_percent;    /* of a period, in each call */
	atomic_uint plant_us;	     /* a delay */
	atomic_uint plant_every_ms;  /* at the first call after each so many */
	atomic_bool is_rough;	     /* what comes was resampled */
	uint64_t start_ns, plant_ns; /* the thread's own */
	uint32_t expected;	     /* likewise: the next number */
	struct xrun_record records[XRUN_RECORDS];
};

/* Fault it in and begin. */
void xrun_recorder_init(struct xrun_recorder *recorder);

/* ---- the realtime thread ---- */

/* A call begins. RT-safe. */
void xrun_recorder_begin(struct xrun_recorder *recorder);

/* Look for the signal in what was heard; NULL: nothing. RT-safe. */
void xrun_recorder_hear(struct xrun_recorder *recorder,
			struct xrun_record *record, const float *samples,
			uint32_t n_frames);

/* A call ends, after its load and delay. RT-safe. */
void xrun_recorder_end(struct xrun_recorder *recorder,
		       struct xrun_record *record, uint32_t rate_hz);

/* ---- the other one ---- */

/* Take the next record; false if there is none. */
bool xrun_recorder_take(struct xrun_recorder *recorder,
			struct xrun_record *record);

#endif
