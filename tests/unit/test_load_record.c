/* SPDX-License-Identifier: MIT */
/* What a bridge records of a cycle, and which cycles it keeps by themselves. */
#include "link/load_record.h"

#include "link/histogram.h"
#include "runner.h"
#include <leat/status.h>

#include <CUnit/CUnit.h>

#include <string.h>

static struct leat_load_words words;

static void record(struct leat_load_cycle cycle)
{
	memset(&words, 0, sizeof(words));
	leat_load_record(&words, &cycle);
}

static bool is_kept(struct leat_load_cycle cycle)
{
	record(cycle);
	return leat_word_peek(&words.n_written) == 1;
}

static uint64_t n_of(enum leat_load_kind kind)
{
	struct leat_histogram histogram;

	leat_histogram_read(&histogram, &words.histogram[kind]);
	return histogram.n;
}

/* ---- histograms ---- */

static void test_each_value_in_its_own(void)
{
	record((struct leat_load_cycle){ 1, 100, 200, 300, 1000 });
	for (int kind = 0; kind < LEAT_N_LOAD_KINDS; kind++) {
		CU_ASSERT_EQUAL(n_of((enum leat_load_kind)kind), 1);
		CU_ASSERT_EQUAL(leat_word_peek(&words.histogram[kind].sum_ns),
				100u * (unsigned)(kind + 1));
	}
}

static void test_what_is_not_known_is_left_out(void)
{
	record((struct leat_load_cycle){ 1, LEAT_UNKNOWN, 200, LEAT_UNKNOWN,
					 1000 });
	CU_ASSERT_EQUAL(n_of(LEAT_LOAD_DURATION), 0);
	CU_ASSERT_EQUAL(n_of(LEAT_LOAD_INTERVAL), 1);
	CU_ASSERT_EQUAL(n_of(LEAT_LOAD_WAKEUP), 0);
	record((struct leat_load_cycle){ 1, 100, LEAT_UNKNOWN, 300, 1000 });
	CU_ASSERT_EQUAL(n_of(LEAT_LOAD_DURATION), 1);
	CU_ASSERT_EQUAL(n_of(LEAT_LOAD_INTERVAL), 0);
	CU_ASSERT_EQUAL(n_of(LEAT_LOAD_WAKEUP), 1);
}

static void test_nothing_to_record_in(void)
{
	leat_load_record(NULL, &(struct leat_load_cycle){ 1, 2, 3, 4, 5 });
}

/* ---- what is kept ---- */

static void test_long_cycles_are_kept(void)
{
	CU_ASSERT_FALSE(
		is_kept((struct leat_load_cycle){ 1, 500, 0, 0, 1000 }));
	CU_ASSERT_TRUE(is_kept((struct leat_load_cycle){ 1, 501, 0, 0, 1000 }));
	CU_ASSERT_FALSE(is_kept(
		(struct leat_load_cycle){ 1, 500, LEAT_UNKNOWN, 0, 1000 }));
	CU_ASSERT_TRUE(is_kept(
		(struct leat_load_cycle){ 1, 501, LEAT_UNKNOWN, 0, 1000 }));
}

static void test_late_cycles_are_kept(void)
{
	CU_ASSERT_FALSE(
		is_kept((struct leat_load_cycle){ 1, 2, 1500, 0, 1000 }));
	CU_ASSERT_TRUE(
		is_kept((struct leat_load_cycle){ 1, 2, 1501, 0, 1000 }));
}

/* Of no period nothing is late, however long it took. */
static void test_no_period(void)
{
	CU_ASSERT_FALSE(is_kept((struct leat_load_cycle){
		1, UINT64_MAX - 1, UINT64_MAX - 1, 0, LEAT_UNKNOWN }));
}

/* ---- times ---- */

static void test_periods(void)
{
	CU_ASSERT_EQUAL(leat_load_period_ns(48, 48000), 1000000);
	CU_ASSERT_EQUAL(leat_load_period_ns(3, 1), UINT64_C(3000000000));
	CU_ASSERT_EQUAL(leat_load_period_ns(3, 2), UINT64_C(1500000000));
	CU_ASSERT_EQUAL(leat_load_period_ns(3, 0), LEAT_UNKNOWN);
}

static void test_times_since(void)
{
	const uint64_t then_ns = UINT64_C(100000000000), most = 10000000000;

	CU_ASSERT_EQUAL(leat_load_since(then_ns, then_ns), 0);
	CU_ASSERT_EQUAL(leat_load_since(then_ns + 7, then_ns), 7);
	CU_ASSERT_EQUAL(leat_load_since(then_ns + most, then_ns), most);
	CU_ASSERT_EQUAL(leat_load_since(then_ns + most + 1, then_ns),
			LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(leat_load_since(then_ns, then_ns + 1), 0);
	CU_ASSERT_EQUAL(leat_load_since(then_ns, then_ns + most), 0);
	CU_ASSERT_EQUAL(leat_load_since(then_ns, then_ns + most + 1),
			LEAT_UNKNOWN);
}

static const struct unit_test tests[] = {
	{ "histograms", "one each", test_each_value_in_its_own },
	{ "histograms", "not known", test_what_is_not_known_is_left_out },
	{ "histograms", "none", test_nothing_to_record_in },
	{ "kept", "long", test_long_cycles_are_kept },
	{ "kept", "late", test_late_cycles_are_kept },
	{ "kept", "no period", test_no_period },
	{ "times", "period", test_periods },
	{ "times", "since", test_times_since },
};

UNIT_MAIN(tests)
