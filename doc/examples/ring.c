/* SPDX-License-Identifier: MIT */
/*
 * The bare ring: one thread writes numbers, another one reads them. The memory
 * is the caller's. Nobody sleeps, so there is nobody to be woken.
 */
#include <leat/ring.h>

#include <pthread.h>
#include <sched.h>

#define CAPACITY 100u /* any number will do */
#define N_ITEMS 100000u

/* What both ends see: the words of each, and the items. */
struct shared {
	_Alignas(LEAT_LINE_BYTES) struct leat_ring_words producer;
	struct leat_ring_words consumer;
	uint32_t items[CAPACITY];
};

static void *write_numbers(void *user)
{
	struct shared *shared = user;
	struct leat_ring_config config = { &shared->producer, &shared->consumer,
					   CAPACITY, LEAT_RING_POLL };
	struct leat_producer producer;
	struct leat_spans spans;
	uint32_t next = 0;

	if (leat_producer_init(&producer, &config) < 0)
		return NULL;
	while (next < N_ITEMS) {
		if (leat_producer_begin(&producer, N_ITEMS - next, &spans) == 0)
			sched_yield();
		for (int i = 0; i < 2; i++) {
			uint32_t *items = shared->items + spans.span[i].offset;

			for (uint32_t j = 0; j < spans.span[i].n_items; j++)
				items[j] = next++;
		}
		leat_producer_commit(&producer, spans.n_items);
	}
	return NULL;
}

static uint32_t read_numbers(struct shared *shared)
{
	struct leat_ring_config config = { &shared->consumer, &shared->producer,
					   CAPACITY, LEAT_RING_POLL };
	struct leat_consumer consumer;
	struct leat_spans spans;
	uint32_t next = 0, n_good = 0;

	if (leat_consumer_init(&consumer, &config) < 0)
		return 0;
	while (next < N_ITEMS) {
		if (leat_consumer_begin(&consumer, CAPACITY, &spans) == 0)
			sched_yield();
		for (int i = 0; i < 2; i++) {
			uint32_t *items = shared->items + spans.span[i].offset;

			for (uint32_t j = 0; j < spans.span[i].n_items; j++)
				n_good += items[j] == next++;
		}
		leat_consumer_commit(&consumer, spans.n_items);
	}
	return n_good;
}

int main(void)
{
	struct shared shared = { .items = { 0 } }; /* both begin at index 0 */
	pthread_t thread;

	if (pthread_create(&thread, NULL, write_numbers, &shared) != 0 ||
	    read_numbers(&shared) != N_ITEMS)
		return 1;
	return pthread_join(thread, NULL);
}
