/* SPDX-License-Identifier: MIT */
/* A tap opens and reads, and any one call on the way fails. */
#include "faults.h"
#include "helpers.h"
#include "runner.h"
#include "tap_bench.h"
#include "tap_rig.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* More calls of a kind than there are. */
#define N_CALLS_MAX 60u

static struct tap_bench bench;

static struct leat_tap *open_tap(int *res)
{
	struct leat_error error;
	struct leat_tap *tap;

	*res = leat_tap_open(&tap, NODE_LINK, LEAT_TO_JACK, NULL, &error);
	return tap;
}

/*
 * What comes next, in a time of its own that goes on by 20 ms with each call:
 * taps let seconds pass before they ask again.
 */
static enum leat_tap_what next_at(struct leat_tap *tap, int64_t *now_ns)
{
	struct leat_tap_event event;

	*now_ns += 20000000;
	faults_virtual_time(*now_ns, 0, 0);
	(void)leat_tap_next(tap, &event);
	faults_virtual_time(0, 0, 0);
	tap_bench_settle(&bench);
	return event.what;
}

/* Whatever it was told before, in the end it reads. */
static void expect_frames(struct leat_tap *tap)
{
	int64_t now_ns = unit_now_ms() * 1000000;
	int n_left = 1000;

	while (next_at(tap, &now_ns) != LEAT_TAP_UP &&
	       leat_tap_state(tap) != LEAT_TAP_LIVE && n_left > 0)
		n_left--;
	CU_ASSERT_EQUAL_FATAL(leat_tap_state(tap), LEAT_TAP_LIVE);
	tap_bench_pipewire(&bench, 0, 64);
	while (next_at(tap, &now_ns) != LEAT_TAP_FRAMES && n_left > 0)
		n_left--;
	CU_ASSERT_EQUAL(tap_bench_read(&bench, tap, LEAT_TO_JACK, 64), 64);
}

/* Whether there was a call that failed. */
static bool listen_with(enum fault_call call, unsigned nth, int error)
{
	struct leat_tap_event event;
	struct leat_tap *tap;
	bool hit;
	int res;

	tap_bench_init(&bench);
	CU_ASSERT_FATAL(tap_bench_open(&bench));
	faults_fail(call, nth, error);
	tap = open_tap(&res);
	tap_bench_settle(&bench);
	for (int i = 0; tap && i < 3; i++) {
		(void)leat_tap_next(tap, &event);
		(void)leat_tap_prepare_wait(tap);
	}
	hit = faults_end();
	CU_ASSERT_EQUAL(res < 0, tap == NULL);
	if (!tap)
		tap = open_tap(&res);
	CU_ASSERT_EQUAL_FATAL(res, 0);
	expect_frames(tap);
	leat_tap_close(tap);
	CU_ASSERT(tap_bench_close(&bench));
	return hit;
}

static void test_any_call_fails(void)
{
	static const struct {
		enum fault_call call;
		int error;
	} faults[] = {
		{ FAULT_ALLOC, ENOMEM },	  { FAULT_ACCEPT4, EMFILE },
		{ FAULT_CONNECT, ECONNREFUSED },  { FAULT_CONNECT, EAGAIN },
		{ FAULT_EPOLL_CREATE1, EMFILE },  { FAULT_EPOLL_CTL, ENOSPC },
		{ FAULT_FCNTL, EACCES },	  { FAULT_FSTAT, EIO },
		{ FAULT_GETSOCKOPT, EINVAL },	  { FAULT_MLOCK, ENOMEM },
		{ FAULT_MMAP, ENOMEM },		  { FAULT_RECVMSG, EIO },
		{ FAULT_RECVMSG, EAGAIN },	  { FAULT_SENDMSG, ENOBUFS },
		{ FAULT_SENDMSG, EPIPE },	  { FAULT_SOCKET, EMFILE },
		{ FAULT_TIMERFD_CREATE, EMFILE },
	};

	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		unsigned n_blocks = faults_blocks(), nth = 0;

		while (nth < N_CALLS_MAX &&
		       listen_with(faults[i].call, nth, faults[i].error))
			nth++;
		CU_ASSERT(nth > 0 && nth < N_CALLS_MAX);
		CU_ASSERT_EQUAL(faults_blocks(), n_blocks);
	}
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
}

/* What it cannot be opened without is told as it is. */
static void test_opening_fails(void)
{
	static const struct {
		enum fault_call call;
		unsigned nth;
		int error;
		const char *word;
	} faults[] = {
		{ FAULT_ALLOC, 0, ENOMEM, "memory" },
		{ FAULT_EPOLL_CREATE1, 0, EMFILE, "timer" },
		{ FAULT_TIMERFD_CREATE, 0, ENFILE, "timer" },
		{ FAULT_EPOLL_CTL, 0, ENOSPC, "timer" },
		{ FAULT_EPOLL_CTL, 1, ENOSPC, "cannot join" },
		{ FAULT_SENDMSG, 0, ENOBUFS, "cannot join" },
		{ FAULT_SOCKET, 0, EMFILE, "" },
	};
	struct leat_error error;
	struct leat_tap *tap;
	unsigned n_blocks;
	int res;

	tap_bench_init(&bench);
	CU_ASSERT_FATAL(tap_bench_open(&bench));
	n_blocks = faults_blocks();
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		unsigned n_fds = unit_count_fds();

		faults_fail(faults[i].call, faults[i].nth, faults[i].error);
		res = leat_tap_open(&tap, NODE_LINK, LEAT_TO_JACK, NULL,
				    &error);
		CU_ASSERT_TRUE(faults_end());
		CU_ASSERT_PTR_NULL(tap);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, faults[i].word));
		CU_ASSERT_EQUAL(res, -faults[i].error);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		CU_ASSERT_EQUAL(faults_blocks(), n_blocks);
	}
	CU_ASSERT(tap_bench_close(&bench));
}

/* Whether there was a call that failed while it took a wire over. */
static bool take_wire_with(enum fault_call call, unsigned nth)
{
	struct leat_tap_event event;
	struct tap_rig rig;
	bool hit;

	tap_rig_open(&rig, LEAT_TO_JACK);
	tap_rig_say_wire(&rig);
	faults_fail(call, nth, ENOMEM);
	(void)leat_tap_next(rig.tap, &event);
	hit = faults_end();
	CU_ASSERT_EQUAL(event.what, hit ? LEAT_TAP_DOWN : LEAT_TAP_UP);
	if (hit) {
		CU_ASSERT_EQUAL(event.error, -ENOMEM);
		CU_ASSERT_STRING_EQUAL(event.text, strerror(ENOMEM));
	}
	tap_rig_close(&rig);
	return hit;
}

static void test_no_memory_for_a_wire(void)
{
	unsigned n_blocks = faults_blocks(), nth = 0;

	CU_ASSERT_TRUE(take_wire_with(FAULT_ALLOC, 0));
	while (nth < N_CALLS_MAX && take_wire_with(FAULT_MMAP, nth))
		nth++;
	CU_ASSERT(nth >= 2 && nth < N_CALLS_MAX);
	CU_ASSERT_EQUAL(faults_blocks(), n_blocks);
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
}

/* Whether there was a call that made a descriptor, which then was 0. */
static bool listen_at_zero(unsigned nth)
{
	struct leat_tap *tap;
	bool hit;
	int res;

	tap_bench_init(&bench);
	CU_ASSERT_FATAL(tap_bench_open(&bench));
	faults_free_zero(nth);
	tap = open_tap(&res);
	CU_ASSERT_EQUAL_FATAL(res, 0);
	tap_bench_settle(&bench);
	expect_frames(tap);
	hit = faults_end();
	leat_tap_close(tap);
	bench.n_fds -= hit;
	CU_ASSERT(tap_bench_close(&bench));
	return hit;
}

static void test_descriptor_zero(void)
{
	unsigned nth = 0;

	CU_ASSERT_FATAL(unit_fd_open(0));
	for (; nth < N_CALLS_MAX && listen_at_zero(nth); nth++) {
		CU_ASSERT_FALSE(unit_fd_open(0));
		CU_ASSERT_EQUAL(open("/dev/null", O_RDWR), 0);
	}
	CU_ASSERT(nth > 0 && nth < N_CALLS_MAX);
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
}

static const struct unit_test tests[] = {
	{ "tap", "any call fails", test_any_call_fails },
	{ "tap", "opening fails", test_opening_fails },
	{ "tap", "no memory for a wire", test_no_memory_for_a_wire },
	{ "tap", "descriptor 0", test_descriptor_zero },
};

UNIT_MAIN(tests)
