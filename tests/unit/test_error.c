/* SPDX-License-Identifier: MIT */
/* Sentences of failures: what an errno means, and what to do about it. */
#include "runner.h"

#include <leat/link.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>

static void test_set(void)
{
	struct leat_error error;

	CU_ASSERT_EQUAL(leat_error_set(&error, -EIO, "%s %d", "a", 1), -EIO);
	CU_ASSERT_STRING_EQUAL(error.text, "a 1");
	CU_ASSERT_EQUAL(leat_error_set(NULL, -EPERM, "b"), -EPERM);
}

static void test_cures(void)
{
	static const struct {
		int error;
		const char *cure;
	} cases[] = {
		{ EMFILE, "ulimit -n" },
		{ ENFILE, "fs.file-max" },
		{ ENOMEM, "MemoryMax=" },
		{ ENOBUFS, "MemoryMax=" },
		{ ENOSPC, "df " },
		{ EDQUOT, "remove files" },
		{ EROFS, "XDG_RUNTIME_DIR" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = leat_errno_text(-cases[i].error);

		CU_ASSERT_PTR_NOT_NULL(strstr(text, cases[i].cure));
		CU_ASSERT_STRING_EQUAL(text, leat_errno_text(cases[i].error));
	}
}

static void test_the_rest(void)
{
	CU_ASSERT_STRING_EQUAL(leat_errno_text(-EIO), strerror(EIO));
	CU_ASSERT_PTR_NOT_NULL(strstr(leat_errno_text(EPERM), strerror(EPERM)));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(leat_errno_text(EACCES), strerror(EACCES)));
}

/* A path, and what it is about, have to have room beside it. */
static void test_lengths(void)
{
	for (int i = 0; i < 200; i++)
		CU_ASSERT_TRUE(strlen(leat_errno_text(i)) < 160);
}

static const struct unit_test tests[] = {
	{ "error", "a sentence", test_set },
	{ "errno", "what is to be done", test_cures },
	{ "errno", "what is known only by its name", test_the_rest },
	{ "errno", "none is long", test_lengths },
};

UNIT_MAIN(tests)
