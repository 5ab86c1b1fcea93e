/* SPDX-License-Identifier: MIT */
/* An index of the peer's that cannot be ends the ring, and no other does. */
#include <leat/ring.h>

#include "capacities.h"
#include "helpers.h"
#include "pair.h"
#include "runner.h"

#include <CUnit/CUnit.h>

enum way { BY_BEGIN, BY_COUNT, BY_ARM, BY_NEWEST, N_WAYS };

static void consumer_looks(struct pair *pair, enum way way)
{
	struct leat_spans spans;

	if (way == BY_BEGIN)
		leat_consumer_begin(&pair->consumer, 100, &spans);
	else if (way == BY_COUNT)
		(void)leat_consumer_fill(&pair->consumer);
	else if (way == BY_ARM)
		(void)leat_consumer_arm(&pair->consumer, 8);
	else
		(void)leat_consumer_newest(&pair->consumer);
}

static void producer_looks(struct pair *pair, enum way way)
{
	struct leat_spans spans;

	if (way == BY_BEGIN)
		leat_producer_begin(&pair->producer, 100, &spans);
	else if (way == BY_COUNT)
		(void)leat_producer_room(&pair->producer);
	else
		(void)leat_producer_arm(&pair->producer, 8);
}

/* A ring of 8 that has 5 items in, both ends having seen each other. */
static uint64_t open_half_full(struct pair *pair, uint64_t seed)
{
	CU_ASSERT_FATAL(pair_open(pair, 8, seed, 0));
	CU_ASSERT_EQUAL(pair_write(pair, 5), 5);
	CU_ASSERT_EQUAL(pair_read(pair, 2), 2);
	CU_ASSERT_EQUAL(pair_write(pair, 2), 2);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair->consumer), 5);
	CU_ASSERT_EQUAL(leat_producer_room(&pair->producer), 3);
	return seed + 2;
}

/* Where the producer claims to be, from the consumer, who saw it at 5. */
static void expect_consumer(uint64_t claim, bool poisoned)
{
	struct pair pair;

	for (unsigned s = 0; s < pair_n_seeds; s++)
		for (enum way way = 0; way < N_WAYS; way++) {
			uint64_t base = open_half_full(&pair, pair_seeds[s]);

			pair_forge(&pair.producer_words.index, base + claim);
			consumer_looks(&pair, way);
			CU_ASSERT_EQUAL(leat_consumer_poisoned(&pair.consumer),
					poisoned);
			/* Told the truth again, it does not forget. */
			pair_forge(&pair.producer_words.index, base + 8);
			CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer),
					poisoned ? 0 : 8);
			CU_ASSERT_EQUAL(leat_consumer_poisoned(&pair.consumer),
					poisoned);
		}
}

static void test_consumer_believes_what_can_be(void)
{
	expect_consumer(5, false);
	expect_consumer(6, false);
	expect_consumer(8, false);
}

static void test_consumer_is_poisoned(void)
{
	expect_consumer(9, true);
	expect_consumer(4, true);
	expect_consumer(0, true);
	expect_consumer((uint64_t)-1, true);
	expect_consumer(UINT64_C(1) << 32, true);
	expect_consumer((UINT64_C(1) << 32) + 6, true);
	expect_consumer(UINT64_C(1) << 63, true);
}

/* Where the consumer claims to be, from where the producer saw it. */
static void expect_producer(uint64_t claim, bool poisoned)
{
	struct pair pair;

	for (unsigned s = 0; s < pair_n_seeds; s++)
		for (enum way way = 0; way < BY_NEWEST; way++) {
			uint64_t base = open_half_full(&pair, pair_seeds[s]);

			pair_forge(&pair.consumer_words.index, base + claim);
			producer_looks(&pair, way);
			CU_ASSERT_EQUAL(leat_producer_poisoned(&pair.producer),
					poisoned);
			pair_forge(&pair.consumer_words.index, base + 5);
			CU_ASSERT_EQUAL(leat_producer_room(&pair.producer),
					poisoned ? 0 : 8);
			CU_ASSERT_EQUAL(leat_producer_poisoned(&pair.producer),
					poisoned);
		}
}

static void test_producer_believes_what_can_be(void)
{
	expect_producer(0, false);
	expect_producer(1, false);
	expect_producer(5, false);
}

static void test_producer_is_poisoned(void)
{
	expect_producer(6, true);
	expect_producer((uint64_t)-1, true);
	expect_producer((uint64_t)-2, true);
	expect_producer(UINT64_C(1) << 32, true);
	expect_producer((UINT64_C(1) << 32) + 1, true);
	expect_producer(UINT64_C(1) << 63, true);
}

static void test_poisoned_end_is_silent(void)
{
	struct leat_spans spans;
	struct pair pair;
	uint64_t base = open_half_full(&pair, 0);

	pair_forge(&pair.producer_words.index, base + 9);
	pair_forge(&pair.consumer_words.index, base + 9);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 0);
	/* Even for what was seen before the lie. */
	CU_ASSERT_EQUAL(leat_consumer_begin(&pair.consumer, 1, &spans), 0);
	CU_ASSERT_EQUAL(spans.n_items, 0);
	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, 1, &spans), 0);
	CU_ASSERT_EQUAL(spans.n_items, 0);
	/* Nobody sleeps on a ring that is dead. */
	CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 1));
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 1));
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), base + 5);
}

/* It asks for nothing any more. */
static void test_poisoned_end_does_not_ask(void)
{
	struct pair pair;
	uint64_t base = open_half_full(&pair, 0);

	pair_forge(&pair.producer_words.index, base + 9);
	pair_forge(&pair.consumer_words.index, base + 9);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 0);
	pair_forge(&pair.producer_words.wake_at, 77);
	pair_forge(&pair.consumer_words.wake_at, 77);
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 1));
	CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 1));
	CU_ASSERT_EQUAL(pair.producer_words.wake_at.atomic_value, 77);
	CU_ASSERT_EQUAL(pair.consumer_words.wake_at.atomic_value, 77);
}

/* Not even what was begun before the lie was seen. */
static void test_poisoned_end_publishes_nothing(void)
{
	struct leat_spans spans;
	struct pair pair;
	uint64_t base = open_half_full(&pair, 0);

	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, 2, &spans), 2);
	CU_ASSERT_EQUAL(leat_consumer_begin(&pair.consumer, 2, &spans), 2);
	pair_forge(&pair.producer_words.index, base + 9);
	pair_forge(&pair.consumer_words.index, base + 9);
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 8));
	CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 8));
	leat_producer_commit(&pair.producer, 2);
	leat_consumer_commit(&pair.consumer, 2);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, base + 9);
	CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value, base + 9);
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
}

/* The very call that finds the lie offers nothing any more. */
static void test_the_lie_itself_offers_nothing(void)
{
	struct leat_spans spans;
	struct pair pair;
	uint64_t base = open_half_full(&pair, 0);

	pair_forge(&pair.producer_words.index, base + 9);
	CU_ASSERT_EQUAL(leat_consumer_begin(&pair.consumer, 8, &spans), 0);
	base = open_half_full(&pair, 0);
	pair_forge(&pair.producer_words.index, base + 9);
	CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 8));
	base = open_half_full(&pair, 0);
	pair_forge(&pair.consumer_words.index, base + 6);
	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, 8, &spans), 0);
	base = open_half_full(&pair, 0);
	pair_forge(&pair.consumer_words.index, base + 6);
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 8));
}

static const struct unit_test tests[] = {
	{ "poison", "consumer: possible", test_consumer_believes_what_can_be },
	{ "poison", "consumer: impossible", test_consumer_is_poisoned },
	{ "poison", "producer: possible", test_producer_believes_what_can_be },
	{ "poison", "producer: impossible", test_producer_is_poisoned },
	{ "poison", "silent", test_poisoned_end_is_silent },
	{ "poison", "does not ask", test_poisoned_end_does_not_ask },
	{ "poison", "commits nothing", test_poisoned_end_publishes_nothing },
	{ "poison", "at once", test_the_lie_itself_offers_nothing },
};

UNIT_MAIN(tests)
