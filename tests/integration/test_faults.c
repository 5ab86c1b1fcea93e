/* SPDX-License-Identifier: MIT */
/*
 * Each part in turn is killed or stopped while the circle runs. The others go
 * on, and when it is back the circle is what it was: exact, and one period.
 *
 * The period is long, so that a stall of the whole machine is no xrun: what
 * is counted was caused by the fault.
 */
#include "bridge_main.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PERIOD 2048
#define STALL_MS 300
#define LONG_STALL_MS 3500
#define BACK_MS 10000

static struct bridge bridge;
static struct circle circle;

static int64_t ask(struct helper *helper, const char *key)
{
	char reply[HELPER_REPLY];

	return helper_ask(helper, reply, "report") < 0
		       ? INT64_MIN
		       : helper_value(reply, key);
}

static void test_comes_up(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
}

/* ---- the circle is whole ---- */

static void check_circle(void)
{
	struct leat_link_status status;

	CU_ASSERT(bridge_wait_state("running", BACK_MS));
	/* The first frames of a new wire are faded in. */
	CU_ASSERT(circle_wait_exact(&circle, 48000, BACK_MS));
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].latency_frames, 0);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].latency_frames, PERIOD);
}

/* ---- JACK goes on ---- */

static struct leat_link_status before;

static void note_jack(void)
{
	CU_ASSERT_FATAL(bridge_status(&before));
	CU_ASSERT_EQUAL_FATAL(helper_tell(&circle.jack, "reset"), 0);
}

static bool silent(void *arg)
{
	char reply[HELPER_REPLY];

	(void)arg;
	return helper_ask(&circle.jack, reply, "report") == 0 &&
	       helper_value(reply, "silent") > 0;
}

static void check_jack_went_on(void)
{
	struct leat_link_status after;

	CU_ASSERT_FATAL(bridge_status(&after));
	CU_ASSERT_EQUAL(after.jack.xruns, before.jack.xruns);
	CU_ASSERT_EQUAL(after.jack.skipped_periods,
			before.jack.skipped_periods);
	CU_ASSERT(after.jack.cycles > before.jack.cycles);
	/* What was heard: the signal, its fade, silence; nothing else. */
	CU_ASSERT_EQUAL(ask(&circle.jack, "corrupt"), 0);
	CU_ASSERT_EQUAL(ask(&circle.jack, "repeats"), 0);
}

/* ---- killed ---- */

static void test_pipewire_killed(void)
{
	note_jack();
	pipewire_server_kill(&bridge.pipewire);
	CU_ASSERT(bridge_wait_state("no-pipewire", BACK_MS));
	CU_ASSERT(wait_for(silent, NULL, BACK_MS));
	check_jack_went_on();
	CU_ASSERT_EQUAL_FATAL(
		pipewire_server_start(&bridge.pipewire, &bridge.sandbox), 0);
	CU_ASSERT(bridge_wait_state("idle", BACK_MS));
	CU_ASSERT_FATAL(circle_pass_again(&circle, &bridge));
	check_circle();
	check_jack_went_on();
}

static void test_pipewire_side_killed(void)
{
	note_jack();
	proc_kill(&bridge.pipewire_side);
	CU_ASSERT(bridge_wait_state("no-peer", BACK_MS));
	CU_ASSERT(wait_for(silent, NULL, BACK_MS));
	check_jack_went_on();
	CU_ASSERT_FATAL(bridge_start_pipewire_side(&bridge));
	CU_ASSERT(bridge_wait_state("idle", BACK_MS));
	CU_ASSERT_FATAL(circle_link(&circle));
	check_circle();
}

static void test_jack_killed(void)
{
	helper_stop(&circle.jack);
	jack_server_kill(&bridge.jack);
	CU_ASSERT(bridge_wait_state("no-jack", BACK_MS));
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_EQUAL_FATAL(sig_jack_start(&circle.jack, &bridge.sandbox,
					     bridge.jack.name, "sig", "--send",
					     "--recv", NULL),
			      0);
	/* The bridge makes the connections that it had. */
	check_circle();
}

static bool new_side_serves(void *arg)
{
	struct leat_link_status status;

	(void)arg;
	return bridge_status(&status) && status.jack.alive == 1 &&
	       status.jack.pid == (uint64_t)bridge.jack_side.pid;
}

static void test_jack_side_killed(void)
{
	proc_kill(&bridge.jack_side);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(wait_for(new_side_serves, NULL, BACK_MS));
	/* The nodes in PipeWire stayed, and so did their links. */
	CU_ASSERT_FATAL(circle_connect(&circle));
	check_circle();
}

/* ---- stopped ---- */

static void stall_for(struct proc *proc, int ms)
{
	CU_ASSERT_EQUAL_FATAL(proc_signal(proc, SIGSTOP), 0);
	sleep_ms(ms);
	CU_ASSERT_EQUAL_FATAL(proc_signal(proc, SIGCONT), 0);
}

static void stall(struct proc *proc)
{
	stall_for(proc, STALL_MS);
}

static void test_pipewire_side_stalls(void)
{
	note_jack();
	stall(&bridge.pipewire_side);
	CU_ASSERT(ask(&circle.jack, "fades") + ask(&circle.jack, "silent") > 0);
	check_circle();
	check_jack_went_on();
}

static void test_pipewire_stalls(void)
{
	note_jack();
	stall(&bridge.pipewire.proc);
	check_circle();
	check_jack_went_on();
}

static void test_client_stalls(void)
{
	note_jack();
	stall(&circle.pass.proc);
	CU_ASSERT(ask(&circle.jack, "fades") + ask(&circle.jack, "silent") > 0);
	check_circle();
	check_jack_went_on();
}

static void test_jack_side_stalls(void)
{
	stall(&bridge.jack_side);
	check_circle();
}

/* For seconds: JACK waits for nobody, and takes it back as it was. */
static void test_jack_side_stalls_long(void)
{
	stall_for(&bridge.jack_side, LONG_STALL_MS);
	check_circle();
	CU_ASSERT(new_side_serves(NULL));
}

static void test_ends_cleanly(void)
{
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "faults", "comes up", test_comes_up },
	{ "stopped", "leat-pipewire", test_pipewire_side_stalls },
	{ "stopped", "the PipeWire daemon", test_pipewire_stalls },
	{ "stopped", "a client in PipeWire", test_client_stalls },
	{ "stopped", "leat-jack", test_jack_side_stalls },
	{ "stopped", "leat-jack, for seconds", test_jack_side_stalls_long },
	{ "killed", "the PipeWire daemon", test_pipewire_killed },
	{ "killed", "leat-pipewire", test_pipewire_side_killed },
	{ "killed", "the JACK server", test_jack_killed },
	{ "killed", "leat-jack", test_jack_side_killed },
	{ "faults", "ends cleanly", test_ends_cleanly },
};

BRIDGE_MAIN(bridge, PERIOD, tests)
