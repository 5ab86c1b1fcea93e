/* SPDX-License-Identifier: MIT */
/*
 * Every memory-order decision of leat, and no other.
 *
 * Publish and consume. The writer of a word stores it with release after the
 * data it speaks of; the reader loads it with acquire before that data.
 *
 * Sleep and wake (doc/wakeup.md). One side publishes its index and then looks
 * at the other's wake_at; the other writes wake_at and then looks at the
 * index. Each must see the other's store or have its own seen, which only a
 * full barrier between the store and the load gives, on both sides: x86 lets a
 * load pass an earlier store, and on AArch64 an acquire load (LDAPR) may pass
 * an earlier release store (STLR). Hence leat_word_publish() here and not
 * merely leat_word_store().
 *
 * Thread sanitizers misjudge bare fences, so in that build the store and its
 * barrier are one sequentially consistent exchange of the own word, and the
 * load after it is sequentially consistent too.
 */
#ifndef LEAT_INLINE_ATOMICS_H
#define LEAT_INLINE_ATOMICS_H

#include <leat/attributes.h>
#include <leat/inline/words.h>

#include <stdbool.h>
#include <stdint.h>

#if defined(__SANITIZE_THREAD__)
#define LEAT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LEAT_TSAN 1
#endif
#endif

#if __GCC_ATOMIC_LLONG_LOCK_FREE != 2
#error "leat needs lock-free 64-bit atomics: they work across processes"
#endif

/* Read what another thread or process published, with what came before it. */
static inline uint64_t leat_word_load(const struct leat_word *word) LEAT_RT
{
	return __atomic_load_n(&word->atomic_value, __ATOMIC_ACQUIRE);
}

/* Publish, for readers that never sleep. */
static inline void leat_word_store(struct leat_word *word, uint64_t value)
	LEAT_RT
{
	__atomic_store_n(&word->atomic_value, value, __ATOMIC_RELEASE);
}

/* A gauge or counter that orders nothing. */
static inline uint64_t leat_word_peek(const struct leat_word *word) LEAT_RT
{
	return __atomic_load_n(&word->atomic_value, __ATOMIC_RELAXED);
}

static inline void leat_word_set(struct leat_word *word, uint64_t value) LEAT_RT
{
	__atomic_store_n(&word->atomic_value, value, __ATOMIC_RELAXED);
}

/* Add to a word that nobody else writes: no read-modify-write is needed. */
static inline void leat_word_add(struct leat_word *word, uint64_t value) LEAT_RT
{
	leat_word_set(word, leat_word_peek(word) + value);
}

/* A number that need not be whole, as its bits; all ones are a NaN. */
static inline void leat_word_set_double(struct leat_word *word, double value)
	LEAT_RT
{
	uint64_t bits;

	__builtin_memcpy(&bits, &value, sizeof(bits));
	leat_word_set(word, bits);
}

static inline double leat_word_peek_double(const struct leat_word *word) LEAT_RT
{
	uint64_t bits;
	double value;

	bits = leat_word_peek(word);
	__builtin_memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Publish, then order that store before the load that follows. */
static inline void leat_word_publish(struct leat_word *word, uint64_t value)
	LEAT_RT
{
#ifdef LEAT_TSAN
	(void)__atomic_exchange_n(&word->atomic_value, value, __ATOMIC_SEQ_CST);
#else
	__atomic_store_n(&word->atomic_value, value, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* The load that follows leat_word_publish(). */
static inline uint64_t
leat_word_load_after_publish(const struct leat_word *word) LEAT_RT
{
#ifdef LEAT_TSAN
	return __atomic_load_n(&word->atomic_value, __ATOMIC_SEQ_CST);
#else
	return __atomic_load_n(&word->atomic_value, __ATOMIC_ACQUIRE);
#endif
}

/*
 * Order the loads before it before the loads after it: the end of a copy that
 * is trusted only if a word did not change meanwhile.
 */
static inline void leat_loads_before_loads(void) LEAT_RT
{
#ifndef LEAT_TSAN
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

/* Order an odd sequence number before the stores that it covers. */
static inline void leat_stores_before_stores(void) LEAT_RT
{
#ifndef LEAT_TSAN
	__atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

/* A pointer handed from one thread of this process to another. */
static inline void *leat_pointer_load(void *const *where) LEAT_RT
{
	return __atomic_load_n(where, __ATOMIC_ACQUIRE);
}

static inline void leat_pointer_store(void **where, void *value) LEAT_RT
{
	__atomic_store_n(where, value, __ATOMIC_RELEASE);
}

/*
 * For a thread that says what it uses before it uses it, and one that takes
 * such things away: each stores its word and then looks at the other's, so
 * at least one of them sees the other's store. (M. M. Michael, "Hazard
 * pointers", 2004.)
 */
static inline void *leat_pointer_load_ordered(void *const *where) LEAT_RT
{
	return __atomic_load_n(where, __ATOMIC_SEQ_CST);
}

static inline void leat_pointer_store_ordered(void **where, void *value) LEAT_RT
{
	__atomic_store_n(where, value, __ATOMIC_SEQ_CST);
}

#endif
