/* SPDX-License-Identifier: MIT */
/*
 * A tap reads at the edge of what a producer overwrites at full speed: what it
 * accepts is never torn, and what it is told to have lost is what is missing.
 *
 * Both are in this process, on two mappings of one part. The tap goes to the
 * oldest frames again and again, where it is lapped most often.
 */
#include "tap_bench.h"

#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define RACE_MS 3000
#define READ_FRAMES 700u

static struct tap_bench bench;
static atomic_bool over;

/* Blocks of several lengths, each a jump now and then. */
static void *produce(void *user)
{
	static const uint32_t lengths[] = { 64, 1, 64, 17, 128, 64, 250, 3 };
	uint64_t position = 0;

	(void)user;
	for (unsigned i = 0; !atomic_load(&over); i++) {
		uint32_t n = lengths[i % 8];

		if (i % 50 == 0)
			position += i % 7 * 10;
		tap_bench_pipewire(&bench, position, n);
		position += n;
		/* Of one processor both want a share. */
		if (i % 64 == 0)
			sched_yield();
	}
	return NULL;
}

struct sums {
	uint64_t n_reads, n_refused, n_frames, n_gaps;
	bool torn, broken_order;
};

/* Every frame is of its own position, and every position is accounted for. */
static void listen(struct leat_tap *tap, struct sums *sums)
{
	int64_t until_ms = unit_now_ms() + RACE_MS;
	struct leat_tap_event event;
	uint64_t expected = leat_tap_position(tap);

	for (unsigned i = 0; unit_now_ms() < until_ms; i++) {
		uint32_t n;

		if (i % 16 == 0) {
			leat_tap_seek(tap, LEAT_TAP_OLDEST);
			expected = leat_tap_position(tap);
		}
		if (leat_tap_next(tap, &event) == LEAT_TAP_NONE)
			continue;
		if (event.position != expected)
			sums->broken_order = true;
		if (event.what != LEAT_TAP_FRAMES) {
			sums->n_gaps++;
			expected += event.n_frames;
			continue;
		}
		n = tap_bench_read(&bench, tap, LEAT_TO_JACK,
				   event.n_frames < READ_FRAMES
					   ? (uint32_t)event.n_frames
					   : READ_FRAMES);
		if (n == UINT32_MAX) {
			sums->torn = true;
			return;
		}
		sums->n_reads++;
		sums->n_refused += n == 0;
		sums->n_frames += n;
		expected += n;
	}
}

static void test_never_torn(void)
{
	struct leat_tap_event event;
	struct sums sums = { 0 };
	struct leat_tap *tap;
	pthread_t thread;

	tap_bench_init(&bench);
	bench.spec.first_index = UINT32_MAX - UINT64_C(100000);
	CU_ASSERT_FATAL(tap_bench_open(&bench));
	tap = tap_bench_tap(&bench, LEAT_TO_JACK, 0, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tap);
	CU_ASSERT_EQUAL_FATAL(tap_bench_next(&bench, tap, &event), LEAT_TAP_UP);
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, produce, NULL) == 0);
	listen(tap, &sums);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	CU_ASSERT_FALSE(sums.torn);
	CU_ASSERT_FALSE(sums.broken_order);
	/* It came to it, and it did not come to it each time. */
	CU_ASSERT(sums.n_refused > 0 || sysconf(_SC_NPROCESSORS_ONLN) < 2);
	CU_ASSERT(sums.n_frames > 0);
	CU_ASSERT(sums.n_gaps > 0);
	printf("%lu reads, %lu refused, %lu frames, %lu gaps\n",
	       (unsigned long)sums.n_reads, (unsigned long)sums.n_refused,
	       (unsigned long)sums.n_frames, (unsigned long)sums.n_gaps);
	leat_tap_close(tap);
	CU_ASSERT(tap_bench_close(&bench));
}

static const struct unit_test tests[] = {
	{ "race", "never torn", test_never_torn },
};

UNIT_MAIN(tests)
