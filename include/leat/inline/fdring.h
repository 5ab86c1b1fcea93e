/* SPDX-License-Identifier: MIT */
/*
 * Sending and receiving, compiled into the caller: a closure that is known
 * there costs no call. Included by <leat/fdring.h>, which says what the
 * functions do.
 */
#ifndef LEAT_INLINE_FDRING_H
#define LEAT_INLINE_FDRING_H

#include <leat/fdring.h>
#include <leat/inline/ring.h>
#include <leat/inline/touch.h>

LEAT_BEGIN_DECLS

static inline uint32_t leat_fd_producer_begin(struct leat_fd_producer *producer,
					      uint32_t n_items, void *items[2],
					      uint32_t n_each[2])
{
	struct leat_spans spans;

	leat_producer_begin(&producer->ring, n_items, &spans);
	for (int i = 0; i < 2; i++) {
		items[i] = producer->items +
			   spans.span[i].offset * producer->item_size_bytes;
		n_each[i] = spans.span[i].n_items;
	}
	return spans.n_items;
}

static inline void leat_fd_producer_commit(struct leat_fd_producer *producer,
					   uint32_t n_items)
{
	size_t n_bytes = n_items * producer->item_size_bytes;
	const struct leat_ring_end *end = &producer->ring.end;

	leat_producer_commit(&producer->ring, n_items);
	if (leat_producer_take_wake(&producer->ring) &&
	    !leat_signal_raise(&producer->wake))
		leat_producer_keep_wake(&producer->ring);
	if (n_bytes >= LEAT_TOUCH_MIN_BYTES &&
	    n_bytes <= LEAT_TOUCH_MAX_BYTES && leat_touch_allowed(end, n_items))
		leat_touch(producer->items + leat_ring_offset(end) *
						     producer->item_size_bytes,
			   n_bytes);
}

static inline uint32_t leat_fd_consumer_begin(struct leat_fd_consumer *consumer,
					      uint32_t n_items,
					      const void *items[2],
					      uint32_t n_each[2])
{
	struct leat_spans spans;

	leat_consumer_begin(&consumer->ring, n_items, &spans);
	for (int i = 0; i < 2; i++) {
		items[i] = consumer->items +
			   spans.span[i].offset * consumer->item_size_bytes;
		n_each[i] = spans.span[i].n_items;
	}
	return spans.n_items;
}

static inline void leat_fd_consumer_commit(struct leat_fd_consumer *consumer,
					   uint32_t n_items)
{
	leat_consumer_commit(&consumer->ring, n_items);
	if (leat_consumer_take_wake(&consumer->ring) &&
	    !leat_signal_raise(&consumer->wake))
		leat_consumer_keep_wake(&consumer->ring);
}

static inline uint32_t leat_send(struct leat_fd_producer *producer,
				 uint32_t n_items, leat_send_fn fn, void *user)
{
	void *items[2];
	uint32_t n_each[2], n_sent = 0;

	leat_fd_producer_begin(producer, n_items, items, n_each);
	for (int i = 0; i < 2 && n_each[i] > 0; i++) {
		uint32_t n = fn(user, items[i], n_each[i]);

		n_sent += n < n_each[i] ? n : n_each[i];
		if (n < n_each[i])
			break;
	}
	leat_fd_producer_commit(producer, n_sent);
	return n_sent;
}

static inline uint32_t leat_recv(struct leat_fd_consumer *consumer,
				 uint32_t n_items, leat_recv_fn fn, void *user)
{
	const void *items[2];
	uint32_t n_each[2], n_received = 0;

	leat_fd_consumer_begin(consumer, n_items, items, n_each);
	for (int i = 0; i < 2 && n_each[i] > 0; i++) {
		uint32_t n = fn(user, items[i], n_each[i]);

		n_received += n < n_each[i] ? n : n_each[i];
		if (n < n_each[i])
			break;
	}
	leat_fd_consumer_commit(consumer, n_received);
	return n_received;
}

LEAT_END_DECLS

#endif
