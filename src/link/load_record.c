/* SPDX-License-Identifier: MIT */
#include "load_record.h"

#include "histogram.h"

/* What is further away is no delay but another clock. */
#define SINCE_MAX_NS UINT64_C(10000000000)

static void add(struct leat_histogram_words *words, uint64_t value_ns) LEAT_RT
{
	if (value_ns != LEAT_UNKNOWN)
		leat_histogram_add(words, value_ns);
}

static bool is_late(const struct leat_load_cycle *cycle) LEAT_RT
{
	if (cycle->period_ns == LEAT_UNKNOWN)
		return false;
	return cycle->duration_ns > cycle->period_ns / 2 ||
	       (cycle->interval_ns != LEAT_UNKNOWN &&
		cycle->interval_ns > cycle->period_ns + cycle->period_ns / 2);
}

/* As event_log.c writes its events. */
static void keep(struct leat_load_words *words,
		 const struct leat_load_cycle *cycle) LEAT_RT
{
	uint64_t n = leat_word_peek(&words->n_written);
	struct leat_load_slot *slot = &words->slots[n % LEAT_LOAD_N_SLOTS];

	leat_word_set(&slot->number, 0);
	leat_stores_before_stores();
	leat_word_set(&slot->start_ns, cycle->start_ns);
	leat_word_set(&slot->duration_ns, cycle->duration_ns);
	leat_word_set(&slot->interval_ns, cycle->interval_ns);
	leat_word_set(&slot->wakeup_ns, cycle->wakeup_ns);
	leat_word_set(&slot->period_ns, cycle->period_ns);
	leat_word_set(&slot->number, n + 1);
	/* Whoever sees the count sees all of the slot. */
	leat_word_store(&words->n_written, n + 1);
}

void leat_load_record(struct leat_load_words *words,
		      const struct leat_load_cycle *cycle)
{
	if (!words)
		return;
	add(&words->histogram[LEAT_LOAD_DURATION], cycle->duration_ns);
	add(&words->histogram[LEAT_LOAD_INTERVAL], cycle->interval_ns);
	add(&words->histogram[LEAT_LOAD_WAKEUP], cycle->wakeup_ns);
	if (is_late(cycle))
		keep(words, cycle);
}

uint64_t leat_load_period_ns(uint64_t n_frames, uint32_t rate_hz)
{
	return rate_hz > 0 ? n_frames * UINT64_C(1000000000) / rate_hz
			   : LEAT_UNKNOWN;
}

uint64_t leat_load_since(uint64_t now_ns, uint64_t then_ns)
{
	bool ahead = then_ns > now_ns;
	uint64_t apart = ahead ? then_ns - now_ns : now_ns - then_ns;

	if (apart > SINCE_MAX_NS)
		return LEAT_UNKNOWN;
	return ahead ? 0 : apart;
}
