/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include "cli/now.h"

#include <string.h>
#include <sys/mman.h>

void xrun_recorder_init(struct xrun_recorder *recorder)
{
	struct leat_ring_config producer = {
		.own = &recorder->producer_words,
		.peer = &recorder->consumer_words,
		.capacity = XRUN_RECORDS,
		.flags = LEAT_RING_POLL,
	};
	struct leat_ring_config consumer = {
		.own = &recorder->consumer_words,
		.peer = &recorder->producer_words,
		.capacity = XRUN_RECORDS,
		.flags = LEAT_RING_POLL,
	};
	int res;

	memset(recorder, 0, sizeof(*recorder));
	/* Without the right to it, it is at least faulted in. */
	(void)mlock(recorder, sizeof(*recorder));
	recorder->expected = XRUN_COUNT_WRAP;
	leat_ring_words_init(&recorder->producer_words, 0);
	leat_ring_words_init(&recorder->consumer_words, 0);
	res = leat_producer_init(&recorder->producer, &producer);
	if (res == 0)
		res = leat_consumer_init(&recorder->consumer, &consumer);
	(void)res; /* what is given is in range */
}

/* ---- the realtime thread ---- */

void xrun_recorder_begin(struct xrun_recorder *recorder)
{
	recorder->start_ns = leat_now_ns();
}

void xrun_recorder_hear(struct xrun_recorder *recorder,
			struct xrun_record *record, const float *samples,
			uint32_t n_frames)
{
	record->n_runs = 0;
	if (!samples)
		return;
	if (atomic_load(&recorder->is_rough)) {
		record->n_runs =
			xrun_count_rough(samples, n_frames, &record->runs[0]);
		return;
	}
	record->n_runs = xrun_count_runs(samples, n_frames, recorder->expected,
					 record->runs);
	if (record->n_runs > 0)
		recorder->expected =
			xrun_run_next(&record->runs[record->n_runs - 1]);
}

static void spin_until(uint64_t until_ns)
{
	while (leat_now_ns() < until_ns)
		;
}

/* How long this call is to be longer than it would be. */
static uint64_t plant_ns(struct xrun_recorder *recorder)
{
	uint64_t every_ns =
		(uint64_t)atomic_load(&recorder->plant_every_ms) * 1000000;
	uint64_t last_ns = recorder->plant_ns;

	if (every_ns == 0)
		return 0;
	recorder->plant_ns = recorder->start_ns;
	/* All who plant do so at multiples of that time. */
	if (last_ns == 0 || last_ns / every_ns == recorder->start_ns / every_ns)
		return 0;
	return (uint64_t)atomic_load(&recorder->plant_us) * 1000;
}

static void put(struct xrun_recorder *recorder,
		const struct xrun_record *record)
{
	struct leat_spans spans;

	if (leat_producer_begin(&recorder->producer, 1, &spans) == 0) {
		atomic_fetch_add(&recorder->n_dropped, 1);
		return;
	}
	recorder->records[spans.span[0].offset] = *record;
	leat_producer_commit(&recorder->producer, 1);
}

void xrun_recorder_end(struct xrun_recorder *recorder,
		       struct xrun_record *record, uint32_t rate_hz)
{
	uint64_t period_ns = record->n_frames * UINT64_C(1000000000) / rate_hz;
	uint64_t load_ns =
		period_ns * atomic_load(&recorder->load_percent) / 100;

	spin_until(recorder->start_ns + load_ns + plant_ns(recorder));
	record->start_ns = recorder->start_ns;
	record->end_ns = leat_now_ns();
	put(recorder, record);
}

/* ---- the other one ---- */

bool xrun_recorder_take(struct xrun_recorder *recorder,
			struct xrun_record *record)
{
	struct leat_spans spans;

	if (leat_consumer_begin(&recorder->consumer, 1, &spans) == 0)
		return false;
	*record = recorder->records[spans.span[0].offset];
	leat_consumer_commit(&recorder->consumer, 1);
	return true;
}
