/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include <CUnit/Basic.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library's own assertions are part of what the tests look at. */
#ifdef NDEBUG
static const bool assertions_on = false;
#else
static const bool assertions_on = true;
#endif

static int list(const struct unit_test *tests, size_t n_tests)
{
	for (size_t i = 0; i < n_tests; i++)
		printf("%s: %s\n", tests[i].suite, tests[i].name);
	printf("cunit: %zu tests\n", n_tests);
	return EXIT_SUCCESS;
}

static bool same_suite(const struct unit_test *tests, size_t i)
{
	return i > 0 && strcmp(tests[i].suite, tests[i - 1].suite) == 0;
}

static bool build(const struct unit_test *tests, size_t n_tests)
{
	CU_pSuite suite = NULL;

	for (size_t i = 0; i < n_tests; i++) {
		if (!same_suite(tests, i))
			suite = CU_add_suite(tests[i].suite, NULL, NULL);
		if (!suite || !CU_add_test(suite, tests[i].name, tests[i].run))
			return false;
	}
	return true;
}

static void print_failures(void)
{
	CU_pFailureRecord record = CU_get_failure_list();

	for (; record; record = record->pNext)
		printf("FAILED %s: %s: %s:%u: %s\n",
		       record->pSuite ? record->pSuite->pName : "?",
		       record->pTest ? record->pTest->pName : "?",
		       record->strFileName ? record->strFileName : "?",
		       record->uiLineNumber,
		       record->strCondition ? record->strCondition : "?");
}

/*
 * CUnit's own result only tells of trouble with the framework, and a test
 * that was never run is no success either.
 */
static bool all_passed(size_t n_tests)
{
	return CU_get_number_of_failures() == 0 &&
	       CU_get_number_of_tests_run() == n_tests && n_tests > 0;
}

static int run(const struct unit_test *tests, size_t n_tests)
{
	unsigned n_run, n_failed;
	bool passed;

	if (!build(tests, n_tests)) {
		fprintf(stderr, "cunit: %s\n", CU_get_error_msg());
		return EXIT_FAILURE;
	}
	CU_basic_set_mode(CU_BRM_SILENT);
	if (CU_basic_run_tests() != CUE_SUCCESS)
		fprintf(stderr, "cunit: %s\n", CU_get_error_msg());
	print_failures();
	n_run = CU_get_number_of_tests_run();
	n_failed = CU_get_number_of_tests_failed();
	passed = all_passed(n_tests);
	printf("cunit: %u passed, %u failed\n", n_run - n_failed, n_failed);
	return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int unit_run(const struct unit_test *tests, size_t n_tests, int argc,
	     char **argv)
{
	int result;

	/* A line must not be lost, or printed twice, if a test forks or dies. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!assertions_on) {
		fprintf(stderr, "cunit: built without assertions (NDEBUG)\n");
		return EXIT_FAILURE;
	}
	if (argc > 1 && strcmp(argv[1], "--list") == 0)
		return list(tests, n_tests);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	result = run(tests, n_tests);
	CU_cleanup_registry();
	return result;
}
