/* SPDX-License-Identifier: MIT */
#include "cli/log.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* ---- levels ---- */

static void log_each(void)
{
	struct leat_log_limit limit = { 0 };

	leat_log("an error");
	leat_log_at(LEAT_LOG_WARNING, "a warning");
	leat_log_at(LEAT_LOG_INFO, "news");
	leat_log_limited(&limit, "a limited warning");
	leat_log_limited_at(&limit, LEAT_LOG_INFO, "limited news");
	/* What was not told has cost nothing. */
	CU_ASSERT(limit.paid_ns == 0 ||
		  getenv(LEAT_LOG_LEVEL_VARIABLE) == NULL ||
		  strcmp(getenv(LEAT_LOG_LEVEL_VARIABLE), "error") != 0);
}

static void test_levels(void)
{
	static const struct {
		const char *name;
		unsigned n_lines;
	} rows[] = { { "error", 1 }, { "warning", 3 }, { "info", 5 } };
	char text[4096];

	unsetenv(LEAT_LOG_LEVEL_VARIABLE);
	capture(log_each, text, sizeof(text));
	CU_ASSERT_EQUAL(n_lines(text), 5);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(leat_log_set_level(rows[i].name));
		capture(log_each, text, sizeof(text));
		CU_ASSERT_EQUAL(n_lines(text), rows[i].n_lines);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, ": an error\n"));
	}
	CU_ASSERT_TRUE(leat_log_set_level("error"));
	CU_ASSERT_FALSE(leat_log_set_level("errors"));
	CU_ASSERT_FALSE(leat_log_set_level(""));
	CU_ASSERT_STRING_EQUAL(getenv(LEAT_LOG_LEVEL_VARIABLE), "error");
	/* From elsewhere may come anything: rather too much than nothing. */
	setenv(LEAT_LOG_LEVEL_VARIABLE, "7", 1);
	capture(log_each, text, sizeof(text));
	CU_ASSERT_EQUAL(n_lines(text), 5);
	unsetenv(LEAT_LOG_LEVEL_VARIABLE);
}

/* ---- the journal ---- */

static void set_stream(long inode_more)
{
	struct stat st;
	char stream[64];

	CU_ASSERT_EQUAL(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino + (uintmax_t)inode_more);
	setenv("JOURNAL_STREAM", stream, 1);
}

static void log_to_journal(void)
{
	set_stream(0);
	log_each();
}

static void log_beside_journal(void)
{
	set_stream(1);
	log_each();
}

static void test_journal(void)
{
	char text[4096];

	capture(log_to_journal, text, sizeof(text));
	CU_ASSERT_EQUAL(strncmp(text, "<3>", 3), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n<4>test_log: a warning\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n<6>test_log: news\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n<4>test_log: a limited"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n<6>test_log: limited"));
	capture(log_beside_journal, text, sizeof(text));
	CU_ASSERT_PTR_NULL(strchr(text, '<'));
	setenv("JOURNAL_STREAM", "nonsense", 1);
	capture(log_each, text, sizeof(text));
	CU_ASSERT_PTR_NULL(strchr(text, '<'));
	unsetenv("JOURNAL_STREAM");
}

/* ---- one line ---- */

static void log_names(void)
{
	leat_log("a server '%s'", "two\nlines\x1b[2J\x7f\xc3\xa4");
}

static void log_much(void)
{
	leat_log("%05000d", 7);
}

static void test_one_line(void)
{
	char text[4096];

	capture(log_names, text, sizeof(text));
	CU_ASSERT_EQUAL(n_lines(text), 1);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, ": a server 'two?lines?[2J?\xc3\xa4'\n"));
	capture(log_much, text, sizeof(text));
	CU_ASSERT_EQUAL(n_lines(text), 1);
	CU_ASSERT(strlen(text) > 500 && strlen(text) < 1024);
	CU_ASSERT_EQUAL(text[strlen(text) - 1], '\n');
}

static const struct unit_test tests[] = {
	{ "limit", "at once and later", test_limit },
	{ "limit", "now and then", test_seldom },
	{ "limit", "lines", test_lines },
	{ "levels", "what is told", test_levels },
	{ "lines", "for the journal", test_journal },
	{ "lines", "one for each event", test_one_line },
};

UNIT_MAIN(tests)
