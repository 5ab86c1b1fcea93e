/* SPDX-License-Identifier: MIT */
/* Who is blamed, on timelines that are made up: a period is 5 ms. */
#include "tools/xrun/blame.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <string.h>

#define MS INT64_C(1000000)
#define US INT64_C(1000)
#define PERIOD_NS (5 * MS)
#define START_NS (1000 * MS)
#define MAX 64

static struct {
	struct xrun_call calls[MAX];
	struct xrun_gap gaps[MAX];
	struct xrun_stall stalls[MAX];
	struct xrun_event events[3 * MAX];
	struct xrun_timeline timeline;
	uint32_t n_events;
} made;

static void begin(void)
{
	memset(&made, 0, sizeof(made));
	made.timeline = (struct xrun_timeline){
		.period_ns = PERIOD_NS,
		.rate_hz = 48000,
		.follows = true,
		.knows_bridge = true,
		.calls = made.calls,
		.gaps = made.gaps,
		.stalls = made.stalls,
	};
}

/* A call that began so many us after the start, and lasted so many. */
static void call(enum xrun_callback callback, int64_t at_us,
		 int64_t duration_us, int64_t interval_us, uint64_t n_skipped)
{
	made.calls[made.timeline.n_calls++] = (struct xrun_call){
		.callback = callback,
		.start_ns = START_NS + at_us * US,
		.duration_ns = (uint64_t)(duration_us * US),
		.interval_ns = (uint64_t)(interval_us * US),
		.n_skipped = n_skipped,
	};
}

static void gap(enum xrun_place place, int64_t from_us, int64_t to_us,
		uint64_t n_frames)
{
	made.gaps[made.timeline.n_gaps++] = (struct xrun_gap){
		place,
		START_NS + from_us * US,
		START_NS + to_us * US,
		n_frames,
	};
}

static void stall(int64_t from_us, int64_t to_us)
{
	made.stalls[made.timeline.n_stalls++] = (struct xrun_stall){
		START_NS + from_us * US,
		START_NS + to_us * US,
		0,
	};
}

static void blame(void)
{
	made.n_events = xrun_blame(&made.timeline, START_NS, made.events);
}

static uint32_t count(enum xrun_cause cause)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < made.n_events; i++)
		n += made.events[i].kind != XRUN_STALL &&
		     made.events[i].cause == cause;
	return n;
}

/* All of so many events, stalls not counted, have one cause. */
static void expect(enum xrun_cause cause, uint32_t n)
{
	uint32_t n_all = 0;

	blame();
	for (int c = 0; c < XRUN_N_CAUSES; c++)
		n_all += count((enum xrun_cause)c);
	CU_ASSERT_EQUAL(n_all, n);
	CU_ASSERT_EQUAL(count(cause), n);
}

/* ---- what is late ---- */

static uint64_t lateness(int64_t duration_us, int64_t interval_us,
			 uint64_t n_skipped)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, duration_us, interval_us, n_skipped);
	return xrun_call_lateness(&made.calls[0], PERIOD_NS);
}

static void test_late(void)
{
	CU_ASSERT_EQUAL(lateness(100, 5000, 0), 0);
	CU_ASSERT_EQUAL(lateness(100, 7500, 0), 0);
	CU_ASSERT_EQUAL(lateness(100, 7501, 0), 2501 * US);
	CU_ASSERT_EQUAL(lateness(5000, 5000, 0), 0);
	CU_ASSERT_EQUAL(lateness(5001, 5000, 0), US);
	CU_ASSERT(lateness(100, 5000, 256) > 0);
}

static void test_unknown_interval(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 10, 0, 0);
	made.calls[0].interval_ns = XRUN_UNKNOWN;
	CU_ASSERT_EQUAL(xrun_call_lateness(&made.calls[0], PERIOD_NS), 0);
	expect(XRUN_CAUSE_UNKNOWN, 0);
}

static void test_nothing(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 4000, 5000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 100, 4000, 5000, 0);
	expect(XRUN_CAUSE_UNKNOWN, 0);
}

/* ---- who ran long ---- */

/* All of a graph's calls after it are late as well. */
static void test_long_client(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 12000, 5000, 0);
	call(XRUN_CALL_JACK_CLIENT, 12000, 100, 12000, 256);
	call(XRUN_CALL_BRIDGE_JACK, 12200, 100, 12100, 0);
	call(XRUN_CALL_BRIDGE_PIPEWIRE, 12300, 100, 12100, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 12400, 100, 12100, 0);
	gap(XRUN_TO_JACK, -5000, 17000, 512);
	expect(XRUN_JACK_CLIENT, 6);
}

static void test_long_node(void)
{
	begin();
	call(XRUN_CALL_PIPEWIRE_NODE, 0, 9000, 5000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 9000, 100, 9000, 0);
	gap(XRUN_TO_JACK, -100, 10000, 256);
	expect(XRUN_PIPEWIRE_NODE, 3);
}

static void test_long_bridge(void)
{
	begin();
	call(XRUN_CALL_BRIDGE_JACK, 0, 9000, 5000, 0);
	call(XRUN_CALL_JACK_CLIENT, 9100, 100, 9100, 0);
	expect(XRUN_BRIDGE_JACK, 2);
	begin();
	call(XRUN_CALL_BRIDGE_PIPEWIRE, 0, 9000, 5000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 9100, 100, 9100, 0);
	gap(XRUN_TO_PIPEWIRE, 0, 9100, 256);
	expect(XRUN_BRIDGE_PIPEWIRE, 3);
}

/* Late too little to be late itself, but the block was not there. */
static void test_gap_of_a_long_call(void)
{
	begin();
	call(XRUN_CALL_PIPEWIRE_NODE, 100, 4800, 5000, 0);
	gap(XRUN_TO_JACK, 0, 10000, 256);
	expect(XRUN_PIPEWIRE_NODE, 1);
}

static void test_longest_of_two(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 2600, 5000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 2700, 8000, 5000, 0);
	expect(XRUN_PIPEWIRE_NODE, 1);
}

/* What was long a while before has no part in it. */
static void test_long_before(void)
{
	begin();
	call(XRUN_CALL_PIPEWIRE_NODE, -40000, 4000, 5000, 0);
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 10000, 0);
	call(XRUN_CALL_BRIDGE_JACK, 50, 100, 10000, 0);
	expect(XRUN_JACK_SERVER, 2);
}

/* A client that always takes some time is not why the server stopped. */
static void test_short_beside_what_is_missing(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 2000, 25000, 0);
	call(XRUN_CALL_BRIDGE_JACK, 2100, 100, 25000, 0);
	expect(XRUN_JACK_SERVER, 2);
}

/* A load that begins makes what comes behind it in the cycle late. */
static void test_load_begins(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 2490, 5000, 0);
	call(XRUN_CALL_BRIDGE_JACK, 2520, 100, 7510, 0);
	expect(XRUN_JACK_CLIENT, 1);
}

/* What ended just before was in the way of what comes behind it. */
static void test_long_just_before(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, -4000, 3400, 5000, 0);
	gap(XRUN_TO_PIPEWIRE, 0, 10000, 256);
	expect(XRUN_JACK_CLIENT, 1);
}

/* ---- the machine ---- */

static void test_stall(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 13000, 256);
	call(XRUN_CALL_BRIDGE_JACK, 100, 100, 13000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 300, 100, 13000, 0);
	stall(-9000, -500);
	expect(XRUN_MACHINE, 3);
	CU_ASSERT_EQUAL(made.n_events, 4);
	CU_ASSERT_EQUAL(made.events[0].kind, XRUN_STALL);
	CU_ASSERT_EQUAL(made.events[0].time_ns, -9 * MS);
	CU_ASSERT_EQUAL(made.events[0].size_ns, 8500 * US);
}

/* A call that was long because its processor stood still is not guilty. */
static void test_stall_in_a_call(void)
{
	begin();
	call(XRUN_CALL_PIPEWIRE_NODE, 0, 9000, 5000, 0);
	stall(100, 8900);
	expect(XRUN_MACHINE, 1);
}

/* Two processors that stood still at once are one stall. */
static void test_stalls_beside_each_other(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 8000, 5000, 0);
	stall(2000, 4500);
	stall(2010, 4500);
	stall(2020, 4500);
	expect(XRUN_JACK_CLIENT, 1);
}

/* What ran for longer than the stall is to blame; the stall in it is not. */
static void test_stall_beside_a_long_call(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 8000, 5000, 0);
	call(XRUN_CALL_BRIDGE_JACK, 8100, 100, 12000, 0);
	stall(2000, 5000);
	expect(XRUN_JACK_CLIENT, 2);
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 8000, 5000, 0);
	stall(2000, 6500);
	expect(XRUN_MACHINE, 1);
}

static void test_small_stall(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 13000, 256);
	call(XRUN_CALL_BRIDGE_JACK, 100, 100, 13000, 0);
	stall(-9000, -8000);
	expect(XRUN_JACK_SERVER, 2);
}

/* What the witness cannot see may have been the machine. */
static void test_too_little_to_be_seen(void)
{
	begin();
	made.timeline.period_ns = 666 * US;
	call(XRUN_CALL_JACK_CLIENT, 0, 20, 1100, 0);
	call(XRUN_CALL_BRIDGE_JACK, 30, 20, 1100, 0);
	expect(XRUN_CAUSE_UNKNOWN, 2);
	call(XRUN_CALL_JACK_CLIENT, 5000, 20, 1200, 0);
	call(XRUN_CALL_BRIDGE_JACK, 5030, 20, 1200, 0);
	blame();
	CU_ASSERT_EQUAL(count(XRUN_CAUSE_UNKNOWN), 2);
	CU_ASSERT_EQUAL(count(XRUN_JACK_SERVER), 2);
}

/* ---- who was called late ---- */

static void test_jack_server(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 13000, 256);
	call(XRUN_CALL_BRIDGE_JACK, 100, 100, 13000, 0);
	call(XRUN_CALL_BRIDGE_PIPEWIRE, 200, 100, 13000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 300, 100, 13000, 0);
	expect(XRUN_JACK_SERVER, 4);
}

/* Of another bridge nothing is known. */
static void test_other_bridge(void)
{
	begin();
	made.timeline.knows_bridge = false;
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 13000, 256);
	expect(XRUN_JACK_SERVER, 1);
}

static void test_bridge_alone(void)
{
	begin();
	call(XRUN_CALL_BRIDGE_JACK, 0, 100, 13000, 0);
	call(XRUN_CALL_BRIDGE_PIPEWIRE, 100, 100, 13000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 200, 100, 13000, 0);
	expect(XRUN_BRIDGE_JACK, 3);
	begin();
	call(XRUN_CALL_BRIDGE_PIPEWIRE, 0, 100, 13000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 100, 100, 13000, 0);
	gap(XRUN_TO_PIPEWIRE, -13000, 100, 256);
	expect(XRUN_BRIDGE_PIPEWIRE, 3);
}

static void test_client_alone(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 13000, 256);
	expect(XRUN_CAUSE_UNKNOWN, 1);
}

static void test_pipewire_server(void)
{
	begin();
	call(XRUN_CALL_PIPEWIRE_NODE, 0, 100, 13000, 0);
	gap(XRUN_TO_JACK, -13000, 100, 512);
	expect(XRUN_PIPEWIRE_SERVER, 2);
}

/* What JACK did a while before is not why. */
static void test_pipewire_server_later(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, -300000, 100, 13000, 256);
	call(XRUN_CALL_BRIDGE_JACK, -299000, 100, 13000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 0, 100, 13000, 0);
	blame();
	CU_ASSERT_EQUAL(count(XRUN_JACK_SERVER), 2);
	CU_ASSERT_EQUAL(count(XRUN_PIPEWIRE_SERVER), 1);
}

/* On a clock of its own PipeWire is not late because JACK was. */
static void test_adaptive(void)
{
	begin();
	made.timeline.follows = false;
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 13000, 256);
	call(XRUN_CALL_BRIDGE_JACK, 50, 100, 13000, 0);
	call(XRUN_CALL_BRIDGE_PIPEWIRE, 100, 100, 13000, 0);
	call(XRUN_CALL_PIPEWIRE_NODE, 200, 100, 13000, 0);
	blame();
	CU_ASSERT_EQUAL(count(XRUN_JACK_SERVER), 2);
	CU_ASSERT_EQUAL(count(XRUN_PIPEWIRE_SERVER), 2);
}

/* ---- events ---- */

static void test_events(void)
{
	begin();
	call(XRUN_CALL_JACK_CLIENT, 0, 100, 13000, 256);
	call(XRUN_CALL_BRIDGE_JACK, 100, 100, 13000, 0);
	gap(XRUN_TO_PIPEWIRE, -20000, 0, 480);
	blame();
	CU_ASSERT_EQUAL(made.n_events, 3);
	CU_ASSERT_EQUAL(made.events[0].kind, XRUN_GAP);
	CU_ASSERT_EQUAL(made.events[0].time_ns, -20 * MS);
	CU_ASSERT_EQUAL(made.events[0].n_frames, 480);
	CU_ASSERT_EQUAL(made.events[0].size_ns, 10 * MS);
	CU_ASSERT_EQUAL(made.events[0].place, XRUN_TO_PIPEWIRE);
	CU_ASSERT_EQUAL(made.events[1].kind, XRUN_SKIPPED);
	CU_ASSERT_EQUAL(made.events[1].n_frames, 256);
	CU_ASSERT_EQUAL(made.events[1].size_ns, 8 * MS);
	CU_ASSERT_EQUAL(made.events[2].kind, XRUN_LATE);
	CU_ASSERT_EQUAL(made.events[2].callback, XRUN_CALL_BRIDGE_JACK);
}

static const struct unit_test tests[] = {
	{ "late", "late", test_late },
	{ "late", "unknown interval", test_unknown_interval },
	{ "late", "nothing", test_nothing },
	{ "long", "client", test_long_client },
	{ "long", "node", test_long_node },
	{ "long", "bridge", test_long_bridge },
	{ "long", "gap", test_gap_of_a_long_call },
	{ "long", "longest of two", test_longest_of_two },
	{ "long", "before", test_long_before },
	{ "long", "just before", test_long_just_before },
	{ "long", "short", test_short_beside_what_is_missing },
	{ "long", "load begins", test_load_begins },
	{ "machine", "stall", test_stall },
	{ "machine", "in a call", test_stall_in_a_call },
	{ "machine", "beside each other", test_stalls_beside_each_other },
	{ "machine", "beside a long call", test_stall_beside_a_long_call },
	{ "machine", "small", test_small_stall },
	{ "called late", "too little", test_too_little_to_be_seen },
	{ "called late", "JACK server", test_jack_server },
	{ "called late", "other bridge", test_other_bridge },
	{ "called late", "bridge alone", test_bridge_alone },
	{ "called late", "client alone", test_client_alone },
	{ "called late", "PipeWire daemon", test_pipewire_server },
	{ "called late", "PipeWire daemon, later", test_pipewire_server_later },
	{ "called late", "adaptive", test_adaptive },
	{ "events", "order and sizes", test_events },
};

UNIT_MAIN(tests)
