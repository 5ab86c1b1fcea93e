/* SPDX-License-Identifier: MIT */
#include "link/tap_log.h"

#include "runner.h"
#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <string.h>

#define FIRST_INDEX (UINT64_MAX - 1000)
#define MAX LEAT_TAP_POSITION_MAX
#define KEPT LEAT_TAP_EVENTS_KEPT

static struct leat_event_log shared;
static struct leat_event_sums sums;
static struct leat_tap_log tap_log;
static struct leat_word index_word;

static void clear(void)
{
	memset(&shared, 0, sizeof(shared));
	memset(&sums, 0, sizeof(sums));
	memset(&tap_log, 0xff, sizeof(tap_log));
	leat_word_set(&index_word, FIRST_INDEX);
	leat_tap_log_init(&tap_log, &shared, FIRST_INDEX);
}

static void write_one(uint64_t position, enum leat_frames_event kind,
		      uint64_t n_frames)
{
	leat_event_log_write(&shared, &sums, FIRST_INDEX + position, kind,
			     n_frames);
}

static bool look(void)
{
	return leat_tap_log_look(&tap_log, &index_word);
}

/* Each is seen as it is written. */
static bool see(uint64_t position, enum leat_frames_event kind,
		uint64_t n_frames)
{
	write_one(position, kind, n_frames);
	return look();
}

static void expect_next(uint64_t position, uint64_t n_frames)
{
	const struct leat_event *event = leat_tap_log_next(&tap_log);

	CU_ASSERT_PTR_NOT_NULL_FATAL(event);
	CU_ASSERT_EQUAL(event->index, position);
	CU_ASSERT_EQUAL(event->n_frames, n_frames);
	leat_tap_log_pass(&tap_log);
}

static void expect_no_more(void)
{
	CU_ASSERT_PTR_NULL(leat_tap_log_next(&tap_log));
}

static void expect_lost(uint64_t n_lost, uint64_t owed_xrun,
			uint64_t known_from)
{
	CU_ASSERT_EQUAL(tap_log.n_lost, n_lost);
	CU_ASSERT_EQUAL(tap_log.owed_xrun, owed_xrun);
	CU_ASSERT_EQUAL(tap_log.known_from, known_from);
}

/* ---- in order ---- */

static void test_events_come_in_positions(void)
{
	clear();
	CU_ASSERT_TRUE(look());
	expect_no_more();
	write_one(5, LEAT_EVENT_JUMP, 10);
	write_one(5, LEAT_EVENT_XRUN, 11);
	write_one(2000, LEAT_EVENT_DROPPED, 12);
	CU_ASSERT_TRUE(look());
	expect_next(5, 10);
	expect_next(5, 11);
	expect_next(2000, 12);
	expect_no_more();
	expect_lost(0, 0, 0);
	CU_ASSERT_TRUE(see(2000, LEAT_EVENT_INSERTED, 0));
	expect_next(2000, 0);
	expect_no_more();
}

static void test_where_an_event_ends(void)
{
	const struct leat_event jump = { 7, 5, LEAT_EVENT_JUMP, 1, 0 };
	const struct leat_event xrun = { 7, 5, LEAT_EVENT_XRUN, 0, 5 };

	CU_ASSERT_EQUAL(leat_tap_event_end(&jump), 12);
	CU_ASSERT_EQUAL(leat_tap_event_end(&xrun), 7);
}

static void test_events_that_cannot_be(void)
{
	static const struct {
		bool can_be;
		uint64_t position, n_frames;
		int kind;
	} cases[] = {
		{ true, 50, 0, LEAT_EVENT_JUMP },
		{ false, 49, 0, LEAT_EVENT_JUMP },
		{ true, MAX - 1, 0, LEAT_EVENT_JUMP },
		{ false, MAX, 0, LEAT_EVENT_JUMP },
		{ true, 50, MAX - 1, LEAT_EVENT_JUMP },
		{ false, 50, MAX, LEAT_EVENT_JUMP },
		{ false, 50, 0, 0 },
		{ true, 50, 0, 255 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clear();
		CU_ASSERT_TRUE(see(50, LEAT_EVENT_XRUN, 1));
		CU_ASSERT_EQUAL(see(cases[i].position,
				    (enum leat_frames_event)cases[i].kind,
				    cases[i].n_frames),
				cases[i].can_be);
		expect_next(50, 1);
		if (cases[i].can_be)
			expect_next(cases[i].position, cases[i].n_frames);
		expect_no_more();
	}
}

/* ---- more than are kept ---- */

static void see_many(uint64_t n, enum leat_frames_event kind)
{
	while (sums.n_written < n) {
		uint64_t k = sums.n_written;

		CU_ASSERT_TRUE_FATAL(see(10 * k, kind, k % 8));
	}
}

/* All of them are told, if they are told in time. */
static void test_many_that_were_told(void)
{
	clear();
	for (uint64_t k = 0; k < 3 * KEPT; k++) {
		CU_ASSERT_TRUE_FATAL(see(10 * k, LEAT_EVENT_XRUN, k));
		expect_next(10 * k, k);
		expect_no_more();
	}
	/* The last one that was forgotten. */
	expect_lost(0, 0, 10 * (2 * KEPT - 1));
}

static void test_many_that_were_not(void)
{
	clear();
	see_many(KEPT, LEAT_EVENT_XRUN);
	expect_lost(0, 0, 0);
	see_many(KEPT + 1, LEAT_EVENT_XRUN);
	expect_lost(1, 0, 0);
	see_many(KEPT + 4, LEAT_EVENT_XRUN);
	expect_lost(4, 1 + 2 + 3, 30);
	expect_next(40, 4);
	/* One was told, and so one more is forgotten for nothing. */
	see_many(KEPT + 5, LEAT_EVENT_XRUN);
	expect_lost(4, 1 + 2 + 3, 40);
	see_many(KEPT + 6, LEAT_EVENT_XRUN);
	expect_lost(5, 1 + 2 + 3 + 5, 50);
	expect_next(60, 6);
}

/* Of those that are no xruns no frames are missing. */
static void test_many_slips_and_jumps(void)
{
	clear();
	see_many(KEPT + 4, LEAT_EVENT_DROPPED);
	expect_lost(4, 0, 30);
	clear();
	see_many(KEPT + 4, LEAT_EVENT_JUMP);
	expect_lost(4, 0, 33);
	expect_next(40, 4);
}

/* ---- those that were overwritten before ---- */

static void write_many(uint64_t n, enum leat_frames_event kind,
		       uint64_t n_frames)
{
	for (uint64_t k = 0; k < n; k++)
		write_one(10 * sums.n_written, kind, n_frames);
}

static void test_lost_xruns(void)
{
	clear();
	write_many(2, LEAT_EVENT_XRUN, 100);
	CU_ASSERT_TRUE(look());
	write_many(LEAT_EVENT_LOG_SIZE + 3, LEAT_EVENT_XRUN, 7);
	CU_ASSERT_TRUE(look());
	expect_lost(3, 3 * 7, 0);
	expect_next(0, 100);
	expect_next(10, 100);
	expect_next(50, 7);
	/* More of them. */
	write_many(LEAT_EVENT_LOG_SIZE + 2, LEAT_EVENT_XRUN, 5);
	CU_ASSERT_TRUE(look());
	expect_lost(5, 3 * 7 + 2 * 5, 0);
}

/* The next one is none: all that the sum has grown by is missing. */
static void test_lost_before_a_slip(void)
{
	clear();
	write_many(4, LEAT_EVENT_XRUN, 7);
	write_many(LEAT_EVENT_LOG_SIZE, LEAT_EVENT_DROPPED, 1000);
	CU_ASSERT_TRUE(look());
	expect_lost(4, 4 * 7, 0);
	expect_next(40, 1000);
}

static void test_lost_jumps(void)
{
	clear();
	write_many(4, LEAT_EVENT_JUMP, 1);
	write_many(LEAT_EVENT_LOG_SIZE, LEAT_EVENT_DROPPED, 1);
	CU_ASSERT_TRUE(look());
	/* It may have been right before the next one. */
	expect_lost(4, 0, 40);
	/* One that is a jump itself is known. */
	clear();
	write_many(4, LEAT_EVENT_DROPPED, 1);
	write_many(LEAT_EVENT_LOG_SIZE, LEAT_EVENT_JUMP, 1);
	CU_ASSERT_TRUE(look());
	expect_lost(4, 0, 0);
	write_many(1, LEAT_EVENT_JUMP, 1);
	write_many(LEAT_EVENT_LOG_SIZE, LEAT_EVENT_JUMP, 1);
	CU_ASSERT_TRUE(look());
	expect_lost(5, 0, 10 * (LEAT_EVENT_LOG_SIZE + 5));
}

/* Jumps are counted modulo 2^24. */
static void test_jumps_are_counted_round(void)
{
	clear();
	sums.n_jumps = LEAT_EVENT_JUMPS_MASK;
	CU_ASSERT_TRUE(see(0, LEAT_EVENT_DROPPED, 1));
	write_many(4, LEAT_EVENT_DROPPED, 1);
	write_many(LEAT_EVENT_LOG_SIZE, LEAT_EVENT_JUMP, 1);
	CU_ASSERT_TRUE(look());
	expect_lost(4, 0, 0);
	/* The last that was found had counted so many. */
	write_many(1, LEAT_EVENT_JUMP, 1);
	write_many(LEAT_EVENT_LOG_SIZE, LEAT_EVENT_DROPPED, 1);
	CU_ASSERT_TRUE(look());
	expect_lost(5, 0, 10 * (LEAT_EVENT_LOG_SIZE + 6));
}

/* As many as there are slots, and none of them is whole. */
static void tear_all(void)
{
	for (unsigned i = 0; i < LEAT_EVENT_LOG_SIZE; i++)
		leat_word_set(&shared.slots[i].number, 0);
}

static void test_nothing_is_found(void)
{
	clear();
	write_many(5, LEAT_EVENT_XRUN, 7);
	tear_all();
	leat_word_set(&index_word, FIRST_INDEX + 77);
	CU_ASSERT_TRUE(look());
	expect_lost(5, 0, 77);
	expect_no_more();
	/* The next one knows what they were. */
	CU_ASSERT_TRUE(see(80, LEAT_EVENT_XRUN, 1));
	expect_next(80, 1);
}

static void test_nothing_is_found_and_the_index_lies(void)
{
	clear();
	write_many(1, LEAT_EVENT_XRUN, 7);
	tear_all();
	leat_word_set(&index_word, FIRST_INDEX + MAX - 1);
	CU_ASSERT_TRUE(look());
	expect_lost(1, 0, MAX - 1);
	clear();
	write_many(1, LEAT_EVENT_XRUN, 7);
	tear_all();
	leat_word_set(&index_word, FIRST_INDEX + MAX);
	CU_ASSERT_FALSE(look());
	expect_lost(1, 0, 0);
}

/* ---- seeking ---- */

static void test_seeking(void)
{
	clear();
	write_one(10, LEAT_EVENT_JUMP, 5);
	write_one(20, LEAT_EVENT_XRUN, 6);
	write_one(30, LEAT_EVENT_DROPPED, 7);
	CU_ASSERT_TRUE(look());
	leat_tap_log_seek(&tap_log, 0);
	expect_next(10, 5);
	/* In the midst of a jump, and at its end. */
	leat_tap_log_seek(&tap_log, 14);
	expect_next(10, 5);
	leat_tap_log_seek(&tap_log, 15);
	expect_next(20, 6);
	leat_tap_log_seek(&tap_log, 20);
	expect_next(20, 6);
	leat_tap_log_seek(&tap_log, 21);
	expect_next(30, 7);
	leat_tap_log_seek(&tap_log, 31);
	expect_no_more();
	leat_tap_log_seek(&tap_log, 0);
	expect_next(10, 5);
}

/* What was lost has nothing to do with it. */
static void test_seeking_forgets(void)
{
	clear();
	see_many(KEPT + 4, LEAT_EVENT_XRUN);
	leat_tap_log_seek(&tap_log, 0);
	expect_lost(0, 0, 30);
	expect_next(40, 4);
	see_many(2 * KEPT + 1, LEAT_EVENT_XRUN);
	leat_tap_log_seek(&tap_log, 0);
	expect_next(10 * (KEPT + 1), 1);
	/* All of those that are kept, and no more. */
	leat_tap_log_seek(&tap_log, MAX);
	expect_no_more();
}

/* ---- sums ---- */

static void test_xruns_between(void)
{
	clear();
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 0, MAX), 0);
	write_one(10, LEAT_EVENT_XRUN, 5);
	write_one(20, LEAT_EVENT_JUMP, 100);
	write_one(120, LEAT_EVENT_XRUN, 6);
	write_one(130, LEAT_EVENT_XRUN, 7);
	CU_ASSERT_TRUE(look());
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 0, 9), 0);
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 0, 10), 5);
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 9, 129), 11);
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 10, 130), 13);
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 119, 120), 6);
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 0, MAX), 18);
}

/* Of those that are kept; which the cursor does not change. */
static void test_xruns_that_are_kept(void)
{
	clear();
	for (uint64_t k = 0; k < KEPT + 10; k++)
		CU_ASSERT_TRUE_FATAL(see(k + 1, LEAT_EVENT_XRUN, 1));
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 0, MAX), KEPT);
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 0, 10), 0);
	CU_ASSERT_EQUAL(leat_tap_log_xruns(&tap_log, 0, 11), 1);
}

static const struct unit_test tests[] = {
	{ "order", "positions", test_events_come_in_positions },
	{ "order", "ends", test_where_an_event_ends },
	{ "order", "what cannot be", test_events_that_cannot_be },
	{ "many", "told", test_many_that_were_told },
	{ "many", "not told", test_many_that_were_not },
	{ "many", "slips and jumps", test_many_slips_and_jumps },
	{ "lost", "xruns", test_lost_xruns },
	{ "lost", "before a slip", test_lost_before_a_slip },
	{ "lost", "jumps", test_lost_jumps },
	{ "lost", "jumps, counted round", test_jumps_are_counted_round },
	{ "lost", "all", test_nothing_is_found },
	{ "lost", "all, and a lie", test_nothing_is_found_and_the_index_lies },
	{ "seeking", "positions", test_seeking },
	{ "seeking", "forgets", test_seeking_forgets },
	{ "xruns", "between", test_xruns_between },
	{ "xruns", "kept", test_xruns_that_are_kept },
};

UNIT_MAIN(tests)
