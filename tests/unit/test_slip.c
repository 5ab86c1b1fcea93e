/* SPDX-License-Identifier: MIT */
#include "link/slip.h"

#include "link/splice.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>

static void test_limit(void)
{
	CU_ASSERT_EQUAL(leat_slip_limit(64, 64, 48000), 128);
	CU_ASSERT_EQUAL(leat_slip_limit(8192, 8192, 48000), 288);
	CU_ASSERT_EQUAL(leat_slip_limit(UINT32_MAX, UINT32_MAX, 48000), 288);
}

static void test_caught_up_within_the_limit(void)
{
	struct leat_slip slip;

	leat_slip_init(&slip, LEAT_TO_PIPEWIRE, 128);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, 128, false), 0);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, -128, false), 0);
	CU_ASSERT_EQUAL(slip.n_slips, 0);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, 128.6, false), 129);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, -130, false), -130);
	CU_ASSERT_EQUAL(slip.n_slips, 2);
	CU_ASSERT_EQUAL(slip.lost, 129);
	CU_ASSERT_EQUAL(slip.inserted, 130);
}

static void test_interrupted(void)
{
	struct leat_slip slip;

	leat_slip_init(&slip, LEAT_TO_JACK, 128);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, 0.4, true), 0);
	CU_ASSERT_EQUAL(slip.n_slips, 0);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, 2.6, true), 3);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, -7, true), -7);
	CU_ASSERT_EQUAL(slip.n_slips, 2);
	CU_ASSERT_EQUAL(slip.inserted, 3);
	CU_ASSERT_EQUAL(slip.lost, 7);
}

static void test_nonsense(void)
{
	struct leat_slip slip;

	leat_slip_init(&slip, LEAT_TO_JACK, 128);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, NAN, true), 0);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, INFINITY, true), 0);
	CU_ASSERT_EQUAL(leat_slip_take(&slip, -1e300, false), 0);
	CU_ASSERT_EQUAL(slip.n_slips, 0);
}

/* ---- the cross-fade ---- */

#define RATE 48000
#define STEP 0.1

static void feed_sine(struct leat_resampler *resampler, uint32_t n,
		      double phase)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t at = leat_resampler_fed(resampler);
		float sample = (float)sin(STEP * (double)at + phase);
		const float *plane = &sample;

		leat_resampler_feed(resampler, &plane, 0, 1);
	}
}

static void pull(struct leat_resampler *resampler, float *out, uint32_t n,
		 double phase)
{
	feed_sine(resampler, leat_resampler_need(resampler, n, 1), phase);
	CU_ASSERT_EQUAL(leat_resampler_pull(resampler, &out, 0, n, 1), n);
}

/* How far from a sine of this step: its second difference is known. */
static double roughest(const float *x, uint32_t n)
{
	double worst = 0;

	for (uint32_t i = 1; i + 1 < n; i++) {
		double bend = (double)x[i - 1] + (double)x[i + 1] -
			      2 * cos(STEP) * (double)x[i];

		worst = fmax(worst, fabs(bend));
	}
	return worst;
}

/* The way of splice.h; `known`: whether the old place has more to say. */
static double jump(bool known, uint32_t n_cuts)
{
	const struct leat_resampler_config config = { 1, RATE, RATE, 0 };
	static float out[4000];
	struct leat_resampler *resampler;
	struct leat_splice splice;
	float *plane = out + 2000;
	uint32_t half;
	double worst;

	CU_ASSERT_EQUAL_FATAL(leat_resampler_create(&resampler, &config), 0);
	CU_ASSERT_EQUAL_FATAL(leat_splice_init(&splice, 1, RATE), 0);
	half = leat_resampler_half_taps(resampler);
	pull(resampler, out, 2000, 0);
	for (uint32_t i = 0; i < n_cuts; i++) {
		double phase = i + 1;

		if (known)
			feed_sine(resampler,
				  leat_splice_need(&splice, resampler, 1),
				  phase - 1);
		leat_splice_cut(&splice, resampler, 1);
		leat_resampler_reset(resampler, 5000 - half);
		feed_sine(resampler, half, phase);
		CU_ASSERT_EQUAL(leat_resampler_seek(resampler, half), half);
		pull(resampler, plane, 50, phase);
		leat_splice_mix(&splice, &plane, 0, 50);
		plane += 50;
	}
	pull(resampler, plane, 1000, n_cuts);
	leat_splice_mix(&splice, &plane, 0, 1000);
	worst = roughest(out + 200, (uint32_t)(plane - out) + 800);
	/* After 4 ms it is the new place's, untouched. */
	CU_ASSERT(roughest(plane + RATE / LEAT_SPLICE_DIVISOR, 500) < 1e-5);
	leat_splice_finish(&splice);
	leat_resampler_destroy(resampler);
	return worst;
}

/* A cut that is not hidden bends by as much as the sine is high. */
static void test_splices_are_smooth(void)
{
	CU_ASSERT(jump(true, 1) < 0.004);
	CU_ASSERT(jump(true, 3) < 0.01);
	/* A stream that ends in mid-sine may bend, but not jump. */
	CU_ASSERT(jump(false, 1) < 0.15);
}

static void test_splice_configurations(void)
{
	struct leat_splice splice;

	CU_ASSERT_EQUAL(leat_splice_init(&splice, 65, RATE), -EINVAL);
	CU_ASSERT_EQUAL(leat_splice_init(&splice, 0, RATE), 0);
	leat_splice_mix(&splice, NULL, 0, 100);
	leat_splice_finish(&splice);
	leat_splice_finish(&splice);
}

static const struct unit_test tests[] = {
	{ "rule", "limit", test_limit },
	{ "rule", "caught up", test_caught_up_within_the_limit },
	{ "rule", "interrupted", test_interrupted },
	{ "rule", "nonsense", test_nonsense },
	{ "splice", "smooth", test_splices_are_smooth },
	{ "splice", "configurations", test_splice_configurations },
};

UNIT_MAIN(tests)
