/* SPDX-License-Identifier: MIT */
#include "cli/now.h"
#include "graph.h"
#include "link/histogram.h"
#include "pair.h"
#include "runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <math.h>
#include <time.h>

static uint64_t peek(const struct leat_word *word)
{
	return leat_word_peek(word);
}

/* Both fades take 5 ms each: four cycles of 64 frames, one after the other. */
#define N_FADED 12u

static void open_steady(struct graph *graph)
{
	CU_ASSERT_FATAL(graph_open(graph));
	for (unsigned i = 0; i < N_FADED; i++)
		graph_cycle(graph, CIRCLE_PERIOD);
}

static void expect_exact(struct graph *graph, unsigned n_cycles)
{
	for (unsigned i = 0; i < n_cycles; i++) {
		graph_cycle(graph, CIRCLE_PERIOD);
		CU_ASSERT_TRUE(circle_is_back(&graph->circle, CIRCLE_PERIOD));
	}
}

/* From JACK through PipeWire and back takes one period, each cycle. */
static void test_way_round(void)
{
	struct graph graph;

	open_steady(&graph);
	expect_exact(&graph, 200);
	CU_ASSERT_EQUAL(graph.n_triggered, N_FADED + 200);
	CU_ASSERT_EQUAL(peek(&graph.status.cycles), N_FADED + 200);
	CU_ASSERT_EQUAL(peek(&graph.status.xruns), 0);
	CU_ASSERT_EQUAL(peek(&graph.status.direction[LEAT_TO_PIPEWIRE].lost),
			0);
	/* The graph's clock is the ring's index. */
	CU_ASSERT_EQUAL(graph.position.clock.position, graph.process.start);
	CU_ASSERT_EQUAL(graph.position.clock.duration, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(graph.position.clock.delay, 0);
	/* Its distance from JACK's devices is what it is told to be. */
	graph.process.delay = -1234;
	expect_exact(&graph, 1);
	CU_ASSERT_EQUAL(graph.position.clock.delay, -1234);
	graph_close(&graph);
}

/* A graph that is late is heard as silence, never at another time. */
static void test_late_graph(void)
{
	struct graph graph;

	open_steady(&graph);
	expect_exact(&graph, 1);
	graph.stalled = true;
	graph_cycle(&graph, CIRCLE_PERIOD);
	graph_cycle(&graph, CIRCLE_PERIOD);
	CU_ASSERT_FALSE(circle_is_back(&graph.circle, CIRCLE_PERIOD));
	CU_ASSERT_EQUAL(peek(&graph.status.xruns), 1);
	/* One block will not come any more, */
	CU_ASSERT_EQUAL(peek(&graph.status.direction[LEAT_TO_JACK].lost),
			CIRCLE_PERIOD);
	/* and what comes now is of the wrong cycle. */
	graph_finish(&graph);
	CU_ASSERT_EQUAL(peek(&graph.status.direction[LEAT_TO_JACK].lost),
			2 * CIRCLE_PERIOD);
	graph.stalled = false;
	graph_cycle(&graph, CIRCLE_PERIOD);
	CU_ASSERT_FALSE(circle_is_back(&graph.circle, CIRCLE_PERIOD));
	expect_exact(&graph, 20);
	graph_close(&graph);
}

/* Blocks that came while nobody looked are passed over, and counted. */
static void test_overtaken(void)
{
	struct graph graph;

	open_steady(&graph);
	for (unsigned i = 0; i < 3; i++)
		circle_cycle(&graph.circle, CIRCLE_PERIOD);
	graph_wake(&graph);
	CU_ASSERT_EQUAL(peek(&graph.status.direction[LEAT_TO_PIPEWIRE].lost),
			2 * CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(
		peek(&graph.status.direction[LEAT_TO_PIPEWIRE].overruns), 1);
	expect_exact(&graph, 20);
	graph_close(&graph);
}

static void test_period_changes(void)
{
	struct graph graph;

	open_steady(&graph);
	/* The first block of another length cannot come back in time. */
	graph_cycle(&graph, 256);
	for (unsigned i = 0; i < 10; i++) {
		graph_cycle(&graph, 256);
		CU_ASSERT_TRUE(circle_is_back(&graph.circle, 256));
	}
	graph_close(&graph);
}

/* While somebody else drives the graph no cycle of ours runs in it. */
static void test_other_driver(void)
{
	struct graph graph;
	unsigned n;

	open_steady(&graph);
	n = graph.n_triggered;
	graph.other_driver = true;
	graph_cycle(&graph, CIRCLE_PERIOD);
	graph_cycle(&graph, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(graph.n_triggered, n);
	CU_ASSERT_EQUAL(graph.n_changed, 1);
	CU_ASSERT_EQUAL(leat_frames_activity(graph.circle.jack.in), LEAT_IDLE);
	graph.other_driver = false;
	graph_cycle(&graph, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(graph.n_changed, 2);
	/* The first cycle of a new start is not sent back. */
	graph_cycle(&graph, CIRCLE_PERIOD);
	expect_exact(&graph, 20);
	graph_close(&graph);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Both graphs on clocks of their own, in real time. */
static void run_apart(struct graph *graph, unsigned n_cycles)
{
	const struct timespec period = { 0,
					 CIRCLE_PERIOD * 1000000000ll / 48000 };

	for (unsigned i = 0; i < n_cycles; i++) {
		graph_cycle(graph, CIRCLE_PERIOD);
		graph_other_cycle(graph, CIRCLE_PERIOD, now_ns());
		clock_nanosleep(CLOCK_MONOTONIC, 0, &period, NULL);
	}
}

static bool sounds(const struct graph *graph)
{
	const struct pw_stream *source = &graph->streams[LEAT_TO_PIPEWIRE];
	float sum = 0;

	for (unsigned i = 0; i < CIRCLE_PERIOD; i++)
		sum += source->samples[0][i] * source->samples[0][i];
	return sum > 0;
}

static struct leat_pw_adaptive *make_adaptive(struct graph *graph)
{
	const struct leat_pw_adaptive_config config = {
		.jack_rate_hz = 48000,
		.pw_rate_hz = 48000,
		.period = CIRCLE_PERIOD,
		.n_channels = { CIRCLE_CHANNELS, CIRCLE_CHANNELS },
	};
	struct leat_pw_adaptive *adaptive;

	CU_ASSERT_EQUAL_FATAL(
		leat_pw_adaptive_create(&adaptive, &config, &graph->status), 0);
	graph->process.adaptive = adaptive;
	return adaptive;
}

/* Where there is one clock, nothing is said of two. */
static bool all_known(const struct leat_clock_words *words, bool known)
{
	const struct leat_word *word = &words->rate_ppm;

	for (; (const void *)word < (const void *)words->pad; word++)
		if (isnan(leat_word_peek_double(word)) == known)
			return false;
	return true;
}

/* Where that is allowed, somebody else's clock will do, and ours again. */
static void test_goes_on_adaptively(void)
{
	const struct leat_direction_words *words;
	struct leat_pw_adaptive *adaptive;
	struct graph graph;
	unsigned n;

	open_steady(&graph);
	adaptive = make_adaptive(&graph);
	n = graph.n_triggered;
	graph.other_driver = true;
	run_apart(&graph, 100);
	CU_ASSERT_EQUAL(graph.n_triggered, n);
	/* The driver, and then each target, which may rise once more or so. */
	CU_ASSERT(graph.n_changed >= 3 && graph.n_changed <= 20);
	CU_ASSERT_TRUE(sounds(&graph));
	CU_ASSERT_EQUAL(leat_frames_activity(graph.circle.jack.in),
			LEAT_ACTIVE);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		words = &graph.status.direction[d];
		CU_ASSERT(peek(&words->slips) >= 1);
		CU_ASSERT(peek(&words->target) > CIRCLE_PERIOD);
	}
	CU_ASSERT_TRUE(all_known(&graph.status.clock, true));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		uint64_t target = peek(&graph.status.direction[d].target);

		CU_ASSERT(target - graph.process.said_target[d] + 8 < 16);
	}
	graph.other_driver = false;
	n = graph.n_changed;
	for (unsigned i = 0; i < 3 * N_FADED; i++)
		graph_cycle(&graph, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(graph.n_changed, n + 1);
	expect_exact(&graph, 20);
	words = &graph.status.direction[LEAT_TO_PIPEWIRE];
	CU_ASSERT(peek(&words->slips) >= 2);
	CU_ASSERT_EQUAL(peek(&words->target), 0);
	words = &graph.status.direction[LEAT_TO_JACK];
	CU_ASSERT_EQUAL(peek(&words->target), LEAT_UNKNOWN);
	CU_ASSERT_TRUE(all_known(&graph.status.clock, false));
	graph_close(&graph);
	leat_pw_adaptive_destroy(adaptive);
}

/* A graph at another rate is told to the main thread, once, and not served. */
static void test_other_rate(void)
{
	struct leat_pw_adaptive *adaptive;
	struct graph graph;

	open_steady(&graph);
	adaptive = make_adaptive(&graph);
	graph.process.driver = NULL;
	graph.process.rate_hz = 44100;
	run_apart(&graph, 20);
	CU_ASSERT_EQUAL(graph.n_changed, 1);
	CU_ASSERT_EQUAL(graph.process.other_rate_hz, 48000);
	CU_ASSERT_FALSE(sounds(&graph));
	graph_close(&graph);
	leat_pw_adaptive_destroy(adaptive);
}

/* Streams that the main thread is destroying are called until they are gone. */
static void test_forgotten_streams(void)
{
	struct graph graph;

	open_steady(&graph);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		graph.process.stream[d] = NULL;
	leat_pw_process_source(&graph.process);
	leat_pw_process_sink(&graph.process);
	graph_close(&graph);
}

/* An index that goes back: silence, counted, and told once. */
static void test_poison_is_told_once(void)
{
	struct leat_producer *ring;
	struct graph graph;

	open_steady(&graph);
	ring = leat_frames_producer_ring(graph.circle.jack.out);
	pair_forge(&ring->end.own->index, leat_producer_index(ring) - 1000);
	for (unsigned i = 0; i < 3; i++)
		leat_pw_on_again(&graph.process, 1);
	CU_ASSERT_TRUE(graph.process.poisoned);
	CU_ASSERT_EQUAL(graph.n_changed, 1);
	CU_ASSERT_EQUAL(
		peek(&graph.status.direction[LEAT_TO_PIPEWIRE].poisoned), 1);
	graph_close(&graph);
}

/* The peer has closed its end: the loop must not spin on ours. */
static void test_hang_up(void)
{
	struct graph graph;

	open_steady(&graph);
	leat_pw_on_crossing(&graph.process, -1, SPA_IO_HUP);
	CU_ASSERT_EQUAL(graph.n_destroyed, 1);
	CU_ASSERT_PTR_NULL(graph.process.crossing);
	graph_close(&graph);
}

/* What the main thread has asked for is done within the trigger. */
static void take_wire_away(struct graph *graph)
{
	graph->process.wire = NULL;
	graph->process.n_block = 0;
	graph->process.steady = false;
	graph->process.n_changes++;
	graph->meanwhile = NULL;
}

static void change_something(struct graph *graph)
{
	graph->process.n_changes++;
	graph->meanwhile = NULL;
}

static void test_wire_goes_in_a_cycle(void)
{
	struct graph graph;
	unsigned n_again;

	open_steady(&graph);
	n_again = graph.n_again;
	graph.meanwhile = take_wire_away;
	graph_cycle(&graph, CIRCLE_PERIOD);
	CU_ASSERT_EQUAL(graph.n_triggered, N_FADED + 1);
	CU_ASSERT_EQUAL(peek(&graph.status.cycles), N_FADED);
	CU_ASSERT_EQUAL(graph.n_again, n_again + 1);
	leat_pw_on_again(&graph.process, 1);
	CU_ASSERT_EQUAL(graph.n_triggered, N_FADED + 1);
	graph_close(&graph);
}

/* The block is not played twice for it, and the next one is heard. */
static void test_change_in_a_cycle(void)
{
	struct graph graph;

	open_steady(&graph);
	graph.meanwhile = change_something;
	graph_cycle(&graph, CIRCLE_PERIOD);
	leat_pw_on_again(&graph.process, 1);
	CU_ASSERT_EQUAL(graph.n_triggered, N_FADED + 1);
	CU_ASSERT_TRUE(circle_is_back(&graph.circle, CIRCLE_PERIOD));
	expect_exact(&graph, 20);
	graph_close(&graph);
}

static void read_load(const struct graph *graph, enum leat_load_kind kind,
		      struct leat_histogram *histogram)
{
	leat_histogram_read(histogram, &graph->load.histogram[kind]);
}

/* Source and sink are one cycle, which is over when the next one begins. */
static void test_load_is_recorded(void)
{
	struct leat_histogram duration, interval, wakeup;
	struct graph graph;

	CU_ASSERT_FATAL(graph_open(&graph));
	for (unsigned i = 0; i < 20; i++)
		graph_cycle(&graph, CIRCLE_PERIOD);
	read_load(&graph, LEAT_LOAD_DURATION, &duration);
	CU_ASSERT_EQUAL(duration.n, 19);
	leat_pw_stop_cycles(&graph.process);
	read_load(&graph, LEAT_LOAD_DURATION, &duration);
	read_load(&graph, LEAT_LOAD_INTERVAL, &interval);
	read_load(&graph, LEAT_LOAD_WAKEUP, &wakeup);
	CU_ASSERT_EQUAL(duration.n, 20);
	CU_ASSERT_EQUAL(interval.n, 19);
	/* Since JACK's callback began. */
	CU_ASSERT_EQUAL(wakeup.n, 20);
	CU_ASSERT_TRUE(wakeup.max_ns > 0);
	/* After a stop there is no interval. */
	graph_cycle(&graph, CIRCLE_PERIOD);
	leat_pw_stop_cycles(&graph.process);
	leat_pw_stop_cycles(&graph.process);
	read_load(&graph, LEAT_LOAD_DURATION, &duration);
	read_load(&graph, LEAT_LOAD_INTERVAL, &interval);
	CU_ASSERT_EQUAL(duration.n, 21);
	CU_ASSERT_EQUAL(interval.n, 19);
	graph_close(&graph);
}

/* Each callback's time counts, and none of what lies between them. */
static void test_load_of_both_callbacks(void)
{
	struct leat_load_words words = { 0 };
	struct leat_pw_load load = { .words = &words };
	struct spa_io_position position = { .clock.rate = { 1, 48000 } };
	const struct leat_load_slot *slot = &words.slots[0];
	uint64_t start_ns;

	position.clock.nsec = leat_now_ns() - 2000000;
	position.clock.duration = 48;
	for (int i = 0; i < 2; i++) {
		leat_pw_load_begin(&load, &position);
		start_ns = leat_now_ns();
		while (leat_now_ns() < start_ns + 1000000)
			;
		leat_pw_load_end(&load);
	}
	CU_ASSERT_EQUAL(peek(&words.n_written), 0);
	position.clock.nsec += 1000000;
	leat_pw_load_begin(&load, &position);
	CU_ASSERT_EQUAL(peek(&words.n_written), 1);
	CU_ASSERT_TRUE(peek(&slot->duration_ns) >= 2000000);
	CU_ASSERT_EQUAL(peek(&slot->interval_ns), LEAT_UNKNOWN);
	CU_ASSERT_TRUE(peek(&slot->wakeup_ns) >= 2000000);
	CU_ASSERT_EQUAL(peek(&slot->period_ns), 1000000);
}

/* A clock that is far off, or none, says nothing of when we were woken. */
static void test_load_without_a_clock(void)
{
	struct leat_load_words words = { 0 };
	struct leat_pw_load load = { .words = &words };
	struct spa_io_position position = { .clock.nsec = 1 };
	struct leat_histogram wakeup, duration;

	for (int i = 0; i < 3; i++) {
		leat_pw_load_begin(&load, i < 2 ? NULL : &position);
		leat_pw_load_end(&load);
	}
	leat_pw_load_stop(&load);
	leat_histogram_read(&wakeup, &words.histogram[LEAT_LOAD_WAKEUP]);
	leat_histogram_read(&duration, &words.histogram[LEAT_LOAD_DURATION]);
	CU_ASSERT_EQUAL(duration.n, 3);
	CU_ASSERT_EQUAL(wakeup.n, 0);
	/* No rate, so no period, and nothing is late. */
	CU_ASSERT_EQUAL(peek(&words.n_written), 0);
}

/* ---- rests ---- */

static void open_held(struct graph *graph)
{
	open_steady(graph);
	graph->process.rest.held = true;
}

/* Cycle after cycle for some time, with a sleep after each or with none. */
static void run_for(struct graph *graph, uint64_t time_ns, bool sleeps)
{
	const struct timespec moment = { 0, 100000 };
	uint64_t end_ns = leat_now_ns() + time_ns;

	while (leat_now_ns() < end_ns && !graph->process.resting) {
		graph_cycle(graph, CIRCLE_PERIOD);
		if (sleeps)
			nanosleep(&moment, NULL);
	}
}

static void test_nobody_rests_who_sleeps(void)
{
	struct graph graph;

	open_held(&graph);
	run_for(&graph, 5 * LEAT_PW_REST_LOOK_NS, true);
	CU_ASSERT_FALSE(graph.process.resting);
	CU_ASSERT_EQUAL(peek(&graph.status.rests), 0);
	CU_ASSERT_EQUAL(graph.n_timers, 0);
	graph_close(&graph);
}

static void test_not_held_to_it(void)
{
	struct graph graph;

	open_steady(&graph);
	run_for(&graph, 5 * LEAT_PW_REST_LOOK_NS, false);
	CU_ASSERT_FALSE(graph.process.resting);
	graph_close(&graph);
}

/* Nothing of the ring's is looked at then; afterwards all is as it was. */
static void test_rest_and_return(void)
{
	struct graph graph;
	unsigned n;

	open_held(&graph);
	run_for(&graph, 200 * LEAT_PW_REST_LOOK_NS, false);
	CU_ASSERT_TRUE(graph.process.resting);
	CU_ASSERT_EQUAL(graph.crossing.mask, 0);
	CU_ASSERT_EQUAL(graph.n_timers, 1);
	CU_ASSERT_EQUAL(graph.n_changed, 1);
	CU_ASSERT_EQUAL(peek(&graph.status.rests), 1);
	n = graph.n_triggered;
	circle_cycle(&graph.circle, CIRCLE_PERIOD);
	leat_pw_on_again(&graph.process, 1);
	leat_pw_look(&graph.process);
	CU_ASSERT_EQUAL(graph.n_triggered, n);
	CU_ASSERT_EQUAL(graph.n_timers, 1);
	leat_pw_on_rested(&graph.process, 1);
	CU_ASSERT_FALSE(graph.process.resting);
	CU_ASSERT_EQUAL(graph.crossing.mask, LEAT_PW_CROSSING);
	CU_ASSERT_EQUAL(graph.n_triggered, n + 1);
	expect_exact(&graph, 20);
	graph_close(&graph);
}

/* A new wire's crossing, while the thread rests, is not listened to either. */
static void test_new_wire_in_a_rest(void)
{
	struct graph graph;

	open_held(&graph);
	run_for(&graph, 200 * LEAT_PW_REST_LOOK_NS, false);
	graph.crossing.mask = LEAT_PW_CROSSING;
	circle_cycle(&graph.circle, CIRCLE_PERIOD);
	graph_wake(&graph);
	CU_ASSERT_EQUAL(graph.crossing.mask, 0);
	CU_ASSERT_EQUAL(graph.n_timers, 1);
	CU_ASSERT_EQUAL(peek(&graph.status.rests), 1);
	leat_pw_on_crossing(&graph.process, -1, SPA_IO_HUP);
	leat_pw_on_rested(&graph.process, 1);
	CU_ASSERT_EQUAL(graph.n_destroyed, 1);
	graph_close(&graph);
}

static const struct unit_test tests[] = {
	{ "load", "recorded", test_load_is_recorded },
	{ "load", "both callbacks", test_load_of_both_callbacks },
	{ "load", "no clock", test_load_without_a_clock },
	{ "circle", "one period", test_way_round },
	{ "circle", "late graph", test_late_graph },
	{ "circle", "overtaken", test_overtaken },
	{ "circle", "other periods", test_period_changes },
	{ "driver", "somebody else", test_other_driver },
	{ "driver", "adaptively", test_goes_on_adaptively },
	{ "driver", "another rate", test_other_rate },
	{ "driver", "forgotten streams", test_forgotten_streams },
	{ "peer", "poison", test_poison_is_told_once },
	{ "peer", "hang-up", test_hang_up },
	{ "peer", "its wire goes within a cycle", test_wire_goes_in_a_cycle },
	{ "peer", "a change within a cycle", test_change_in_a_cycle },
	{ "rest", "nobody who sleeps", test_nobody_rests_who_sleeps },
	{ "rest", "not held to it", test_not_held_to_it },
	{ "rest", "and return", test_rest_and_return },
	{ "rest", "a new wire", test_new_wire_in_a_rest },
};

UNIT_MAIN(tests)
