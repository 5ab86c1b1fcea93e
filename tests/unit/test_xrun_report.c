/* SPDX-License-Identifier: MIT */
/* What leat-xrun's report adds up, and how it is written. */
#include "made_up.h"
#include "runner.h"

#include "tools/xrun/distribution.h"
#include "tools/xrun/report_html.h"
#include "tools/xrun/report_parts.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct xrun_result result;

static void begin(const char *kind)
{
	CU_ASSERT_EQUAL_FATAL(made_up(&result, kind), 0);
}

static void finish(void)
{
	xrun_result_finish(&result);
}

/* ---- sums ---- */

static void test_sums(void)
{
	struct xrun_sums sums;
	uint64_t n_late = 0, n_lost = 0;

	begin("compare");
	CU_ASSERT_EQUAL(xrun_main_arm(&result), 0);
	strcpy(result.arm[0].name, "another");
	strcpy(result.arm[2].name, "leat");
	CU_ASSERT_EQUAL(xrun_main_arm(&result), 2);
	for (uint32_t i = 0; i < result.n_steps; i++) {
		if (result.step[i].arm != 1)
			continue;
		n_late += xrun_step_late(&result.step[i]);
		n_lost += xrun_step_lost(&result.step[i]);
	}
	sums = xrun_sums_of(&result, 1);
	CU_ASSERT_EQUAL(sums.n_steps, 6);
	CU_ASSERT_EQUAL(sums.n_late, n_late);
	CU_ASSERT_EQUAL(sums.n_lost, n_lost);
	CU_ASSERT(n_late > 0 && n_lost > 0);
	CU_ASSERT_EQUAL(sums.duration_ns, INT64_C(30000000000));
	CU_ASSERT_DOUBLE_EQUAL(sums.lost_s, (double)n_lost / 48000, 1e-9);
	CU_ASSERT(sums.late_by[XRUN_BRIDGE_JACK] > 0);
	/* Those that were not run, or not counted. */
	result.step[1].skipped = true;
	result.step[4].is_counted = false;
	sums = xrun_sums_of(&result, 1);
	CU_ASSERT_EQUAL(sums.n_steps, 5);
	CU_ASSERT_EQUAL(sums.n_uncounted, 1);
	finish();
}

static void test_times(void)
{
	begin("ramp");
	CU_ASSERT_DOUBLE_EQUAL(xrun_step_begin_s(&result, &result.step[1]), 8.5,
			       1e-9);
	CU_ASSERT_DOUBLE_EQUAL(xrun_end_s(&result), 8 * 8.5 - 0.5, 1e-9);
	/* The first that was run is where time begins. */
	result.step[0].skipped = true;
	result.step[0].start_ns = 0;
	CU_ASSERT_DOUBLE_EQUAL(xrun_step_begin_s(&result, &result.step[1]), 0,
			       1e-9);
	finish();
}

/* ---- histograms of several steps ---- */

static bool wants_all(const void *user, const struct xrun_step *step)
{
	(void)user;
	return !step->skipped;
}

static struct xrun_bucket few[] = { { 10, 20, 97 }, { 40, 80, 2 } };
static struct xrun_bucket other[] = { { 10, 20, 1 }, { 20, 40, 900 } };

static void merge(struct xrun_merged *merged)
{
	static struct xrun_step steps[3];
	const struct xrun_result two = { .n_steps = 3, .step = steps };

	steps[0].histogram[1][2] = (struct xrun_histogram){
		.n = 99, .max_ns = 77, .n_buckets = 2, .bucket = few
	};
	steps[1].skipped = true;
	steps[1].histogram[1][2] = steps[0].histogram[1][2];
	steps[2].histogram[1][2] = (struct xrun_histogram){
		.n = 901, .max_ns = 33, .n_buckets = 2, .bucket = other
	};
	xrun_merge(merged, &two, (enum xrun_callback)1, (enum xrun_measure)2,
		   wants_all, NULL);
}

static void test_merge(void)
{
	struct xrun_merged merged;

	merge(&merged);
	CU_ASSERT_EQUAL(merged.n, 1000);
	CU_ASSERT_EQUAL(merged.n_bars, 3);
	CU_ASSERT_EQUAL(merged.bar[0].count, 98);
	CU_ASSERT_EQUAL(merged.bar[1].count, 900);
	CU_ASSERT_EQUAL(merged.bar[2].count, 2);
	CU_ASSERT_EQUAL(merged.p50_ns, 40);
	CU_ASSERT_EQUAL(merged.p99_ns, 40);
	/* No more than what was seen. */
	CU_ASSERT_EQUAL(merged.p999_ns, 77);
	CU_ASSERT_EQUAL(merged.max_ns, 77);
	free(merged.bar);
}

static void check_thin(const struct xrun_bar *bars, size_t n_bars,
		       size_t n_most, const struct xrun_bar *expected,
		       size_t n_expected)
{
	struct xrun_bar copy[8];
	struct xrun_merged merged = { .n_bars = n_bars, .bar = copy };

	memcpy(copy, bars, n_bars * sizeof(copy[0]));
	xrun_merged_thin(&merged, n_most);
	CU_ASSERT_EQUAL_FATAL(merged.n_bars, n_expected);
	for (size_t i = 0; i < n_expected; i++) {
		CU_ASSERT_EQUAL(copy[i].low_ns, expected[i].low_ns);
		CU_ASSERT_EQUAL(copy[i].high_ns, expected[i].high_ns);
		CU_ASSERT_EQUAL(copy[i].count, expected[i].count);
	}
}

/* Those that are near each other become one, and a gap stays a gap. */
static void test_thin(void)
{
	static const struct xrun_bar bars[] = {
		{ 10000, 11000, 1 }, { 11000, 12000, 2 }, { 12000, 13000, 4 },
		{ 90000, 98000, 8 }, { 4e6, 4.4e6, 16 },
	};
	static const struct xrun_bar fewer[] = { { 10000, 13000, 7 },
						 { 90000, 98000, 8 },
						 { 4e6, 4.4e6, 16 } };
	static const struct xrun_bar brief[] = { { 0, 1, 300 },
						 { 50, 60, 5 },
						 { 900, 1000, 2 },
						 { 2000, 3000, 1 } };
	static const struct xrun_bar joined[] = { { 0, 1000, 307 },
						  { 2000, 3000, 1 } };

	check_thin(bars, 5, 5, bars, 5);
	check_thin(bars, 5, 3, fewer, 3);
	check_thin(brief, 4, 4, joined, 2);
	check_thin(brief, 1, 4, brief, 1);
	check_thin(bars, 0, 2, bars, 0);
}

static void test_merge_nothing(void)
{
	const struct xrun_result none = { .n_steps = 0 };
	struct xrun_merged merged;

	xrun_merge(&merged, &none, (enum xrun_callback)0, (enum xrun_measure)0,
		   wants_all, NULL);
	CU_ASSERT_EQUAL(merged.n, 0);
	CU_ASSERT_EQUAL(merged.p50_ns, XRUN_UNKNOWN);
	CU_ASSERT_EQUAL(merged.max_ns, XRUN_UNKNOWN);
	CU_ASSERT_PTR_NULL(merged.bar);
	xrun_merged_thin(&merged, 10);
	free(merged.bar);
}

/* ---- the sentence at the top ---- */

static void check_sentence(const char *expected)
{
	char *text;
	size_t n_bytes;
	FILE *file = open_memstream(&text, &n_bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	xrun_html_sentence(file, &result);
	fclose(file);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "'%s' and not '%s'\n", text, expected);
	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
}

static void test_sentences(void)
{
	begin("good");
	check_sentence("No sound was lost");
	result.step[0].n_lost[XRUN_TO_JACK][XRUN_MACHINE] = 480;
	check_sentence("Sound was lost: 480 frames, which is 10 ms");
	result.step[0].is_counted = false;
	check_sentence("What was lost could not be counted");
	result.verdict = XRUN_NOT_MEASURED;
	check_sentence("Nothing was measured");
	finish();
	begin("ramp");
	check_sentence("No sound is lost up to a load of 80 % of each period "
		       "in JACK");
	result.arm[0].has_highest = false;
	CU_ASSERT(xrun_sums_of(&result, 0).n_lost > 0);
	finish();
	begin("empty");
	check_sentence("Nothing was measured");
	finish();
}

/* ---- the file ---- */

static void test_file(void)
{
	char folder[] = "/tmp/leat-report-XXXXXX";
	char path[64], partial[80];
	struct stat st;

	begin("good");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.html", folder);
	snprintf(partial, sizeof(partial), "%s.partial", path);
	CU_ASSERT_EQUAL(xrun_report_html_write(path, &result), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT(st.st_size > 20000);
	CU_ASSERT_EQUAL(access(partial, F_OK), -1);
	/* Again, over the one that is there. */
	CU_ASSERT_EQUAL(xrun_report_html_write(path, &result), 0);
	CU_ASSERT_EQUAL(unlink(path), 0);
	/* A folder cannot be written over, and nothing is left behind. */
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	CU_ASSERT_EQUAL(xrun_report_html_write(path, &result), -EISDIR);
	CU_ASSERT_EQUAL(access(partial, F_OK), -1);
	CU_ASSERT_EQUAL(rmdir(path), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	CU_ASSERT_EQUAL(xrun_report_html_write(path, &result), -ENOENT);
	CU_ASSERT_EQUAL(xrun_report_html_write("/dev/full", &result), -ENOSPC);
	finish();
}

static const struct unit_test tests[] = {
	{ "sums", "of a bridge's steps", test_sums },
	{ "sums", "times", test_times },
	{ "histograms", "as one", test_merge },
	{ "histograms", "of nothing", test_merge_nothing },
	{ "histograms", "fewer bars", test_thin },
	{ "verdict", "sentences", test_sentences },
	{ "file", "whole or not at all", test_file },
};

UNIT_MAIN(tests)
