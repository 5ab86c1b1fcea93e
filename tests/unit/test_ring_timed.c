/* SPDX-License-Identifier: MIT */
#include <leat/ring.h>

#include "pair.h"
#include <leat/inline/touch.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>

#define CAPACITY 8u

static void open_at(struct pair *pair, uint64_t index)
{
	CU_ASSERT_FATAL(pair_open(pair, CAPACITY, index, LEAT_RING_TIMED));
}

/* Write n items at an index; how many it was. */
static uint32_t write_at(struct pair *pair, uint64_t index, uint32_t n_items)
{
	struct leat_spans spans;
	uint32_t n =
		leat_producer_begin_at(&pair->producer, index, n_items, &spans);

	CU_ASSERT_EQUAL(spans.n_items, n);
	pair_fill(pair, &spans);
	leat_producer_commit(&pair->producer, n);
	return n;
}

/* Read n items at an index, and pass them; UINT32_MAX: the wrong ones. */
static uint32_t read_at(struct pair *pair, uint64_t index, uint32_t n_items)
{
	struct leat_spans spans;
	uint32_t n =
		leat_consumer_begin_at(&pair->consumer, index, n_items, &spans);
	bool right = pair_matches(pair, &spans, index);

	CU_ASSERT_EQUAL(spans.n_items, n);
	leat_consumer_commit(&pair->consumer, n);
	return right ? n : UINT32_MAX;
}

/* ---- writing ---- */

static void test_write_now_and_ahead(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		open_at(&pair, base);
		CU_ASSERT_EQUAL(write_at(&pair, base, 3), 3);
		CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), base + 3);
		CU_ASSERT_EQUAL(read_at(&pair, base, 3), 3);
		/* A jump, and one of more than a whole ring. */
		CU_ASSERT_EQUAL(write_at(&pair, base + 5, 4), 4);
		CU_ASSERT_EQUAL(read_at(&pair, base + 5, 4), 4);
		CU_ASSERT_EQUAL(write_at(&pair, base + 1009, 8), 8);
		CU_ASSERT_EQUAL(read_at(&pair, base + 1009, 8), 8);
		CU_ASSERT_EQUAL(leat_producer_index(&pair.producer),
				base + 1017);
		CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer),
				base + 1017);
	}
}

/* In poll mode as well, and nobody is woken even if it asks. */
/* Another decides what is free: nothing is fetched for writing. */
static void test_nothing_is_fetched(void)
{
	struct pair pair;

	open_at(&pair, 100);
	CU_ASSERT_FALSE(leat_touch_allowed(&pair.producer.end, 1));
	CU_ASSERT_TRUE(pair_open(&pair, CAPACITY, 100, 0));
	CU_ASSERT_TRUE(leat_touch_allowed(&pair.producer.end, 1));
}

static void test_write_in_poll_mode(void)
{
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, CAPACITY, 100,
				  LEAT_RING_TIMED | LEAT_RING_POLL));
	(void)leat_consumer_arm(&pair.consumer, 1);
	CU_ASSERT_EQUAL(write_at(&pair, 100, 3), 3);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, 103);
	CU_ASSERT_EQUAL(write_at(&pair, 105, 2), 2);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, 107);
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_EQUAL(read_at(&pair, 105, 2), 2);
	CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value, 107);
}

/* No more than was begun, and nothing is no news. */
static void test_commit_is_bounded(void)
{
	struct leat_spans spans;
	struct pair pair;

	open_at(&pair, 50);
	CU_ASSERT_EQUAL(leat_producer_begin_at(&pair.producer, 50, 3, &spans),
			3);
	leat_producer_commit(&pair.producer, 5);
	CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), 53);
	leat_producer_commit(&pair.producer, 1);
	CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), 53);
	pair_forge(&pair.producer_words.index, 7);
	leat_producer_commit(&pair.producer, 0);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, 7);
}

/* That the index has jumped is news, even if nothing was written there. */
static void test_jump_without_items(void)
{
	struct leat_spans spans;
	struct pair pair;

	open_at(&pair, 50);
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	CU_ASSERT_EQUAL(leat_producer_begin_at(&pair.producer, 60, 3, &spans),
			3);
	leat_producer_commit(&pair.producer, 0);
	CU_ASSERT_EQUAL(pair.producer_words.index.atomic_value, 60);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 58, 2, &spans),
			2);
	leat_consumer_commit(&pair.consumer, 0);
	CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value, 58);
}

static void test_write_into_the_past_is_refused(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		open_at(&pair, base);
		CU_ASSERT_EQUAL(write_at(&pair, base, 4), 4);
		CU_ASSERT_EQUAL(write_at(&pair, base + 3, 1), 0);
		CU_ASSERT_EQUAL(write_at(&pair, base - 1, 1), 0);
		CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), base + 4);
		CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), base + 4);
		CU_ASSERT_EQUAL(write_at(&pair, base + 4, 2), 2);
		CU_ASSERT_EQUAL(read_at(&pair, base, 6), 6);
	}
}

static void test_write_of_too_much_is_refused(void)
{
	struct pair pair;

	open_at(&pair, 0);
	CU_ASSERT_EQUAL(write_at(&pair, 4, CAPACITY + 1), 0);
	CU_ASSERT_EQUAL(write_at(&pair, 4, UINT32_MAX), 0);
	CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), 0);
	CU_ASSERT_EQUAL(write_at(&pair, 4, CAPACITY), CAPACITY);
	CU_ASSERT_EQUAL(read_at(&pair, 4, CAPACITY), CAPACITY);
}

/* The jump is seen before its items are. */
static void test_jump_is_seen_at_once(void)
{
	struct leat_spans spans;
	struct pair pair;

	open_at(&pair, 0);
	CU_ASSERT_EQUAL(leat_producer_begin_at(&pair.producer, 5, 2, &spans),
			2);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 5);
	leat_producer_commit(&pair.producer, 2);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 7);
}

static void test_producer_overwrites(void)
{
	struct pair pair;

	open_at(&pair, UINT64_MAX - 10);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), CAPACITY);
	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(pair_write(&pair, 5), 5);
	CU_ASSERT_EQUAL(leat_producer_room(&pair.producer), CAPACITY);
	CU_ASSERT_FALSE(leat_producer_poisoned(&pair.producer));
	/* Lapped: what it would read next is gone. */
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
	CU_ASSERT_FALSE(leat_consumer_poisoned(&pair.consumer));
	CU_ASSERT_EQUAL(read_at(&pair, UINT64_MAX - 10 + 45, 5), 5);
}

/* A producer that has nobody to wait for never sleeps. */
static void test_producer_does_not_wait(void)
{
	struct pair pair;

	open_at(&pair, 0);
	pair_write(&pair, CAPACITY);
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, 1));
	CU_ASSERT_TRUE(leat_producer_arm(&pair.producer, CAPACITY));
	CU_ASSERT_EQUAL(pair_read(&pair, 4), 4);
	CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
}

/* ---- reading ---- */

static void test_read_of_what_is_published(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		open_at(&pair, base);
		CU_ASSERT_EQUAL(write_at(&pair, base, 6), 6);
		CU_ASSERT_EQUAL(read_at(&pair, base, 5), 5);
		CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer), base + 5);
		CU_ASSERT_EQUAL(read_at(&pair, base + 3, 4), 0);
		CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer), base + 3);
		CU_ASSERT_EQUAL(read_at(&pair, base + 6, 1), 0);
		/* Back again, to what is. */
		CU_ASSERT_EQUAL(read_at(&pair, base + 2, 4), 4);
		CU_ASSERT_EQUAL(read_at(&pair, base, 6), 6);
		CU_ASSERT_EQUAL(read_at(&pair, base + 5, 1), 1);
	}
}

static void test_read_of_what_is_overwritten(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		open_at(&pair, base);
		CU_ASSERT_EQUAL(write_at(&pair, base, 6), 6);
		CU_ASSERT_EQUAL(write_at(&pair, base + 6, 5), 5);
		CU_ASSERT_EQUAL(read_at(&pair, base + 2, 2), 0);
		CU_ASSERT_EQUAL(read_at(&pair, base + 3, 2), 2);
		CU_ASSERT_EQUAL(read_at(&pair, base + 3, 8), 8);
		CU_ASSERT_EQUAL(read_at(&pair, base + 2, 9), 0);
	}
}

static void test_read_far_away(void)
{
	static const uint64_t distances[] = {
		9, 100, UINT64_C(1) << 32, UINT64_C(1) << 62, UINT64_C(1) << 63,
	};
	struct pair pair;

	open_at(&pair, 4);
	CU_ASSERT_EQUAL(write_at(&pair, 4, 8), 8);
	for (size_t i = 0; i < sizeof(distances) / 8; i++) {
		CU_ASSERT_EQUAL(read_at(&pair, 12 + distances[i], 4), 0);
		CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer),
				12 + distances[i]);
		CU_ASSERT_EQUAL(read_at(&pair, 12 - distances[i], 4), 0);
		CU_ASSERT_EQUAL(read_at(&pair, 12 - distances[i], 1), 0);
		CU_ASSERT_EQUAL(read_at(&pair, 4, 8), 8);
	}
	CU_ASSERT_FALSE(leat_consumer_poisoned(&pair.consumer));
}

/* A capacity that does not divide the range of the index. */
static void test_jumps_in_a_ring_of_seven(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		CU_ASSERT_FATAL(pair_open(&pair, 7, base, LEAT_RING_TIMED));
		CU_ASSERT_EQUAL(write_at(&pair, base, 5), 5);
		CU_ASSERT_EQUAL(read_at(&pair, base + 4, 1), 1);
		CU_ASSERT_EQUAL(read_at(&pair, base + 1, 2), 2);
		CU_ASSERT_EQUAL(read_at(&pair, base, 5), 5);
		CU_ASSERT_EQUAL(write_at(&pair, base + 1001, 6), 6);
		CU_ASSERT_EQUAL(read_at(&pair, base + 1001, 6), 6);
		leat_consumer_pass(&pair.consumer, base + 3);
		CU_ASSERT_EQUAL(read_at(&pair, base + 1002, 5), 5);
		CU_ASSERT_EQUAL(read_at(&pair, base + 1001, 6), 6);
	}
}

static void test_read_of_more_than_there_can_be(void)
{
	struct pair pair;

	open_at(&pair, 0);
	CU_ASSERT_EQUAL(write_at(&pair, 0, 8), 8);
	CU_ASSERT_EQUAL(write_at(&pair, 8, 1), 1);
	CU_ASSERT_EQUAL(read_at(&pair, 0, 9), 0);
	CU_ASSERT_EQUAL(read_at(&pair, 1, 8), 8);
}

static void test_pass_publishes(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		open_at(&pair, base);
		leat_consumer_pass(&pair.consumer, base + 100);
		CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer),
				base + 100);
		CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value,
				base + 100);
		/* Ahead of the producer, which is no lie here. */
		CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
		CU_ASSERT_FALSE(leat_consumer_poisoned(&pair.consumer));
		CU_ASSERT_EQUAL(write_at(&pair, base + 101, 3), 3);
		CU_ASSERT_FALSE(leat_producer_poisoned(&pair.producer));
		CU_ASSERT_EQUAL(read_at(&pair, base + 101, 3), 3);
		/* And back. */
		leat_consumer_pass(&pair.consumer, base + 102);
		CU_ASSERT_EQUAL(pair.consumer_words.index.atomic_value,
				base + 102);
		CU_ASSERT_EQUAL(pair_read(&pair, 8), 2);
	}
}

/* What was begun before a pass is no longer there to be committed. */
static void test_pass_ends_what_was_begun(void)
{
	struct leat_spans spans;
	struct pair pair;

	open_at(&pair, 0);
	write_at(&pair, 0, 4);
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 0, 4, &spans),
			4);
	leat_consumer_pass(&pair.consumer, 4);
	leat_consumer_commit(&pair.consumer, 0);
	CU_ASSERT_EQUAL(leat_consumer_index(&pair.consumer), 4);
}

static void test_plain_reads_see_a_jump(void)
{
	struct pair pair;

	open_at(&pair, 0);
	write_at(&pair, 0, 2);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 2);
	write_at(&pair, 4, 2);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 6);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 6);
	write_at(&pair, 20, 2);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 22);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
}

/* ---- overwritten while it is read ---- */

static void test_intact_counts_what_is_being_written(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct leat_spans spans;
		struct pair pair;

		open_at(&pair, base);
		write_at(&pair, base, 4);
		CU_ASSERT_EQUAL(
			leat_consumer_begin_at(&pair.consumer, base, 4, &spans),
			4);
		CU_ASSERT_TRUE(leat_consumer_intact(&pair.consumer, 0));
		CU_ASSERT_TRUE(leat_consumer_intact(&pair.consumer, 4));
		CU_ASSERT_FALSE(leat_consumer_intact(&pair.consumer, 5));
		write_at(&pair, base + 4, 4);
		CU_ASSERT_TRUE(leat_consumer_intact(&pair.consumer, 0));
		CU_ASSERT_FALSE(leat_consumer_intact(&pair.consumer, 1));
		write_at(&pair, base + 8, 1);
		CU_ASSERT_FALSE(leat_consumer_intact(&pair.consumer, 0));
	}
}

static void test_intact_after_a_jump(void)
{
	struct leat_spans spans;
	struct pair pair;

	open_at(&pair, 0);
	write_at(&pair, 0, 4);
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 0, 4, &spans),
			4);
	write_at(&pair, UINT64_C(1) << 40, 4);
	CU_ASSERT_FALSE(leat_consumer_intact(&pair.consumer, 0));
}

/* Where a jump leads is overwritten before anything is committed. */
static void test_intact_during_a_jump(void)
{
	struct leat_spans spans, jumped;
	struct pair pair;

	open_at(&pair, 0);
	write_at(&pair, 0, 4);
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 0, 4, &spans),
			4);
	leat_producer_begin_at(&pair.producer, 8, 4, &jumped);
	pair_fill(&pair, &jumped);
	CU_ASSERT_FALSE(pair_matches(&pair, &spans, 0));
	CU_ASSERT_FALSE(leat_consumer_intact(&pair.consumer, 4));
}

static void test_nothing_is_intact_once_poisoned(void)
{
	struct leat_spans spans;
	struct pair pair;

	open_at(&pair, 100);
	write_at(&pair, 100, 4);
	CU_ASSERT_EQUAL(leat_consumer_begin_at(&pair.consumer, 100, 4, &spans),
			4);
	pair_forge(&pair.producer_words.index, 103);
	CU_ASSERT_FALSE(leat_consumer_intact(&pair.consumer, 0));
	CU_ASSERT_TRUE(leat_consumer_poisoned(&pair.consumer));
}

/* ---- waking ---- */

static void test_wake_is_kept_across_a_jump(void)
{
	struct pair pair;

	open_at(&pair, 0);
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	write_at(&pair, 0, 2);
	write_at(&pair, 50, 2);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
	CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
}

/* The mark lies in what is jumped over. */
static void test_jump_crosses_the_mark(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		open_at(&pair, base);
		CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 3));
		CU_ASSERT_EQUAL(write_at(&pair, base + 10, 2), 2);
		CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
	}
}

/* A jump that is begun, given up, and followed by one item. */
static void test_wake_after_a_jump_without_items(void)
{
	struct leat_spans spans;
	struct pair pair;

	open_at(&pair, 0);
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 3));
	CU_ASSERT_EQUAL(leat_producer_begin_at(&pair.producer, 6, 1, &spans),
			1);
	CU_ASSERT_EQUAL(pair_write(&pair, 1), 1);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
}

/* Counted from where the producer is and not from what was read. */
static void test_arm_counts_from_the_newest(void)
{
	for (unsigned s = 0; s < pair_n_seeds; s++) {
		uint64_t base = pair_seeds[s];
		struct pair pair;

		open_at(&pair, base);
		write_at(&pair, base, 4);
		CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), base + 4);
		CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 2));
		write_at(&pair, base + 4, 1);
		CU_ASSERT_FALSE(leat_producer_take_wake(&pair.producer));
		write_at(&pair, base + 5, 1);
		CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
		/* What it had not seen is news. */
		CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 1));
		CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	}
}

/* A consumer far ahead is woken as any other. */
static void test_consumer_ahead_is_woken(void)
{
	struct pair pair;

	open_at(&pair, 0);
	leat_consumer_pass(&pair.consumer, 500);
	CU_ASSERT_FALSE(leat_consumer_arm(&pair.consumer, 1));
	write_at(&pair, 0, 1);
	CU_ASSERT_TRUE(leat_producer_take_wake(&pair.producer));
}

/* Going back passes nothing, wherever the mark lies. */
static void test_going_back_wakes_nobody(void)
{
	static const uint64_t marks[] = { 5, 10, 11, 15, 20, 21, 500 };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct pair pair;

		open_at(&pair, 0);
		leat_consumer_pass(&pair.consumer, 20);
		pair_forge(&pair.producer_words.wake_at, marks[i]);
		leat_consumer_pass(&pair.consumer, 10);
		CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
		leat_consumer_pass(&pair.consumer, 9);
		CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
	}
}

/* What was gone back over is passed once more. */
static void test_going_on_after_going_back(void)
{
	struct pair pair;

	open_at(&pair, 0);
	leat_consumer_pass(&pair.consumer, 20);
	leat_consumer_pass(&pair.consumer, 10);
	pair_forge(&pair.producer_words.wake_at, 15);
	leat_consumer_pass(&pair.consumer, 14);
	CU_ASSERT_FALSE(leat_consumer_take_wake(&pair.consumer));
	leat_consumer_pass(&pair.consumer, 15);
	CU_ASSERT_TRUE(leat_consumer_take_wake(&pair.consumer));
}

/* ---- poison ---- */

static void test_producer_may_be_anywhere_ahead(void)
{
	struct pair pair;

	open_at(&pair, 100);
	pair_forge(&pair.producer_words.index, UINT64_C(1) << 40);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), UINT64_C(1)
								      << 40);
	CU_ASSERT_FALSE(leat_consumer_poisoned(&pair.consumer));
}

static void test_producer_may_not_go_back(void)
{
	struct pair pair;

	open_at(&pair, 100);
	write_at(&pair, 100, 4);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 104);
	pair_forge(&pair.producer_words.index, 103);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 104);
	CU_ASSERT_TRUE(leat_consumer_poisoned(&pair.consumer));
	CU_ASSERT_EQUAL(read_at(&pair, 100, 4), 0);
	/* For good. */
	pair_forge(&pair.producer_words.index, 104);
	CU_ASSERT_EQUAL(read_at(&pair, 100, 4), 0);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
	CU_ASSERT_TRUE(leat_consumer_arm(&pair.consumer, 1));
}

/* The lie that is told to begin_at, which says the right thing too late. */
static void test_begin_at_finds_the_lie(void)
{
	struct pair pair;

	open_at(&pair, 100);
	write_at(&pair, 100, 4);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 104);
	pair_forge(&pair.producer_words.index, 99);
	/* The last good index is 104, so this would be the newest block. */
	CU_ASSERT_EQUAL(read_at(&pair, 100, 4), 0);
	CU_ASSERT_TRUE(leat_consumer_poisoned(&pair.consumer));
}

/* Ends of a timed ring may be set up wherever they are. */
static void test_init_anywhere(void)
{
	struct leat_ring_config config;
	struct pair pair;

	open_at(&pair, 0);
	pair_forge(&pair.producer_words.index, 1000);
	config = (struct leat_ring_config){ &pair.consumer_words,
					    &pair.producer_words, CAPACITY,
					    LEAT_RING_TIMED };
	CU_ASSERT_EQUAL(leat_consumer_init(&pair.consumer, &config), 0);
	config.own = &pair.producer_words;
	config.peer = &pair.consumer_words;
	CU_ASSERT_EQUAL(leat_producer_init(&pair.producer, &config), 0);
	CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), 1000);
	CU_ASSERT_EQUAL(leat_consumer_newest(&pair.consumer), 1000);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
}

static const struct unit_test tests[] = {
	{ "writing", "now and ahead", test_write_now_and_ahead },
	{ "writing", "poll mode", test_write_in_poll_mode },
	{ "writing", "nothing is fetched", test_nothing_is_fetched },
	{ "writing", "commit is bounded", test_commit_is_bounded },
	{ "writing", "jump without items", test_jump_without_items },
	{ "writing", "not into the past", test_write_into_the_past_is_refused },
	{ "writing", "not too much", test_write_of_too_much_is_refused },
	{ "writing", "jump seen at once", test_jump_is_seen_at_once },
	{ "writing", "overwrites", test_producer_overwrites },
	{ "writing", "never waits", test_producer_does_not_wait },
	{ "reading", "what is published", test_read_of_what_is_published },
	{ "reading", "what is overwritten", test_read_of_what_is_overwritten },
	{ "reading", "far away", test_read_far_away },
	{ "reading", "a ring of seven", test_jumps_in_a_ring_of_seven },
	{ "reading", "not too much", test_read_of_more_than_there_can_be },
	{ "reading", "pass publishes", test_pass_publishes },
	{ "reading", "pass ends begin", test_pass_ends_what_was_begun },
	{ "reading", "plain reads see a jump", test_plain_reads_see_a_jump },
	{ "intact", "counts what is written",
	  test_intact_counts_what_is_being_written },
	{ "intact", "after a jump", test_intact_after_a_jump },
	{ "intact", "during a jump", test_intact_during_a_jump },
	{ "intact", "poisoned", test_nothing_is_intact_once_poisoned },
	{ "wake", "kept across a jump", test_wake_is_kept_across_a_jump },
	{ "wake", "jump crosses", test_jump_crosses_the_mark },
	{ "wake", "jump given up", test_wake_after_a_jump_without_items },
	{ "wake", "counts from the newest", test_arm_counts_from_the_newest },
	{ "wake", "consumer ahead", test_consumer_ahead_is_woken },
	{ "wake", "going back", test_going_back_wakes_nobody },
	{ "wake", "going on again", test_going_on_after_going_back },
	{ "poison", "anywhere ahead", test_producer_may_be_anywhere_ahead },
	{ "poison", "not back", test_producer_may_not_go_back },
	{ "poison", "found by begin_at", test_begin_at_finds_the_lie },
	{ "set-up", "anywhere", test_init_anywhere },
};

UNIT_MAIN(tests)
