/* SPDX-License-Identifier: MIT */
/*
 * The system calls of JACK's process callback, counted: one at a crossing that
 * PipeWire's side waits for, none otherwise.
 */
#include "circle.h"
#include "rt_guard/syscalls.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define N_CYCLES 10000u

/* Where the clock cannot be read without one, each cycle makes one more. */
static unsigned calls_of_the_clock(void)
{
	struct timespec t;

	leat_syscalls_begin();
	clock_gettime(CLOCK_MONOTONIC, &t);
	return leat_syscalls_end();
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
	unsigned n_clock = calls_of_the_clock(), n_wrong = 0;
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	for (unsigned i = 0; i < N_CYCLES; i++) {
		n_wrong += calls_of_a_cycle(&circle) != n_clock;
		if (i % 3 != 0)
			circle_answer(&circle);
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	circle_close(&circle);
}

static void test_crossing_makes_one_call(void)
{
	unsigned n_clock = calls_of_the_clock(), n_wrong = 0;
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	/* The first cycle takes the wire in. */
	calls_of_a_cycle(&circle);
	for (unsigned i = 0; i < N_CYCLES; i++) {
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
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
