/* SPDX-License-Identifier: MIT */
/**
 * A ring for one producer and one consumer, over memory that the caller owns.
 *
 * The ring carries items of any size from one thread (or process) to another
 * without a lock, a copy that could be avoided, or an allocation. This header
 * is the bare ring: it says when the other end wants to be woken and leaves
 * the waking to the caller. <leat/fdring.h> does that too, and
 * <leat/frames.h> is the ring for audio.
 *
 * Words
 *
 *  - index: how many items one end has passed since the beginning. It runs
 *    free and wraps at 2^64; only differences mean anything.
 *  - capacity: how many items the memory holds. limit: how many the producer
 *    may have in it at once, 1..capacity; it may be changed while running.
 *  - crossing: the moment at which the other end's index passes the one it
 *    asked to be woken at.
 *
 * Memory
 *
 * Each end owns one struct leat_ring_words, which nobody else writes, and the
 * producer owns the items. So the three may lie in memory that the kernel
 * lets only the owner write (see <leat/shm.h>).
 *
 * What the other end wrote is input: it is read once, checked and only then
 * used. An index that no honest peer can have poisons this end for good; it
 * then offers nothing to read or to write, and leat_producer_poisoned() or
 * leat_consumer_poisoned() says so.
 */
#ifndef LEAT_RING_H
#define LEAT_RING_H

#include <leat/attributes.h>
#include <leat/inline/words.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LEAT_BEGIN_DECLS

/** The largest capacity, in items. */
#define LEAT_RING_CAPACITY_MAX 0x80000000u

/**
 * How an end behaves; both ends of a ring must be given the same, but for
 * LEAT_RING_MIRRORED.
 */
enum leat_ring_flags {
	/**
	 * Nobody ever sleeps on this ring: publishing is one release store,
	 * with no barrier and no look at the peer's wake_at.
	 */
	LEAT_RING_POLL = 1u << 0,
	/**
	 * The index is a clock: either end may jump ahead of the other, and
	 * the producer overwrites what was not read. Use the functions ending
	 * in _at on such a ring.
	 */
	LEAT_RING_TIMED = 1u << 1,
	/**
	 * The items are mapped twice in a row (see LEAT_SHM_MIRRORED): begin
	 * always hands out one span, which may reach beyond the capacity.
	 */
	LEAT_RING_MIRRORED = 1u << 2
};

/** What an end is made of. */
struct leat_ring_config {
	struct leat_ring_words *own;	    /**< this end's words */
	const struct leat_ring_words *peer; /**< the other end's words */
	uint32_t capacity; /**< items, 1..LEAT_RING_CAPACITY_MAX */
	uint32_t flags;	   /**< enum leat_ring_flags */
};

/** Items that lie side by side. */
struct leat_span {
	uint32_t offset;  /**< of the first item, 0..capacity - 1 */
	uint32_t n_items; /**< how many */
};

/**
 * What begin hands out: up to two spans, the second from offset 0. On a ring
 * with LEAT_RING_MIRRORED the second is always empty.
 */
struct leat_spans {
	struct leat_span span[2]; /**< the second is empty unless wrapped */
	uint32_t n_items;	  /**< of both together */
};

/** One end's private state. Its members belong to the library. */
struct leat_ring_end {
	struct leat_ring_words *own;	    /**< shared, written here */
	const struct leat_ring_words *peer; /**< shared, only read */
	uint64_t index;			    /**< the truth about own->index */
	uint64_t turn;	    /**< the index that lies at offset 0 */
	uint64_t seen;	    /**< the peer's index, as last checked */
	uint32_t capacity;  /**< items */
	uint32_t limit;	    /**< items, at most the capacity */
	uint32_t wrap_at;   /**< capacity; UINT32_MAX if mirrored: never */
	uint64_t published; /**< timed: the index as the peer sees it */
	uint32_t begun;	    /**< timed: items handed out, not committed */
	bool plain;	    /**< neither timed nor poisoned */
	bool poll;	    /**< LEAT_RING_POLL */
	bool timed;	    /**< LEAT_RING_TIMED */
	bool poisoned;	    /**< the peer wrote an impossible index */
	bool wake_due;	    /**< a crossing that nobody was woken for yet */
};

/** The writing end. */
struct leat_producer {
	struct leat_ring_end end;
};

/** The reading end. */
struct leat_consumer {
	struct leat_ring_end end;
};

/**
 * @name Set-up
 * @{
 */

/**
 * Prepare an end's shared words for a ring that begins at an index.
 *
 * Both ends' words must begin at the same index.
 *
 * Thread: setup.
 */
LEAT_API void leat_ring_words_init(struct leat_ring_words *words,
				   uint64_t index);

/**
 * Set up the writing end in the caller's memory. Nothing is allocated.
 *
 * The end continues at the index found in config->own.
 *
 * @retval 0        It is ready.
 * @retval -EINVAL  No words, or a capacity out of range.
 * @retval -EPROTO  The peer's index cannot be true.
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_producer_init(struct leat_producer *producer,
		   const struct leat_ring_config *config);

/**
 * Set up the reading end; as leat_producer_init().
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_consumer_init(struct leat_consumer *consumer,
		   const struct leat_ring_config *config);

/**
 * @}
 * @name Writing
 * Begin says what may be filled; commit publishes it. The consumer sees
 * nothing in between.
 * @{
 */

/**
 * Offer free items to be filled in place.
 *
 * @param n_items  How many are wanted.
 * @param spans    Where they are.
 * @return         How many are offered, 0..n_items.
 *
 * Thread: producer. RT-safe, wait-free.
 */
LEAT_RT static inline uint32_t
leat_producer_begin(struct leat_producer *producer, uint32_t n_items,
		    struct leat_spans *spans);

/**
 * Jump to an index and offer items there, whatever the consumer has read. The
 * jump is seen at once, the items at commit.
 *
 * For rings with LEAT_RING_TIMED. The index may not lie before the own one;
 * the items between are lost to the consumer, who sees the jump.
 *
 * @return  n_items, or 0 if the index lies in the past, n_items is more than
 *          the capacity, or the ring is not a timed one.
 *
 * Thread: producer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT uint32_t leat_producer_begin_at(struct leat_producer *producer,
						 uint64_t index,
						 uint32_t n_items,
						 struct leat_spans *spans);

/**
 * Publish the first n_items of those that begin offered.
 *
 * At most as many as were offered may be published. More is an error of the
 * caller's: no more are published than there was room for. A crossing is
 * remembered until leat_producer_take_wake().
 *
 * Thread: producer. RT-safe, wait-free.
 */
LEAT_RT static inline void leat_producer_commit(struct leat_producer *producer,
						uint32_t n_items);

/**
 * Whether the consumer must be woken for what was committed since last asked.
 *
 * Thread: producer. RT-safe, wait-free.
 */
LEAT_RT static inline bool
leat_producer_take_wake(struct leat_producer *producer);

/** The consumer could not be woken: take_wake says so again. RT-safe. */
LEAT_API LEAT_RT void leat_producer_keep_wake(struct leat_producer *producer);

/**
 * Ask to be woken when n_items are free, and say whether they are already.
 *
 * If it returns true, do not sleep. Each call replaces the last.
 *
 * Thread: producer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT bool leat_producer_arm(struct leat_producer *producer,
					uint32_t n_items);

/** Items that can be written now. Thread: producer. RT-safe, wait-free. */
LEAT_API LEAT_RT uint32_t leat_producer_room(struct leat_producer *producer);

/** The index of the next item. Thread: producer. RT-safe, wait-free. */
LEAT_API LEAT_RT uint64_t
leat_producer_index(const struct leat_producer *producer);

/**
 * Set how full the ring may get, 1..capacity; other values are brought into
 * that range. What is already in the ring stays there.
 *
 * Thread: producer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT void leat_producer_set_limit(struct leat_producer *producer,
					      uint32_t limit);

/** Whether the peer broke the rules. Thread: producer. RT-safe. */
LEAT_API LEAT_RT bool
leat_producer_poisoned(const struct leat_producer *producer);

/**
 * @}
 * @name Reading
 * @{
 */

/**
 * Offer published items to be read in place.
 *
 * @return  How many are offered, 0..n_items.
 *
 * Thread: consumer. RT-safe, wait-free.
 */
LEAT_RT static inline uint32_t
leat_consumer_begin(struct leat_consumer *consumer, uint32_t n_items,
		    struct leat_spans *spans);

/**
 * Jump to an index and offer the items there.
 *
 * For rings with LEAT_RING_TIMED. The consumer's index becomes the one given,
 * before or after the old one, and commit or leat_consumer_pass() publishes it.
 * Items that the producer jumped over are offered like others: where that
 * matters, compare with leat_consumer_newest() first.
 *
 * @return  n_items if all of them were published and none is overwritten yet,
 *          else 0.
 *
 * Thread: consumer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT uint32_t leat_consumer_begin_at(struct leat_consumer *consumer,
						 uint64_t index,
						 uint32_t n_items,
						 struct leat_spans *spans);

/**
 * Pass the first n_items of those that begin offered; their room is free.
 *
 * Thread: consumer. RT-safe, wait-free.
 */
LEAT_RT static inline void leat_consumer_commit(struct leat_consumer *consumer,
						uint32_t n_items);

/**
 * Move to an index and publish it, whether anything was read or not.
 *
 * For rings with LEAT_RING_TIMED; does nothing on others.
 *
 * Thread: consumer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT void leat_consumer_pass(struct leat_consumer *consumer,
					 uint64_t index);

/** Whether the producer must be woken. Thread: consumer. RT-safe. */
LEAT_RT static inline bool
leat_consumer_take_wake(struct leat_consumer *consumer);

/** The producer could not be woken: take_wake says so again. RT-safe. */
LEAT_API LEAT_RT void leat_consumer_keep_wake(struct leat_consumer *consumer);

/**
 * Ask to be woken when n_items are there, and say whether they are already.
 *
 * If it returns true, do not sleep. More than one item is a watermark: be
 * woken once for many. On a ring with LEAT_RING_TIMED the count starts from
 * the producer's index as it is now, not from what was read.
 *
 * Thread: consumer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT bool leat_consumer_arm(struct leat_consumer *consumer,
					uint32_t n_items);

/** Items that can be read now. Thread: consumer. RT-safe, wait-free. */
LEAT_API LEAT_RT uint32_t leat_consumer_fill(struct leat_consumer *consumer);

/** The index of the next item. Thread: consumer. RT-safe, wait-free. */
LEAT_API LEAT_RT uint64_t
leat_consumer_index(const struct leat_consumer *consumer);

/**
 * The producer's index as it is now, checked.
 *
 * @return  The index, or the last good one if the ring is poisoned.
 *
 * Thread: consumer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT uint64_t leat_consumer_newest(struct leat_consumer *consumer);

/**
 * Whether what begin offered was still there after it was read.
 *
 * For rings with LEAT_RING_TIMED, whose producer overwrites: call it between
 * the copy and the commit.
 *
 * @param n_being_written  The most that the producer writes at once.
 * @return                 false if some of it may have been overwritten.
 *
 * Thread: consumer. RT-safe, wait-free.
 */
LEAT_API LEAT_RT bool leat_consumer_intact(struct leat_consumer *consumer,
					   uint32_t n_being_written);

/** Whether the peer broke the rules. Thread: consumer. RT-safe. */
LEAT_API LEAT_RT bool
leat_consumer_poisoned(const struct leat_consumer *consumer);

/** @} */

LEAT_END_DECLS

#include <leat/inline/ring.h>

#endif
