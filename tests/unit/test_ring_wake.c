/* SPDX-License-Identifier: MIT */
/* Who is woken, by what, and who never is. */
#include <leat/ring.h>

#include "capacities.h"
#include "helpers.h"
#include "pair.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

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

static const struct unit_test tests[] = {
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
};

UNIT_MAIN(tests)
