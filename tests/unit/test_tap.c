/* SPDX-License-Identifier: MIT */
/* Taps on a link whose two sides are called by the test. */
#include "tap_bench.h"

#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define CAPACITY 1024u
#define BLOCK 64u
/* What a tap may trust, and what it begins with when it was lapped. */
#define WINDOW (CAPACITY - BLOCK)
#define SAFE (WINDOW - WINDOW / 2)

static struct tap_bench bench;
static struct leat_tap_event event;

static void open_bench(void)
{
	tap_bench_init(&bench);
	CU_ASSERT_FATAL(tap_bench_open(&bench));
}

static struct leat_tap *open_tap(enum leat_direction direction,
				 uint64_t history_frames)
{
	struct leat_tap *tap =
		tap_bench_tap(&bench, direction, history_frames, 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(tap);
	return tap;
}

static void expect_up(struct leat_tap *tap, uint64_t generation)
{
	CU_ASSERT_EQUAL_FATAL(tap_bench_next(&bench, tap, &event), LEAT_TAP_UP);
	CU_ASSERT_EQUAL(event.generation, generation);
	CU_ASSERT_EQUAL(leat_tap_state(tap), LEAT_TAP_LIVE);
}

static void expect_gap(struct leat_tap *tap, enum leat_tap_cause cause,
		       uint64_t position, uint64_t n_frames)
{
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_GAP);
	CU_ASSERT_EQUAL(event.cause, cause);
	CU_ASSERT_EQUAL(event.position, position);
	CU_ASSERT_EQUAL(event.n_frames, n_frames);
}

static void expect_frames(struct leat_tap *tap, enum leat_direction direction,
			  uint64_t n_frames)
{
	uint64_t sum = 0;

	while (sum < n_frames) {
		uint32_t n;

		CU_ASSERT_EQUAL_FATAL(leat_tap_next(tap, &event),
				      LEAT_TAP_FRAMES);
		CU_ASSERT_EQUAL(event.position, leat_tap_position(tap));
		n = tap_bench_read(&bench, tap, direction,
				   (uint32_t)event.n_frames);
		CU_ASSERT_FATAL(n > 0 && n != UINT32_MAX);
		sum += n;
	}
	CU_ASSERT_EQUAL(sum, n_frames);
}

static void expect_nothing(struct leat_tap *tap)
{
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_NONE);
}

static void jack(unsigned n_blocks)
{
	for (unsigned i = 0; i < n_blocks; i++)
		tap_bench_jack(&bench, BLOCK);
}

static void finish(struct leat_tap *tap)
{
	leat_tap_close(tap);
	CU_ASSERT(tap_bench_close(&bench));
}

/* ---- opening ---- */

static void test_arguments(void)
{
	struct leat_tap_config config = { .size_bytes = 1 };
	struct leat_error error;
	struct leat_tap *tap;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL(leat_tap_open(&tap, "a/b", LEAT_TO_JACK, NULL, &error),
			-EINVAL);
	CU_ASSERT_EQUAL(
		leat_tap_open(&tap, "a", (enum leat_direction)2, NULL, &error),
		-EINVAL);
	CU_ASSERT_EQUAL(leat_tap_open(&tap, "a", LEAT_TO_JACK, &config, &error),
			-EINVAL);
	CU_ASSERT_PTR_NULL(tap);
	leat_tap_close(NULL);
	unit_rundir_remove();
}

/* Longer than any place for it. */
static void test_long_name(void)
{
	static char name[1 << 21];
	struct leat_error error;
	struct leat_tap *tap;

	memset(name, 'a', sizeof(name) - 1);
	CU_ASSERT_EQUAL(leat_tap_open(&tap, name, LEAT_TO_JACK, NULL, &error),
			-EINVAL);
	CU_ASSERT_PTR_NULL(tap);
}

/* Nothing of it is left to a program that is started. */
static void test_descriptors_are_closed_on_exec(void)
{
	struct leat_tap *tap;
	bool open[64];
	int n_new = 0;

	open_bench();
	for (int fd = 0; fd < 64; fd++)
		open[fd] = unit_fd_open(fd);
	tap = open_tap(LEAT_TO_JACK, 0);
	expect_up(tap, 1);
	for (int fd = 0; fd < 64; fd++)
		if (unit_fd_open(fd) && !open[fd]) {
			CU_ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
			n_new++;
		}
	CU_ASSERT(n_new >= 4);
	finish(tap);
}

/* From the newest frame on, each as it comes. */
static void test_no_configuration(void)
{
	struct leat_error error;
	struct leat_tap *tap;

	open_bench();
	jack(3);
	CU_ASSERT_EQUAL_FATAL(
		leat_tap_open(&tap, NODE_LINK, LEAT_TO_PIPEWIRE, NULL, &error),
		0);
	expect_up(tap, 1);
	CU_ASSERT_EQUAL(event.position, 3 * BLOCK);
	expect_nothing(tap);
	tap_bench_jack(&bench, 1);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 1);
	finish(tap);
}

static void test_opens_before_the_link(void)
{
	struct leat_tap *tap;

	tap_bench_init(&bench);
	CU_ASSERT_FATAL(unit_rundir_make());
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	CU_ASSERT_EQUAL(leat_tap_state(tap), LEAT_TAP_ABSENT);
	CU_ASSERT_PTR_NULL(leat_tap_format(tap));
	expect_nothing(tap);
	CU_ASSERT_EQUAL(leat_tap_wait(tap, 1), 0);
	unit_rundir_remove();
	CU_ASSERT_FATAL(tap_bench_open(&bench));
	expect_up(tap, 1);
	jack(1);
	expect_frames(tap, LEAT_TO_PIPEWIRE, BLOCK);
	leat_tap_close(tap);
	bench.n_fds -= 2;
	CU_ASSERT(tap_bench_close(&bench));
}

static void test_format(void)
{
	const struct leat_tap_format *format;
	struct leat_tap *tap;

	open_bench();
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		tap = open_tap((enum leat_direction)d, 0);
		expect_up(tap, 1);
		CU_ASSERT_EQUAL(event.n_frames, 0);
		format = leat_tap_format(tap);
		CU_ASSERT_EQUAL(format->n_channels, bench.spec.n_channels[d]);
		CU_ASSERT_EQUAL(format->rate_hz, 48000);
		CU_ASSERT_EQUAL(format->capacity, CAPACITY);
		CU_ASSERT_EQUAL(format->first_index, bench.spec.first_index);
		CU_ASSERT_EQUAL(memcmp(format->position, bench.spec.position[d],
				       format->n_channels),
				0);
		leat_tap_close(tap);
		tap_bench_settle(&bench);
	}
	finish(NULL);
}

/* ---- reading ---- */

static void test_all_comes_over(void)
{
	struct leat_tap *taps[LEAT_N_DIRECTIONS];

	open_bench();
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		taps[d] = open_tap((enum leat_direction)d, 0);
		expect_up(taps[d], 1);
	}
	for (unsigned i = 0; i < 200; i++) {
		jack(1);
		tap_bench_pipewire(&bench, i * BLOCK, BLOCK);
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
			expect_frames(taps[d], (enum leat_direction)d, BLOCK);
			expect_nothing(taps[d]);
		}
	}
	CU_ASSERT_EQUAL(leat_tap_position(taps[0]), 200 * BLOCK);
	leat_tap_close(taps[0]);
	finish(taps[1]);
}

static void test_watermark(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	leat_tap_set_watermark(tap, 3 * BLOCK);
	expect_up(tap, 1);
	jack(2);
	expect_nothing(tap);
	CU_ASSERT_FALSE(leat_tap_prepare_wait(tap));
	jack(1);
	CU_ASSERT_TRUE(leat_tap_prepare_wait(tap));
	expect_frames(tap, LEAT_TO_PIPEWIRE, 3 * BLOCK);
	/* A gap comes behind them, so they are told of. */
	jack(1);
	expect_nothing(tap);
	leat_frames_note(bench.host.wire->out, LEAT_EVENT_XRUN, 100);
	expect_frames(tap, LEAT_TO_PIPEWIRE, BLOCK);
	expect_gap(tap, LEAT_TAP_XRUN, 4 * BLOCK, 100);
	/* As much as a ring can ever hold. */
	leat_tap_set_watermark(tap, UINT32_MAX);
	jack(WINDOW / 2 / BLOCK);
	expect_nothing(tap);
	jack(1);
	expect_frames(tap, LEAT_TO_PIPEWIRE, (WINDOW / 2 / BLOCK + 1) * BLOCK);
	finish(tap);
}

static void test_history(void)
{
	struct leat_tap *tap;

	open_bench();
	jack(5);
	tap = open_tap(LEAT_TO_PIPEWIRE, LEAT_TAP_OLDEST);
	expect_up(tap, 1);
	CU_ASSERT_EQUAL(event.position, 0);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 5 * BLOCK);
	leat_tap_close(tap);
	tap = open_tap(LEAT_TO_PIPEWIRE, 100);
	expect_up(tap, 1);
	CU_ASSERT_EQUAL(event.position, 5 * BLOCK - 100);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 100);
	leat_tap_close(tap);
	jack(100);
	tap = open_tap(LEAT_TO_PIPEWIRE, LEAT_TAP_OLDEST);
	expect_up(tap, 1);
	CU_ASSERT_EQUAL(event.position, 105 * BLOCK - SAFE);
	expect_frames(tap, LEAT_TO_PIPEWIRE, SAFE);
	finish(tap);
}

static void test_seek(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	CU_ASSERT_EQUAL(leat_tap_seek(tap, 10), 0);
	expect_up(tap, 1);
	jack(5);
	CU_ASSERT_EQUAL(leat_tap_newest(tap), 5 * BLOCK);
	CU_ASSERT_EQUAL(leat_tap_oldest(tap), 0);
	CU_ASSERT_EQUAL(leat_tap_seek(tap, 0), 0);
	expect_nothing(tap);
	CU_ASSERT_EQUAL(leat_tap_seek(tap, 70), 70);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 70);
	CU_ASSERT_EQUAL(leat_tap_seek(tap, LEAT_TAP_OLDEST), 5 * BLOCK);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 5 * BLOCK);
	leat_frames_note(bench.host.wire->out, LEAT_EVENT_XRUN, 7);
	jack(1);
	expect_gap(tap, LEAT_TAP_XRUN, 5 * BLOCK, 7);
	/* Told again, as it comes again. */
	CU_ASSERT_TRUE(leat_tap_prepare_wait(tap));
	CU_ASSERT_EQUAL(leat_tap_seek(tap, 2 * BLOCK), 2 * BLOCK);
	expect_frames(tap, LEAT_TO_PIPEWIRE, BLOCK);
	expect_gap(tap, LEAT_TAP_XRUN, 5 * BLOCK, 7);
	expect_frames(tap, LEAT_TO_PIPEWIRE, BLOCK);
	expect_nothing(tap);
	finish(tap);
}

/* ---- lapped ---- */

static void test_lapped_exactly(void)
{
	struct leat_tap_counts counts;
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	expect_up(tap, 1);
	/* The last that can still be read, and one block more. */
	jack(WINDOW / BLOCK);
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(event.n_frames, WINDOW);
	jack(1);
	CU_ASSERT_EQUAL(tap_bench_read(&bench, tap, LEAT_TO_PIPEWIRE, 1), 0);
	expect_gap(tap, LEAT_TAP_LAPPED, 0, WINDOW + BLOCK - SAFE);
	expect_frames(tap, LEAT_TO_PIPEWIRE, SAFE);
	jack(1000);
	expect_gap(tap, LEAT_TAP_LAPPED, WINDOW + BLOCK, 1000 * BLOCK - SAFE);
	expect_frames(tap, LEAT_TO_PIPEWIRE, SAFE);
	leat_tap_counts(tap, &counts);
	CU_ASSERT_EQUAL(counts.n_read + counts.n_lapped, WINDOW + 1001 * BLOCK);
	CU_ASSERT_EQUAL(counts.n_read, 2 * SAFE);
	CU_ASSERT_EQUAL(counts.n_skipped + counts.n_unknown + counts.n_xrun, 0);
	finish(tap);
}

/* A larger block takes more of the history, before it is written. */
static void test_larger_blocks(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	expect_up(tap, 1);
	jack(WINDOW / BLOCK);
	tap_bench_jack(&bench, 1);
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_GAP);
	CU_ASSERT_EQUAL(event.cause, LEAT_TAP_LAPPED);
	tap_bench_jack(&bench, CAPACITY / 2);
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_GAP);
	/* The window is half the ring now, and a quarter is safe. */
	CU_ASSERT_EQUAL(leat_tap_newest(tap) - leat_tap_position(tap),
			CAPACITY / 4);
	expect_frames(tap, LEAT_TO_PIPEWIRE, CAPACITY / 4);
	finish(tap);
}

/* In the midst of reading in place. */
static void test_lapped_while_reading(void)
{
	struct leat_frames_view views[2];
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	expect_up(tap, 1);
	jack(4);
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(leat_tap_begin(tap, 1000, views), 4 * BLOCK);
	jack(WINDOW / BLOCK - 4);
	CU_ASSERT_TRUE(leat_tap_intact(tap));
	jack(1);
	CU_ASSERT_FALSE(leat_tap_intact(tap));
	CU_ASSERT_EQUAL(leat_tap_end(tap, 4 * BLOCK), 0);
	CU_ASSERT_EQUAL(leat_tap_position(tap), 0);
	CU_ASSERT_EQUAL(leat_tap_end(tap, 4 * BLOCK), 0);
	CU_ASSERT_EQUAL(leat_tap_begin(tap, 0, views), 0);
	CU_ASSERT_EQUAL(leat_tap_end(tap, 0), 0);
	expect_gap(tap, LEAT_TAP_LAPPED, 0, WINDOW + BLOCK - SAFE);
	finish(tap);
}

/* ---- what producers do ---- */

static void test_jumps(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_JACK, 0);
	expect_up(tap, 1);
	/* The first block comes when JACK has got somewhere. */
	tap_bench_pipewire(&bench, 500, BLOCK);
	expect_gap(tap, LEAT_TAP_SKIPPED, 0, 500);
	expect_frames(tap, LEAT_TO_JACK, BLOCK);
	expect_nothing(tap);
	/* Every second one is late. */
	for (unsigned i = 1; i < 5; i++)
		tap_bench_pipewire(&bench, 500 + 2 * i * BLOCK, BLOCK);
	for (unsigned i = 1; i < 5; i++) {
		expect_gap(tap, LEAT_TAP_SKIPPED, 500 + (2 * i - 1) * BLOCK,
			   BLOCK);
		expect_frames(tap, LEAT_TO_JACK, BLOCK);
	}
	expect_nothing(tap);
	/* Read later, from the history. */
	leat_tap_close(tap);
	tap = open_tap(LEAT_TO_JACK, 2 * BLOCK);
	expect_up(tap, 1);
	expect_gap(tap, LEAT_TAP_SKIPPED, 500 + 7 * BLOCK, BLOCK);
	expect_frames(tap, LEAT_TO_JACK, BLOCK);
	finish(tap);
}

/* A jump with no frames yet: they come later. */
static void test_jump_without_frames(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_JACK, 0);
	expect_up(tap, 1);
	tap_bench_pipewire(&bench, 0, BLOCK);
	tap_bench_pipewire(&bench, 10 * CAPACITY, 0);
	/* All of what is before it is lost by the ring's measure. */
	expect_gap(tap, LEAT_TAP_LAPPED, 0, 10 * CAPACITY - SAFE);
	expect_gap(tap, LEAT_TAP_SKIPPED, 10 * CAPACITY - SAFE, SAFE);
	expect_nothing(tap);
	tap_bench_pipewire(&bench, 10 * CAPACITY, BLOCK);
	expect_frames(tap, LEAT_TO_JACK, BLOCK);
	finish(tap);
}

static void test_slips(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_JACK, 0);
	expect_up(tap, 1);
	tap_bench_pipewire(&bench, 0, BLOCK);
	leat_frames_note(bench.guest.wire->out, LEAT_EVENT_DROPPED, 9);
	leat_frames_note(bench.guest.wire->out, LEAT_EVENT_INSERTED, 8);
	leat_frames_note(bench.guest.wire->out, (enum leat_frames_event)77, 7);
	tap_bench_pipewire(&bench, BLOCK, BLOCK);
	expect_frames(tap, LEAT_TO_JACK, BLOCK);
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_SLIP);
	CU_ASSERT_EQUAL(event.cause, LEAT_TAP_DROPPED);
	CU_ASSERT_EQUAL(event.position, BLOCK);
	CU_ASSERT_EQUAL(event.n_frames, 9);
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_SLIP);
	CU_ASSERT_EQUAL(event.cause, LEAT_TAP_INSERTED);
	CU_ASSERT_EQUAL(event.n_frames, 8);
	expect_frames(tap, LEAT_TO_JACK, BLOCK);
	expect_nothing(tap);
	finish(tap);
}

/* JACK's xruns are told on the way back too, where its time went on. */
static void test_xruns_both_ways(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_JACK, 0);
	expect_up(tap, 1);
	for (unsigned i = 0; i < 4; i++) {
		if (i == 2)
			leat_frames_note(bench.host.wire->out, LEAT_EVENT_XRUN,
					 3 * BLOCK);
		jack(1);
		tap_bench_pipewire(&bench, i * BLOCK, BLOCK);
	}
	expect_frames(tap, LEAT_TO_JACK, 2 * BLOCK);
	expect_gap(tap, LEAT_TAP_XRUN, 2 * BLOCK, 3 * BLOCK);
	expect_frames(tap, LEAT_TO_JACK, 2 * BLOCK);
	expect_nothing(tap);
	finish(tap);
}

/* More jumps than the log has room for: what may be stale is left out. */
static void test_too_many_jumps(void)
{
	uint64_t position = 0, sum = 0;
	struct leat_tap *tap;
	unsigned n_unknown = 0;

	open_bench();
	tap = open_tap(LEAT_TO_JACK, 0);
	expect_up(tap, 1);
	for (unsigned i = 0; i < 100; i++)
		tap_bench_pipewire(&bench, i * 8, 4);
	while (leat_tap_next(tap, &event) != LEAT_TAP_NONE) {
		CU_ASSERT_EQUAL(event.position, position);
		position += event.n_frames;
		if (event.what == LEAT_TAP_FRAMES) {
			uint32_t n =
				tap_bench_read(&bench, tap, LEAT_TO_JACK, 100);

			CU_ASSERT_EQUAL_FATAL(n, 4);
			sum += n;
		} else if (event.cause == LEAT_TAP_UNKNOWN) {
			n_unknown += event.n_unknown;
		} else {
			CU_ASSERT_EQUAL(event.cause, LEAT_TAP_SKIPPED);
		}
	}
	CU_ASSERT_EQUAL(position, 99 * 8 + 4);
	/* 99 jumps: 32 are known, and the block behind each of them is read. */
	CU_ASSERT_EQUAL(n_unknown, 67);
	CU_ASSERT_EQUAL(sum, 32 * 4);
	finish(tap);
}

/* Xruns beyond what the log holds: nothing is stale, and all are counted. */
static void test_too_many_xruns(void)
{
	struct leat_tap_counts counts;
	uint64_t n_missing = 0, n = 0;
	struct leat_tap *tap;
	unsigned n_unknown = 0;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	expect_up(tap, 1);
	for (unsigned i = 0; i < 100; i++) {
		leat_frames_note(bench.host.wire->out, LEAT_EVENT_XRUN, i);
		tap_bench_jack(&bench, 4);
	}
	while (leat_tap_next(tap, &event) != LEAT_TAP_NONE) {
		if (event.what == LEAT_TAP_FRAMES) {
			n += tap_bench_read(&bench, tap, LEAT_TO_PIPEWIRE,
					    (uint32_t)event.n_frames);
			continue;
		}
		CU_ASSERT_EQUAL(event.cause, LEAT_TAP_XRUN);
		n_missing += event.n_frames;
		n_unknown += event.n_unknown;
	}
	CU_ASSERT_EQUAL(n, 400);
	CU_ASSERT_EQUAL(n_missing, 99 * 100 / 2);
	CU_ASSERT_EQUAL(n_unknown, 68);
	leat_tap_counts(tap, &counts);
	CU_ASSERT_EQUAL(counts.n_xrun, n_missing);
	/* One that comes now has nothing to do with what was before. */
	leat_tap_close(tap);
	tap = open_tap(LEAT_TO_PIPEWIRE, 4);
	expect_up(tap, 1);
	expect_gap(tap, LEAT_TAP_XRUN, 396, 99);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 4);
	finish(tap);
}

/* ---- time ---- */

static void expect_time(struct leat_tap *tap, uint64_t position, int64_t frames)
{
	struct leat_tap_time time = { 0 };

	CU_ASSERT_TRUE(leat_tap_time(tap, position, &time));
	CU_ASSERT_EQUAL(time.frame_time,
			(uint32_t)((int64_t)bench.frame_time + frames));
	CU_ASSERT((int64_t)(time.time_ns - bench.time_ns) -
			  frames * 1000000000 / 48000 <
		  2000);
	CU_ASSERT((int64_t)(time.time_ns - bench.time_ns) -
			  frames * 1000000000 / 48000 >
		  -2000);
}

static void test_time(void)
{
	struct leat_tap_time time;
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	CU_ASSERT_FALSE(leat_tap_time(tap, 0, &time));
	expect_up(tap, 1);
	CU_ASSERT_FALSE(leat_tap_time(tap, 0, &time));
	/* Over the wrap of JACK's count. */
	jack(20);
	expect_time(tap, 0, -20 * (int)BLOCK);
	expect_time(tap, 20 * BLOCK, 0);
	expect_time(tap, 30 * BLOCK, 10 * BLOCK);
	/* 500 frames are left out, and known to be. */
	bench.frame_time += 500;
	bench.time_ns += UINT64_C(500000000000) / 48000;
	leat_frames_note(bench.host.wire->out, LEAT_EVENT_XRUN, 500);
	jack(2);
	expect_time(tap, 20 * BLOCK, -2 * (int)BLOCK);
	expect_time(tap, 20 * BLOCK - 1, -2 * (int)BLOCK - 501);
	CU_ASSERT_FALSE(leat_tap_time(tap, UINT64_MAX, &time));
	finish(tap);
}

/* ---- generations ---- */

static void test_new_generation(void)
{
	struct leat_link_spec spec;
	struct leat_wire *old;
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	expect_up(tap, 1);
	jack(3);
	/* The producer has not let go of the old one when the new one is told. */
	old = bench.host.wire;
	bench.host.wire = NULL;
	spec = bench.spec;
	spec.capacity *= 2;
	leat_host_update(bench.host.host, &spec);
	tap_bench_settle(&bench);
	CU_ASSERT_EQUAL_FATAL(bench.host.n_wires, 2);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 3 * BLOCK);
	expect_nothing(tap);
	{
		struct leat_wire *new = bench.host.wire;

		bench.host.wire = old;
		jack(1);
		bench.host.wire = new;
	}
	/* 100 frames on the way from one to the other. */
	bench.frame_time += 100;
	bench.time_ns += UINT64_C(100000000000) / 48000;
	jack(2);
	expect_frames(tap, LEAT_TO_PIPEWIRE, BLOCK);
	CU_ASSERT_EQUAL(leat_tap_next(tap, &event), LEAT_TAP_UP);
	CU_ASSERT_EQUAL(event.generation, 2);
	CU_ASSERT_EQUAL(event.n_frames, 100);
	CU_ASSERT_TRUE(event.exact);
	CU_ASSERT_EQUAL(leat_tap_format(tap)->capacity, 2 * CAPACITY);
	CU_ASSERT_EQUAL(event.position, 0);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 2 * BLOCK);
	leat_wire_destroy(old);
	finish(tap);
}

static void test_guest_leaves(void)
{
	struct leat_tap *tap;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	expect_up(tap, 1);
	jack(3);
	tap_bench_leave(&bench);
	/* What was written before is read first. */
	expect_frames(tap, LEAT_TO_PIPEWIRE, 3 * BLOCK);
	CU_ASSERT_EQUAL(tap_bench_next(&bench, tap, &event), LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(event.text, "leat-pipewire"));
	CU_ASSERT_EQUAL(leat_tap_state(tap), LEAT_TAP_CONNECTED);
	expect_nothing(tap);
	/* Half a second later. */
	bench.frame_time += 24000;
	bench.time_ns += 500000000;
	CU_ASSERT_FATAL(tap_bench_join(&bench));
	expect_nothing(tap);
	jack(1);
	expect_up(tap, 2);
	CU_ASSERT_EQUAL(event.n_frames, 24000);
	CU_ASSERT_TRUE(event.exact);
	expect_frames(tap, LEAT_TO_PIPEWIRE, BLOCK);
	finish(tap);
}

/* A bridge that is started anew: JACK's count may be another one. */
static void test_host_restarts(void)
{
	struct leat_tap *tap;
	unsigned n_fds;

	open_bench();
	tap = open_tap(LEAT_TO_PIPEWIRE, 0);
	expect_up(tap, 1);
	jack(3);
	expect_frames(tap, LEAT_TO_PIPEWIRE, 3 * BLOCK);
	n_fds = bench.n_fds;
	node_close(&bench.guest);
	node_close(&bench.host);
	CU_ASSERT_EQUAL(tap_bench_next(&bench, tap, &event), LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, 0);
	CU_ASSERT_EQUAL(leat_tap_state(tap), LEAT_TAP_ABSENT);
	bench.frame_time = 12345;
	bench.time_ns += 1000000000;
	CU_ASSERT_FATAL(node_host(&bench.host, &bench.spec) == 0);
	CU_ASSERT_FATAL(tap_bench_join(&bench));
	jack(1);
	expect_up(tap, 1);
	CU_ASSERT_FALSE(event.exact);
	CU_ASSERT(event.n_frames >= 47999 && event.n_frames <= 48001);
	expect_frames(tap, LEAT_TO_PIPEWIRE, BLOCK);
	CU_ASSERT_EQUAL(leat_tap_state(tap), LEAT_TAP_LIVE);
	bench.n_fds = n_fds;
	finish(tap);
}

/* ---- many ---- */

static void test_many(void)
{
	static struct leat_tap *taps[200];

	open_bench();
	for (unsigned i = 0; i < 200; i++)
		taps[i] = open_tap(LEAT_TO_PIPEWIRE, 0);
	for (unsigned i = 0; i < 200; i++)
		expect_up(taps[i], 1);
	for (unsigned n = 0; n < 20; n++) {
		jack(1);
		for (unsigned i = 0; i < 200; i++)
			expect_frames(taps[i], LEAT_TO_PIPEWIRE, BLOCK);
	}
	tap_bench_leave(&bench);
	for (unsigned i = 0; i < 200; i++) {
		CU_ASSERT_EQUAL(tap_bench_next(&bench, taps[i], &event),
				LEAT_TAP_DOWN);
		leat_tap_close(taps[i]);
	}
	finish(NULL);
}

static const struct unit_test tests[] = {
	{ "open", "arguments", test_arguments },
	{ "open", "a long name", test_long_name },
	{ "open", "descriptors", test_descriptors_are_closed_on_exec },
	{ "open", "no configuration", test_no_configuration },
	{ "open", "before the link", test_opens_before_the_link },
	{ "open", "format", test_format },
	{ "read", "all comes over", test_all_comes_over },
	{ "read", "watermark", test_watermark },
	{ "read", "history", test_history },
	{ "read", "seek", test_seek },
	{ "lapped", "exactly", test_lapped_exactly },
	{ "lapped", "larger blocks", test_larger_blocks },
	{ "lapped", "while reading", test_lapped_while_reading },
	{ "producers", "jumps", test_jumps },
	{ "producers", "a jump without frames", test_jump_without_frames },
	{ "producers", "slips", test_slips },
	{ "producers", "xruns both ways", test_xruns_both_ways },
	{ "producers", "too many jumps", test_too_many_jumps },
	{ "producers", "too many xruns", test_too_many_xruns },
	{ "time", "of positions", test_time },
	{ "generations", "a new one", test_new_generation },
	{ "generations", "the guest leaves", test_guest_leaves },
	{ "generations", "the host restarts", test_host_restarts },
	{ "many", "200 of them", test_many },
};

UNIT_MAIN(tests)
