/* SPDX-License-Identifier: MIT */
/*
 * What is compiled into C callers is in the library too, and does the same:
 * here it is called as from another language, by its symbol.
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

#include "runner.h"

#include <CUnit/CUnit.h>

#include <string.h>

uint32_t leat_producer_begin(struct leat_producer *producer, uint32_t n_items,
			     struct leat_spans *spans);
void leat_producer_commit(struct leat_producer *producer, uint32_t n_items);
bool leat_producer_take_wake(struct leat_producer *producer);
uint32_t leat_consumer_begin(struct leat_consumer *consumer, uint32_t n_items,
			     struct leat_spans *spans);
void leat_consumer_commit(struct leat_consumer *consumer, uint32_t n_items);
bool leat_consumer_take_wake(struct leat_consumer *consumer);
uint32_t leat_fd_producer_begin(struct leat_fd_producer *producer,
				uint32_t n_items, void *items[2],
				uint32_t n_each[2]);
void leat_fd_producer_commit(struct leat_fd_producer *producer,
			     uint32_t n_items);
uint32_t leat_fd_consumer_begin(struct leat_fd_consumer *consumer,
				uint32_t n_items, const void *items[2],
				uint32_t n_each[2]);
void leat_fd_consumer_commit(struct leat_fd_consumer *consumer,
			     uint32_t n_items);
uint32_t leat_send(struct leat_fd_producer *producer, uint32_t n_items,
		   leat_send_fn fn, void *user);
uint32_t leat_recv(struct leat_fd_consumer *consumer, uint32_t n_items,
		   leat_recv_fn fn, void *user);

#define CAPACITY 5u

struct ends {
	struct leat_ring_words producer_words, consumer_words;
	uint16_t items[CAPACITY];
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
};

static void open_ends(struct ends *ends)
{
	struct leat_fdring_config config = {
		.ring = { .own = &ends->producer_words,
			  .peer = &ends->consumer_words,
			  .capacity = CAPACITY },
		.items = ends->items,
		.item_size_bytes = sizeof(ends->items[0]),
		.raise_fd = -1,
		.wait_fd = -1,
	};

	memset(ends, 0, sizeof(*ends));
	CU_ASSERT_FATAL(leat_fd_producer_init(&ends->producer, &config) == 0);
	config.ring.own = &ends->consumer_words;
	config.ring.peer = &ends->producer_words;
	CU_ASSERT_FATAL(leat_fd_consumer_init(&ends->consumer, &config) == 0);
}

static void test_bare_ring(void)
{
	struct leat_spans spans;
	struct ends ends;
	struct leat_producer *producer = &ends.producer.ring;
	struct leat_consumer *consumer = &ends.consumer.ring;

	open_ends(&ends);
	CU_ASSERT_FALSE(leat_consumer_arm(consumer, 2));
	CU_ASSERT_EQUAL(leat_producer_begin(producer, 9, &spans), CAPACITY);
	CU_ASSERT_EQUAL(spans.span[0].n_items, CAPACITY);
	leat_producer_commit(producer, 3);
	CU_ASSERT_TRUE(leat_producer_take_wake(producer));
	CU_ASSERT_FALSE(leat_producer_take_wake(producer));
	CU_ASSERT_EQUAL(leat_consumer_begin(consumer, 9, &spans), 3);
	CU_ASSERT_FALSE(leat_producer_arm(producer, 4));
	leat_consumer_commit(consumer, 2);
	CU_ASSERT_TRUE(leat_consumer_take_wake(consumer));
	CU_ASSERT_EQUAL(leat_producer_begin(producer, 9, &spans), 4);
	CU_ASSERT_EQUAL(spans.span[0].offset, 3);
	CU_ASSERT_EQUAL(spans.span[1].n_items, 2);
}

static void test_fd_ring(void)
{
	uint32_t n_each[2];
	void *room[2];
	const void *there[2];
	struct ends ends;

	open_ends(&ends);
	CU_ASSERT_EQUAL(leat_fd_producer_begin(&ends.producer, 4, room, n_each),
			4);
	CU_ASSERT_PTR_EQUAL(room[0], ends.items);
	leat_fd_producer_commit(&ends.producer, 4);
	CU_ASSERT_EQUAL(
		leat_fd_consumer_begin(&ends.consumer, 9, there, n_each), 4);
	CU_ASSERT_PTR_EQUAL(there[0], ends.items);
	CU_ASSERT_EQUAL(n_each[0], 4);
	leat_fd_consumer_commit(&ends.consumer, 3);
	CU_ASSERT_EQUAL(leat_consumer_fill(&ends.consumer.ring), 1);
}

static uint32_t count_up(void *user, void *items, uint32_t n_items)
{
	uint16_t *next = user;

	for (uint32_t i = 0; i < n_items; i++)
		((uint16_t *)items)[i] = (*next)++;
	return n_items;
}

static uint32_t add_up(void *user, const void *items, uint32_t n_items)
{
	unsigned *sum = user;

	for (uint32_t i = 0; i < n_items; i++)
		*sum += ((const uint16_t *)items)[i];
	return n_items;
}

static void test_closures(void)
{
	unsigned sum = 0;
	uint16_t next = 1;
	struct ends ends;

	open_ends(&ends);
	CU_ASSERT_EQUAL(leat_send(&ends.producer, 3, count_up, &next), 3);
	CU_ASSERT_EQUAL(leat_recv(&ends.consumer, 2, add_up, &sum), 2);
	CU_ASSERT_EQUAL(sum, 1 + 2);
	CU_ASSERT_EQUAL(leat_send(&ends.producer, 9, count_up, &next), 4);
	CU_ASSERT_EQUAL(leat_recv(&ends.consumer, 9, add_up, &sum), 5);
	CU_ASSERT_EQUAL(sum, 1 + 2 + 3 + 4 + 5 + 6 + 7);
}

static const struct unit_test tests[] = {
	{ "symbols", "bare ring", test_bare_ring },
	{ "symbols", "fd ring", test_fd_ring },
	{ "symbols", "closures", test_closures },
};

UNIT_MAIN(tests)
