/* SPDX-License-Identifier: MIT */
#include "event_log.h"

#include <leat/inline/atomics.h>

#include <stdbool.h>

static uint64_t add_up(struct leat_event_sums *sums,
		       enum leat_frames_event kind, uint64_t n_frames) LEAT_RT
{
	if (kind == LEAT_EVENT_JUMP)
		sums->n_jumps++;
	if (kind == LEAT_EVENT_XRUN)
		sums->xrun_frames += (uint32_t)n_frames;
	return (uint64_t)sums->xrun_frames << 32 |
	       (sums->n_jumps & LEAT_EVENT_JUMPS_MASK) << 8 |
	       ((unsigned)kind & 0xff);
}

void leat_event_log_write(struct leat_event_log *log,
			  struct leat_event_sums *sums, uint64_t index,
			  enum leat_frames_event kind, uint64_t n_frames)
{
	uint64_t n = sums->n_written++;
	struct leat_event_slot *slot = &log->slots[n % LEAT_EVENT_LOG_SIZE];

	leat_word_set(&slot->number, 0);
	leat_stores_before_stores();
	leat_word_set(&slot->index, index);
	leat_word_set(&slot->n_frames, n_frames);
	leat_word_set(&slot->about, add_up(sums, kind, n_frames));
	leat_word_set(&slot->number, n + 1);
	/* Whoever sees the count sees all of the slot. */
	leat_word_store(&log->n_written, n + 1);
}

void leat_event_log_grow_block(struct leat_event_log *log, uint32_t n_frames)
{
	leat_word_set(&log->block_max, n_frames);
	leat_stores_before_stores();
}

/* As of a stamp: whole, unless its number has changed meanwhile. */
static bool read_slot(const struct leat_event_slot *slot, uint64_t number,
		      struct leat_event *event) LEAT_RT
{
	uint64_t about = leat_word_peek(&slot->about);

	event->index = leat_word_peek(&slot->index);
	event->n_frames = leat_word_peek(&slot->n_frames);
	event->kind = (uint32_t)about & 0xff;
	event->n_jumps = (uint32_t)(about >> 8) & LEAT_EVENT_JUMPS_MASK;
	event->xrun_frames = (uint32_t)(about >> 32);
	leat_loads_before_loads();
	return leat_word_peek(&slot->number) == number;
}

uint32_t leat_event_log_read(const struct leat_event_log *log, uint64_t *n_read,
			     struct leat_event *events, uint64_t *n_lost)
{
	uint64_t n_written = leat_word_load(&log->n_written);
	uint32_t n = 0;

	*n_lost = 0;
	if (n_written - *n_read > LEAT_EVENT_LOG_SIZE) {
		*n_lost = n_written - LEAT_EVENT_LOG_SIZE - *n_read;
		*n_read = n_written - LEAT_EVENT_LOG_SIZE;
	}
	for (; *n_read != n_written; ++*n_read) {
		const struct leat_event_slot *slot =
			&log->slots[*n_read % LEAT_EVENT_LOG_SIZE];

		if (read_slot(slot, *n_read + 1, &events[n])) {
			n++;
			continue;
		}
		/* It was overwritten meanwhile, and so were those before. */
		*n_lost += n + 1;
		n = 0;
	}
	return n;
}
