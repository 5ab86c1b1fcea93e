/* SPDX-License-Identifier: MIT */
#include "link/event_log.h"

#include "runner.h"
#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <string.h>

static struct leat_event_log event_log;
static struct leat_event_sums sums;
static struct leat_event events[LEAT_EVENT_LOG_SIZE];
static uint64_t n_lost;

static void clear(void)
{
	memset(&event_log, 0, sizeof(event_log));
	memset(&sums, 0, sizeof(sums));
	memset(events, 0xff, sizeof(events));
	n_lost = UINT64_MAX;
}

/* The k-th of many, which can be told from the others. */
static void write_many(uint64_t first, uint64_t last)
{
	for (uint64_t k = first; k <= last; k++)
		leat_event_log_write(&event_log, &sums, 10 * k,
				     LEAT_EVENT_DROPPED, k);
}

/* From there on, all but so many of the oldest. */
static void expect_events(uint64_t n_read, uint64_t n_lost_wanted)
{
	uint64_t n_written = sums.n_written;
	uint64_t n_wanted = n_written - n_read - n_lost_wanted;
	uint32_t n = leat_event_log_read(&event_log, &n_read, events, &n_lost);

	CU_ASSERT_EQUAL(n, n_wanted);
	CU_ASSERT_EQUAL(n_lost, n_lost_wanted);
	CU_ASSERT_EQUAL(n_read, n_written);
	for (uint32_t i = 0; i < n && i < LEAT_EVENT_LOG_SIZE; i++) {
		CU_ASSERT_EQUAL(events[i].n_frames, n_written - n + i + 1);
		CU_ASSERT_EQUAL(events[i].index, 10 * events[i].n_frames);
		CU_ASSERT_EQUAL(events[i].kind, LEAT_EVENT_DROPPED);
	}
}

static void test_sums_are_told_apart(void)
{
	uint64_t n_read = 0;

	clear();
	leat_event_log_write(&event_log, &sums, 1, LEAT_EVENT_JUMP, 100);
	leat_event_log_write(&event_log, &sums, 2, LEAT_EVENT_XRUN, 7);
	leat_event_log_write(&event_log, &sums, 3, LEAT_EVENT_JUMP, 100);
	leat_event_log_write(&event_log, &sums, 4, LEAT_EVENT_JUMP, 100);
	leat_event_log_write(&event_log, &sums, 5, LEAT_EVENT_XRUN, 5);
	CU_ASSERT_EQUAL(
		leat_event_log_read(&event_log, &n_read, events, &n_lost), 5);
	CU_ASSERT_EQUAL(events[0].n_jumps, 1);
	CU_ASSERT_EQUAL(events[0].xrun_frames, 0);
	CU_ASSERT_EQUAL(events[1].n_jumps, 1);
	CU_ASSERT_EQUAL(events[1].xrun_frames, 7);
	CU_ASSERT_EQUAL(events[1].n_frames, 7);
	CU_ASSERT_EQUAL(events[4].n_jumps, 3);
	CU_ASSERT_EQUAL(events[4].xrun_frames, 12);
	CU_ASSERT_EQUAL(events[4].kind, LEAT_EVENT_XRUN);
	CU_ASSERT_EQUAL(events[3].kind, LEAT_EVENT_JUMP);
}

/* Neither sum runs over into the other. */
static void test_sums_wrap(void)
{
	uint64_t n_read = 0;

	clear();
	sums.n_jumps = LEAT_EVENT_JUMPS_MASK;
	sums.xrun_frames = UINT32_MAX;
	leat_event_log_write(&event_log, &sums, 1, LEAT_EVENT_DROPPED, 9);
	leat_event_log_write(&event_log, &sums, 2, LEAT_EVENT_JUMP, 9);
	leat_event_log_write(&event_log, &sums, 3, LEAT_EVENT_XRUN, 3);
	CU_ASSERT_EQUAL(
		leat_event_log_read(&event_log, &n_read, events, &n_lost), 3);
	CU_ASSERT_EQUAL(events[0].n_jumps, LEAT_EVENT_JUMPS_MASK);
	CU_ASSERT_EQUAL(events[0].xrun_frames, UINT32_MAX);
	CU_ASSERT_EQUAL(events[1].n_jumps, 0);
	CU_ASSERT_EQUAL(events[1].xrun_frames, UINT32_MAX);
	CU_ASSERT_EQUAL(events[2].n_jumps, 0);
	CU_ASSERT_EQUAL(events[2].xrun_frames, 2);
}

static void test_old_ones_are_lost(void)
{
	clear();
	expect_events(0, 0);
	write_many(1, LEAT_EVENT_LOG_SIZE);
	expect_events(0, 0);
	expect_events(31, 0);
	expect_events(32, 0);
	write_many(33, 33);
	expect_events(0, 1);
	expect_events(1, 0);
	write_many(34, 100);
	expect_events(3, 65);
	expect_events(99, 0);
}

/* One that is being written, and those before it. */
static void test_torn_ones_are_lost(void)
{
	clear();
	write_many(1, 6);
	for (uint64_t i = 0; i < 6; i++) {
		leat_word_set(&event_log.slots[i].number, 0);
		expect_events(0, i + 1);
		leat_word_set(&event_log.slots[i].number,
			      i + 1 + LEAT_EVENT_LOG_SIZE);
		expect_events(0, i + 1);
		leat_word_set(&event_log.slots[i].number, i + 1);
	}
	write_many(7, 34);
	leat_word_set(&event_log.slots[4].number, 0);
	leat_word_set(&event_log.slots[7].number, 0);
	expect_events(0, 8);
}

/* A peer may count as far as it likes; there is no more than the slots. */
static void test_nonsense_is_bounded(void)
{
	uint64_t n_read = 0;

	clear();
	write_many(1, 6);
	leat_word_set(&event_log.n_written, UINT64_MAX);
	CU_ASSERT_EQUAL(
		leat_event_log_read(&event_log, &n_read, events, &n_lost), 0);
	CU_ASSERT_EQUAL(n_lost, UINT64_MAX);
	CU_ASSERT_EQUAL(n_read, UINT64_MAX);
}

static const struct unit_test tests[] = {
	{ "sums", "told apart", test_sums_are_told_apart },
	{ "sums", "wrap", test_sums_wrap },
	{ "events", "old", test_old_ones_are_lost },
	{ "events", "torn", test_torn_ones_are_lost },
	{ "hostile", "nonsense", test_nonsense_is_bounded },
};

UNIT_MAIN(tests)
