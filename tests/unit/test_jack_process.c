/* SPDX-License-Identifier: MIT */
#include "circle.h"

#include "cli/now.h"
#include "link/histogram.h"
#include "link/part.h"
#include "pair.h"
#include "runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <string.h>
#include <sys/mman.h>

static uint64_t peek(const struct leat_word *word)
{
	return leat_word_peek(word);
}

/* The way round takes one period from the third cycle on, faded in. */
static void test_way_round(void)
{
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	for (unsigned i = 0; i < 100; i++) {
		circle_cycle(&circle, CIRCLE_PERIOD);
		if (i > 5)
			CU_ASSERT_TRUE(circle_is_back(&circle, CIRCLE_PERIOD));
		CU_ASSERT_TRUE(circle_answer(&circle));
	}
	CU_ASSERT_EQUAL(peek(&circle.status.cycles), 100);
	CU_ASSERT_EQUAL(peek(&circle.status.skipped_periods), 0);
	circle_close(&circle);
}

/* A late answer is silence for one cycle, and the next one is on time. */
static void test_latency_survives_a_stall(void)
{
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	for (unsigned i = 0; i < 10; i++) {
		circle_cycle(&circle, CIRCLE_PERIOD);
		circle_answer(&circle);
	}
	for (unsigned i = 0; i < 7; i++)
		circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_FALSE(circle_is_back(&circle, CIRCLE_PERIOD));
	circle_answer(&circle);
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_TRUE(circle_is_back(&circle, CIRCLE_PERIOD));
	CU_ASSERT_EQUAL(peek(&circle.status.direction[LEAT_TO_JACK].underruns),
			7);
	circle_close(&circle);
}

/*
 * A server may skip periods without a call to the xrun callback, and may call
 * it though none is lost: what is lost is counted from its frame time.
 */
static void test_skipped_periods_are_counted_without_an_xrun(void)
{
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	/* The gap before the first cycle is none. */
	circle_cycle(&circle, CIRCLE_PERIOD);
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(peek(&circle.status.skipped_periods), 0);
	circle.client.frame_time += 5 * CIRCLE_PERIOD;
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(peek(&circle.status.skipped_periods), 5);
	/* Part of a period is one that was lost. */
	circle.client.frame_time += 1;
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(peek(&circle.status.skipped_periods), 6);
	/* And the server's own count is not touched by any of it. */
	CU_ASSERT_EQUAL(peek(&circle.status.xruns), 0);
	circle_close(&circle);
}

/* A shorter or longer period is no gap, nor is a clock set back. */
static void test_other_periods_are_no_gap(void)
{
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	circle_cycle(&circle, 64);
	circle_cycle(&circle, 1024);
	circle_cycle(&circle, 128);
	circle.client.frame_time -= 1000;
	circle_cycle(&circle, 128);
	circle_cycle(&circle, 128);
	CU_ASSERT_EQUAL(peek(&circle.status.skipped_periods), 0);
	circle_close(&circle);
}

/* An index that goes back: silence, counted, and told to the owner once. */
static void test_poison_is_told_once(void)
{
	struct leat_producer *ring;
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	ring = leat_frames_producer_ring(circle.pipewire.out);
	for (unsigned i = 0; i < 3; i++) {
		circle_cycle(&circle, CIRCLE_PERIOD);
		circle_answer(&circle);
	}
	pair_forge(&ring->end.own->index, leat_producer_index(ring) - 100);
	for (unsigned i = 0; i < 20; i++)
		circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(circle.n_poisoned, 1);
	CU_ASSERT_EQUAL(peek(&circle.status.direction[LEAT_TO_JACK].poisoned),
			1);
	CU_ASSERT_EQUAL(circle.ports[LEAT_TO_JACK][0].samples[0], 0.0f);
	circle_close(&circle);
}

/* A wire is given, taken back and given again. */
static void test_wires_come_and_go(void)
{
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_TRUE(leat_jack_process_uses(&circle.process, &circle.jack));
	leat_jack_process_set_wire(&circle.process, NULL);
	CU_ASSERT_TRUE(leat_jack_process_uses(&circle.process, &circle.jack));
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_TRUE(leat_jack_process_uses(&circle.process, NULL));
	CU_ASSERT_FALSE(circle_answer(&circle) && circle_answer(&circle));
	leat_jack_process_set_wire(&circle.process, &circle.jack);
	for (unsigned i = 0; i < 10; i++) {
		circle_cycle(&circle, CIRCLE_PERIOD);
		circle_answer(&circle);
	}
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_TRUE(circle_is_back(&circle, CIRCLE_PERIOD));
	circle_close(&circle);
}

/* In freewheel nothing moves; then it goes on where it was, a period late. */
static void test_freewheel_stands_aside(void)
{
	struct leat_producer *ring;
	struct circle circle;
	uint64_t index, underruns;

	CU_ASSERT_FATAL(circle_open(&circle));
	ring = leat_frames_producer_ring(circle.jack.out);
	for (unsigned i = 0; i < 10; i++) {
		circle_cycle(&circle, CIRCLE_PERIOD);
		circle_answer(&circle);
	}
	index = leat_producer_index(ring);
	underruns = peek(&circle.status.direction[LEAT_TO_JACK].underruns);
	circle.process.freewheels = true;
	for (unsigned i = 0; i < 1000; i++)
		circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(leat_producer_index(ring), index);
	CU_ASSERT_EQUAL(circle.ports[LEAT_TO_JACK][0].samples[0], 0.0f);
	CU_ASSERT_FALSE(circle_answer(&circle));
	circle.client.frame_time += 12345;
	circle.process.freewheels = false;
	circle_cycle(&circle, CIRCLE_PERIOD);
	circle_answer(&circle);
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_TRUE(circle_is_back(&circle, CIRCLE_PERIOD));
	CU_ASSERT_EQUAL(peek(&circle.status.direction[LEAT_TO_JACK].underruns),
			underruns + 1);
	CU_ASSERT_EQUAL(peek(&circle.status.skipped_periods), 0);
	circle_close(&circle);
}

/*
 * The main thread, as one that comes between any two instructions of the
 * callback: a processor that stops after each says when.
 */
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__)
#define CAN_STEP 1

#include <signal.h>
#include <ucontext.h>

#define TRAP_FLAG 0x100

/* Handlers have nowhere else to look. */
static struct {
	struct circle *circle;
	unsigned n_steps, at; /* instructions so far, and the one to come at */
	bool destroyed;	      /* nobody seemed to use it */
} step;

/* As the bridge does when a peer leaves as soon as it has come. */
static void take_back(void)
{
	leat_jack_process_set_wire(&step.circle->process, NULL);
	step.destroyed = !leat_jack_process_uses(&step.circle->process,
						 &step.circle->jack);
}

static void on_step(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	if (++step.n_steps == step.at) {
		take_back();
		((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &=
			~TRAP_FLAG;
	}
}

static void set_trap_flag(void)
{
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::
				 : "cc", "memory");
}

static void clear_trap_flag(void)
{
	__asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::
				 : "cc", "memory");
}

/* A wire that was taken back and found unused is not used from then on. */
static bool is_safe_at(unsigned at)
{
	struct circle circle;
	bool used;

	CU_ASSERT_FATAL(circle_open(&circle));
	step.circle = &circle;
	step.n_steps = 0;
	step.at = at;
	step.destroyed = false;
	set_trap_flag();
	leat_jack_process_callback(CIRCLE_PERIOD, &circle.process);
	clear_trap_flag();
	used = circle.process.wire != NULL;
	circle_close(&circle);
	return !(step.destroyed && used);
}

static void test_wire_is_taken_back_at_any_instruction(void)
{
	const struct sigaction action = { .sa_sigaction = on_step,
					  .sa_flags = SA_SIGINFO };
	struct sigaction before;
	unsigned n_unsafe = 0, n_destroyed = 0, n_kept = 0;

	CU_ASSERT_FATAL(sigaction(SIGTRAP, &action, &before) == 0);
	/* Until some way behind the place where it is taken into use. */
	for (unsigned at = 1; at <= 5000 && n_kept < 100; at++) {
		n_unsafe += !is_safe_at(at);
		n_destroyed += step.destroyed;
		n_kept += !step.destroyed;
	}
	sigaction(SIGTRAP, &before, NULL);
	CU_ASSERT_EQUAL(n_unsafe, 0);
	CU_ASSERT_TRUE(n_destroyed > 0);
	CU_ASSERT_EQUAL(n_kept, 100);
}
#endif

/* ---- what taps are told ---- */

static const struct leat_event_log *events_of(const struct circle *circle)
{
	int fd = leat_frames_producer_fd(circle->jack.out);
	const struct leat_producer_part *part = mmap(
		NULL, LEAT_PART_PLANES_OFFSET, PROT_READ, MAP_SHARED, fd, 0);

	CU_ASSERT_FATAL(part != MAP_FAILED);
	return &part->events;
}

static void expect_event(const struct leat_event_log *log, uint64_t n,
			 uint64_t index, uint64_t n_frames)
{
	const struct leat_event_slot *slot = &log->slots[n - 1];

	CU_ASSERT_EQUAL(peek(&log->n_written), n);
	CU_ASSERT_EQUAL(peek(&slot->index), index);
	CU_ASSERT_EQUAL(peek(&slot->n_frames), n_frames);
	CU_ASSERT_EQUAL(peek(&slot->about) & 0xff, LEAT_EVENT_XRUN);
}

static void run_steadily(struct circle *circle)
{
	for (unsigned i = 0; i < 100; i++) {
		circle_cycle(circle, CIRCLE_PERIOD);
		circle_answer(circle);
	}
}

/* Nothing is written while nothing happens; then what happened. */
static void test_events(void)
{
	const struct leat_event_log *log;
	struct circle circle;
	uint64_t index;

	CU_ASSERT_FATAL(circle_open(&circle));
	log = events_of(&circle);
	index = leat_producer_index(leat_frames_producer_ring(circle.jack.out));
	run_steadily(&circle);
	CU_ASSERT_EQUAL(peek(&log->n_written), 0);
	CU_ASSERT_EQUAL(peek(&log->block_max), CIRCLE_PERIOD);
	index += UINT64_C(100) * CIRCLE_PERIOD;
	/* An xrun, then a shorter period, which is none. */
	circle.client.frame_time += 5 * CIRCLE_PERIOD + 3;
	run_steadily(&circle);
	expect_event(log, 1, index, 5 * CIRCLE_PERIOD + 3);
	circle_cycle(&circle, CIRCLE_PERIOD / 2);
	CU_ASSERT_EQUAL(peek(&log->n_written), 1);
	index += UINT64_C(100) * CIRCLE_PERIOD + CIRCLE_PERIOD / 2;
	/* Freewheel, in which JACK's count goes on as it likes. */
	circle.process.freewheels = true;
	run_steadily(&circle);
	circle.process.freewheels = false;
	run_steadily(&circle);
	expect_event(log, 2, index, UINT64_C(100) * CIRCLE_PERIOD);
	index += UINT64_C(100) * CIRCLE_PERIOD;
	/* Without the wire for a while. */
	leat_jack_process_set_wire(&circle.process, NULL);
	circle_cycle(&circle, CIRCLE_PERIOD);
	leat_jack_process_set_wire(&circle.process, &circle.jack);
	run_steadily(&circle);
	expect_event(log, 3, index, CIRCLE_PERIOD);
	munmap((void *)((uintptr_t)log & ~UINT64_C(4095)),
	       LEAT_PART_PLANES_OFFSET);
	circle_close(&circle);
}

static void read_load(const struct circle *circle, enum leat_load_kind kind,
		      struct leat_histogram *histogram)
{
	leat_histogram_read(histogram, &circle->load.histogram[kind]);
}

/* Each cycle is recorded, and what is longer than half of its period is kept. */
static void test_load_is_recorded(void)
{
	const struct leat_load_slot *slot;
	struct leat_histogram duration, interval, wakeup;
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	for (unsigned i = 0; i < 50; i++)
		circle_cycle(&circle, CIRCLE_PERIOD);
	read_load(&circle, LEAT_LOAD_DURATION, &duration);
	read_load(&circle, LEAT_LOAD_INTERVAL, &interval);
	read_load(&circle, LEAT_LOAD_WAKEUP, &wakeup);
	CU_ASSERT_EQUAL(duration.n, 50);
	CU_ASSERT_EQUAL(interval.n, 49);
	/* This JACK does not tell when its cycles begin. */
	CU_ASSERT_EQUAL(wakeup.n, 0);
	memset(&circle.load, 0, sizeof(circle.load));
	/* One of 3 ms, in a period of 1.3 ms, 5 ms after JACK's cycle began. */
	circle.client.start_us = jack_get_time() - 5000;
	circle.ports[LEAT_TO_JACK][0].busy_ns = 3000000;
	circle_cycle(&circle, CIRCLE_PERIOD);
	read_load(&circle, LEAT_LOAD_DURATION, &duration);
	read_load(&circle, LEAT_LOAD_WAKEUP, &wakeup);
	CU_ASSERT_TRUE(duration.max_ns >= 3000000);
	CU_ASSERT_TRUE(wakeup.max_ns >= 5000000);
	CU_ASSERT_EQUAL(peek(&circle.load.n_written), 1);
	slot = &circle.load.slots[0];
	CU_ASSERT_TRUE(peek(&slot->duration_ns) >= 3000000);
	CU_ASSERT_TRUE(peek(&slot->start_ns) <= leat_now_ns() - 3000000);
	CU_ASSERT_EQUAL(peek(&slot->period_ns), 1333333);
	/* The next one began that much later: it is late by its interval. */
	circle.ports[LEAT_TO_JACK][0].busy_ns = 0;
	circle_cycle(&circle, CIRCLE_PERIOD);
	CU_ASSERT_TRUE(peek(&circle.load.slots[1].interval_ns) >= 3000000);
	circle_close(&circle);
}

/* What JACK does in freewheel is no load, and the way back no interval. */
static void test_freewheel_is_not_recorded(void)
{
	struct leat_histogram duration, interval;
	struct circle circle;

	CU_ASSERT_FATAL(circle_open(&circle));
	circle_cycle(&circle, CIRCLE_PERIOD);
	circle_cycle(&circle, CIRCLE_PERIOD);
	circle.process.freewheels = true;
	for (unsigned i = 0; i < 10; i++)
		circle_cycle(&circle, CIRCLE_PERIOD);
	circle.process.freewheels = false;
	circle_cycle(&circle, CIRCLE_PERIOD);
	read_load(&circle, LEAT_LOAD_DURATION, &duration);
	read_load(&circle, LEAT_LOAD_INTERVAL, &interval);
	CU_ASSERT_EQUAL(duration.n, 3);
	CU_ASSERT_EQUAL(interval.n, 1);
	circle_close(&circle);
}

static const struct unit_test tests[] = {
	{ "load", "recorded", test_load_is_recorded },
	{ "load", "freewheel", test_freewheel_is_not_recorded },
	{ "taps", "events", test_events },
	{ "circle", "one period", test_way_round },
	{ "circle", "after a stall", test_latency_survives_a_stall },
	{ "circle", "freewheel", test_freewheel_stands_aside },
	{ "circle", "wires come and go", test_wires_come_and_go },
#ifdef CAN_STEP
	{ "circle", "wires taken back",
	  test_wire_is_taken_back_at_any_instruction },
#endif
	{ "skipped periods", "without an xrun",
	  test_skipped_periods_are_counted_without_an_xrun },
	{ "skipped periods", "other periods", test_other_periods_are_no_gap },
	{ "poison", "told once", test_poison_is_told_once },
};

UNIT_MAIN(tests)
