/* SPDX-License-Identifier: MIT */
/*
 * The functions of <leat/inline/atomics.h> where the peer may write anything at
 * any moment: each load returns a value of its own, whatever that is. What is
 * stored is kept for the checks.
 */
#ifndef LEAT_INLINE_ATOMICS_H
#define LEAT_INLINE_ATOMICS_H

#include <leat/inline/words.h>

#include <stdbool.h>
#include <stdint.h>

uint64_t nondet_uint64(void);

/* The last mark that the end under test asked to be woken at. */
static bool asked;
static uint64_t asked_for;

static inline uint64_t leat_word_load(const struct leat_word *word)
{
	(void)word->atomic_value;
	return nondet_uint64();
}

static inline void leat_word_store(struct leat_word *word, uint64_t value)
{
	word->atomic_value = value;
}

static inline void leat_word_publish(struct leat_word *word, uint64_t value)
{
	word->atomic_value = value;
	asked = true;
	asked_for = value;
}

static inline uint64_t
leat_word_load_after_publish(const struct leat_word *word)
{
	return leat_word_load(word);
}

static inline void leat_loads_before_loads(void)
{
}

static inline void leat_stores_before_stores(void)
{
}

#endif
