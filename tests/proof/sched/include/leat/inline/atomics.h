/* SPDX-License-Identifier: MIT */
/*
 * The functions of <leat/inline/atomics.h> on a machine that we run ourselves.
 *
 * It is found first, so that the ring as it is shipped uses these.
 * Each says to the machine what the original asks of the processor; a twin
 * (machine.h) asks for less.
 */
#ifndef LEAT_INLINE_ATOMICS_H
#define LEAT_INLINE_ATOMICS_H

#include <leat/inline/words.h>

#include "machine.h"

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t leat_word_load(const struct leat_word *word)
{
	return machine_load(machine_place(word),
			    machine.twin == TWIN_RELAXED_LOAD ? ORDER_RELAXED
							      : ORDER_ACQUIRE);
}

static inline void leat_word_store(struct leat_word *word, uint64_t value)
{
	machine_store(machine_place(word), value,
		      machine.twin == TWIN_RELAXED_STORE ? ORDER_RELAXED
							 : ORDER_RELEASE);
}

static inline uint64_t leat_word_peek(const struct leat_word *word)
{
	return machine_load(machine_place(word), ORDER_RELAXED);
}

static inline void leat_word_set(struct leat_word *word, uint64_t value)
{
	machine_store(machine_place(word), value, ORDER_RELAXED);
}

static inline void leat_word_add(struct leat_word *word, uint64_t value)
{
	leat_word_set(word, leat_word_peek(word) + value);
}

static inline void leat_word_publish(struct leat_word *word, uint64_t value)
{
	enum place place = machine_place(word);

	if (machine.twin == TWIN_MARK_FAR && !place_is_index(place))
		value++;
	machine_note_publish(place, value);
	leat_word_store(word, value);
	if (!machine_twin_drops_barrier(place))
		machine_fence();
}

static inline uint64_t
leat_word_load_after_publish(const struct leat_word *word)
{
	enum place place = machine_place(word);
	uint64_t value;

	if (machine.twin == TWIN_NO_RECHECK && place_is_index(place))
		return machine_last_loaded(place);
	value = leat_word_load(word);
	machine_note_wake_at(place, value);
	return value;
}

static inline void leat_loads_before_loads(void)
{
	if (machine.twin != TWIN_NO_READ_BARRIER)
		machine_fence_acquire();
}

static inline void leat_stores_before_stores(void)
{
	if (machine.twin != TWIN_NO_WRITE_BARRIER)
		machine_fence_release();
}

static inline void *leat_pointer_load(void *const *where)
{
	return *where;
}

static inline void leat_pointer_store(void **where, void *value)
{
	*where = value;
}

#endif
