/* SPDX-License-Identifier: MIT */
/*
 * test_circle PERIOD [sync|wireplumber]: a counting signal crosses from JACK to PipeWire,
 * from PipeWire to JACK, and goes round the full circle, all at once for ten
 * seconds: every sample bit-identical, in order, and the circle takes exactly
 * one period.
 *
 * Virtual machines stall for milliseconds, and then jackd or PipeWire skip a
 * period. So windows of one second are looked at, until ten were without any
 * disturbance. In the others every disturbance must be one that a server or
 * the bridge has counted, and whatever was heard must be exact.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_FRAMES 48000
#define WINDOWS_WANTED 10
#define WINDOWS_MAX 60

static struct bridge bridge;
static struct circle circle;
static struct helper listener; /* in PipeWire: hears what JACK sends */
static struct helper player;   /* in PipeWire: another counting signal */
static struct helper receiver; /* in JACK: hears that one */
static uint32_t period;
static bool synchronous;
static bool waits; /* leat-jack --sync-wait */
static bool up;

/* What disturbed a window, by the word of those who count. */
struct counts {
	uint64_t skipped, underruns, lost, inserted, overruns, pw_xruns;
};

static struct counts take_counts(void)
{
	struct leat_link_status status;
	struct counts counts = { 0 };

	CU_ASSERT_FATAL(bridge_status(&status));
	counts.skipped = status.jack.skipped_periods;
	counts.pw_xruns = status.pipewire.xruns;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		counts.underruns += status.direction[d].underruns;
		counts.overruns += status.direction[d].overruns;
		counts.lost += status.direction[d].lost;
		counts.inserted += status.direction[d].inserted;
	}
	return counts;
}

static bool set_up(void)
{
	bridge.channels = "4";
	bridge.jack.synchronous = synchronous;
	bridge.sync_wait = waits ? "75" : NULL;
	return bridge_start(&bridge) && circle_start(&circle, &bridge) &&
	       sig_pw_start(&listener, &bridge.sandbox, "listener", "--recv",
			    NULL) == 0 &&
	       sig_pw_start(&player, &bridge.sandbox, "player", "--send",
			    NULL) == 0 &&
	       sig_jack_start(&receiver, &bridge.sandbox, bridge.jack.name,
			      "receiver", "--recv", NULL) == 0;
}

/* The circle is on FL and FR; the way from PipeWire on RL and RR. */
static bool connect_all(void)
{
	return helper_tell(
		       &listener,
		       "link leat.test.source:capture_FL listener:recv_1") ==
		       0 &&
	       helper_tell(
		       &listener,
		       "link leat.test.source:capture_FR listener:recv_2") ==
		       0 &&
	       helper_tell(&player,
			   "link player:send_1 leat.test.sink:playback_RL") ==
		       0 &&
	       helper_tell(&player,
			   "link player:send_2 leat.test.sink:playback_RR") ==
		       0 &&
	       helper_tell(&receiver, "connect leat-test:from_pipewire_RL "
				      "receiver:recv_1") == 0 &&
	       helper_tell(&receiver, "connect leat-test:from_pipewire_RR "
				      "receiver:recv_2") == 0;
}

static void test_comes_up(void)
{
	up = set_up() && connect_all();
	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(bridge_wait_frames(48000 / 4, 10000));
}

static bool window_over(void *arg)
{
	char reply[HELPER_REPLY];

	(void)arg;
	return helper_ask(&circle.jack, reply, "report") == 0 &&
	       helper_value(reply, "frames") >= WINDOW_FRAMES;
}

static int64_t ask(struct helper *helper, char *reply, const char *key)
{
	if (!reply[0] && helper_ask(helper, reply, "report") < 0)
		return INT64_MIN;
	return helper_value(reply, key);
}

/* Those that hear the signal, and what they said of the latest window. */
enum { CIRCLE, LISTENER, RECEIVER, N_HEARERS, PASS = N_HEARERS, N_CLIENTS };
static struct helper *const clients[N_CLIENTS] = { &circle.jack, &listener,
						   &receiver, &circle.pass };
static char replies[N_CLIENTS][HELPER_REPLY];

/*
 * Whether one of them heard every frame; what it did hear must be right. When
 * jackd goes on without a client that is late, others hear that client's old
 * buffer again: that, and only that, may repeat or spoil frames.
 */
static bool heard_all(int hearer, bool disturbed, bool skipped)
{
	const char *reply = replies[hearer];
	bool whole = helper_value(reply, "gaps") == 0 &&
		     helper_value(reply, "silent") == 0 &&
		     helper_value(reply, "fades") == 0;

	if (!skipped) {
		CU_ASSERT_EQUAL(helper_value(reply, "corrupt"), 0);
		CU_ASSERT_EQUAL(helper_value(reply, "repeats"), 0);
	}
	CU_ASSERT(whole || disturbed);
	if (!whole && !disturbed)
		fprintf(stderr, "%s: %s\n", clients[hearer]->name, reply);
	return whole && helper_value(reply, "exact") >= WINDOW_FRAMES * 3 / 4;
}

/* JACK adds a period of its own to any circle of two of its clients. */
static void check_latency(bool disturbed)
{
	const char *reply = replies[CIRCLE];
	int64_t wanted =
		((waits ? 0 : 1) + CIRCLE_JACK_PERIODS) * (int64_t)period;

	if (disturbed)
		return;
	CU_ASSERT_EQUAL(helper_value(reply, "latency_min"), wanted);
	CU_ASSERT_EQUAL(helper_value(reply, "latency_max"), wanted);
}

/* Whether jackd went on without one of the test's clients, or was late. */
static bool jack_was_late(void)
{
	return helper_value(replies[CIRCLE], "skips") != 0 ||
	       helper_value(replies[RECEIVER], "skips") != 0 ||
	       helper_value(replies[CIRCLE], "xruns") != 0;
}

/* Whether PipeWire went on without one of the test's clients. */
static bool pipewire_was_late(void)
{
	return helper_value(replies[LISTENER], "skips") != 0 ||
	       helper_value(replies[PASS], "skips") != 0;
}

/* One window; true if nothing disturbed it. */
static bool look_at_window(void)
{
	struct counts before = take_counts(), after;
	bool disturbed, skipped, whole = true;

	for (int i = 0; i < N_CLIENTS; i++)
		CU_ASSERT_EQUAL_FATAL(helper_tell(clients[i], "reset"), 0);
	CU_ASSERT_FATAL(wait_for(window_over, NULL, 60000));
	for (int i = 0; i < N_CLIENTS; i++)
		CU_ASSERT_EQUAL_FATAL(
			helper_ask(clients[i], replies[i], "report"), 0);
	after = take_counts();
	skipped = before.skipped != after.skipped || jack_was_late();
	disturbed = skipped || pipewire_was_late() ||
		    memcmp(&before, &after, sizeof(before)) != 0;
	for (int i = 0; i < N_HEARERS; i++)
		whole = heard_all(i, disturbed, skipped) && whole;
	check_latency(disturbed);
	return whole && !disturbed;
}

static void test_bit_exact(void)
{
	int n_whole = 0, n = 0;

	CU_ASSERT_FATAL(up);
	for (; n < WINDOWS_MAX && n_whole < WINDOWS_WANTED; n++)
		n_whole += look_at_window();
	CU_ASSERT_EQUAL(n_whole, WINDOWS_WANTED);
	if (n > n_whole)
		fprintf(stderr, "%d of %d seconds without a disturbance\n",
			n_whole, n);
}

static void test_status_says_so(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].latency_frames, 0);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].latency_frames,
			waits ? 0 : period);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].target, 0);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].target,
			waits ? 0 : period);
	/* It never was in the other mode, not even at the start. */
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].slips, 0);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].slips, 0);
	CU_ASSERT_EQUAL(status.jack.period, period);
	CU_ASSERT_EQUAL(status.pipewire.period, period);
	CU_ASSERT_EQUAL(status.jack.mode, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status.pipewire.mode, LEAT_MODE_FOLLOW);
}

/* Clients that follow the clock need it to advance by each cycle. */
static void test_clock_advances(void)
{
	char reply[HELPER_REPLY] = "", name[64];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL(ask(&listener, reply, "rate"), 48000);
	CU_ASSERT_EQUAL(ask(&listener, reply, "quantum"), period);
	CU_ASSERT_EQUAL(ask(&listener, reply, "skips"), 0);
	helper_text(reply, "clock", name, sizeof(name));
	CU_ASSERT_STRING_EQUAL(name, "leat.test");
}

static void test_ends_cleanly(void)
{
	circle_stop(&circle);
	helper_stop(&listener);
	helper_stop(&player);
	helper_stop(&receiver);
	CU_ASSERT_EQUAL(bridge_stop_pipewire_side(&bridge), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static bool went_round(void *arg)
{
	char reply[HELPER_REPLY] = "";

	(void)arg;
	return ask(&circle.jack, reply, "exact") >= 16 * (int64_t)period;
}

/*
 * What JACK itself takes: a client that copies its inputs to its outputs, in
 * the place of the bridge, gives back what it got a period later, as one of
 * two clients that feed each other must run before the other.
 */
static void test_jack_takes_a_period(void)
{
	struct helper loop;
	char reply[HELPER_REPLY] = "";
	int64_t latency;

	bridge.jack.synchronous = synchronous;
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_EQUAL_FATAL(sig_jack_start(&circle.jack, &bridge.sandbox,
					     bridge.jack.name, "sig", "--send",
					     "--recv", NULL),
			      0);
	CU_ASSERT_EQUAL_FATAL(sig_jack_start(&loop, &bridge.sandbox,
					     bridge.jack.name, "loop", "--loop",
					     NULL),
			      0);
	helper_tell(&circle.jack, "connect sig:send_1 loop:in_1");
	helper_tell(&circle.jack, "connect sig:send_2 loop:in_2");
	helper_tell(&circle.jack, "connect loop:out_1 sig:recv_1");
	helper_tell(&circle.jack, "connect loop:out_2 sig:recv_2");
	CU_ASSERT(wait_for(went_round, NULL, 10000));
	latency = ask(&circle.jack, reply, "latency_now");
	CU_ASSERT_EQUAL(latency, CIRCLE_JACK_PERIODS * (int64_t)period);
	helper_stop(&loop);
	helper_stop(&circle.jack);
	jack_server_stop(&bridge.jack);
}

static const struct unit_test tests[] = {
	{ "circle", "JACK alone takes a period", test_jack_takes_a_period },
	{ "circle", "comes up", test_comes_up },
	{ "circle", "bit-exact, one period", test_bit_exact },
	{ "circle", "status says so", test_status_says_so },
	{ "circle", "the clock advances", test_clock_advances },
	{ "circle", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why;

	if (argc < 2)
		return 2;
	period = (uint32_t)atoi(argv[1]);
	synchronous = argc > 2 && strcmp(argv[2], "sync") == 0;
	waits = argc > 2 && strcmp(argv[2], "sync-wait") == 0;
	why = bridge_init(&bridge, period);
	if (argc > 2 && strcmp(argv[2], "wireplumber") == 0) {
		bridge.pipewire.session_manager = true;
		if (!session_manager_is_installed())
			why = "WirePlumber is not installed";
	}
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
