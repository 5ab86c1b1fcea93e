/* SPDX-License-Identifier: MIT */
/* --sync-wait: JACK's callback waits for the answer to what it just sent. */
#include "circle.h"
#include "runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

/* So long a period that no stall of a machine uses up its share. */
#define SLOW_RATE_HZ 1000
#define SHARE 90

static struct circle circle;
static atomic_bool ends;

static uint64_t underruns(void)
{
	return leat_word_peek(&circle.status.direction[LEAT_TO_JACK].underruns);
}

static uint64_t lost(void)
{
	return leat_word_peek(&circle.status.direction[LEAT_TO_JACK].lost);
}

/* PipeWire's data loop: woken by each block of JACK's, it answers. */
static void *answer(void *arg)
{
	struct leat_frames_consumer *in = circle.pipewire.in;
	struct pollfd fd = { leat_frames_wait_fd(in), POLLIN, 0 };

	(void)arg;
	while (!ends) {
		if (!leat_frames_prepare_wait(in, 1))
			poll(&fd, 1, 100);
		else
			circle_answer(&circle);
	}
	return NULL;
}

static pthread_t thread;

static void open_with(uint32_t percent, uint32_t rate_hz)
{
	CU_ASSERT_FATAL(circle_open_waiting(&circle, percent));
	circle.process.rate_hz = rate_hz;
	leat_frames_set_activity(circle.pipewire.out, LEAT_ANSWERS);
	ends = false;
}

static void begin_answering(void)
{
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, answer, NULL) == 0);
}

static void stop_answering(void)
{
	ends = true;
	pthread_join(thread, NULL);
}

/* What was sent is back in the same cycle, and the status says so. */
static void test_no_latency(void)
{
	open_with(SHARE, SLOW_RATE_HZ);
	begin_answering();
	for (unsigned i = 0; i < 200; i++) {
		circle_cycle(&circle, CIRCLE_PERIOD);
		if (i > 5)
			CU_ASSERT_TRUE(
				circle_is_back_at_once(&circle, CIRCLE_PERIOD));
	}
	stop_answering();
	CU_ASSERT_EQUAL(underruns(), 0);
	CU_ASSERT_EQUAL(
		leat_word_peek(&circle.status.direction[LEAT_TO_JACK].latency),
		0);
	CU_ASSERT_EQUAL(
		leat_word_peek(&circle.status.direction[LEAT_TO_JACK].target),
		0);
	circle_close(&circle);
}

/* Another period is waited for like any. */
static void test_period_changes(void)
{
	open_with(SHARE, SLOW_RATE_HZ);
	begin_answering();
	for (unsigned i = 0; i < 60; i++) {
		uint32_t n_frames = i < 30 ? CIRCLE_PERIOD : CIRCLE_PERIOD / 2;

		circle_cycle(&circle, n_frames);
		if (i > 10)
			CU_ASSERT_TRUE(
				circle_is_back_at_once(&circle, n_frames));
	}
	stop_answering();
	CU_ASSERT_EQUAL(underruns(), 0);
	circle_close(&circle);
}

/*
 * Who does not answer is waited for once. At a rate at which a second wait
 * would take minutes, 20 cycles end.
 */
static void test_waits_once(void)
{
	open_with(1, 48000);
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(underruns(), 1);
	CU_ASSERT_TRUE(circle.process.sync_wait.is_missing);
	circle.process.rate_hz = 1;
	for (unsigned i = 0; i < 20; i++)
		circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(underruns(), 21);
	circle_close(&circle);
}

/* A late answer is lost, and counted; then JACK waits again. */
static void test_waits_again(void)
{
	open_with(1, 48000);
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(underruns(), 1);
	CU_ASSERT_TRUE(circle_answer(&circle));
	circle.process.sync_wait.percent = SHARE;
	circle.process.rate_hz = SLOW_RATE_HZ;
	begin_answering();
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(underruns(), 1);
	CU_ASSERT_EQUAL(lost(), 0);
	circle_cycle(&circle, CIRCLE_PERIOD);
	stop_answering();
	CU_ASSERT_EQUAL(underruns(), 1);
	CU_ASSERT_FALSE(circle.process.sync_wait.is_missing);
	circle_close(&circle);
}

/* Without the option, or in adaptive mode, nothing is waited for. */
static void test_does_not_wait(void)
{
	static const struct {
		uint32_t percent;
		enum leat_activity activity;
	} cases[] = { { 0, LEAT_ANSWERS },
		      { SHARE, LEAT_ACTIVE },
		      { SHARE, LEAT_IDLE } };

	for (unsigned k = 0; k < 3; k++) {
		/* Waiting would take a minute. */
		open_with(cases[k].percent, 1);
		leat_frames_set_activity(circle.pipewire.out,
					 cases[k].activity);
		for (unsigned i = 0; i < 10; i++) {
			circle_cycle(&circle, CIRCLE_PERIOD);
			if (i > 5)
				CU_ASSERT_TRUE(
					circle_is_back(&circle, CIRCLE_PERIOD));
			CU_ASSERT_TRUE(circle_answer(&circle));
		}
		circle_close(&circle);
	}
}

/* A peer that hung up, or writes for ever, wakes but does not hold it. */
static void test_hostile_peer(void)
{
	int fd;

	open_with(SHARE, 1);
	fd = leat_frames_wait_fd(circle.pipewire.in);
	shutdown(fd, SHUT_RDWR);
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(underruns(), 1);
	circle_close(&circle);

	open_with(1, 48000);
	fd = leat_frames_wait_fd(circle.pipewire.in);
	while (send(fd, &ends, 1, MSG_DONTWAIT) > 0)
		;
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(underruns(), 1);
	circle_close(&circle);
}

static const struct unit_test tests[] = {
	{ "sync-wait", "no latency", test_no_latency },
	{ "sync-wait", "the period changes", test_period_changes },
	{ "sync-wait", "waits once", test_waits_once },
	{ "sync-wait", "waits again", test_waits_again },
	{ "sync-wait", "does not wait", test_does_not_wait },
	{ "sync-wait", "hostile peer", test_hostile_peer },
};

int main(int argc, char **argv)
{
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
