/* SPDX-License-Identifier: MIT */
#include "link/target.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>

#define PERIOD_S (128.0 / 48000)

static struct leat_target make(uint32_t min, uint32_t max, uint32_t fixed)
{
	const struct leat_target_config config = {
		.rate_hz = 48000,
		.base_frames = 176,
		.min_frames = min,
		.max_frames = max,
		.fixed_frames = fixed,
	};
	struct leat_target target;

	CU_ASSERT_EQUAL(leat_target_init(&target, &config), 0);
	return target;
}

/* Cycles that each use so many frames of the margin. */
static void spend(struct leat_target *target, double used, double seconds)
{
	for (double t = 0; t < seconds; t += PERIOD_S)
		leat_target_note(target, target->margin - used, 0, PERIOD_S);
}

static void test_bases(void)
{
	CU_ASSERT_EQUAL(leat_target_base_to_pipewire(128, 48, 48000, 48000),
			176);
	CU_ASSERT_EQUAL(leat_target_base_to_pipewire(128, 48, 44100, 48000),
			118 + 48);
	CU_ASSERT_EQUAL(leat_target_base_to_pipewire(8192, 48, 96000, 48000),
			16384 + 48);
	CU_ASSERT_EQUAL(leat_target_base_to_jack(128, 48, 48000, 48000), 176);
	CU_ASSERT_EQUAL(leat_target_base_to_jack(128, 48, 44100, 48000),
			128 + 45);
}

static void test_begins_with_a_millisecond(void)
{
	struct leat_target target = make(0, 0, 0);

	CU_ASSERT_EQUAL(leat_target_frames(&target), 176 + 48);
}

static void test_up_at_once(void)
{
	struct leat_target target = make(0, 0, 0);

	/* 20 frames missing: 68 used, and 16 in reserve. */
	CU_ASSERT_TRUE(leat_target_note(&target, -20, 0, PERIOD_S));
	CU_ASSERT(fabs(leat_target_frames(&target) - (176 + 68 + 16)) < 0.1);
	CU_ASSERT_FALSE(leat_target_note(&target, 16, 0, PERIOD_S));
	CU_ASSERT_FALSE(leat_target_note(&target, 9, 0, PERIOD_S));
	/* Before anything is missing: half of the reserve is gone. */
	CU_ASSERT_TRUE(leat_target_note(&target, 7, 0, PERIOD_S));
	CU_ASSERT(fabs(leat_target_frames(&target) - (176 + 77 + 16)) < 0.1);
}

/* What is above the target was not taken from the margin. */
static void test_excess_is_not_margin(void)
{
	struct leat_target target = make(0, 0, 0);

	CU_ASSERT_FALSE(leat_target_note(&target, 48 + 100, 100, PERIOD_S));
	CU_ASSERT_EQUAL(leat_target_used(&target), 0);
	CU_ASSERT_TRUE(leat_target_note(&target, 20, 30, PERIOD_S));
	CU_ASSERT(fabs(leat_target_used(&target) - 58) < 1e-9);
}

static void test_down_slowly(void)
{
	struct leat_target target = make(0, 0, 0);
	double high;

	leat_target_note(&target, -100, 0, PERIOD_S);
	high = leat_target_frames(&target);
	spend(&target, 10, LEAT_TARGET_HOLD_S * 1.9);
	CU_ASSERT_EQUAL(leat_target_frames(&target), high);
	spend(&target, 10, LEAT_TARGET_HOLD_S * 0.3);
	CU_ASSERT(leat_target_frames(&target) < high);
	/* Never faster than 10 ppm: half a frame in a second. */
	high = leat_target_frames(&target);
	spend(&target, 10, 10);
	CU_ASSERT(fabs(high - leat_target_frames(&target) - 4.8) < 0.1);
	spend(&target, 10, 600);
	CU_ASSERT(fabs(leat_target_frames(&target) - (176 + 10 + 16)) < 8.1);
}

/* Peaks that differ a little from minute to minute move nothing. */
static void test_no_see_saw(void)
{
	struct leat_target target = make(0, 0, 0);
	double settled;

	spend(&target, 30, 400);
	settled = leat_target_frames(&target);
	for (int i = 0; i < 20; i++) {
		spend(&target, 30 + (i % 2) * 5, 60);
		CU_ASSERT_EQUAL(leat_target_frames(&target), settled);
	}
}

static void test_bounds(void)
{
	struct leat_target low = make(300, 0, 0), high = make(0, 200, 0);
	struct leat_target fixed = make(0, 0, 250);

	CU_ASSERT_EQUAL(leat_target_frames(&low), 300);
	CU_ASSERT_EQUAL(leat_target_frames(&high), 200);
	leat_target_note(&high, -100, 0, PERIOD_S);
	CU_ASSERT_EQUAL(leat_target_frames(&high), 200);
	spend(&low, 0, 400);
	CU_ASSERT_EQUAL(leat_target_frames(&low), 300);
	leat_target_note(&fixed, -500, 0, PERIOD_S);
	spend(&fixed, 0, 400);
	CU_ASSERT_EQUAL(leat_target_frames(&fixed), 250);
}

static void test_bad_bounds(void)
{
	struct leat_target target;
	struct leat_target_config config = { 48000, 176, 300, 200, 0 };

	CU_ASSERT_EQUAL(leat_target_init(&target, &config), -EINVAL);
	config = (struct leat_target_config){ 0, 176, 0, 0, 0 };
	CU_ASSERT_EQUAL(leat_target_init(&target, &config), -EINVAL);
	config = (struct leat_target_config){ 48000, 176, 0, 100, 0 };
	CU_ASSERT_EQUAL(leat_target_init(&target, &config), -ERANGE);
	config = (struct leat_target_config){ 48000, 176, 0, 0, 100 };
	CU_ASSERT_EQUAL(leat_target_init(&target, &config), -ERANGE);
}

static const struct unit_test tests[] = {
	{ "base", "formula", test_bases },
	{ "margin", "begins", test_begins_with_a_millisecond },
	{ "margin", "up", test_up_at_once },
	{ "margin", "excess", test_excess_is_not_margin },
	{ "margin", "down", test_down_slowly },
	{ "margin", "see-saw", test_no_see_saw },
	{ "bounds", "kept", test_bounds },
	{ "bounds", "bad", test_bad_bounds },
};

UNIT_MAIN(tests)
