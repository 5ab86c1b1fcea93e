/* SPDX-License-Identifier: MIT */
#include <leat/ring.h>

#include "capacities.h"
#include "helpers.h"
#include "pair.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>

/* ---- set-up ---- */

static struct leat_ring_config config_of(struct pair *pair, uint32_t capacity)
{
	return (struct leat_ring_config){
		.own = &pair->producer_words,
		.peer = &pair->consumer_words,
		.capacity = capacity,
	};
}

static int init_producer(const struct leat_ring_config *config)
{
	struct leat_producer producer;

	return leat_producer_init(&producer, config);
}

static int init_consumer(const struct leat_ring_config *config)
{
	struct leat_consumer consumer;

	return leat_consumer_init(&consumer, config);
}

static void expect_init(const struct leat_ring_config *config, int res)
{
	CU_ASSERT_EQUAL(init_producer(config), res);
	CU_ASSERT_EQUAL(init_consumer(config), res);
}

static void test_init_refuses(void)
{
	struct leat_ring_config config;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 1, 0, 0));
	config = config_of(&pair, 0);
	expect_init(&config, -EINVAL);
	config = config_of(&pair, LEAT_RING_CAPACITY_MAX + 1);
	expect_init(&config, -EINVAL);
	config = config_of(&pair, UINT32_MAX);
	expect_init(&config, -EINVAL);
	config = config_of(&pair, 8);
	config.own = NULL;
	expect_init(&config, -EINVAL);
	config = config_of(&pair, 8);
	config.peer = NULL;
	expect_init(&config, -EINVAL);
	config = config_of(&pair, 1);
	expect_init(&config, 0);
	config = config_of(&pair, LEAT_RING_CAPACITY_MAX);
	expect_init(&config, 0);
}

/* The distance from the consumer to the producer, as each is told at init. */
static void expect_lag(uint64_t lag, int res)
{
	struct leat_ring_config config;
	struct pair pair;

	for (unsigned s = 0; s < pair_n_seeds; s++) {
		CU_ASSERT_FATAL(pair_open(&pair, 8, pair_seeds[s], 0));
		pair_forge(&pair.producer_words.index, pair_seeds[s] + lag);
		config = config_of(&pair, 8);
		CU_ASSERT_EQUAL(init_producer(&config), res);
		config.own = &pair.consumer_words;
		config.peer = &pair.producer_words;
		CU_ASSERT_EQUAL(init_consumer(&config), res);
	}
}

static void test_init_checks_the_peer(void)
{
	expect_lag(0, 0);
	expect_lag(8, 0);
	expect_lag(9, -EPROTO);
	expect_lag((uint64_t)-1, -EPROTO);
	expect_lag(UINT64_C(1) << 32, -EPROTO);
	expect_lag(UINT64_C(1) << 63, -EPROTO);
}

/* A new end takes over where the words of the old one say. */
static void continues(struct pair *pair, uint32_t capacity)
{
	struct leat_ring_config config = config_of(pair, capacity);
	uint64_t first = leat_producer_index(&pair->producer);

	/* Beyond the end of the range, offsets are known to the ends alone. */
	if (first + 3 < first)
		return;
	CU_ASSERT_EQUAL(pair_write(pair, 1), 1);
	CU_ASSERT_EQUAL(pair_read(pair, 1), 1);
	CU_ASSERT_EQUAL(leat_producer_init(&pair->producer, &config), 0);
	CU_ASSERT_EQUAL(leat_producer_index(&pair->producer), first + 1);
	CU_ASSERT_EQUAL(leat_producer_room(&pair->producer), capacity);
	CU_ASSERT_EQUAL(pair_write(pair, 1), 1);
	config.own = &pair->consumer_words;
	config.peer = &pair->producer_words;
	CU_ASSERT_EQUAL(leat_consumer_init(&pair->consumer, &config), 0);
	CU_ASSERT_EQUAL(leat_consumer_index(&pair->consumer), first + 1);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair->consumer), 1);
	CU_ASSERT_EQUAL(pair_read(pair, 9), 1);
}

static void test_init_continues(void)
{
	with_each(continues);
}

/* ---- first in, first out ---- */

static void fills_and_empties(struct pair *pair, uint32_t capacity)
{
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair->consumer), 0);
	CU_ASSERT_EQUAL(pair_read(pair, 1), 0);
	for (int turn = 0; turn < 5; turn++) {
		CU_ASSERT_EQUAL(leat_producer_room(&pair->producer), capacity);
		CU_ASSERT_EQUAL(pair_write(pair, capacity + 1), capacity);
		CU_ASSERT_EQUAL(leat_producer_room(&pair->producer), 0);
		CU_ASSERT_EQUAL(pair_write(pair, 1), 0);
		CU_ASSERT_EQUAL(leat_consumer_fill(&pair->consumer), capacity);
		CU_ASSERT_EQUAL(pair_read(pair, UINT32_MAX - 1), capacity);
		CU_ASSERT_EQUAL(leat_consumer_fill(&pair->consumer), 0);
		/* Begin the next turn at another offset. */
		CU_ASSERT_EQUAL(pair_write(pair, 1), 1);
		CU_ASSERT_EQUAL(pair_read(pair, 2), 1);
	}
	CU_ASSERT_FALSE(leat_producer_poisoned(&pair->producer));
	CU_ASSERT_FALSE(leat_consumer_poisoned(&pair->consumer));
}

static void test_fills_and_empties(void)
{
	with_each(fills_and_empties);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Blocks of any size against a model that is one number: the fill. */
static void any_blocks(struct pair *pair, uint32_t capacity)
{
	uint64_t first = leat_producer_index(&pair->producer),
		 state = 1 + first;
	uint64_t written = 0, read = 0;
	unsigned n_wrong = 0;

	for (int i = 0; i < 2000; i++) {
		uint32_t fill = (uint32_t)(written - read);
		uint32_t n = unit_random(&state) % (capacity + 2);

		n_wrong += pair_write(pair, n) != least(n, capacity - fill);
		written += least(n, capacity - fill);
		fill = (uint32_t)(written - read);
		n_wrong += leat_consumer_fill(&pair->consumer) != fill;
		n = unit_random(&state) % (capacity + 2);
		n_wrong += pair_read(pair, n) != least(n, fill);
		read += least(n, fill);
		n_wrong += leat_producer_room(&pair->producer) !=
			   capacity - (uint32_t)(written - read);
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	CU_ASSERT_EQUAL(leat_producer_index(&pair->producer), first + written);
	CU_ASSERT_EQUAL(leat_consumer_index(&pair->consumer), first + read);
}

static void test_any_blocks(void)
{
	with_each(any_blocks);
}

static void test_nothing_is_seen_before_commit(void)
{
	struct leat_spans spans;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, 5, &spans), 5);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, 0);
	pair_fill(&pair, &spans);
	leat_producer_commit(&pair.producer, 5);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, 5);
	CU_ASSERT_EQUAL(leat_consumer_begin(&pair.consumer, 5, &spans), 5);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 3);
	CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value, 0);
	leat_consumer_commit(&pair.consumer, 5);
	CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value, 5);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 8);
}

static void test_partial_commit(void)
{
	struct leat_spans spans;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, UINT64_MAX - 2, 0));
	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, 8, &spans), 8);
	pair_fill(&pair, &spans);
	leat_producer_commit(&pair.producer, 3);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 3);
	/* Begun and left alone: offered once more. */
	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, 8, &spans), 5);
	leat_producer_commit(&pair.producer, 0);
	CU_ASSERT_EQUAL(leat_consumer_begin(&pair.consumer, 3, &spans), 3);
	leat_consumer_commit(&pair.consumer, 2);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 1);
	CU_ASSERT_EQUAL(pair_write(&pair, 9), 7);
	CU_ASSERT_EQUAL(pair_read(&pair, 9), 8);
}

/* No more is committed than there is room for, or to read. */
static void test_commit_is_bounded(void)
{
	struct leat_spans spans;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, UINT64_MAX - 9, 0));
	CU_ASSERT_EQUAL(pair_write(&pair, 3), 3);
	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, 2, &spans), 2);
	leat_producer_commit(&pair.producer, UINT32_MAX);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 0);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 8);
	CU_ASSERT_EQUAL(leat_consumer_begin(&pair.consumer, 1, &spans), 1);
	leat_consumer_commit(&pair.consumer, 9);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 8);
	CU_ASSERT_FALSE(leat_producer_poisoned(&pair.producer));
	CU_ASSERT_FALSE(leat_consumer_poisoned(&pair.consumer));
}

/* The word is only ever stored to: what becomes of it does not matter. */
static void test_own_word_is_not_read_back(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 100, 0));
	CU_ASSERT_EQUAL(pair_write(&pair, 4), 4);
	CU_ASSERT_EQUAL(pair_read(&pair, 2), 2);
	pair_forge(&pair.producer_words.index, 7);
	pair_forge(&pair.consumer_words.index, 7);
	CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), 104);
	CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer), 102);
	CU_ASSERT_EQUAL(pair_write(&pair, 2), 2);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, 106);
	CU_ASSERT_EQUAL(pair_read(&pair, 4), 4);
	CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value, 106);
}

/* ---- mirrored ---- */

/* One span: from this index's place on, and all of it. */
static bool is_one_span(const struct leat_spans *spans, uint64_t distance,
			uint32_t n_items, uint32_t capacity)
{
	return spans->n_items == n_items &&
	       spans->span[0].offset == distance % capacity &&
	       spans->span[0].n_items == n_items && spans->span[1].n_items == 0;
}

static void test_mirrored_never_wraps(void)
{
	const uint32_t capacity = 7;
	struct leat_spans spans;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, capacity, 0, LEAT_RING_MIRRORED));
	for (uint64_t at = 0, n; at < 1000; at += n) {
		n = 1 + at / 2 % capacity;
		CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, (uint32_t)n,
						    &spans),
				n);
		CU_ASSERT_TRUE(is_one_span(&spans, at, (uint32_t)n, capacity));
		leat_producer_commit(&pair.producer, (uint32_t)n);
		CU_ASSERT_EQUAL(
			leat_consumer_begin(&pair.consumer, 1000, &spans), n);
		CU_ASSERT_TRUE(is_one_span(&spans, at, (uint32_t)n, capacity));
		leat_consumer_commit(&pair.consumer, (uint32_t)n);
	}
}

/* The last place and a whole ring behind it: 32 bits are just enough. */
static void test_mirrored_largest_ring(void)
{
	const uint32_t capacity = LEAT_RING_CAPACITY_MAX;
	struct leat_spans spans;
	struct pair pair;

	CU_ASSERT_FATAL(
		pair_open(&pair, capacity, capacity - 1, LEAT_RING_MIRRORED));
	CU_ASSERT_EQUAL(leat_producer_begin(&pair.producer, capacity, &spans),
			capacity);
	CU_ASSERT_TRUE(is_one_span(&spans, capacity - 1, capacity, capacity));
	leat_producer_commit(&pair.producer, capacity);
	CU_ASSERT_EQUAL(leat_consumer_begin(&pair.consumer, capacity, &spans),
			capacity);
	CU_ASSERT_TRUE(is_one_span(&spans, capacity - 1, capacity, capacity));
}

static void test_mirrored_timed(void)
{
	const uint32_t flags = LEAT_RING_MIRRORED | LEAT_RING_TIMED;
	struct leat_spans spans;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 7, 0, flags));
	CU_ASSERT_EQUAL(leat_producer_begin_at(&pair.producer, 19, 7, &spans),
			7);
	CU_ASSERT_TRUE(is_one_span(&spans, 19, 7, 7));
	leat_producer_commit(&pair.producer, 7);
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 20, 6, &spans),
			6);
	CU_ASSERT_TRUE(is_one_span(&spans, 20, 6, 7));
}

/* ---- the limit ---- */

static void test_limit_is_brought_into_range(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	leat_producer_set_limit(&pair.producer, 0);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 1);
	leat_producer_set_limit(&pair.producer, 1);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 1);
	leat_producer_set_limit(&pair.producer, 5);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 5);
	leat_producer_set_limit(&pair.producer, 9);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 8);
	leat_producer_set_limit(&pair.producer, UINT32_MAX);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), 8);
}

static void test_limit_changes_while_running(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, UINT64_MAX - 5, 0));
	leat_producer_set_limit(&pair.producer, 4);
	CU_ASSERT_EQUAL(pair_write(&pair, 8), 4);
	leat_producer_set_limit(&pair.producer, 6);
	CU_ASSERT_EQUAL(pair_write(&pair, 8), 2);
	/* What is in the ring stays there, and more only once it has left. */
	leat_producer_set_limit(&pair.producer, 2);
	CU_ASSERT_EQUAL(pair_write(&pair, 8), 0);
	CU_ASSERT_EQUAL(pair_read(&pair, 4), 4);
	CU_ASSERT_EQUAL(pair_write(&pair, 8), 0);
	CU_ASSERT_EQUAL(pair_read(&pair, 1), 1);
	CU_ASSERT_EQUAL(pair_write(&pair, 8), 1);
	CU_ASSERT_EQUAL(pair_read(&pair, 8), 2);
	leat_producer_set_limit(&pair.producer, 8);
	CU_ASSERT_EQUAL(pair_write(&pair, 9), 8);
	CU_ASSERT_EQUAL(pair_read(&pair, 9), 8);
}

/* ---- functions of timed rings, on one that is not ---- */

static void test_timed_functions_refuse(void)
{
	struct leat_spans spans;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	CU_ASSERT_EQUAL(leat_producer_begin_at(&pair.producer, 0, 1, &spans),
			0);
	CU_ASSERT_EQUAL(leat_producer_begin_at(&pair.producer, 4, 1, &spans),
			0);
	CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), 0);
	pair_write(&pair, 4);
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 3, 1, &spans),
			0);
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 0, 4, &spans),
			0);
	CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer), 0);
	leat_consumer_pass(&pair.consumer, 4);
	CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer), 0);
	CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value, 0);
	CU_ASSERT_EQUAL(pair_read(&pair, 8), 4);
}

static const struct unit_test tests[] = {
	{ "set-up", "refuses what is out of range", test_init_refuses },
	{ "set-up", "checks the peer's index", test_init_checks_the_peer },
	{ "set-up", "continues where it was", test_init_continues },
	{ "fifo", "full and empty", test_fills_and_empties },
	{ "fifo", "any blocks", test_any_blocks },
	{ "fifo", "nothing seen before commit",
	  test_nothing_is_seen_before_commit },
	{ "fifo", "partial commit", test_partial_commit },
	{ "fifo", "commit is bounded", test_commit_is_bounded },
	{ "fifo", "own word not read back", test_own_word_is_not_read_back },
	{ "mirrored", "never wraps", test_mirrored_never_wraps },
	{ "mirrored", "the largest ring", test_mirrored_largest_ring },
	{ "mirrored", "timed", test_mirrored_timed },
	{ "limit", "range", test_limit_is_brought_into_range },
	{ "limit", "changes while running", test_limit_changes_while_running },
	{ "not timed", "timed functions refuse", test_timed_functions_refuse },
};

UNIT_MAIN(tests)
