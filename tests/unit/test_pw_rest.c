/* SPDX-License-Identifier: MIT */
/* When the data loop has not slept for too long: nothing else counts. */
#include "pw_bridge/rest.h"

#include "cli/now.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <time.h>

#define START_NS UINT64_C(3600000000000)

static void test_not_due(void)
{
	struct leat_pw_rest rest = { .looked_ns = START_NS };

	CU_ASSERT_FALSE(leat_pw_rest_due(&rest, START_NS));
	CU_ASSERT_FALSE(
		leat_pw_rest_due(&rest, START_NS + LEAT_PW_REST_LOOK_NS - 1));
	CU_ASSERT_TRUE(
		leat_pw_rest_due(&rest, START_NS + LEAT_PW_REST_LOOK_NS));
}

/* Of what was before it nothing is known. */
static void test_first_look(void)
{
	struct leat_pw_rest rest = { 0 };

	CU_ASSERT_TRUE(leat_pw_rest_due(&rest, START_NS));
	CU_ASSERT_FALSE(leat_pw_rest_lacks(&rest, START_NS, 0));
	CU_ASSERT_FALSE(leat_pw_rest_due(&rest, START_NS + 1));
}

/* One sleep between two looks is enough, whenever it was. */
static void test_sleeps(void)
{
	struct leat_pw_rest rest = { .looked_ns = START_NS, .n_sleeps = 7 };

	CU_ASSERT_FALSE(leat_pw_rest_lacks(&rest, START_NS + 1, 8));
	CU_ASSERT_FALSE(leat_pw_rest_lacks(&rest, START_NS + 2, 800));
	CU_ASSERT_TRUE(leat_pw_rest_lacks(&rest, START_NS + 3, 800));
	CU_ASSERT_TRUE(leat_pw_rest_lacks(&rest, START_NS + 4, 800));
	CU_ASSERT_FALSE(leat_pw_rest_lacks(&rest, START_NS + 5, 801));
}

/* The kernel's own count: of sleeps, and not of being interrupted. */
static void test_this_thread(void)
{
	const struct timespec moment = { 0, 1000000 };
	struct leat_pw_rest rest = { .held = true };
	uint64_t start_ns = leat_now_ns();
	uint64_t n_sleeps = 0;

	leat_pw_rest_over(&rest);
	n_sleeps = rest.n_sleeps;
	while (!leat_pw_rest_needed(&rest))
		;
	CU_ASSERT_TRUE(leat_now_ns() - start_ns >= LEAT_PW_REST_LOOK_NS);
	CU_ASSERT_EQUAL(rest.n_sleeps, n_sleeps);
	nanosleep(&moment, NULL);
	leat_pw_rest_over(&rest);
	CU_ASSERT_EQUAL(rest.n_sleeps, n_sleeps + 1);
}

static const struct unit_test tests[] = {
	{ "rest", "not due", test_not_due },
	{ "rest", "first look", test_first_look },
	{ "rest", "sleeps", test_sleeps },
	{ "rest", "this thread", test_this_thread },
};

UNIT_MAIN(tests)
