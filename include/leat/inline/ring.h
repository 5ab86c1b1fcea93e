/* SPDX-License-Identifier: MIT */
/*
 * What happens on each send and receive, compiled into the caller. Included
 * by <leat/ring.h>, which says what the functions do.
 *
 * General pattern: the private copy of the own index is the truth, and the
 * shared word is only ever stored to. The peer's index is loaded once (and
 * only when the last value seen does not do: in the library, as that happens
 * once per turn of the ring), checked against what an honest peer can have
 * written, and kept in `seen`.
 */
#ifndef LEAT_INLINE_RING_H
#define LEAT_INLINE_RING_H

#include <leat/inline/atomics.h>
#include <leat/inline/index.h>
#include <leat/ring.h>

LEAT_BEGIN_DECLS

#define LEAT_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define LEAT_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Look at the peer for n_items; how many of them there are. */
LEAT_API LEAT_RT uint32_t leat_producer_look(struct leat_producer *producer,
					     uint32_t n_items);
LEAT_API LEAT_RT uint32_t leat_consumer_look(struct leat_consumer *consumer,
					     uint32_t n_items);

/* Commit where the index may have jumped; on a poisoned ring, nothing. */
LEAT_API LEAT_RT void leat_ring_commit_rare(struct leat_ring_end *end,
					    uint32_t n_items);

/* Where the next item lies. */
static inline uint32_t leat_ring_offset(const struct leat_ring_end *end) LEAT_RT
{
	return (uint32_t)(end->index - end->turn);
}

/* Cut n_items from `offset` on into the spans before and after the wrap. */
static inline void leat_spans_cut(struct leat_spans *spans, uint32_t offset,
				  uint32_t n_items, uint32_t wrap_at) LEAT_RT
{
	uint32_t to_end = wrap_at - offset;
	uint32_t first = n_items < to_end ? n_items : to_end;

	spans->span[0].offset = offset;
	spans->span[0].n_items = first;
	spans->span[1].offset = 0;
	spans->span[1].n_items = n_items - first;
	spans->n_items = n_items;
}

/*
 * Publish n_items more on a ring that is neither timed nor poisoned. Little is
 * stored: what is waits in the same queue as the items, until a line of theirs
 * has come from the other core.
 */
static inline void leat_ring_commit(struct leat_ring_end *end, uint32_t n_items)
	LEAT_RT
{
	uint64_t now = end->index + n_items;

	/* Nothing is no news, and not worth a barrier. */
	if (n_items == 0)
		return;
	end->index = now;
	if (LEAT_UNLIKELY(now - end->turn >= end->capacity))
		end->turn += end->capacity;
	if (end->poll) {
		leat_word_store(&end->own->index, now);
		return;
	}
	leat_word_publish(&end->own->index, now);
	if (LEAT_UNLIKELY(leat_index_crosses(
		    now - n_items, now,
		    leat_word_load_after_publish(&end->peer->wake_at))))
		end->wake_due = true;
}

static inline bool leat_ring_take_wake(struct leat_ring_end *end) LEAT_RT
{
	bool due = end->wake_due;

	if (LEAT_UNLIKELY(due))
		end->wake_due = false;
	return due;
}

/* ---- producer ---- */

static inline uint32_t leat_producer_begin(struct leat_producer *producer,
					   uint32_t n_items,
					   struct leat_spans *spans)
{
	struct leat_ring_end *end = &producer->end;
	uint64_t used = end->index - end->seen;

	if (LEAT_UNLIKELY(!end->plain || used + n_items > end->limit))
		n_items = leat_producer_look(producer, n_items);
	leat_spans_cut(spans, leat_ring_offset(end), n_items, end->wrap_at);
	return n_items;
}

static inline void leat_producer_commit(struct leat_producer *producer,
					uint32_t n_items)
{
	struct leat_ring_end *end = &producer->end;
	uint64_t room = end->capacity - (end->index - end->seen);

	if (LEAT_UNLIKELY(!end->plain))
		leat_ring_commit_rare(end, n_items);
	else
		leat_ring_commit(end,
				 n_items <= room ? n_items : (uint32_t)room);
}

static inline bool leat_producer_take_wake(struct leat_producer *producer)
{
	return leat_ring_take_wake(&producer->end);
}

/* ---- consumer ---- */

static inline uint32_t leat_consumer_begin(struct leat_consumer *consumer,
					   uint32_t n_items,
					   struct leat_spans *spans)
{
	struct leat_ring_end *end = &consumer->end;
	uint64_t fill = end->seen - end->index;

	if (LEAT_UNLIKELY(!end->plain || n_items > fill))
		n_items = leat_consumer_look(consumer, n_items);
	leat_spans_cut(spans, leat_ring_offset(end), n_items, end->wrap_at);
	return n_items;
}

static inline void leat_consumer_commit(struct leat_consumer *consumer,
					uint32_t n_items)
{
	struct leat_ring_end *end = &consumer->end;
	uint64_t fill = end->seen - end->index;

	if (LEAT_UNLIKELY(!end->plain))
		leat_ring_commit_rare(end, n_items);
	else
		leat_ring_commit(end,
				 n_items <= fill ? n_items : (uint32_t)fill);
}

static inline bool leat_consumer_take_wake(struct leat_consumer *consumer)
{
	return leat_ring_take_wake(&consumer->end);
}

LEAT_END_DECLS

#endif
