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
	/* Never faster than 2 ppm: a frame in ten seconds. */
	high = leat_target_frames(&target);
	spend(&target, 10, 50);
	CU_ASSERT(fabs(high - leat_target_frames(&target) - 4.8) < 0.1);
	spend(&target, 10, 3000);
	CU_ASSERT(fabs(leat_target_frames(&target) - (176 + 10 + 16)) < 8.1);
}

/* However many stalls there are, nothing is added up. */
static void test_stalls_are_no_jitter(void)
{
	struct leat_target target = make(0, 0, 0);

	CU_ASSERT_FALSE(leat_target_note(&target, -500, 0, PERIOD_S));
	CU_ASSERT_EQUAL(leat_target_frames(&target), 176 + 48);
	for (int i = 0; i < 100; i++)
		leat_target_note(&target, -200, 0, PERIOD_S);
	CU_ASSERT(leat_target_frames(&target) < 176 + 480 + 17);
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
	config = (struct leat_target_config){ 48000, 176, 200, 200, 0 };
	CU_ASSERT_EQUAL(leat_target_init(&target, &config), 0);
	CU_ASSERT_EQUAL(leat_target_frames(&target), 200);
}

/* Where the base leaves no room for it, the least that works is used. */
static void test_least(void)
{
	struct leat_target fixed = make(0, 0, 100), high = make(0, 191, 0);
	struct leat_target enough = make(0, 0, 192), both = make(10, 20, 0);

	CU_ASSERT_EQUAL(leat_target_least(&fixed), 192);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&fixed), 192, 0.1);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&high), 192, 0.1);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&both), 192, 0.1);
	CU_ASSERT_EQUAL(leat_target_frames(&enough), 192);
	leat_target_note(&high, -500, 0, PERIOD_S);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&high), 192, 0.1);
	/* Nor does it go lower when nothing is needed at all. */
	spend(&high, -40, 400);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&high), 192, 0.1);
}

/* What the user asked for holds for the whole, whatever the base is. */
static void test_base_changes(void)
{
	struct leat_target fixed = make(0, 0, 250), low = make(300, 0, 0);
	struct leat_target high = make(0, 250, 0), free = make(0, 0, 0);

	leat_target_set_base(&fixed, 100);
	CU_ASSERT_EQUAL(leat_target_frames(&fixed), 250);
	leat_target_set_base(&fixed, 1000);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&fixed), 1016, 0.1);
	CU_ASSERT_EQUAL(leat_target_least(&fixed), 1016);
	leat_target_set_base(&fixed, 176);
	CU_ASSERT_EQUAL(leat_target_frames(&fixed), 250);
	leat_target_set_base(&low, 100);
	CU_ASSERT_EQUAL(leat_target_frames(&low), 300);
	leat_target_set_base(&low, 500);
	CU_ASSERT_EQUAL(leat_target_frames(&low), 500 + 48);
	leat_target_set_base(&high, 230);
	CU_ASSERT_EQUAL(leat_target_frames(&high), 250);
	leat_target_set_base(&high, 100);
	CU_ASSERT_EQUAL(leat_target_frames(&high), 100 + 48);
	/* What was learned holds as well. */
	leat_target_note(&free, -20, 0, PERIOD_S);
	leat_target_set_base(&free, 500);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&free), 500 + 68 + 16, 0.1);
}

/* What a bound kept from the margin is there at once when it is gone. */
static void test_ring_bounds(void)
{
	struct leat_target fixed = make(0, 0, 5000), free = make(0, 0, 0);

	leat_target_set_most(&fixed, 3000);
	CU_ASSERT_EQUAL(leat_target_frames(&fixed), 3000);
	CU_ASSERT_EQUAL(leat_target_wanted(&fixed), 5000);
	leat_target_set_most(&fixed, 6000);
	CU_ASSERT_EQUAL(leat_target_frames(&fixed), 5000);
	/* The ring does not make the impossible possible. */
	leat_target_set_most(&fixed, 100);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&fixed), 192, 0.1);
	leat_target_set_most(&free, 230);
	CU_ASSERT_TRUE(leat_target_note(&free, -20, 0, PERIOD_S));
	CU_ASSERT_EQUAL(leat_target_frames(&free), 230);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_wanted(&free), 176 + 68 + 16, 0.1);
	leat_target_set_most(&free, 500);
	CU_ASSERT_DOUBLE_EQUAL(leat_target_frames(&free), 176 + 68 + 16, 0.1);
}

static void test_spare(void)
{
	CU_ASSERT_EQUAL(leat_target_spare(0, 0, 0), 192);
	CU_ASSERT_EQUAL(leat_target_spare(256, 1024, 48000),
			2 * 1280 + 960 + 192);
	CU_ASSERT_EQUAL(leat_target_spare(8192, 65536, 768000),
			2 * 73728 + 15360 + 192);
}

static const struct unit_test tests[] = {
	{ "base", "formula", test_bases },
	{ "margin", "begins", test_begins_with_a_millisecond },
	{ "margin", "up", test_up_at_once },
	{ "margin", "excess", test_excess_is_not_margin },
	{ "margin", "down", test_down_slowly },
	{ "margin", "stalls", test_stalls_are_no_jitter },
	{ "margin", "see-saw", test_no_see_saw },
	{ "bounds", "kept", test_bounds },
	{ "bounds", "bad", test_bad_bounds },
	{ "bounds", "the least", test_least },
	{ "bounds", "of another base", test_base_changes },
	{ "bounds", "the ring's", test_ring_bounds },
	{ "bounds", "what a ring holds besides", test_spare },
};

UNIT_MAIN(tests)
