/* SPDX-License-Identifier: MIT */
/*
 * test_jack_syscalls [CYCLES]: the system calls and page faults of JACK's process
 * callback, counted: one call at a crossing that PipeWire's side waits for, none
 * otherwise, and no fault.
 */
#include "circle.h"
#include "rt_guard/syscalls.h"
#include "runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static unsigned n_cycles = 1000000;

/*
 * A cycle looks at the clock twice, and once at JACK's: where that cannot be
 * done without a call, each cycle makes so many more.
 */
static unsigned calls_of_the_clocks(void)
{
	struct timespec t;

	leat_syscalls_begin();
	clock_gettime(CLOCK_MONOTONIC, &t);
	clock_gettime(CLOCK_MONOTONIC, &t);
	jack_get_time();
	return leat_syscalls_end();
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static unsigned calls_of_a_cycle(struct circle *circle)
{
	leat_syscalls_begin();
	circle_cycle(circle, CIRCLE_PERIOD);
	return leat_syscalls_end();
}

/* What others overlook: calls without a wrapper, and eventfd_write(). */
static void test_planted_calls_are_counted(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	void *volatile memory;
	unsigned n = 0;

	for (unsigned i = 0; i < 100; i++) {
		leat_syscalls_begin();
		eventfd_write(fd, 1);
		syscall(SYS_getppid);
		n += leat_syscalls_end();
	}
	CU_ASSERT_EQUAL(n, 200);
	CU_ASSERT_EQUAL(leat_syscalls_last(), SYS_getppid);
	/* The calls were made, too. */
	CU_ASSERT_EQUAL(eventfd_read(fd, &(eventfd_t){ 0 }), 0);
	leat_syscalls_begin();
	memory = malloc((size_t)64 << 20);
	n = leat_syscalls_end();
	free(memory);
	CU_ASSERT_TRUE(n > 0);
	leat_syscalls_begin();
	CU_ASSERT_EQUAL(leat_syscalls_end(), 0);
	close(fd);
}

/* While PipeWire's side keeps up without sleeping, or does not listen. */
static void test_steady_cycles_make_no_call(void)
{
	unsigned n_clock = calls_of_the_clocks(), n_wrong = 0;
	struct circle circle;
	long before;

	CU_ASSERT_FATAL(circle_open(&circle));
	circle.client.start_us = jack_get_time();
	calls_of_a_cycle(&circle);
	circle_answer(&circle);
	before = faults();
	for (unsigned i = 0; i < n_cycles; i++) {
		n_wrong += calls_of_a_cycle(&circle) != n_clock;
		if (i % 3 != 0)
			circle_answer(&circle);
	}
	CU_ASSERT_EQUAL(faults(), before);
	CU_ASSERT_EQUAL(n_wrong, 0);
	/* All of them were recorded. */
	CU_ASSERT_TRUE(
		leat_word_peek(
			&circle.load.histogram[LEAT_LOAD_WAKEUP].max_ns) > 0);
	circle_close(&circle);
}

static void test_crossing_makes_one_call(void)
{
	unsigned n_clock = calls_of_the_clocks(), n_wrong = 0;
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	circle.client.start_us = jack_get_time();
	/* The first cycle takes the wire in. */
	calls_of_a_cycle(&circle);
	for (unsigned i = 0; i < n_cycles / 10; i++) {
		circle_answer(&circle);
		circle_sleep(&circle);
		n_wrong += calls_of_a_cycle(&circle) != n_clock + 1;
		n_wrong += leat_syscalls_last() != SYS_sendto;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	circle_close(&circle);
}

static const struct unit_test tests[] = {
	{ "detector", "planted calls", test_planted_calls_are_counted },
	{ "callback", "steady", test_steady_cycles_make_no_call },
	{ "callback", "crossing", test_crossing_makes_one_call },
};

int main(int argc, char **argv)
{
	if (!leat_syscalls_watch()) {
		printf("skipped: system calls cannot be counted here: that is "
		       "for Linux 5.11 on x86-64, without a sanitizer\n");
		return 77;
	}
	if (argc > 1 && atoi(argv[1]) > 0) {
		n_cycles = (unsigned)atoi(argv[1]);
		argc = 1;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
