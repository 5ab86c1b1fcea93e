/* SPDX-License-Identifier: MIT */
/* The counting signal of leat-xrun, and where which frames are missing. */
#include "tools/xrun/count.h"
#include "tools/xrun/ledger.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <string.h>

#define N 256

static float samples[N];
static struct xrun_run runs[XRUN_RUNS_MAX];

/* ---- the signal ---- */

static void test_whole(void)
{
	xrun_count_write(samples, 1000, N);
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, XRUN_COUNT_WRAP, runs), 1);
	CU_ASSERT_EQUAL(runs[0].number, 1000);
	CU_ASSERT_EQUAL(runs[0].offset, 0);
	CU_ASSERT_EQUAL(runs[0].n_frames, N);
	CU_ASSERT_EQUAL(xrun_run_next(&runs[0]), 1000 + N);
}

static void test_wraps(void)
{
	uint64_t frame = UINT64_C(5) * XRUN_COUNT_WRAP - 100;

	xrun_count_write(samples, frame, N);
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, XRUN_COUNT_WRAP, runs), 1);
	CU_ASSERT_EQUAL(runs[0].number, XRUN_COUNT_WRAP - 100);
	CU_ASSERT_EQUAL(runs[0].n_frames, N);
	CU_ASSERT_EQUAL(xrun_run_next(&runs[0]), N - 100);
	CU_ASSERT_EQUAL(xrun_count_frame(runs[0].number, frame + 5000), frame);
	CU_ASSERT_EQUAL(xrun_count_frame(runs[0].number, frame - 5000), frame);
}

/* All numbers are exact: the last ones differ by one bit. */
static void test_exact(void)
{
	uint64_t frame = XRUN_COUNT_WRAP - N;

	xrun_count_write(samples, frame, N);
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, 0, runs), 1);
	CU_ASSERT_EQUAL(runs[0].n_frames, N);
	CU_ASSERT(samples[N - 1] < 1.0f);
	samples[7] = nextafterf(samples[7], 0.0f);
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, XRUN_COUNT_WRAP, runs), 2);
	CU_ASSERT_EQUAL(runs[0].n_frames, 7);
	CU_ASSERT_EQUAL(runs[1].offset, 8);
}

static void test_silence_is_no_number(void)
{
	memset(samples, 0, sizeof(samples));
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, 0, runs), 0);
	samples[3] = NAN;
	samples[4] = -1.0f;
	samples[5] = 2.0f;
	samples[6] = INFINITY;
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, 0, runs), 0);
}

/* A bridge's fade to silence passes through values that are numbers. */
static void test_fade_is_no_frame(void)
{
	float last;

	for (uint64_t frame = 100; frame < XRUN_COUNT_WRAP; frame += 999983) {
		xrun_count_write(&last, frame, 1);
		for (int i = 0; i < N; i++)
			samples[i] = last * (float)(N - 1 - i) / N;
		CU_ASSERT_EQUAL(
			xrun_count_runs(samples, N,
					(uint32_t)(frame + 1) % XRUN_COUNT_WRAP,
					runs),
			0);
	}
}

/* Alone it counts only where it was expected. */
static void test_single_frame(void)
{
	memset(samples, 0, sizeof(samples));
	xrun_count_write(&samples[9], 77, 1);
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, XRUN_COUNT_WRAP, runs), 0);
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, 76, runs), 0);
	CU_ASSERT_EQUAL(xrun_count_runs(samples, N, 77, runs), 1);
	CU_ASSERT_EQUAL(runs[0].offset, 9);
}

/* Between two numbers, as a resampler leaves it, and at another rate. */
static void test_rough(void)
{
	struct xrun_run run;

	xrun_count_write(samples, 500000, N);
	for (int i = 0; i + 1 < N; i++)
		samples[i] = (samples[i] + samples[i + 1]) / 2;
	samples[0] = 0.0f;
	samples[N - 1] = 0.0f;
	CU_ASSERT(xrun_count_rough(samples, N, &run));
	CU_ASSERT_EQUAL(run.offset, 1);
	CU_ASSERT(run.number >= 500001 && run.number <= 500002);
	CU_ASSERT(run.n_frames >= N - 3 && run.n_frames <= N - 1);
	for (int i = 0; i < N; i++)
		samples[i] = (float)(500000 + i * 48000 / 44100.0) / 16777216;
	CU_ASSERT(xrun_count_rough(samples, N, &run));
	CU_ASSERT(run.n_frames >= 277 && run.n_frames <= 280);
}

static void test_not_even_rough(void)
{
	struct xrun_run run;

	memset(samples, 0, sizeof(samples));
	CU_ASSERT_FALSE(xrun_count_rough(samples, N, &run));
	xrun_count_write(samples, 500000, 7);
	CU_ASSERT_FALSE(xrun_count_rough(samples, N, &run));
	/* A fade, a jump, a tone. */
	for (int i = 0; i < N; i++)
		samples[i] = 0.5f * (float)(N - i) / N;
	CU_ASSERT_FALSE(xrun_count_rough(samples, N, &run));
	xrun_count_write(samples, 500000, N / 4);
	xrun_count_write(samples + N / 4, 500000 + N, N - N / 4);
	CU_ASSERT_FALSE(xrun_count_rough(samples, N, &run));
	for (int i = 0; i < N; i++)
		samples[i] = 0.5f + 0.4f * sinf((float)i / 9);
	CU_ASSERT_FALSE(xrun_count_rough(samples, N, &run));
}

/* ---- hearing ---- */

static struct xrun_hearer hearer;

static void listen(uint64_t from, uint64_t to)
{
	memset(&hearer, 0, sizeof(hearer));
	hearer.from = from;
	hearer.to = to;
}

static const struct xrun_hole *hole(const struct xrun_list *list, uint32_t i)
{
	return (const struct xrun_hole *)list->items + i;
}

static void test_hears_all(void)
{
	listen(0, 1000);
	for (uint64_t frame = 0; frame < 1000; frame += 100)
		xrun_hearer_take(&hearer, frame, 100, (int64_t)frame);
	xrun_hearer_close(&hearer, 1000);
	CU_ASSERT_EQUAL(hearer.n_heard, 1000);
	CU_ASSERT_EQUAL(hearer.holes.n_items, 0);
}

static void test_hole(void)
{
	listen(0, 1000);
	xrun_hearer_take(&hearer, 0, 300, 1);
	/* An old buffer once more, and one that goes on where it began. */
	xrun_hearer_take(&hearer, 200, 100, 2);
	xrun_hearer_take(&hearer, 400, 100, 3);
	xrun_hearer_take(&hearer, 450, 150, 4);
	xrun_hearer_close(&hearer, 5);
	CU_ASSERT_EQUAL(hearer.n_heard, 500);
	CU_ASSERT_EQUAL(hearer.holes.n_items, 2);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 0)->from, 300);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 0)->to, 400);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 0)->from_ns, 1);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 0)->to_ns, 3);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 1)->from, 600);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 1)->to, 1000);
	xrun_list_finish(&hearer.holes);
}

/* Frames before and after a step are not its own. */
static void test_only_of_the_step(void)
{
	listen(500, 800);
	xrun_hearer_take(&hearer, 0, 100, 1);
	xrun_hearer_take(&hearer, 400, 200, 2);
	xrun_hearer_take(&hearer, 700, 400, 3);
	xrun_hearer_close(&hearer, 4);
	CU_ASSERT_EQUAL(hearer.n_heard, 200);
	CU_ASSERT_EQUAL(hearer.holes.n_items, 1);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 0)->from, 600);
	CU_ASSERT_EQUAL(hole(&hearer.holes, 0)->to, 700);
	xrun_list_finish(&hearer.holes);
}

/* Who never heard anything does not know what is missing. */
static void test_never_heard(void)
{
	listen(0, 1000);
	xrun_hearer_close(&hearer, 1);
	CU_ASSERT_EQUAL(hearer.n_heard, 0);
	CU_ASSERT_EQUAL(hearer.holes.n_items, 0);
}

/* ---- where ---- */

static struct xrun_list skipped, node, client, gaps;

static void add(struct xrun_list *list, uint64_t from, uint64_t to)
{
	const struct xrun_hole item = { from, to, (int64_t)from, (int64_t)to };

	xrun_list_add(list, &item, sizeof(item));
}

static uint64_t sum(enum xrun_place place)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < gaps.n_items; i++) {
		const struct xrun_gap *gap =
			(const struct xrun_gap *)gaps.items + i;

		n += gap->place == place ? gap->n_frames : 0;
	}
	return n;
}

static void expect(uint64_t to_pipewire, uint64_t to_jack)
{
	xrun_ledger(&skipped, &node, &client, &gaps);
	CU_ASSERT_EQUAL(sum(XRUN_TO_PIPEWIRE), to_pipewire);
	CU_ASSERT_EQUAL(sum(XRUN_TO_JACK), to_jack);
	xrun_list_finish(&skipped);
	xrun_list_finish(&node);
	xrun_list_finish(&client);
	xrun_list_finish(&gaps);
}

static void test_each_place(void)
{
	add(&node, 100, 200);
	add(&client, 100, 200);
	expect(100, 0);
	add(&client, 100, 200);
	expect(0, 100);
	add(&skipped, 100, 200);
	add(&node, 100, 200);
	add(&client, 100, 200);
	expect(0, 0);
}

static void test_overlapping(void)
{
	add(&skipped, 100, 200);
	add(&skipped, 500, 600);
	add(&node, 50, 300);
	add(&node, 550, 700);
	add(&client, 0, 800);
	/* 250 - 100 and 150 - 50; 800 less 200, less 400, more by 150. */
	expect(250, 350);
}

static void test_order(void)
{
	add(&client, 100, 200);
	add(&node, 300, 400);
	add(&client, 300, 410);
	xrun_ledger(&skipped, &node, &client, &gaps);
	CU_ASSERT_EQUAL(gaps.n_items, 3);
	CU_ASSERT_EQUAL(((struct xrun_gap *)gaps.items)[0].place, XRUN_TO_JACK);
	CU_ASSERT_EQUAL(((struct xrun_gap *)gaps.items)[0].from_ns, 100);
	CU_ASSERT_EQUAL(sum(XRUN_TO_JACK), 110);
	xrun_list_finish(&node);
	xrun_list_finish(&client);
	xrun_list_finish(&gaps);
}

static const struct unit_test tests[] = {
	{ "signal", "whole", test_whole },
	{ "signal", "wraps", test_wraps },
	{ "signal", "exact", test_exact },
	{ "signal", "silence", test_silence_is_no_number },
	{ "signal", "fade", test_fade_is_no_frame },
	{ "signal", "single frame", test_single_frame },
	{ "signal", "rough", test_rough },
	{ "signal", "not even rough", test_not_even_rough },
	{ "hearing", "all", test_hears_all },
	{ "hearing", "hole", test_hole },
	{ "hearing", "only of the step", test_only_of_the_step },
	{ "hearing", "never", test_never_heard },
	{ "where", "each place", test_each_place },
	{ "where", "overlapping", test_overlapping },
	{ "where", "order", test_order },
};

UNIT_MAIN(tests)
