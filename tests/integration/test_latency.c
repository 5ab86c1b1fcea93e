/* SPDX-License-Identifier: MIT */
/*
 * test_latency follow PERIOD | sync | adaptive RATE | changes | loop: what both
 * graphs say of latency is what an impulse takes round the circle from JACK
 * through PipeWire and back; it follows what changes, and no loop makes it grow.
 */
#include "bridge.h"
#include "impulse.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEASURED_TIMES 5
#define MEASURE_MS 30000
#define FOLLOWS_MS 2000
#define CHANGE_MS 5000
#define TRIM_IN 40
#define TRIM_OUT (-30)
#define DEVICE_IN 1000
#define DEVICE_OUT 500
#define MICROPHONE 700
#define SPEAKERS 300
#define OTHER_DRIVER_PRIORITY 40000
#define FROM "leat-test:from_pipewire_FL"
#define TO "leat-test:to_pipewire_FL"

static struct bridge bridge;
static struct impulse impulse;
static struct circle circle;
static struct helper microphone, speakers; /* devices in PipeWire */
static struct helper through;		   /* a client of JACK's */
static char object[1024];
static uint32_t rate_hz = 48000;

/* ---- what the tools of both servers say ---- */

struct range {
	long min, max;
};

static bool is(struct range range, long min, long max)
{
	return range.min == min && range.max == max;
}

/* `jack_lsp -l PORT`: "port capture latency = [ 256 256 ] frames". */
static struct range lsp(const char *port, const char *what)
{
	const char *argv[] = { "jack_lsp", "-l", port, NULL };
	struct range range = { -1, -1 };
	char text[4096], line[64];
	const char *at;

	if (proc_run(argv, NULL, text, sizeof(text), CHANGE_MS) != 0)
		return range;
	snprintf(line, sizeof(line), "port %s latency = [", what);
	at = strstr(text, line);
	if (!at ||
	    sscanf(at + strlen(line), "%ld %ld", &range.min, &range.max) != 2)
		fprintf(stderr, "jack_lsp -l %s: %s", port, text);
	return range;
}

/* Of the ports of a node with a direction, what `pw-dump` has as Latency. */
static struct range dump(const char *node, const char *port_direction,
			 const char *direction)
{
	static const char format[] =
		"pw-dump | jq -r '"
		"(.[] | select(.info.props[\"node.name\"] == \"%s\") | .id)"
		" as $id | [ .[] | select(.type | endswith(\"Port\"))"
		" | select(.info.props[\"node.id\"] == $id"
		"   and .info.direction == \"%s\")"
		" | .info.params.Latency[]"
		" | select(.direction == \"%s\") ]"
		" | \"\\(map(.minRate) | min) \\(map(.maxRate) | max)\"'";
	const char *argv[] = { "sh", "-c", NULL, NULL };
	struct range range = { -1, -1 };
	char command[1024], text[4096];

	snprintf(command, sizeof(command), format, node, port_direction,
		 direction);
	argv[2] = command;
	if (proc_run(argv, NULL, text, sizeof(text), CHANGE_MS) != 0 ||
	    sscanf(text, "%ld %ld", &range.min, &range.max) != 2)
		fprintf(stderr, "pw-dump of %s: %s", node, text);
	return range;
}

static struct range dump_source(void)
{
	return dump("leat.test.source", "output", "Output");
}

static struct range dump_sink(void)
{
	return dump("leat.test.sink", "input", "Input");
}

/* ---- the circle ---- */

static bool start_all(void)
{
	bool up = bridge_start_servers(&bridge) &&
		  bridge_start_jack_side(&bridge) &&
		  bridge_start_pipewire_side(&bridge) &&
		  bridge_wait_state(bridge.mode ? "running" : "idle", 10000) &&
		  sig_pw_start(&circle.pass, &bridge.sandbox, "pass", "--pass",
			       NULL) == 0 &&
		  circle_link(&circle);

	if (!up)
		bridge_show(&bridge);
	return up;
}

static void test_comes_up(void)
{
	CU_ASSERT_FATAL(start_all());
	CU_ASSERT_FATAL(impulse_open(&impulse, bridge.jack.name));
	CU_ASSERT_FATAL(impulse_connect(&impulse, TO, FROM));
	CU_ASSERT_FATAL(bridge_wait_state("running", CHANGE_MS));
}

static void test_ends_cleanly(void)
{
	if (CU_get_number_of_failures() > 0)
		bridge_show(&bridge);
	impulse_close(&impulse);
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

/* What is waited for, in frames of JACK's: both ways that JACK sees it. */
struct wanted {
	long playback, capture, apart;
};

/* While the source plays elsewhere as well, the least is not of the circle. */
static bool elsewhere;

static bool near(jack_latency_range_t range, long frames, long apart)
{
	return (elsewhere || labs((long)range.min - frames) <= apart) &&
	       labs((long)range.max - frames) <= apart;
}

static bool says(void *arg)
{
	const struct wanted *wanted = arg;

	return near(impulse_playback(&impulse), wanted->playback,
		    wanted->apart) &&
	       near(impulse_capture(&impulse), wanted->capture, wanted->apart);
}

static void expect(long playback, long capture, long apart)
{
	struct wanted wanted = { playback, capture, apart };
	bool said = wait_for(says, &wanted, FOLLOWS_MS);
	jack_latency_range_t out = impulse_playback(&impulse);
	jack_latency_range_t in = impulse_capture(&impulse);

	CU_ASSERT(said);
	if (!said)
		fprintf(stderr,
			"wanted %ld and %ld, JACK says [%u %u] and [%u %u]\n",
			playback, capture, out.min, out.max, in.min, in.max);
}

static int measure(int apart)
{
	int frames =
		impulse_measure(&impulse, MEASURED_TIMES, apart, MEASURE_MS);

	CU_ASSERT_FATAL(frames >= 0);
	/* JACK adds a period to any circle of two of its clients. */
	return frames - CIRCLE_JACK_PERIODS * (int)bridge.jack.period;
}

/* ---- follow mode ---- */

/* What the bridge adds on the way back; there it adds nothing. */
static long to_jack(void)
{
	return bridge.sync_wait ? 0 : bridge.jack.period;
}

/* Nobody says of a latency that it is below nothing. */
static long told(long frames)
{
	return frames > 0 ? frames : 0;
}

static void test_to_the_frame(void)
{
	int frames = measure(0);

	CU_ASSERT_EQUAL(frames, to_jack());
	expect(told(frames + TRIM_OUT), told(frames + TRIM_IN), 0);
}

static void test_tools_show_it(void)
{
	long p = to_jack();

	CU_ASSERT(is(lsp(FROM, "capture"), p + TRIM_IN, p + TRIM_IN));
	CU_ASSERT(is(lsp(TO, "playback"), told(p + TRIM_OUT),
		     told(p + TRIM_OUT)));
	CU_ASSERT(is(dump_source(), 0, 0));
	CU_ASSERT(is(dump_sink(), p, p));
}

/* ---- what lies beyond ---- */

static bool start_devices(void)
{
	return sig_pw_start(&microphone, &bridge.sandbox, "microphone",
			    "--send", "--latency", "700", NULL) == 0 &&
	       sig_pw_start(&speakers, &bridge.sandbox, "speakers", "--recv",
			    "--latency", "300", NULL) == 0 &&
	       helper_tell(&speakers, "link leat.test.source:capture_FL "
				      "speakers:recv_1") == 0 &&
	       helper_tell(&microphone, "link microphone:send_1 "
					"leat.test.sink:playback_FL") == 0;
}

static void stop_devices(void)
{
	CU_ASSERT_EQUAL(helper_stop(&microphone), 0);
	CU_ASSERT_EQUAL(helper_stop(&speakers), 0);
}

/* `leat status` has both graphs, the link and the trim in it. */
static bool status_has(void *arg)
{
	const struct leat_span_status *wanted = arg;
	struct leat_link_status status;

	if (!bridge_status(&status))
		return false;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (memcmp(&status.direction[d].end_to_end, &wanted[d],
			   sizeof(wanted[d])) != 0)
			return false;
	return true;
}

static void expect_status(long out_min, long out_max, long in_min, long in_max)
{
	struct leat_span_status wanted[LEAT_N_DIRECTIONS] = {
		[LEAT_TO_PIPEWIRE] = { (uint64_t)told(out_min + TRIM_OUT),
				       (uint64_t)told(out_max + TRIM_OUT) },
		[LEAT_TO_JACK] = { (uint64_t)told(in_min + TRIM_IN),
				   (uint64_t)told(in_max + TRIM_IN) },
	};

	CU_ASSERT(wait_for(status_has, wanted, FOLLOWS_MS));
}

/* Beside the circle: the way to them is a shorter one out, a longer one in. */
static void test_pipewire_devices(void)
{
	long p = to_jack();

	CU_ASSERT_FATAL(start_devices());
	elsewhere = true;
	expect((p > SPEAKERS ? p : SPEAKERS) + TRIM_OUT,
	       p + MICROPHONE + TRIM_IN, 0);
	CU_ASSERT_EQUAL(impulse_capture(&impulse).min, p + TRIM_IN);
	CU_ASSERT_EQUAL(impulse_playback(&impulse).min,
			told((p < SPEAKERS ? p : SPEAKERS) + TRIM_OUT));
	expect_status(p < SPEAKERS ? p : SPEAKERS, p < SPEAKERS ? SPEAKERS : p,
		      p, p + MICROPHONE);
	stop_devices();
	elsewhere = false;
	expect(told(p + TRIM_OUT), told(p + TRIM_IN), 0);
}

static bool pipewire_says(void *arg)
{
	const long *frames = arg;

	return is(dump_source(), frames[0], frames[0]) &&
	       is(dump_sink(), frames[1], frames[1]);
}

/* What is to be said of the source and of the sink, for all who listen. */
static void expect_pipewire(long source, long sink)
{
	long frames[2] = { source, sink };
	bool said = wait_for(pipewire_says, frames, FOLLOWS_MS);

	CU_ASSERT(said);
	if (!said)
		fprintf(stderr,
			"wanted %ld and %ld, PipeWire says [%ld %ld] and "
			"[%ld %ld]\n",
			source, sink, dump_source().min, dump_source().max,
			dump_sink().min, dump_sink().max);
}

static void test_jack_devices(void)
{
	long p = to_jack();

	impulse_report(&impulse, DEVICE_IN, DEVICE_OUT);
	expect_pipewire(DEVICE_IN, DEVICE_OUT + p);
	/* PipeWire passes it on, and so round the circle. */
	expect(p + DEVICE_OUT + TRIM_OUT, p + DEVICE_IN + TRIM_IN, 0);
	impulse_report(&impulse, 0, 0);
	expect_pipewire(0, p);
	expect(told(p + TRIM_OUT), told(p + TRIM_IN), 0);
}

static void test_period_changes(void)
{
	uint32_t period = bridge.jack.period;

	for (int i = 0; i < 2; i++) {
		bridge.jack.period = i == 0 ? 2 * period : period;
		CU_ASSERT_FATAL(jack_set_buffer_size(impulse.client,
						     bridge.jack.period) == 0);
		expect(told(to_jack() + TRIM_OUT), told(to_jack() + TRIM_IN),
		       0);
		CU_ASSERT_EQUAL(measure(0), to_jack());
		CU_ASSERT(is(dump_sink(), to_jack(), to_jack()));
	}
}

/* ---- adaptive mode ---- */

static long both_targets(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.pipewire.mode, LEAT_MODE_ADAPTIVE);
	return (long)(status.direction[0].target + status.direction[1].target);
}

static void test_to_a_millisecond(void)
{
	long ms = rate_hz / 1000;
	long frames = measure((int)ms);

	printf("measured %ld, targets %ld, told %u and %u frames\n", frames,
	       both_targets(), impulse_playback(&impulse).max,
	       impulse_capture(&impulse).max);
	expect(frames + TRIM_OUT, frames + TRIM_IN, ms);
	/* What is told is the targets, but for a step's difference each. */
	expect(both_targets() + TRIM_OUT, both_targets() + TRIM_IN, 20);
}

static void test_adaptive_tools(void)
{
	struct leat_link_status status;
	double ratio = 48000.0 / rate_hz;

	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_DOUBLE_EQUAL((double)dump_source().max,
			       (double)status.direction[0].target * ratio, 12);
	CU_ASSERT_DOUBLE_EQUAL((double)dump_sink().max,
			       (double)status.direction[1].target * ratio, 12);
	CU_ASSERT_DOUBLE_EQUAL((double)lsp(FROM, "capture").max,
			       (double)both_targets() + TRIM_IN, 20);
}

/* Whether what is told has come to the targets. */
static bool tells_targets(void *arg)
{
	struct leat_link_status status;
	long target;

	(void)arg;
	if (!bridge_status(&status))
		return false;
	target =
		(long)(status.direction[0].target + status.direction[1].target);
	return near(impulse_capture(&impulse), target + TRIM_IN, 20) &&
	       near(impulse_playback(&impulse), target + TRIM_OUT, 20);
}

/* More of either period, and less again. */
static void test_target_moves(void)
{
	const char *quantum[] = { "pw-metadata",	 "-n", "settings", "0",
				  "clock.force-quantum", NULL, NULL };
	long before = both_targets();
	char text[1024];

	for (int i = 0; i < 4; i++) {
		uint32_t period = i == 1 || i == 2 ? 512 : 256;

		quantum[5] = i == 0 || i == 1 ? "1024" : "256";
		CU_ASSERT_EQUAL(
			proc_run(quantum, NULL, text, sizeof(text), CHANGE_MS),
			0);
		CU_ASSERT_EQUAL(jack_set_buffer_size(impulse.client, period),
				0);
		sleep_ms(FOLLOWS_MS);
		CU_ASSERT(tells_targets(NULL));
		CU_ASSERT(i == 3 || both_targets() > before + 200);
	}
}

/* ---- from one mode to the other ---- */

static bool in_mode(void *arg)
{
	const uint64_t *mode = arg;
	struct leat_link_status status;

	return bridge_status(&status) && status.pipewire.mode == *mode &&
	       status.pipewire.running == 1 &&
	       status.direction[LEAT_TO_JACK].target != LEAT_UNKNOWN &&
	       (*mode == LEAT_MODE_FOLLOW ||
		status.direction[LEAT_TO_PIPEWIRE].target > 0);
}

static void hand_over(const char *verb, uint64_t mode)
{
	CU_ASSERT_FATAL(helper_tell(&circle.pass,
				    "%s leat.test.source:capture_FL "
				    "other:playback_FL",
				    verb) == 0);
	elsewhere = strcmp(verb, "link") == 0;
	CU_ASSERT_FATAL(wait_for(in_mode, &mode, CHANGE_MS));
}

static void test_hand_over(void)
{
	long p = bridge.jack.period;

	hand_over("link", LEAT_MODE_ADAPTIVE);
	expect(both_targets() + TRIM_OUT, both_targets() + TRIM_IN, 20);
	test_to_a_millisecond();
	hand_over("unlink", LEAT_MODE_FOLLOW);
	expect(p + TRIM_OUT, p + TRIM_IN, 0);
	CU_ASSERT_EQUAL(measure(0), p);
}

/* ---- the other side goes and comes back ---- */

static void test_pipewire_side_restarts(void)
{
	long p = bridge.jack.period;

	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	expect(TRIM_OUT > 0 ? TRIM_OUT : 0, p + TRIM_IN, 0);
	CU_ASSERT_FATAL(bridge_start_pipewire_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("idle", CHANGE_MS));
	CU_ASSERT_FATAL(circle_link(&circle));
	expect(p + TRIM_OUT, p + TRIM_IN, 0);
}

static void test_pipewire_restarts(void)
{
	long p = bridge.jack.period;

	CU_ASSERT_EQUAL(helper_stop(&circle.pass), 0);
	pipewire_server_stop(&bridge.pipewire);
	expect(0, p + TRIM_IN, 0);
	CU_ASSERT_FATAL(
		pipewire_server_start(&bridge.pipewire, &bridge.sandbox) == 0);
	CU_ASSERT_FATAL(sig_pw_start(&circle.pass, &bridge.sandbox, "pass",
				     "--pass", NULL) == 0);
	CU_ASSERT_FATAL(circle_link(&circle));
	expect(p + TRIM_OUT, p + TRIM_IN, 0);
	expect_pipewire(0, p);
}

static void test_jack_restarts(void)
{
	long p = bridge.jack.period;

	impulse_report(&impulse, DEVICE_IN, DEVICE_OUT);
	expect_pipewire(DEVICE_IN, p + DEVICE_OUT);
	impulse_close(&impulse);
	jack_server_stop(&bridge.jack);
	expect_pipewire(0, p);
	CU_ASSERT_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox) == 0);
	CU_ASSERT_FATAL(bridge_wait_state("running", CHANGE_MS));
	CU_ASSERT_FATAL(impulse_open(&impulse, bridge.jack.name));
	CU_ASSERT_FATAL(impulse_connect(&impulse, TO, FROM));
	expect(p + TRIM_OUT, p + TRIM_IN, 0);
	CU_ASSERT_EQUAL(measure(0), p);
}

/* ---- loops ---- */

/* A lap counts once, and that stays so. */
static void expect_rest(void)
{
	long p = bridge.jack.period;

	sleep_ms(FOLLOWS_MS);
	for (int i = 0; i < 6; i++) {
		struct range in = lsp(FROM, "capture");
		struct range out = lsp(TO, "playback");

		CU_ASSERT(is(in, p, p));
		CU_ASSERT(is(out, p, p));
		CU_ASSERT(is(dump_source(), 0, 0));
		CU_ASSERT(is(dump_sink(), p, p));
		if (!is(in, p, p) || !is(out, p, p))
			fprintf(stderr, "in [%ld %ld], out [%ld %ld]\n", in.min,
				in.max, out.min, out.max);
		sleep_ms(500);
	}
}

/* A client that passes on what it hears of latency, as JACK does for it. */
static void test_loop_by_a_client(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	expect_rest();
}

/* Everything on both graphs is of another length then. */
static void test_loop_of_another_period(void)
{
	const char *const argv[] = { "jack_bufsize", "512", NULL };
	char text[1024];

	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), CHANGE_MS), 0);
	bridge.jack.period = 512;
	expect_rest();
}

static void test_loop_by_hand(void)
{
	CU_ASSERT_EQUAL(
		helper_tell(&circle.jack, "disconnect sig:send_1 %s", TO), 0);
	CU_ASSERT_EQUAL(helper_tell(&circle.jack, "connect %s %s", FROM, TO),
			0);
	expect_rest();
}

/*
 * PipeWire's devices through a client of JACK's: a long way and no loop, and
 * whoever wants to be in time with it has to know all of it.
 */
static void test_half_a_loop(void)
{
	long p = bridge.jack.period;

	CU_ASSERT_EQUAL(helper_tell(&circle.jack, "disconnect %s %s", FROM, TO),
			0);
	CU_ASSERT_EQUAL(helper_stop(&circle.pass), 0);
	CU_ASSERT_EQUAL(helper_stop(&circle.jack), 0);
	CU_ASSERT_FATAL(start_devices());
	CU_ASSERT_FATAL(sig_jack_start(&through, &bridge.sandbox,
				       bridge.jack.name, "through", "--loop",
				       "--channels", "1", NULL) == 0);
	CU_ASSERT_EQUAL(helper_tell(&through, "connect %s through:in_1", FROM),
			0);
	CU_ASSERT_EQUAL(helper_tell(&through, "connect through:out_1 %s", TO),
			0);
	expect_pipewire(MICROPHONE + p, p + SPEAKERS);
	CU_ASSERT(is(lsp(FROM, "capture"), MICROPHONE + p, MICROPHONE + p));
	CU_ASSERT(is(lsp(TO, "playback"), SPEAKERS, SPEAKERS));
	stop_devices();
	CU_ASSERT_EQUAL(helper_stop(&through), 0);
}

/* The loop is open again: what is told is what is heard. */
static void test_loop_opens(void)
{
	long p = bridge.jack.period;

	CU_ASSERT_FATAL(impulse_open(&impulse, bridge.jack.name));
	CU_ASSERT_FATAL(impulse_connect(&impulse, TO, FROM));
	impulse_report(&impulse, DEVICE_IN, DEVICE_OUT);
	expect_pipewire(DEVICE_IN, DEVICE_OUT + p);
}

static const struct unit_test follow_tests[] = {
	{ "latency", "comes up", test_comes_up },
	{ "latency", "to the frame", test_to_the_frame },
	{ "latency", "the tools show it", test_tools_show_it },
	{ "latency", "devices in JACK", test_jack_devices },
	{ "latency", "devices in PipeWire", test_pipewire_devices },
	{ "latency", "another period", test_period_changes },
	{ "latency", "ends cleanly", test_ends_cleanly },
};

static const struct unit_test adaptive_tests[] = {
	{ "latency", "comes up", test_comes_up },
	{ "latency", "to a millisecond", test_to_a_millisecond },
	{ "latency", "the tools show it", test_adaptive_tools },
	{ "latency", "the targets move", test_target_moves },
	{ "latency", "ends cleanly", test_ends_cleanly },
};

static const struct unit_test change_tests[] = {
	{ "latency", "comes up", test_comes_up },
	{ "latency", "another driver", test_hand_over },
	{ "latency", "the other side", test_pipewire_side_restarts },
	{ "latency", "PipeWire again", test_pipewire_restarts },
	{ "latency", "JACK again", test_jack_restarts },
	{ "latency", "ends cleanly", test_ends_cleanly },
};

static const struct unit_test loop_tests[] = {
	{ "loops", "by a client", test_loop_by_a_client },
	{ "loops", "another period", test_loop_of_another_period },
	{ "loops", "by hand", test_loop_by_hand },
	{ "loops", "half of one", test_half_a_loop },
	{ "loops", "open again", test_loop_opens },
	{ "loops", "ends cleanly", test_ends_cleanly },
};

#define KIND(name, tests)                                                      \
	{                                                                      \
		name, tests, sizeof(tests) / sizeof((tests)[0])                \
	}

static const struct {
	const char *name;
	const struct unit_test *tests;
	size_t n_tests;
} kinds[] = {
	KIND("follow", follow_tests),	  KIND("sync", follow_tests),
	KIND("adaptive", adaptive_tests), KIND("changes", change_tests),
	KIND("loop", loop_tests),
};

static const char *const trims[] = { "--latency-trim-in=40",
				     "--latency-trim-out=-30", NULL };

static void set_up(const char *kind, uint32_t number)
{
	bridge.jack_side_args = trims;
	bridge.pipewire.quantum = 256;
	if (strcmp(kind, "adaptive") == 0) {
		rate_hz = number;
		bridge.jack.rate_hz = rate_hz;
		bridge.jack.synchronous = true;
		bridge.mode = "adaptive";
	} else if (strcmp(kind, "changes") == 0) {
		bridge.pipewire.objects = null_sink_object(
			object, sizeof(object), "other", OTHER_DRIVER_PRIORITY);
	} else if (strcmp(kind, "sync") == 0) {
		bridge.sync_wait = "80";
	} else if (strcmp(kind, "loop") == 0) {
		bridge.jack_side_args = NULL;
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "follow";
	uint32_t number = argc > 2 ? (uint32_t)atoi(argv[2]) : 256;
	const char *why = bridge_init(
		&bridge, strcmp(kind, "follow") == 0 ? number : 256);

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	set_up(kind, number);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i].name) == 0)
			return unit_run(kinds[i].tests, kinds[i].n_tests, 1,
					argv);
	return 2;
}
