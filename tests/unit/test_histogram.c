/* SPDX-License-Identifier: MIT */
#include "link/histogram.h"

#include "runner.h"

#include <leat/status.h>

#include <CUnit/CUnit.h>

#include <math.h>
#include <string.h>

static struct leat_histogram_words words;

static void clear(void)
{
	memset(&words, 0, sizeof(words));
}

static void read_all(struct leat_histogram *histogram)
{
	leat_histogram_read(histogram, &words);
}

/* ---- buckets ---- */

static void test_buckets_follow_each_other(void)
{
	unsigned n_wrong = 0;

	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++) {
		uint64_t least = leat_histogram_least_ns(i);
		uint64_t behind = leat_histogram_least_ns(i + 1);

		n_wrong += behind <= least;
		n_wrong += leat_histogram_bucket(least) != i;
		n_wrong += leat_histogram_bucket(behind - 1) != i;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	CU_ASSERT_EQUAL(leat_histogram_least_ns(0), 0);
	CU_ASSERT_EQUAL(leat_histogram_least_ns(800), UINT64_C(1) << 34);
	CU_ASSERT_EQUAL(leat_histogram_least_ns(801), LEAT_UNKNOWN);
}

/* As the header states it. */
static void test_buckets_are_as_narrow_as_told(void)
{
	unsigned n_wrong = 0;

	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++) {
		uint64_t least = leat_histogram_least_ns(i);
		uint64_t width = leat_histogram_least_ns(i + 1) - least;

		n_wrong += least < 1024 && width != 32;
		n_wrong += least >= 1024 && width * 32 > least;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
}

static void test_known_buckets(void)
{
	CU_ASSERT_EQUAL(leat_histogram_bucket(0), 0);
	CU_ASSERT_EQUAL(leat_histogram_bucket(31), 0);
	CU_ASSERT_EQUAL(leat_histogram_bucket(32), 1);
	CU_ASSERT_EQUAL(leat_histogram_bucket(1023), 31);
	CU_ASSERT_EQUAL(leat_histogram_bucket(1024), 32);
	CU_ASSERT_EQUAL(leat_histogram_bucket(2047), 63);
	CU_ASSERT_EQUAL(leat_histogram_bucket(2048), 64);
	CU_ASSERT_EQUAL(leat_histogram_bucket(2111), 64);
	CU_ASSERT_EQUAL(leat_histogram_bucket(2112), 65);
	CU_ASSERT_EQUAL(leat_histogram_bucket((UINT64_C(1) << 34) - 1), 799);
	CU_ASSERT_EQUAL(leat_histogram_bucket(UINT64_C(1) << 34), 799);
	CU_ASSERT_EQUAL(leat_histogram_bucket(UINT64_MAX), 799);
}

/* ---- recording ---- */

static void test_values_are_added_up(void)
{
	struct leat_histogram histogram;

	clear();
	leat_histogram_add(&words, 2112);
	leat_histogram_add(&words, 5000);
	leat_histogram_add(&words, 40);
	read_all(&histogram);
	CU_ASSERT_EQUAL(histogram.n, 3);
	CU_ASSERT_EQUAL(histogram.sum_ns, 7152);
	CU_ASSERT_EQUAL(histogram.max_ns, 5000);
	CU_ASSERT_EQUAL(histogram.counts[1], 1);
	CU_ASSERT_EQUAL(histogram.counts[65], 1);
	CU_ASSERT_DOUBLE_EQUAL(leat_histogram_mean_ns(&histogram), 2384, 0.01);
}

static void test_an_empty_one_knows_nothing(void)
{
	struct leat_histogram histogram;

	clear();
	read_all(&histogram);
	CU_ASSERT_EQUAL(histogram.n, 0);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 50),
			LEAT_UNKNOWN);
	CU_ASSERT_TRUE(isnan(leat_histogram_mean_ns(&histogram)));
	/* Its sum may be there before its count. */
	words.sum_ns.atomic_value = 5;
	read_all(&histogram);
	CU_ASSERT_TRUE(isnan(leat_histogram_mean_ns(&histogram)));
}

static void test_means(void)
{
	struct leat_histogram histogram;

	clear();
	leat_histogram_add(&words, 123);
	read_all(&histogram);
	CU_ASSERT_DOUBLE_EQUAL(leat_histogram_mean_ns(&histogram), 123, 0);
	leat_histogram_add(&words, 124);
	read_all(&histogram);
	CU_ASSERT_DOUBLE_EQUAL(leat_histogram_mean_ns(&histogram), 123.5, 0);
}

/* ---- percentiles ---- */

/* Never too little, and no more than the width of a bucket too much. */
static void expect_percentile(const struct leat_histogram *histogram,
			      double percent, uint64_t exact)
{
	uint64_t found = leat_histogram_percentile(histogram, percent);

	CU_ASSERT_TRUE(found >= exact);
	CU_ASSERT_TRUE(found <= exact + exact / 32 + 31);
}

static void test_percentiles_of_a_thousand(void)
{
	struct leat_histogram histogram;

	clear();
	/* 1 to 1000 microseconds, not in order. */
	for (uint64_t i = 0; i < 1000; i++)
		leat_histogram_add(&words, (i * 617 % 1000 + 1) * 1000);
	read_all(&histogram);
	expect_percentile(&histogram, 0, 1000);
	expect_percentile(&histogram, 50, 500000);
	expect_percentile(&histogram, 99, 990000);
	expect_percentile(&histogram, 99.9, 999000);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 100), 1000000);
	/* What is no percentage is cut. */
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 1000), 1000000);
	expect_percentile(&histogram, -5, 1000);
	expect_percentile(&histogram, (double)NAN, 1000);
}

/* Ranks are rounded up, and each has its bucket. */
static void test_ranks(void)
{
	struct leat_histogram histogram;

	clear();
	for (uint64_t i = 0; i < 200; i++)
		leat_histogram_add(&words,
				   leat_histogram_least_ns(100 + (uint32_t)i));
	read_all(&histogram);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 0),
			leat_histogram_least_ns(101) - 1);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 0.5),
			leat_histogram_least_ns(101) - 1);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 0.75),
			leat_histogram_least_ns(102) - 1);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 1),
			leat_histogram_least_ns(102) - 1);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 50),
			leat_histogram_least_ns(200) - 1);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 99.25),
			leat_histogram_least_ns(299) - 1);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 99.75),
			leat_histogram_least_ns(299));
}

/* All are in one bucket: half of its width is nobody's business. */
static void test_percentiles_of_one_bucket(void)
{
	struct leat_histogram histogram;

	clear();
	leat_histogram_add(&words, 2112);
	leat_histogram_add(&words, 2150);
	leat_histogram_add(&words, 2120);
	read_all(&histogram);
	for (int percent = 0; percent <= 100; percent += 10)
		CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, percent),
				2150);
	/* And with a larger one in another. */
	leat_histogram_add(&words, 5000);
	read_all(&histogram);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 75), 2175);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 76), 5000);
}

static void test_percentiles_of_one(void)
{
	struct leat_histogram histogram;

	clear();
	leat_histogram_add(&words, 123456);
	read_all(&histogram);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 0), 123456);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 50), 123456);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 100), 123456);
}

static void test_what_is_out_of_range_is_known_by_its_maximum(void)
{
	struct leat_histogram histogram;

	clear();
	leat_histogram_add(&words, UINT64_C(1) << 40);
	read_all(&histogram);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 50),
			UINT64_C(1) << 40);
}

/* ---- differences ---- */

static void test_between_two_looks(void)
{
	struct leat_histogram before, after, between;

	clear();
	leat_histogram_add(&words, 1000000);
	leat_histogram_add(&words, 2000);
	read_all(&before);
	leat_histogram_add(&words, 2000);
	leat_histogram_add(&words, 4000);
	read_all(&after);
	leat_histogram_between(&between, &after, &before);
	CU_ASSERT_EQUAL(between.n, 2);
	CU_ASSERT_EQUAL(between.sum_ns, 6000);
	CU_ASSERT_TRUE(between.max_ns >= 4000 && between.max_ns <= 4125);
	expect_percentile(&between, 50, 2000);
	/* And into one of the two. */
	leat_histogram_between(&after, &after, &before);
	CU_ASSERT_EQUAL(memcmp(&after, &between, sizeof(after)), 0);
}

static void test_a_new_maximum_is_exact(void)
{
	struct leat_histogram before, after, between;

	clear();
	leat_histogram_add(&words, 2000);
	read_all(&before);
	leat_histogram_add(&words, 1234567);
	read_all(&after);
	leat_histogram_between(&between, &after, &before);
	CU_ASSERT_EQUAL(between.max_ns, 1234567);
	leat_histogram_between(&between, &after, NULL);
	CU_ASSERT_EQUAL(between.n, 2);
	leat_histogram_between(&between, &after, &after);
	CU_ASSERT_EQUAL(between.n, 0);
	CU_ASSERT_EQUAL(between.max_ns, 0);
}

/* A process that came back counts from 0. */
static void test_what_went_back_is_nothing(void)
{
	struct leat_histogram before, after, between;

	clear();
	leat_histogram_add(&words, 2000);
	read_all(&before);
	clear();
	leat_histogram_add(&words, 3000);
	read_all(&after);
	memset(&between, 0xff, sizeof(between));
	leat_histogram_between(&between, &after, &before);
	CU_ASSERT_EQUAL(between.n, 0);
	CU_ASSERT_EQUAL(between.max_ns, 0);
	CU_ASSERT_EQUAL(between.counts[94], 0);
	CU_ASSERT_EQUAL(between.sum_ns, 0);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&between, 50), LEAT_UNKNOWN);
}

/* What lies in the first bucket came too. */
static void test_the_first_bucket(void)
{
	struct leat_histogram before, after, between;

	clear();
	leat_histogram_add(&words, 1000);
	read_all(&before);
	leat_histogram_add(&words, 7);
	read_all(&after);
	leat_histogram_between(&between, &after, &before);
	CU_ASSERT_EQUAL(between.n, 1);
	CU_ASSERT_EQUAL(between.counts[0], 1);
	CU_ASSERT_EQUAL(between.sum_ns, 7);
	CU_ASSERT_EQUAL(between.max_ns, 31);
}

/* The maximum may have been written, and its count have been read before. */
static void test_a_maximum_without_its_count(void)
{
	struct leat_histogram before, after, between;

	clear();
	leat_histogram_add(&words, 1000);
	read_all(&before);
	words.max_ns.atomic_value = 1234567;
	read_all(&after);
	leat_histogram_between(&between, &after, &before);
	CU_ASSERT_EQUAL(between.n, 0);
	CU_ASSERT_EQUAL(between.max_ns, 1234567);
}

/* More than a double counts one by one, with a maximum that is not theirs. */
static void test_many_values(void)
{
	struct leat_histogram histogram;

	clear();
	words.counts[5].atomic_value = (UINT64_C(1) << 53) + 19;
	words.max_ns.atomic_value = 1000000;
	read_all(&histogram);
	CU_ASSERT_EQUAL(
		leat_histogram_percentile(&histogram, 99.99999999999999), 191);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 100), 191);
}

/* So many that 100 % of them, in a double, would be one less than all. */
static void test_all_of_many(void)
{
	struct leat_histogram histogram;

	clear();
	words.counts[5].atomic_value = UINT64_C(7337628731929743);
	words.counts[7].atomic_value = 1;
	words.max_ns.atomic_value = 1000000;
	read_all(&histogram);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 100), 255);
}

/* Its caller's n is more than its counts are: nothing is read beyond them. */
static void test_more_than_there_are(void)
{
	static struct leat_histogram histogram = { .n = 9, .max_ns = 5 };

	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 50), 5);
}

/* A peer may write anything; it is read, and comes to an end. */
static void test_nonsense_is_bounded(void)
{
	struct leat_histogram histogram, half;

	memset(&words, 0xff, sizeof(words));
	read_all(&histogram);
	CU_ASSERT_EQUAL(histogram.n, UINT64_MAX);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 50), 31);
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 100), 31);
	memset(&words, 0x7f, sizeof(words));
	read_all(&half);
	leat_histogram_between(&histogram, &histogram, &half);
	CU_ASSERT_EQUAL(histogram.n, UINT64_MAX);
	clear();
	words.counts[5].atomic_value = 3;
	read_all(&histogram);
	/* No maximum, though there are values. */
	CU_ASSERT_EQUAL(leat_histogram_percentile(&histogram, 99), 0);
}

static const struct unit_test tests[] = {
	{ "buckets", "in a row", test_buckets_follow_each_other },
	{ "buckets", "narrow", test_buckets_are_as_narrow_as_told },
	{ "buckets", "known", test_known_buckets },
	{ "recording", "values", test_values_are_added_up },
	{ "recording", "none", test_an_empty_one_knows_nothing },
	{ "percentiles", "a thousand", test_percentiles_of_a_thousand },
	{ "recording", "means", test_means },
	{ "percentiles", "ranks", test_ranks },
	{ "percentiles", "one bucket", test_percentiles_of_one_bucket },
	{ "percentiles", "one", test_percentiles_of_one },
	{ "percentiles", "out of range",
	  test_what_is_out_of_range_is_known_by_its_maximum },
	{ "between", "two looks", test_between_two_looks },
	{ "between", "a new maximum", test_a_new_maximum_is_exact },
	{ "between", "another process", test_what_went_back_is_nothing },
	{ "between", "the first bucket", test_the_first_bucket },
	{ "between", "a maximum alone", test_a_maximum_without_its_count },
	{ "hostile", "many", test_many_values },
	{ "hostile", "all of many", test_all_of_many },
	{ "hostile", "more than there are", test_more_than_there_are },
	{ "hostile", "nonsense", test_nonsense_is_bounded },
};

UNIT_MAIN(tests)
