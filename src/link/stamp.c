/* SPDX-License-Identifier: MIT */
#include "stamp.h"

#include <leat/inline/atomics.h>

void leat_stamp_write(struct leat_stamp_words *words,
		      const struct leat_stamp *stamp)
{
	uint64_t sequence = leat_word_peek(&words->sequence);

	leat_word_set(&words->sequence, sequence + 1);
	leat_stores_before_stores();
	leat_word_set(&words->index, stamp->index);
	leat_word_set(&words->frame_time, stamp->frame_time);
	leat_word_set(&words->time_ns, stamp->time_ns);
	leat_word_store(&words->sequence, sequence + 2);
}

bool leat_stamp_read(const struct leat_stamp_words *words,
		     struct leat_stamp *stamp)
{
	for (int i = 0; i < LEAT_STAMP_TRIES; i++) {
		uint64_t sequence = leat_word_load(&words->sequence);
		struct leat_stamp seen = {
			.index = leat_word_peek(&words->index),
			.frame_time = leat_word_peek(&words->frame_time),
			.time_ns = leat_word_peek(&words->time_ns),
		};

		leat_loads_before_loads();
		if (sequence % 2 == 0 &&
		    sequence == leat_word_peek(&words->sequence)) {
			*stamp = seen;
			return true;
		}
	}
	return false;
}

void leat_stamp_log_write(struct leat_stamp_log *log,
			  const struct leat_stamp *stamp)
{
	uint64_t n = leat_word_peek(&log->n_written);
	struct leat_stamp_slot *slot = &log->slots[n % LEAT_STAMP_LOG_SIZE];

	leat_word_set(&slot->number, 0);
	leat_stores_before_stores();
	leat_word_set(&slot->index, stamp->index);
	leat_word_set(&slot->frame_time, stamp->frame_time);
	leat_word_set(&slot->time_ns, stamp->time_ns);
	leat_word_set(&slot->number, n + 1);
	/* Whoever sees the count sees all of the slot. */
	leat_word_store(&log->n_written, n + 1);
}

/*
 * A stamp that the count said is there is whole, unless it has been overwritten
 * meanwhile: then its number has changed.
 */
static bool read_slot(const struct leat_stamp_slot *slot, uint64_t number,
		      struct leat_stamp *stamp) LEAT_RT
{
	stamp->index = leat_word_peek(&slot->index);
	stamp->frame_time = leat_word_peek(&slot->frame_time);
	stamp->time_ns = leat_word_peek(&slot->time_ns);
	leat_loads_before_loads();
	return leat_word_peek(&slot->number) == number;
}

uint32_t leat_stamp_log_read(const struct leat_stamp_log *log, uint64_t *n_read,
			     struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE])
{
	uint64_t n_written = leat_word_load(&log->n_written);
	uint32_t n = 0;

	/* What goes backwards is another writer, or none that can be trusted. */
	if (n_written - *n_read > LEAT_STAMP_LOG_SIZE)
		*n_read = n_written < LEAT_STAMP_LOG_SIZE
				  ? 0
				  : n_written - LEAT_STAMP_LOG_SIZE;
	for (; *n_read != n_written; ++*n_read) {
		const struct leat_stamp_slot *slot =
			&log->slots[*n_read % LEAT_STAMP_LOG_SIZE];

		if (read_slot(slot, *n_read + 1, &stamps[n]))
			n++;
	}
	return n;
}
