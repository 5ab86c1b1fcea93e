/* SPDX-License-Identifier: MIT */
/* Runs a table of CUnit tests and says what came of it. */
#ifndef LEAT_UNIT_RUNNER_H
#define LEAT_UNIT_RUNNER_H

#include <stddef.h>

/* One test function; neighbours with the same suite name share a suite. */
struct unit_test {
	const char *suite;
	const char *name;
	void (*run)(void);
};

/*
 * Run all tests and print failures and a line "cunit: N passed, N failed".
 * With the argument --list, print their names and number instead.
 *
 * Returns what main() should: 0 only if every test ran and none failed.
 */
int unit_run(const struct unit_test *tests, size_t n_tests, int argc,
	     char **argv);

/* The main() of a test program with a static table of tests. */
#define UNIT_MAIN(tests)                                                       \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return unit_run(tests, sizeof(tests) / sizeof((tests)[0]),     \
				argc, argv);                                   \
	}

#endif
