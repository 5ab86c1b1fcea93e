/* SPDX-License-Identifier: MIT */
/*
 * test_taps PERIOD [long | record]: 64 taps on a bridge between real servers.
 * What they hear is exact, what is missing is what they are told, and
 * nothing that becomes of them changes anything for the bridge. With "record",
 * 8 of them are recorders, four each way.
 *
 * As in test_circle.c: machines stall, and windows are looked at until enough of
 * them were without a disturbance that a server counted.
 */
#include "tap_run.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_HELPERS 8
#define TAPS_EACH 8
#define WINDOW_FRAMES 12000
#define WINDOWS_WANTED 8
#define WINDOWS_MAX 60
#define BACK_MS 10000

static struct bridge bridge;
static struct circle circle;
static struct helper taps[N_HELPERS]; /* every second one is to JACK */
static int n_helpers = N_HELPERS;
static int stop_ms = 4000;
static bool too_loud;

static const char *tap_name(int i)
{
	static char name[16];

	snprintf(name, sizeof(name), "tap%d", i);
	return name;
}

static bool start_taps(int i)
{
	char program[512], n[8];
	const char *const argv[] = { program, LINK,  i % 2 ? "1" : "0",
				     n,	      "256", NULL };

	snprintf(program, sizeof(program), "%s", getenv("LEAT_SIG_TAP"));
	snprintf(n, sizeof(n), "%d", TAPS_EACH);
	return helper_start(&taps[i], &bridge.sandbox, tap_name(i), argv,
			    NULL) == 0;
}

static void test_comes_up(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	for (int i = 0; i < n_helpers; i++)
		CU_ASSERT_FATAL(start_taps(i));
}

/* ---- windows ---- */

static char replies[N_HELPERS][HELPER_REPLY];

static int64_t value(int i, const char *key)
{
	return helper_value(replies[i], key);
}

static void reset_all(void)
{
	CU_ASSERT_EQUAL_FATAL(helper_tell(&circle.jack, "reset"), 0);
	CU_ASSERT_EQUAL_FATAL(helper_tell(&circle.pass, "reset"), 0);
	for (int i = 0; i < n_helpers; i++)
		CU_ASSERT_EQUAL_FATAL(helper_tell(&taps[i], "reset"), 0);
}

static void report_all(void)
{
	for (int i = 0; i < n_helpers; i++)
		CU_ASSERT_EQUAL_FATAL(
			helper_ask(&taps[i], replies[i], "report"), 0);
}

static bool all_heard(void *arg)
{
	const int64_t *wanted = arg;
	char reply[HELPER_REPLY];

	for (int i = 0; i < n_helpers; i++)
		if (helper_ask(&taps[i], reply, "report") < 0 ||
		    helper_value(reply, "least") < *wanted)
			return false;
	return true;
}

/* Whether a client, a server or the bridge says that something was late. */
static bool is_disturbed(const struct leat_link_status *before,
			 const struct leat_link_status *after)
{
	char jack[HELPER_REPLY], pass[HELPER_REPLY];
	bool late = before->jack.skipped_periods != after->jack.skipped_periods;

	CU_ASSERT_EQUAL_FATAL(helper_ask(&circle.jack, jack, "report"), 0);
	CU_ASSERT_EQUAL_FATAL(helper_ask(&circle.pass, pass, "report"), 0);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		late = late ||
		       before->direction[d].lost != after->direction[d].lost ||
		       before->direction[d].underruns !=
			       after->direction[d].underruns;
	return late || helper_value(jack, "skips") != 0 ||
	       helper_value(jack, "xruns") != 0 ||
	       helper_value(pass, "skips") != 0;
}

/* What comes over is the signal, and nothing is missing but what was told. */
static bool look_at_window(void)
{
	struct leat_link_status before, after;
	int64_t wanted = WINDOW_FRAMES;
	bool disturbed;

	CU_ASSERT_FATAL(bridge_status(&before));
	reset_all();
	CU_ASSERT_FATAL(wait_for(all_heard, &wanted, 30000));
	report_all();
	CU_ASSERT_FATAL(bridge_status(&after));
	disturbed = is_disturbed(&before, &after);
	/* Whatever happens, all of them hear the same. */
	for (int i = 0; i < n_helpers; i++)
		CU_ASSERT_EQUAL(value(i, "differ"), 0);
	for (int i = 0; i < n_helpers && !disturbed; i++) {
		bool whole = value(i, "exact") == value(i, "frames") &&
			     value(i, "xrun") == 0 && value(i, "lapped") == 0 &&
			     value(i, "skipped") == 0 &&
			     value(i, "wrong") == 0 && value(i, "ups") == 0;

		CU_ASSERT(whole);
		if (!whole)
			fprintf(stderr, "tap%d: %s\n", i, replies[i]);
	}
	return !disturbed;
}

static void look_at_windows(int n_wanted)
{
	int n_whole = 0, n = 0;

	for (; n < WINDOWS_MAX && n_whole < n_wanted; n++)
		n_whole += look_at_window();
	if (n > n_whole)
		fprintf(stderr, "%d of %d windows without a disturbance\n",
			n_whole, n);
	too_loud = too_loud || n_whole < n_wanted;
}

static void test_exact(void)
{
	look_at_windows(WINDOWS_WANTED);
}

/* ---- some of them record ---- */

#define N_RECORDERS TAPS_EACH /* instead of one process's taps */
#define TAPE_S 10

static struct proc recorders[N_RECORDERS]; /* every second one is to JACK */

static const char *tape_path(int i)
{
	static char path[128];
	char name[32];

	snprintf(name, sizeof(name), "tape-%d.wav", i);
	return sandbox_path(&bridge.sandbox, name, path, sizeof(path));
}

static bool start_recorder(int i)
{
	char duration[32], log[32];

	snprintf(duration, sizeof(duration), "--duration=%ds", TAPE_S);
	snprintf(log, sizeof(log), "tape-%d.log", i);
	return tap_start(&recorders[i], &bridge, log, "record", duration,
			 i % 2 ? "--direction=to_jack"
			       : "--direction=to_pipewire",
			 tape_path(i), LINK, NULL);
}

static void check_tapes(void)
{
	struct tape_file first[2], other;

	for (int i = 0; i < N_RECORDERS; i++) {
		CU_ASSERT(tape_is_true(tape_path(i), 2, 48000, TAPE_S * 48000));
		CU_ASSERT_FATAL(
			tape_load(i < 2 ? &first[i] : &other, tape_path(i)));
		if (i < 2)
			continue;
		/* Whatever happened, they all heard the same. */
		CU_ASSERT(
			tapes_agree(&first[i % 2], &other, TAPE_S / 2 * 48000));
		tape_free(&other);
	}
	tape_free(&first[0]);
	tape_free(&first[1]);
}

static void test_recorded(void)
{
	for (int i = 0; i < N_RECORDERS; i++)
		CU_ASSERT_FATAL(start_recorder(i));
	look_at_windows(WINDOWS_WANTED);
	for (int i = 0; i < N_RECORDERS; i++) {
		CU_ASSERT(proc_wait(&recorders[i], TAPE_S * 3000));
		CU_ASSERT_EQUAL(proc_exit_status(&recorders[i]), 0);
	}
	check_tapes();
}

/* ---- what becomes of taps ---- */

/* Two of them, one each way, are stopped for longer than the history is. */
static void test_stopped(void)
{
	int64_t wanted = 4096;

	reset_all();
	for (int i = 0; i < 2; i++)
		proc_signal(&taps[i].proc, SIGSTOP);
	sleep_ms(stop_ms);
	for (int i = 0; i < 2; i++)
		proc_signal(&taps[i].proc, SIGCONT);
	CU_ASSERT_FATAL(wait_for(all_heard, &wanted, 30000));
	report_all();
	for (int i = 0; i < 2; i++) {
		printf("tap%d: %s\n", i, replies[i]);
		CU_ASSERT(value(i, "lapped") >
			  TAPS_EACH * 48 * ((int64_t)stop_ms - 3000));
		CU_ASSERT_EQUAL(value(i, "differ"), 0);
	}
	/* The others heard nothing of it. */
	for (int i = 2; i < n_helpers; i++)
		CU_ASSERT_EQUAL(value(i, "lapped"), 0);
}

/*
 * As long as it takes without a disturbance. With short periods it does not take
 * place on most machines, and the test with long ones is for that.
 */
static void test_stopped_exactly(void)
{
	bool short_periods = bridge.jack.period < 256;
	struct leat_link_status before, after;

	for (int n = 0; n < (short_periods ? 1 : 5); n++) {
		CU_ASSERT_FATAL(bridge_status(&before));
		test_stopped();
		CU_ASSERT_FATAL(bridge_status(&after));
		if (is_disturbed(&before, &after))
			continue;
		for (int i = 0; i < 2; i++) {
			CU_ASSERT_EQUAL(value(i, "wrong"), 0);
			CU_ASSERT(value(i, "right") >= TAPS_EACH);
		}
		return;
	}
	fprintf(stderr, "the signal was disturbed each time\n");
	too_loud = too_loud || !short_periods;
}

static void test_killed(void)
{
	struct leat_link_status before, after;

	CU_ASSERT_FATAL(bridge_status(&before));
	for (int i = 0; i < 2; i++)
		proc_kill(&taps[i].proc);
	/* The bridge does not notice. */
	CU_ASSERT(bridge_wait_frames(WINDOW_FRAMES, BACK_MS));
	CU_ASSERT_FATAL(bridge_status(&after));
	CU_ASSERT_EQUAL(after.jack.pid, before.jack.pid);
	for (int i = 0; i < 2; i++)
		CU_ASSERT_FATAL(start_taps(i));
	look_at_windows(1);
}

/* ---- the bridge is started anew ---- */

static bool all_up_again(void *arg)
{
	char reply[HELPER_REPLY];

	(void)arg;
	for (int i = 0; i < n_helpers; i++)
		if (helper_ask(&taps[i], reply, "report") < 0 ||
		    helper_value(reply, "ups") < TAPS_EACH)
			return false;
	return true;
}

/* A side is started anew: a gap of the length that it was, and on it goes. */
static void expect_a_gap(void)
{
	struct leat_link_status after;
	int64_t wanted = 4096;

	CU_ASSERT(bridge_wait_state("running", BACK_MS));
	CU_ASSERT_FATAL(wait_for(all_up_again, NULL, BACK_MS));
	CU_ASSERT_FATAL(wait_for(all_heard, &wanted, BACK_MS));
	report_all();
	for (int i = 0; i < n_helpers; i++) {
		CU_ASSERT_EQUAL(value(i, "ups"), TAPS_EACH);
		CU_ASSERT_EQUAL(value(i, "downs"), TAPS_EACH);
		CU_ASSERT(value(i, "between") > 0);
		CU_ASSERT_EQUAL(value(i, "differ"), 0);
		CU_ASSERT_EQUAL(value(i, "inexact"), 0);
	}
	/* JACK's signal went on meanwhile, by as much as is said. */
	printf("tap0: %s\n", replies[0]);
	CU_ASSERT_FATAL(bridge_status(&after));
	if (after.jack.skipped_periods == 0 && value(0, "xrun") == 0) {
		CU_ASSERT_EQUAL(value(0, "wrong"), 0);
		CU_ASSERT_EQUAL(value(0, "right"), TAPS_EACH);
	}
	look_at_windows(1);
}

static void test_jack_side_restarts(void)
{
	reset_all();
	proc_kill(&bridge.jack_side);
	sleep_ms(200);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT(bridge_wait_state("running", BACK_MS));
	CU_ASSERT_FATAL(circle_connect(&circle));
	expect_a_gap();
}

static void test_pipewire_side_restarts(void)
{
	reset_all();
	proc_kill(&bridge.pipewire_side);
	CU_ASSERT(bridge_wait_state("no-peer", BACK_MS));
	/* It can be back within a period, and then nothing is missing. */
	sleep_ms(200);
	CU_ASSERT_FATAL(bridge_start_pipewire_side(&bridge));
	CU_ASSERT(bridge_wait_state("idle", BACK_MS));
	CU_ASSERT_FATAL(circle_link(&circle));
	expect_a_gap();
}

static void test_ends(void)
{
	for (int i = 0; i < n_helpers; i++)
		CU_ASSERT_EQUAL(helper_stop(&taps[i]), 0);
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "taps", "64 come up", test_comes_up },
	{ "taps", "bit-exact", test_exact },
	{ "taps", "stopped", test_stopped_exactly },
	{ "taps", "killed", test_killed },
	{ "taps", "the JACK side restarts", test_jack_side_restarts },
	{ "taps", "the PipeWire side restarts", test_pipewire_side_restarts },
	{ "taps", "end", test_ends },
};

static const struct unit_test recording[] = {
	{ "taps", "56 come up", test_comes_up },
	{ "taps", "8 more record", test_recorded },
	{ "taps", "end", test_ends },
};

static int run(const char *form)
{
	if (strcmp(form, "record") == 0) {
		n_helpers = N_HELPERS - 1;
		return unit_run(recording,
				sizeof(recording) / sizeof(recording[0]), 1,
				NULL);
	}
	if (strcmp(form, "long") == 0)
		stop_ms = 30000;
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, NULL);
}

int main(int argc, char **argv)
{
	const char *why;
	int res;

	if (argc < 2)
		return 2;
	why = bridge_init(&bridge, (uint32_t)atoi(argv[1]));
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	res = run(argc > 2 ? argv[2] : "");
	if (res != 0 || !too_loud)
		return res;
	printf("skipped: this machine is too loud to tell what is exact\n");
	return SANDBOX_SKIP;
}
