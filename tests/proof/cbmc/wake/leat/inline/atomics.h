/* SPDX-License-Identifier: MIT */
/*
 * The functions of <leat/inline/atomics.h> as plain accesses, which CBMC then
 * delays and reorders as its memory model (--mm) has it, and its barriers.
 */
#ifndef LEAT_INLINE_ATOMICS_H
#define LEAT_INLINE_ATOMICS_H

#include <leat/inline/words.h>

#include <stdbool.h>
#include <stdint.h>

/* As far as these two models go: all that a full barrier orders. */
#define FULL_BARRIER                                                           \
	__CPROVER_fence("WWfence", "RRfence", "RWfence", "WRfence", "WWcumul", \
			"RWcumul", "RRcumul", "WRcumul")

static struct leat_ring_words producer_words, consumer_words;

static inline uint64_t leat_word_load(const struct leat_word *word)
{
	return word->atomic_value;
}

/* PSO may delay it beyond a later store to another word; release may not. */
static inline void leat_word_store(struct leat_word *word, uint64_t value)
{
	__CPROVER_fence("WWfence", "RWfence");
	word->atomic_value = value;
}

static inline bool is_index(const struct leat_word *word)
{
	return word == &producer_words.index || word == &consumer_words.index;
}

static inline void leat_word_publish(struct leat_word *word, uint64_t value)
{
	leat_word_store(word, value);
#ifdef NO_PUBLISH_BARRIER
	if (is_index(word))
		return;
#endif
#ifdef NO_SLEEP_BARRIER
	if (!is_index(word))
		return;
#endif
	FULL_BARRIER;
}

static inline uint64_t
leat_word_load_after_publish(const struct leat_word *word)
{
#ifdef NO_RECHECK
	if (is_index(word))
		return 0;
#endif
	return leat_word_load(word);
}

static inline void leat_loads_before_loads(void)
{
}

static inline void leat_stores_before_stores(void)
{
}

#endif
