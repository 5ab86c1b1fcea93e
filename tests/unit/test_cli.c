/* SPDX-License-Identifier: MIT */
/* What command lines may ask for, and servers may be. */
#include "cli/latency.h"
#include "cli/options.h"
#include "cli/rate.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>

static void expect_latency(const char *arg, int res, uint32_t value)
{
	struct leat_error error = { "" };
	uint32_t frames = 7;

	CU_ASSERT_EQUAL(leat_latency_parse(&frames, "--latency", arg, &error),
			res);
	CU_ASSERT_EQUAL(frames, value);
	if (res < 0)
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "--latency '"));
}

static void test_latencies(void)
{
	expect_latency("1", 0, 1);
	expect_latency("960000", 0, 960000);
	expect_latency("0", -EINVAL, 7);
	expect_latency("960001", -EINVAL, 7);
	expect_latency("-1", -EINVAL, 7);
	expect_latency("+1", -EINVAL, 7);
	expect_latency(" 1", -EINVAL, 7);
	expect_latency("", -EINVAL, 7);
	expect_latency("1s", -EINVAL, 7);
	expect_latency("1.5", -EINVAL, 7);
	expect_latency("18446744073709551617", -EINVAL, 7);
}

static int check(uint32_t fixed, uint32_t min, uint32_t max)
{
	const struct leat_latency_options options = { fixed, min, max, NULL };
	struct leat_error error = { "" };
	int res = leat_latency_check(&options, &error);

	CU_ASSERT_EQUAL(res == 0, error.text[0] == 0);
	return res;
}

static void test_latencies_together(void)
{
	CU_ASSERT_EQUAL(check(0, 0, 0), 0);
	CU_ASSERT_EQUAL(check(5, 0, 0), 0);
	CU_ASSERT_EQUAL(check(0, 5, 0), 0);
	CU_ASSERT_EQUAL(check(0, 0, 5), 0);
	CU_ASSERT_EQUAL(check(0, 5, 5), 0);
	CU_ASSERT_EQUAL(check(0, 6, 5), -EINVAL);
	CU_ASSERT_EQUAL(check(5, 4, 0), -EINVAL);
	CU_ASSERT_EQUAL(check(5, 0, 6), -EINVAL);
}

static int rate(uint32_t rate_hz)
{
	struct leat_error error = { "" };
	int res = leat_rate_check("JACK server", "default", rate_hz, &error);

	CU_ASSERT_EQUAL(res == 0, error.text[0] == 0);
	if (res < 0)
		CU_ASSERT_PTR_NOT_NULL(
			strstr(error.text, "JACK server 'default' runs at"));
	return res;
}

static void test_rates(void)
{
	CU_ASSERT_EQUAL(rate(0), -ERANGE);
	CU_ASSERT_EQUAL(rate(999), -ERANGE);
	CU_ASSERT_EQUAL(rate(1000), 0);
	CU_ASSERT_EQUAL(rate(768000), 0);
	CU_ASSERT_EQUAL(rate(768001), -ERANGE);
	CU_ASSERT_EQUAL(rate(1000000), -ERANGE);
	CU_ASSERT_EQUAL(rate(UINT32_MAX), -ERANGE);
}

static void test_seconds(void)
{
	static const char *const bad[] = { "",	    " ",   "x",	  "1x",
					   "1,5",   "nan", "inf", "-1",
					   "0.049", "61",  "1 ",  "1e9" };
	int64_t time_ms = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(leat_parse_seconds(bad[i], 0.05, 60, &time_ms));
	CU_ASSERT_EQUAL(time_ms, 7);
	CU_ASSERT_TRUE(leat_parse_seconds("0.05", 0.05, 60, &time_ms));
	CU_ASSERT_EQUAL(time_ms, 50);
	CU_ASSERT_TRUE(leat_parse_seconds("60", 0.05, 60, &time_ms));
	CU_ASSERT_EQUAL(time_ms, 60000);
	CU_ASSERT_TRUE(leat_parse_seconds("1.0006", 0.05, 60, &time_ms));
	CU_ASSERT_EQUAL(time_ms, 1001);
}

static const struct unit_test tests[] = {
	{ "latency", "numbers", test_latencies },
	{ "latency", "together", test_latencies_together },
	{ "rates", "that can be", test_rates },
	{ "seconds", "that can be", test_seconds },
};

UNIT_MAIN(tests)
