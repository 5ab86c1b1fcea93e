/* SPDX-License-Identifier: MIT */
/*
 * One end asks to be woken at the very instant at which the other publishes.
 *
 * In each round either the one sees that it need not sleep, or the other that
 * it must wake. A missing barrier on either side lets both look too early:
 * "store buffering" in Sewell et al., "x86-TSO", 2010.
 */
#include <leat/fdring.h>

#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define N_ROUNDS 200000u

/* Fewer rounds will do where others want the processors as well. */
#define RACE_MS 1500

/* A ring of one item, and what two threads do to it. */
struct race {
	struct leat_ring_words producer_words;
	struct leat_ring_words consumer_words;
	uint64_t item;
	int event_fd;
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	/* how a round goes: by the one that sleeps, and by the other */
	bool (*sleep)(struct race *race);
	bool (*publish)(struct race *race);
	bool (*end_round)(struct race *race, bool woken);
	/* what came of it */
	atomic_uint n_arrived;
	bool over;
	bool woken; /* by the other, in this round */
	uint32_t n_rounds;
	uint32_t n_lost; /* told to sleep, and not woken */
};

/* Both threads leave it at about the same time, up to a little noise. */
static void meet(struct race *race, uint32_t n_arrived, uint32_t noise)
{
	unsigned spins = 0;

	atomic_fetch_add(&race->n_arrived, 1);
	while (atomic_load(&race->n_arrived) < n_arrived)
		if (++spins % 1024 == 0)
			sched_yield();
	for (volatile uint32_t i = 0; i < noise; i++)
		;
}

/* Each of the three meetings of a round has two arrivals. */
static void *run_publisher(void *user)
{
	struct race *race = user;

	for (uint32_t i = 0; !race->over; i++) {
		meet(race, 6 * i + 2, i % 61);
		race->woken = race->publish(race);
		meet(race, 6 * i + 4, 0);
		meet(race, 6 * i + 6, 0);
	}
	return NULL;
}

static void *run_sleeper(void *user)
{
	struct race *race = user;
	int64_t deadline_ms = unit_now_ms() + RACE_MS;

	for (uint32_t i = 0; !race->over; i++) {
		bool sleeps;

		meet(race, 6 * i + 2, i % 67);
		sleeps = race->sleep(race);
		meet(race, 6 * i + 4, 0);
		/* The other waits: this thread has the round to itself. */
		race->n_lost += sleeps && !race->end_round(race, race->woken);
		if (!sleeps)
			race->end_round(race, race->woken);
		race->n_rounds = i + 1;
		race->over = race->n_rounds == N_ROUNDS ||
			     unit_now_ms() > deadline_ms;
		meet(race, 6 * i + 6, 0);
	}
	return NULL;
}

/* ---- items ---- */

static uint32_t put(void *user, void *items, uint32_t n_items)
{
	*(uint64_t *)items = *(uint64_t *)user;
	return n_items;
}

static uint32_t get(void *user, const void *items, uint32_t n_items)
{
	*(uint64_t *)user = *(const uint64_t *)items;
	return n_items;
}

/* Pass an item without a look at who is to be woken. */
static void fill(struct race *race)
{
	struct leat_spans spans;

	leat_producer_begin(&race->producer.ring, 1, &spans);
	leat_producer_commit(&race->producer.ring, spans.n_items);
}

static void drain(struct race *race)
{
	struct leat_spans spans;

	leat_consumer_begin(&race->consumer.ring, 1, &spans);
	leat_consumer_commit(&race->consumer.ring, spans.n_items);
}

/* ---- set-up ---- */

static bool race_open(struct race *race)
{
	struct leat_fdring_config config = {
		.ring = { .own = &race->producer_words,
			  .peer = &race->consumer_words,
			  .capacity = 1 },
		.items = &race->item,
		.item_size_bytes = sizeof(race->item),
		.wait_fd = -1,
	};
	int res;

	*race = (struct race){ .n_rounds = 0 };
	race->event_fd = eventfd(0, EFD_CLOEXEC);
	config.raise_fd = race->event_fd;
	res = leat_fd_producer_init(&race->producer, &config);
	config.ring.own = &race->consumer_words;
	config.ring.peer = &race->producer_words;
	config.raise_fd = -1;
	config.wait_fd = race->event_fd;
	return res == 0 && race->event_fd >= 0 &&
	       leat_fd_consumer_init(&race->consumer, &config) == 0;
}

static void race_run(struct race *race)
{
	pthread_t threads[2];

	CU_ASSERT_FATAL(
		pthread_create(&threads[0], NULL, run_publisher, race) == 0);
	CU_ASSERT_FATAL(pthread_create(&threads[1], NULL, run_sleeper, race) ==
			0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	close(race->event_fd);
	CU_ASSERT_EQUAL(race->n_lost, 0);
	CU_ASSERT_TRUE(race->n_rounds > 0);
}

/* ---- the bare ring: who is told what ---- */

static bool consumer_sleeps(struct race *race)
{
	return !leat_consumer_arm(&race->consumer.ring, 1);
}

static bool producer_publishes(struct race *race)
{
	fill(race);
	return leat_producer_take_wake(&race->producer.ring);
}

static bool end_by_drain(struct race *race, bool woken)
{
	drain(race);
	return woken;
}

static void test_consumer_sleeps(void)
{
	struct race race;

	CU_ASSERT_FATAL(race_open(&race));
	race.sleep = consumer_sleeps;
	race.publish = producer_publishes;
	race.end_round = end_by_drain;
	race_run(&race);
}

static bool producer_sleeps(struct race *race)
{
	return !leat_producer_arm(&race->producer.ring, 1);
}

static bool consumer_publishes(struct race *race)
{
	drain(race);
	return leat_consumer_take_wake(&race->consumer.ring);
}

static bool end_by_fill(struct race *race, bool woken)
{
	fill(race);
	return woken;
}

static void test_producer_sleeps(void)
{
	struct race race;

	CU_ASSERT_FATAL(race_open(&race));
	race.sleep = producer_sleeps;
	race.publish = consumer_publishes;
	race.end_round = end_by_fill;
	fill(&race);
	race_run(&race);
}

/* ---- with a descriptor: it must be readable, or the sleep is for ever ---- */

static bool consumer_prepares(struct race *race)
{
	return !leat_fd_consumer_prepare(&race->consumer, 1);
}

static bool producer_sends(struct race *race)
{
	uint64_t item = race->n_rounds;

	return leat_send(&race->producer, 1, put, &item) == 1;
}

static bool end_by_recv(struct race *race, bool woken)
{
	bool readable = unit_readable(race->event_fd, 0);
	uint64_t item = UINT64_MAX;

	leat_recv(&race->consumer, 1, get, &item);
	return woken && readable && item == race->n_rounds;
}

static void test_consumer_polls(void)
{
	struct race race;

	CU_ASSERT_FATAL(race_open(&race));
	race.sleep = consumer_prepares;
	race.publish = producer_sends;
	race.end_round = end_by_recv;
	race_run(&race);
}

static const struct unit_test tests[] = {
	{ "race to sleep", "consumer", test_consumer_sleeps },
	{ "race to sleep", "producer", test_producer_sleeps },
	{ "race to sleep", "with a descriptor", test_consumer_polls },
};

UNIT_MAIN(tests)
