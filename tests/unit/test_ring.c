/* SPDX-License-Identifier: MIT */
#include <leat/ring.h>

#include "helpers.h"
#include "pair.h"
#include <leat/inline/atomics.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint32_t capacities[] = { 1, 2, 3, 5, 7, 8, 64, 100 };

#define N_CAPACITIES (sizeof(capacities) / sizeof(capacities[0]))

/* Do something with a ring of each capacity, begun at each seed. */
static void with_each(void (*fn)(struct pair *pair, uint32_t capacity))
{
	struct pair pair;

	for (size_t c = 0; c < N_CAPACITIES; c++)
		for (unsigned s = 0; s < pair_n_seeds; s++) {
			CU_ASSERT_FATAL(pair_open(&pair, capacities[c],
						  pair_seeds[s], 0));
			fn(&pair, capacities[c]);
		}
}

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

/* ---- waking the consumer ---- */

static void unarmed(struct pair *pair, uint32_t capacity)
{
	for (int i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(pair_write(pair, capacity), capacity);
		CU_ASSERT_FALSE(leat_producer_take_wake(&pair->producer));
		CU_ASSERT_EQUAL(pair_read(pair, capacity), capacity);
		CU_ASSERT_FALSE(leat_consumer_take_wake(&pair->consumer));
	}
}

static void test_nobody_waits_nobody_is_woken(void)
{
	with_each(unarmed);
}

static void woken_once(struct pair *pair, uint32_t capacity)
{
	for (int i = 0; i < 10; i++) {
		CU_ASSERT_FALSE(leat_consumer_arm(&pair->consumer, 1));
		CU_ASSERT_EQUAL(pair_write(pair, 1), 1);
		CU_ASSERT_TRUE(leat_producer_take_wake(&pair->producer));
		CU_ASSERT_FALSE(leat_producer_take_wake(&pair->producer));
		/* It did not ask again. */
		pair_write(pair, 1);
		CU_ASSERT_FALSE(leat_producer_take_wake(&pair->producer));
		pair_read(pair, capacity);
	}
}

static void test_consumer_is_woken_once(void)
{
	with_each(woken_once);
}

static void test_empty_commit_wakes_nobody(void)
{
	struct leat_spans spans;
	struct pair pair;

	for (unsigned s = 0; s < pair_n_seeds; s++) {
		CU_ASSERT_FATAL(pair_open(&pair, 8, pair_seeds[s], 0));
		CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
		leat_producer_begin(&pair.producer, 4, &spans);
		leat_producer_commit(&pair.producer, 0);
		CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	}
}

static void test_watermark_wakes_at_its_item(void)
{
	struct pair pair;

	for (unsigned s = 0; s < pair_n_seeds; s++) {
		CU_ASSERT_FATAL(pair_open(&pair, 8, pair_seeds[s], 0));
		CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 4));
		for (int i = 0; i < 3; i++) {
			pair_write(&pair, 1);
			CU_ASSERT_FALSE(
				leat_producer_take_wake(&pair.producer));
		}
		pair_write(&pair, 1);
		CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
		pair_write(&pair, 1);
		CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	}
}

/* The mark may lie inside a block, and its fill counts what was there. */
static void test_watermark_inside_a_block(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, UINT64_MAX - 3, 0));
	pair_write(&pair, 2);
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 4));
	pair_write(&pair, 1);
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	pair_write(&pair, 3);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
}

static void test_consumer_arm_looks_again(void)
{
	struct pair pair;

	for (unsigned s = 0; s < pair_n_seeds; s++) {
		CU_ASSERT_FATAL(pair_open(&pair, 8, pair_seeds[s], 0));
		pair_write(&pair, 3);
		CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 1));
		CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 3));
		CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 4));
		pair_write(&pair, 1);
		CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
		CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 4));
	}
}

static void test_consumer_arm_replaces_the_last(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 3));
	pair_write(&pair, 1);
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	pair_write(&pair, 2);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
}

/* More than ever fits: woken when the ring is full. */
static void test_consumer_arm_is_bounded(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 100));
	pair_write(&pair, 7);
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	pair_write(&pair, 1);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 100));
}

static void test_wake_is_kept_until_taken(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	for (int i = 0; i < 5; i++)
		pair_write(&pair, 1);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
}

/* A signal that could not be sent is due until it could. */
static void test_wake_is_put_back(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	pair_write(&pair, 1);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
	leat_producer_keep_wake(&pair.producer);
	pair_write(&pair, 1);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	leat_consumer_keep_wake(&pair.consumer);
	CU_ASSERT_TRUE(leat_consumer_take_wake(&pair.consumer));
	CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
}

/* ---- waking the producer ---- */

static void producer_woken(struct pair *pair, uint32_t capacity)
{
	for (int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(pair_write(pair, capacity), capacity);
		CU_ASSERT_FALSE(leat_producer_arm(&pair->producer, 1));
		CU_ASSERT_EQUAL(pair_read(pair, 1), 1);
		CU_ASSERT_TRUE(leat_consumer_take_wake(&pair->consumer));
		CU_ASSERT_FALSE(leat_consumer_take_wake(&pair->consumer));
		pair_read(pair, capacity);
		CU_ASSERT_FALSE(leat_consumer_take_wake(&pair->consumer));
	}
}

static void test_producer_is_woken_once(void)
{
	with_each(producer_woken);
}

static void test_producer_of_64_is_not_woken_at_32(void)
{
	struct pair pair;

	for (unsigned s = 0; s < pair_n_seeds; s++) {
		CU_ASSERT_FATAL(pair_open(&pair, 128, pair_seeds[s], 0));
		CU_ASSERT_EQUAL(pair_write(&pair, 128), 128);
		CU_ASSERT_FALSE(leat_producer_arm(&pair.producer, 64));
		pair_read(&pair, 32);
		CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
		CU_ASSERT_FALSE(leat_producer_arm(&pair.producer, 64));
		pair_read(&pair, 31);
		CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
		pair_read(&pair, 1);
		CU_ASSERT_TRUE(leat_consumer_take_wake(&pair.consumer));
		CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 64));
		CU_ASSERT_EQUAL(pair_write(&pair, 64), 64);
	}
}

static void test_producer_arm_looks_again(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, UINT64_MAX - 3, 0));
	pair_write(&pair, 8);
	pair_read(&pair, 3);
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 3));
	CU_ASSERT_FALSE(leat_producer_arm(&pair.producer, 4));
	pair_read(&pair, 1);
	CU_ASSERT_TRUE(leat_consumer_take_wake(&pair.consumer));
}

static void test_producer_arm_counts_to_the_limit(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, 0));
	leat_producer_set_limit(&pair.producer, 4);
	CU_ASSERT_EQUAL(pair_write(&pair, 8), 4);
	CU_ASSERT_FALSE(leat_producer_arm(&pair.producer, 2));
	pair_read(&pair, 1);
	CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
	pair_read(&pair, 1);
	CU_ASSERT_TRUE(leat_consumer_take_wake(&pair.consumer));
	/* More than the limit ever leaves free: woken when it is empty. */
	CU_ASSERT_FALSE(leat_producer_arm(&pair.producer, 100));
	pair_read(&pair, 1);
	CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
	pair_read(&pair, 1);
	CU_ASSERT_TRUE(leat_consumer_take_wake(&pair.consumer));
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 100));
}

/* ---- poll mode ---- */

static void test_poll_wakes_nobody(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 8, 0, LEAT_RING_POLL));
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	CU_ASSERT_EQUAL(pair_write(&pair, 8), 8);
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_FALSE(leat_producer_arm(&pair.producer, 1));
	CU_ASSERT_EQUAL(pair_read(&pair, 8), 8);
	CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
	CU_ASSERT_EQUAL(pair_write(&pair, 3), 3);
}

/* Words whose wake_at lies on a page that must not be touched. */
static struct leat_ring_words *words_with_a_trap(void)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *pages = mmap(NULL, 2 * page_bytes,
				    PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED ||
	    mprotect(pages + page_bytes, page_bytes, PROT_NONE) < 0)
		return NULL;
	return (struct leat_ring_words *)(pages + page_bytes - LEAT_LINE_BYTES);
}

static int publish_beside_a_trap(void *user)
{
	struct leat_ring_words *peer = words_with_a_trap();
	struct leat_ring_words own;
	struct leat_ring_config config = { &own, peer, 8, *(uint32_t *)user };
	struct leat_producer producer;
	struct leat_spans spans;

	/* Whoever faults is to die quietly, without a sanitizer's report. */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	leat_ring_words_init(&own, 0);
	if (!peer || leat_producer_init(&producer, &config) < 0 ||
	    leat_producer_begin(&producer, 3, &spans) != 3)
		return 2;
	leat_producer_commit(&producer, 3);
	return leat_producer_take_wake(&producer) ? 1 : 0;
}

static void test_poll_never_touches_wake_at(void)
{
	uint32_t flags = LEAT_RING_POLL;

	CU_ASSERT_EQUAL(unit_in_child(publish_beside_a_trap, &flags), 0);
	/* The trap works. */
	flags = 0;
	CU_ASSERT_TRUE(unit_in_child(publish_beside_a_trap, &flags) >
		       UNIT_CHILD_KILLED);
}

/* ---- poison ---- */

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
	{ "wake consumer", "nobody waits", test_nobody_waits_nobody_is_woken },
	{ "wake consumer", "once", test_consumer_is_woken_once },
	{ "wake consumer", "empty commit", test_empty_commit_wakes_nobody },
	{ "wake consumer", "watermark", test_watermark_wakes_at_its_item },
	{ "wake consumer", "inside a block", test_watermark_inside_a_block },
	{ "wake consumer", "arm looks again", test_consumer_arm_looks_again },
	{ "wake consumer", "arm replaces",
	  test_consumer_arm_replaces_the_last },
	{ "wake consumer", "arm is bounded", test_consumer_arm_is_bounded },
	{ "wake consumer", "kept until taken", test_wake_is_kept_until_taken },
	{ "wake consumer", "put back", test_wake_is_put_back },
	{ "wake producer", "once", test_producer_is_woken_once },
	{ "wake producer", "64, not 32",
	  test_producer_of_64_is_not_woken_at_32 },
	{ "wake producer", "arm looks again", test_producer_arm_looks_again },
	{ "wake producer", "limit", test_producer_arm_counts_to_the_limit },
	{ "poll", "wakes nobody", test_poll_wakes_nobody },
	{ "poll", "never touches wake_at", test_poll_never_touches_wake_at },
	{ "poison", "consumer: possible", test_consumer_believes_what_can_be },
	{ "poison", "consumer: impossible", test_consumer_is_poisoned },
	{ "poison", "producer: possible", test_producer_believes_what_can_be },
	{ "poison", "producer: impossible", test_producer_is_poisoned },
	{ "poison", "silent", test_poisoned_end_is_silent },
	{ "poison", "does not ask", test_poisoned_end_does_not_ask },
	{ "poison", "commits nothing", test_poisoned_end_publishes_nothing },
	{ "poison", "at once", test_the_lie_itself_offers_nothing },
	{ "not timed", "timed functions refuse", test_timed_functions_refuse },
};

UNIT_MAIN(tests)
