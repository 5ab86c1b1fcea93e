/* SPDX-License-Identifier: MIT */
/* As event_log.c reads its events. */
#include "load_cycles.h"

#include <leat/inline/atomics.h>

#include <stdbool.h>

/* It is whole, unless its number has changed meanwhile. */
static bool read_slot(const struct leat_load_slot *slot, uint64_t number,
		      struct leat_load_cycle *cycle)
{
	cycle->start_ns = leat_word_peek(&slot->start_ns);
	cycle->duration_ns = leat_word_peek(&slot->duration_ns);
	cycle->interval_ns = leat_word_peek(&slot->interval_ns);
	cycle->wakeup_ns = leat_word_peek(&slot->wakeup_ns);
	cycle->period_ns = leat_word_peek(&slot->period_ns);
	leat_loads_before_loads();
	return leat_word_peek(&slot->number) == number;
}

/* What goes backwards is of another process, or of one that lies. */
static uint64_t pass_over_old(uint64_t *n_read, uint64_t n_written)
{
	uint64_t n_lost = 0;

	if (*n_read > n_written)
		*n_read = 0;
	if (n_written - *n_read > LEAT_LOAD_N_SLOTS) {
		n_lost = n_written - LEAT_LOAD_N_SLOTS - *n_read;
		*n_read = n_written - LEAT_LOAD_N_SLOTS;
	}
	return n_lost;
}

uint32_t leat_load_cycles_read(const struct leat_load_words *words,
			       uint64_t *n_read, struct leat_load_cycle *cycles,
			       uint64_t *n_lost)
{
	uint64_t n_written = leat_word_load(&words->n_written);
	uint32_t n = 0;

	*n_lost = pass_over_old(n_read, n_written);
	for (; *n_read != n_written; ++*n_read) {
		const struct leat_load_slot *slot =
			&words->slots[*n_read % LEAT_LOAD_N_SLOTS];

		if (read_slot(slot, *n_read + 1, &cycles[n])) {
			n++;
			continue;
		}
		/* It was overwritten meanwhile, and so were those before. */
		*n_lost += n + 1;
		n = 0;
	}
	return n;
}
