/* SPDX-License-Identifier: MIT */
/*
 * The shipped ring.c: one end publishes while the other asks to be woken.
 *
 * Under the memory model given to CBMC, either the one that asks is told not to
 * sleep, or the one that publishes is told to wake it.
 *
 * CONSUMER_SLEEPS: for an item; else the producer, for room in a full ring.
 */
#include "ringbuf/ring.c"

static struct leat_producer producer;
static struct leat_consumer consumer;

/* Each in one store, so that no two of them can change places. */
static int ready = -1, woken = -1;

static void attach(uint64_t n_items)
{
	producer.end.own = consumer.end.peer = &producer_words;
	producer.end.peer = consumer.end.own = &consumer_words;
	producer.end.capacity = consumer.end.capacity = 1;
	producer.end.limit = consumer.end.limit = 1;
	producer.end.index = producer.end.turn = n_items;
	producer_words.index.atomic_value = n_items;
	consumer.end.seen = n_items;
	producer.end.plain = consumer.end.plain = true;
}

static void publish_one(void)
{
#ifdef CONSUMER_SLEEPS
	leat_producer_commit(&producer, 1);
	woken = leat_producer_take_wake(&producer);
#else
	leat_consumer_commit(&consumer, 1);
	woken = leat_consumer_take_wake(&consumer);
#endif
}

static void ask_for_one(void)
{
#ifdef CONSUMER_SLEEPS
	ready = leat_consumer_arm(&consumer, 1);
#else
	ready = leat_producer_arm(&producer, 1);
#endif
}

int main(void)
{
#ifdef CONSUMER_SLEEPS
	attach(0);
#else
	attach(1);
#endif
__CPROVER_ASYNC_1:
	publish_one();
__CPROVER_ASYNC_2:
	ask_for_one();
	__CPROVER_assume(ready >= 0 && woken >= 0);
	__CPROVER_assert(ready || woken, "no wake-up is lost");
	return 0;
}
