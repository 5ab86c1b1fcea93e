/* SPDX-License-Identifier: MIT */
/*
 * What <leat/ring.h> and <leat/fdring.h> compile into C and C++ callers, as
 * symbols of the library too: for callers in other languages.
 */
#define leat_producer_begin inline_producer_begin
#define leat_producer_commit inline_producer_commit
#define leat_producer_take_wake inline_producer_take_wake
#define leat_consumer_begin inline_consumer_begin
#define leat_consumer_commit inline_consumer_commit
#define leat_consumer_take_wake inline_consumer_take_wake
#define leat_fd_producer_begin inline_fd_producer_begin
#define leat_fd_producer_commit inline_fd_producer_commit
#define leat_fd_consumer_begin inline_fd_consumer_begin
#define leat_fd_consumer_commit inline_fd_consumer_commit
#define leat_send inline_send
#define leat_recv inline_recv

#include <leat/fdring.h>

#undef leat_producer_begin
#undef leat_producer_commit
#undef leat_producer_take_wake
#undef leat_consumer_begin
#undef leat_consumer_commit
#undef leat_consumer_take_wake
#undef leat_fd_producer_begin
#undef leat_fd_producer_commit
#undef leat_fd_consumer_begin
#undef leat_fd_consumer_commit
#undef leat_send
#undef leat_recv

/* Nobody who reads C calls these. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

LEAT_API uint32_t leat_producer_begin(struct leat_producer *producer,
				      uint32_t n_items,
				      struct leat_spans *spans)
{
	return inline_producer_begin(producer, n_items, spans);
}

LEAT_API void leat_producer_commit(struct leat_producer *producer,
				   uint32_t n_items)
{
	inline_producer_commit(producer, n_items);
}

LEAT_API bool leat_producer_take_wake(struct leat_producer *producer)
{
	return inline_producer_take_wake(producer);
}

LEAT_API uint32_t leat_consumer_begin(struct leat_consumer *consumer,
				      uint32_t n_items,
				      struct leat_spans *spans)
{
	return inline_consumer_begin(consumer, n_items, spans);
}

LEAT_API void leat_consumer_commit(struct leat_consumer *consumer,
				   uint32_t n_items)
{
	inline_consumer_commit(consumer, n_items);
}

LEAT_API bool leat_consumer_take_wake(struct leat_consumer *consumer)
{
	return inline_consumer_take_wake(consumer);
}

LEAT_API uint32_t leat_fd_producer_begin(struct leat_fd_producer *producer,
					 uint32_t n_items, void *items[2],
					 uint32_t n_each[2])
{
	return inline_fd_producer_begin(producer, n_items, items, n_each);
}

LEAT_API void leat_fd_producer_commit(struct leat_fd_producer *producer,
				      uint32_t n_items)
{
	inline_fd_producer_commit(producer, n_items);
}

LEAT_API uint32_t leat_fd_consumer_begin(struct leat_fd_consumer *consumer,
					 uint32_t n_items, const void *items[2],
					 uint32_t n_each[2])
{
	return inline_fd_consumer_begin(consumer, n_items, items, n_each);
}

LEAT_API void leat_fd_consumer_commit(struct leat_fd_consumer *consumer,
				      uint32_t n_items)
{
	inline_fd_consumer_commit(consumer, n_items);
}

LEAT_API uint32_t leat_send(struct leat_fd_producer *producer, uint32_t n_items,
			    leat_send_fn fn, void *user)
{
	return inline_send(producer, n_items, fn, user);
}

LEAT_API uint32_t leat_recv(struct leat_fd_consumer *consumer, uint32_t n_items,
			    leat_recv_fn fn, void *user)
{
	return inline_recv(consumer, n_items, fn, user);
}
