/* SPDX-License-Identifier: MIT */
/* --rt-guard: what it has to find is planted, and found. */
#include "rt_guard/rt_guard.h"
#include "runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct found {
	struct leat_rt_guard guard;
	unsigned n_told;
};

static void on_found(void *user) LEAT_RT
{
	struct found *found = user;

	found->n_told++;
}

static struct found begin_finding(void)
{
	return (struct found){ .guard.found = on_found };
}

static uint64_t peek(const struct leat_word *word)
{
	return leat_word_peek(word);
}

/* One callback that makes n calls, n_allowed of which are meant to be. */
static void call(struct found *found, unsigned n, unsigned n_allowed)
{
	found->guard.user = found;
	leat_rt_guard_begin(&found->guard);
	leat_rt_guard_allow(&found->guard, n_allowed);
	for (unsigned i = 0; i < n; i++)
		syscall(SYS_getppid);
	leat_rt_guard_end(&found->guard);
}

static void test_nothing(void)
{
	struct found found = begin_finding();
	char text[256];

	for (unsigned i = 0; i < 1000; i++)
		call(&found, i % 3, i % 3 + i % 2);
	CU_ASSERT_EQUAL(peek(&found.guard.n_callbacks), 1000);
	CU_ASSERT_EQUAL(peek(&found.guard.n_calls), 0);
	CU_ASSERT_EQUAL(peek(&found.guard.n_faults), 0);
	CU_ASSERT_EQUAL(found.n_told, 0);
	CU_ASSERT_TRUE(leat_rt_guard_tell(&found.guard, text, sizeof(text)));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "1000 callbacks, 0 system calls"));
}

static void test_calls(void)
{
	struct found found = begin_finding();
	char text[256], number[32];

	call(&found, 3, 1);
	call(&found, 1, 1);
	call(&found, 2, 0);
	CU_ASSERT_EQUAL(peek(&found.guard.n_callbacks), 3);
	CU_ASSERT_EQUAL(peek(&found.guard.n_calls), 4);
	CU_ASSERT_EQUAL(found.n_told, 1);
	CU_ASSERT_FALSE(leat_rt_guard_tell(&found.guard, text, sizeof(text)));
	snprintf(number, sizeof(number), "number %d", SYS_getppid);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "4 system calls"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, number));
}

/* What is allowed in one callback is no more in the next. */
static void test_allowance_ends(void)
{
	struct found found = begin_finding();

	call(&found, 0, 5);
	call(&found, 1, 0);
	CU_ASSERT_EQUAL(peek(&found.guard.n_calls), 1);
}

static void test_faults(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct found found = begin_finding();
	char *pages = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_FATAL(pages != MAP_FAILED);
	madvise(pages, 4 * page, MADV_NOHUGEPAGE);
	found.guard.user = &found;
	leat_rt_guard_begin(&found.guard);
	for (size_t i = 0; i < 4; i++)
		*(volatile char *)(pages + i * page) = 1;
	leat_rt_guard_end(&found.guard);
	CU_ASSERT_EQUAL(peek(&found.guard.n_faults), 4);
	CU_ASSERT_EQUAL(peek(&found.guard.n_calls), 0);
	CU_ASSERT_EQUAL(found.n_told, 1);
	munmap(pages, 4 * page);
}

static void *call_elsewhere(void *arg)
{
	call(arg, 2, 0);
	return NULL;
}

/* A server that comes back calls on another thread. */
static void test_other_thread(void)
{
	struct found found = begin_finding();
	pthread_t thread;

	call(&found, 1, 0);
	CU_ASSERT_EQUAL_FATAL(
		pthread_create(&thread, NULL, call_elsewhere, &found), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(peek(&found.guard.n_calls), 3);
}

static void test_no_guard(void)
{
	leat_rt_guard_begin(NULL);
	leat_rt_guard_allow(NULL, 1);
	leat_rt_guard_end(NULL);
}

static const struct unit_test tests[] = {
	{ "guard", "nothing", test_nothing },
	{ "guard", "calls", test_calls },
	{ "guard", "allowance", test_allowance_ends },
	{ "guard", "faults", test_faults },
	{ "guard", "another thread", test_other_thread },
	{ "guard", "none", test_no_guard },
};

int main(int argc, char **argv)
{
	struct leat_error error;

	if (leat_rt_guard_check(&error) < 0) {
		printf("skipped: %s\n", error.text);
		return 77;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
