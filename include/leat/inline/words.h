/* SPDX-License-Identifier: MIT */
/**
 * The words through which the two ends of a ring know of each other.
 *
 * Each end owns one struct leat_ring_words and is the only one to write it.
 */
#ifndef LEAT_INLINE_WORDS_H
#define LEAT_INLINE_WORDS_H

#include <stdint.h>

/** Room for one writer: two cache lines, as processors prefetch in pairs. */
#define LEAT_LINE_BYTES 128u

/** An atomic word. Only the library touches it; plain operators fail. */
struct leat_word {
	uint64_t atomic_value;
};

/**
 * The shared words of one end, written by that end only.
 *
 * Zero them, or use leat_ring_words_init(), before either end is set up.
 */
struct leat_ring_words {
	struct leat_word index; /**< items passed */
	uint8_t pad_index[LEAT_LINE_BYTES - 8];
	struct leat_word wake_at; /**< the peer's index to be woken at */
	uint8_t pad_wake_at[LEAT_LINE_BYTES - 8];
};

#endif
