/* SPDX-License-Identifier: MIT */
#include "cli/log.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

static unsigned n_passed(struct leat_log_limit *limit, unsigned n,
			 uint64_t now_ns)
{
	unsigned n_through = 0;

	for (unsigned i = 0; i < n; i++)
		n_through += leat_log_limit_pass(limit, now_ns);
	return n_through;
}

/* Some at once, then one for each second, and no more after a long time. */
static void test_limit(void)
{
	static const uint64_t begins[] = { 0, 1, 1000 * SECOND_NS };

	for (int i = 0; i < 3; i++) {
		struct leat_log_limit limit = { 0 };
		uint64_t t = begins[i];

		CU_ASSERT_EQUAL(n_passed(&limit, 100, t), LEAT_LOG_BURST);
		CU_ASSERT_EQUAL(limit.n_left_out, 100 - LEAT_LOG_BURST);
		t += SECOND_NS - 1;
		CU_ASSERT_EQUAL(n_passed(&limit, 5, t), 0);
		t += 1;
		CU_ASSERT_EQUAL(n_passed(&limit, 5, t), 1);
		t += 3 * SECOND_NS;
		CU_ASSERT_EQUAL(n_passed(&limit, 5, t), 3);
		t += 1000 * SECOND_NS;
		CU_ASSERT_EQUAL(n_passed(&limit, 100, t), LEAT_LOG_BURST);
	}
}

/* A line now and then is always written. */
static void test_seldom(void)
{
	struct leat_log_limit limit = { 0 };

	for (uint64_t s = 0; s < 1000; s++)
		CU_ASSERT_TRUE(leat_log_limit_pass(&limit, s * SECOND_NS));
	CU_ASSERT_EQUAL(limit.n_left_out, 0);
}

/* What fn() writes to stderr. */
static void capture(void (*fn)(void), char *text, size_t text_bytes)
{
	int saved = dup(STDERR_FILENO), fds[2];
	ssize_t n;

	CU_ASSERT_FATAL(pipe(fds) == 0);
	fflush(stderr);
	dup2(fds[1], STDERR_FILENO);
	fn();
	dup2(saved, STDERR_FILENO);
	close(fds[1]);
	close(saved);
	n = read(fds[0], text, text_bytes - 1);
	text[n > 0 ? n : 0] = 0;
	close(fds[0]);
}

static void log_too_much(void)
{
	struct leat_log_limit limit = { 0 };

	for (int i = 0; i < 1000; i++)
		leat_log_limited(&limit, "line %d", i);
	limit.paid_ns = 0;
	leat_log_limited(&limit, "the next");
	leat_log_limited(&limit, "the last");
	leat_log("no limit");
}

static unsigned n_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_lines(void)
{
	char text[4096];

	capture(log_too_much, text, sizeof(text));
	CU_ASSERT_EQUAL(n_lines(text), LEAT_LOG_BURST + 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ": line 9\n"));
	CU_ASSERT_PTR_NULL(strstr(text, ": line 10\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, ": the next (990 such lines were left out)\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ": the last\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ": no limit\n"));
}

static const struct unit_test tests[] = {
	{ "limit", "at once and later", test_limit },
	{ "limit", "now and then", test_seldom },
	{ "limit", "lines", test_lines },
};

UNIT_MAIN(tests)
