/* SPDX-License-Identifier: MIT */
/*
 * test_xrun [long]: `leat xrun` on real servers. A delay is planted at each
 * multiple of a tenth of a second: in the JACK client, in the PipeWire node, in
 * either callback of the bridge, or in everything at once. What is late or
 * lost just after it has to be blamed on that; without any delay nobody is
 * blamed but the machine. And the frames that are told to be lost are those
 * that are missing in the counting signal, to the frame.
 */
#include "support/proc.h"
#include "support/sandbox.h"
#include "support/servers.h"
#include "tools/xrun/experiment.h"
#include "tools/xrun/summary.h"
#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define EVERY_MS 100
#define LATE_US 8000
#define PERIOD 256

/* What one delay makes late is over then. */
#define AFTER_NS INT64_C(25000000)

/* At the edges of a step a delay may be cut in two. */
#define EDGE_NS INT64_C(60000000)

#define QUICK_MS 30000

#define PAGE_BYTES (1 << 20)

static struct sandbox sandbox;
static bool is_long;
static struct xrun_result result;

static uint32_t n_wanted(void)
{
	return is_long ? 200 : 8;
}

/* ---- experiments ---- */

static bool experiment(const struct xrun_options *options)
{
	struct xrun_experiment *e = calloc(1, sizeof(*e));
	struct leat_console console;
	struct leat_loop loop;
	bool ran;

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	xrun_result_finish(&result);
	leat_console_init(&console, true);
	CU_ASSERT_EQUAL_FATAL(leat_loop_init(&loop), 0);
	*e = (struct xrun_experiment){
		.options = options,
		.loop = &loop,
		.console = &console,
		.result = &result,
		.witness = witness_start(),
	};
	ran = xrun_experiment_run(e) == 0 && result.n_steps > 0;
	xrun_experiment_finish(e);
	leat_loop_finish(&loop);
	witness_stop(e->witness);
	free(e);
	CU_ASSERT(ran);
	return ran;
}

/* One step without a load, long enough for so many delays. */
static struct xrun_options plain(void)
{
	return (struct xrun_options){
		.rate_hz = 48000,
		.period = PERIOD,
		.n_loads = 1,
		.load[0] = { .load = XRUN_LOAD_NONE },
		.duration_ms = (n_wanted() + 3) * EVERY_MS,
		.n_rounds = 1,
	};
}

/* ---- what came of it ---- */

struct score {
	uint32_t n_times; /* multiples of the time, in the step */
	uint32_t n_seen;  /* anything was late or lost just after it */
	uint32_t n_right; /* and blamed as wanted, most of it */
	uint32_t
		n_stalled; /* the machine did stall meanwhile: either is true */
	uint32_t n_wrong;  /* blamed otherwise, and it did not */
	uint32_t n_false;  /* anything was blamed on somebody */
	uint32_t wrong[XRUN_N_CAUSES]; /* events of those that are not right */
};

/* Events just after a time, by their causes. */
static uint32_t count_causes(const struct xrun_step *step, int64_t from_ns,
			     int64_t to_ns, uint32_t counts[XRUN_N_CAUSES])
{
	uint32_t n = 0;

	memset(counts, 0, XRUN_N_CAUSES * sizeof(*counts));
	for (uint32_t i = 0; i < step->n_events; i++) {
		const struct xrun_event *event = &step->event[i];
		int64_t time_ns = step->start_ns + event->time_ns;

		if (event->kind == XRUN_STALL || time_ns < from_ns ||
		    time_ns > to_ns)
			continue;
		counts[event->cause]++;
		n++;
	}
	return n;
}

/* Whether processors stood still for a quarter of the delay, as it was. */
static bool has_stalled(const struct xrun_step *step, int64_t from_ns,
			int64_t to_ns)
{
	uint64_t sum_ns = 0;

	for (uint32_t i = 0; i < step->n_events; i++) {
		const struct xrun_event *event = &step->event[i];
		int64_t time_ns = step->start_ns + event->time_ns;

		if (event->kind == XRUN_STALL && time_ns >= from_ns &&
		    time_ns <= to_ns)
			sum_ns += event->size_ns;
	}
	return sum_ns >= LATE_US * UINT64_C(250);
}

static bool blames_somebody(const uint32_t counts[XRUN_N_CAUSES])
{
	for (int c = 0; c < XRUN_N_CAUSES; c++)
		if (c != XRUN_MACHINE && c != XRUN_CAUSE_UNKNOWN &&
		    counts[c] > 0)
			return true;
	return false;
}

static struct score judge(const struct xrun_step *step, enum xrun_cause wanted)
{
	const int64_t every_ns = EVERY_MS * INT64_C(1000000);
	int64_t end_ns = step->start_ns + step->duration_ns - EDGE_NS;
	int64_t at_ns = ((step->start_ns + EDGE_NS) / every_ns + 1) * every_ns;
	struct score score = { 0 };

	for (; at_ns < end_ns; at_ns += every_ns) {
		uint32_t counts[XRUN_N_CAUSES];
		/* A gap counts from the last call before it. */
		uint32_t n = count_causes(step, at_ns - 8000000,
					  at_ns + AFTER_NS, counts);

		bool right = 2 * counts[wanted] > n;
		bool stalled =
			wanted != XRUN_MACHINE &&
			has_stalled(step, at_ns - 8000000, at_ns + AFTER_NS);

		score.n_times++;
		score.n_stalled += stalled;
		score.n_wrong += !right && !stalled;
		score.n_seen += n > 0;
		score.n_right += right;
		for (int c = 0; c < XRUN_N_CAUSES && !right; c++)
			score.wrong[c] += counts[c];
		score.n_false += blames_somebody(counts);
	}
	return score;
}

static uint64_t lost_between(const struct xrun_step *step)
{
	return xrun_step_lost_at(step, XRUN_TO_PIPEWIRE) +
	       xrun_step_lost_at(step, XRUN_TO_JACK);
}

/* What was sent and not heard is what is told to be lost. */
static void check_frames(const struct xrun_step *step)
{
	uint64_t gaps = 0;

	for (uint32_t i = 0; i < step->n_events; i++)
		if (step->event[i].kind == XRUN_GAP)
			gaps += step->event[i].n_frames;
	CU_ASSERT(step->is_counted);
	CU_ASSERT(step->n_sent > 0);
	CU_ASSERT_EQUAL(step->n_sent - step->n_heard, lost_between(step));
	CU_ASSERT_EQUAL(gaps, lost_between(step));
}

static void check_plant(const char *name, enum xrun_cause wanted)
{
	const struct xrun_step *step = &result.step[0];
	struct score score = judge(step, wanted);

	printf("%s: of %u delays %u were seen and %u blamed right (the machine "
	       "stalled at %u of them); %" PRIu64 " frames lost of %" PRIu64
	       "\n",
	       name, score.n_times, score.n_seen, score.n_right,
	       score.n_stalled, lost_between(step), step->n_sent);
	for (int c = 0; c < XRUN_N_CAUSES; c++)
		if (score.wrong[c] > 0)
			printf("  where it was not: %u by %s\n", score.wrong[c],
			       xrun_cause_text((enum xrun_cause)c));
	fflush(stdout);
	CU_ASSERT(score.n_times >= n_wanted());
	CU_ASSERT(score.n_seen * 100 >= score.n_times * 95);
	/* On a machine that is busy with much else, stalls come between. */
	CU_ASSERT(score.n_times > score.n_stalled);
	CU_ASSERT(score.n_wrong * 100 <= score.n_times * 5);
	check_frames(step);
}

static void plant(const char *name, enum xrun_plant_place place,
		  enum xrun_cause wanted)
{
	struct xrun_options options = plain();

	options.plant = (struct xrun_plant_option){ place, LATE_US, EVERY_MS };
	if (experiment(&options))
		check_plant(name, wanted);
}

static void plant_in_bridge(const char *program, enum xrun_cause wanted)
{
	struct xrun_options options = plain();
	char late[64];

	snprintf(late, sizeof(late), "%s:%u:%u", program, LATE_US, EVERY_MS);
	setenv("LEAT_LATE", late, 1);
	setenv("LD_PRELOAD", getenv("LEAT_LATE_LIBRARY"), 1);
	if (experiment(&options))
		check_plant(program, wanted);
	unsetenv("LD_PRELOAD");
	unsetenv("LEAT_LATE");
}

/* ---- the tests ---- */

static void test_jack(void)
{
	plant("JACK client", XRUN_PLANT_JACK, XRUN_JACK_CLIENT);
}

static void test_pipewire(void)
{
	plant("PipeWire node", XRUN_PLANT_PIPEWIRE, XRUN_PIPEWIRE_NODE);
}

static void test_bridge(void)
{
	if (!is_long)
		return;
	plant_in_bridge("leat-jack", XRUN_BRIDGE_JACK);
	plant_in_bridge("leat-pipewire", XRUN_BRIDGE_PIPEWIRE);
}

static void test_machine(void)
{
	if (is_long)
		plant("machine", XRUN_PLANT_MACHINE, XRUN_MACHINE);
}

/* Nobody is blamed for what was not planted. */
static void test_nothing(void)
{
	struct xrun_options options = plain();
	struct score score;

	if (!is_long || !experiment(&options))
		return;
	score = judge(&result.step[0], XRUN_MACHINE);
	printf("nothing planted: at %u of %u times somebody is blamed; %" PRIu64
	       " frames lost of %" PRIu64 ", %" PRIu64 " late\n",
	       score.n_false, score.n_times, lost_between(&result.step[0]),
	       result.step[0].n_sent, xrun_step_late(&result.step[0]));
	CU_ASSERT(score.n_times >= n_wanted());
	CU_ASSERT(score.n_false * 100 <= score.n_times);
	check_frames(&result.step[0]);
}

/* ---- the program ---- */

static int run(const char *args, char *text, size_t size_bytes)
{
	char command[256];
	const char *argv[] = { "sh", "-c", command, NULL };

	snprintf(command, sizeof(command), "%s/xrun/leat-xrun %s",
		 getenv("LEAT_TOOLS_DIR"), args);
	return proc_run(argv, NULL, text, size_bytes, 2 * QUICK_MS);
}

static void test_quick(void)
{
	long long start_ms = now_ms();
	char text[4096];
	int status;

	if (!is_long)
		return;
	status = run("--quick", text, sizeof(text));
	printf("--quick took %.1f s\n", (double)(now_ms() - start_ms) / 1e3);
	CU_ASSERT(status == 0 || status == 1);
	CU_ASSERT(now_ms() - start_ms <= QUICK_MS);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "jack 50 %"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "pipewire 50 %"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "cpu "));
}

/* A page of a real experiment: whole, and of this machine. */
static void test_report(void)
{
	char path[96], args[160], text[2048];
	char *page = calloc(1, PAGE_BYTES);
	struct utsname name;
	FILE *file;
	size_t n;
	int status;

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	sandbox_path(&sandbox, "report.html", path, sizeof(path));
	snprintf(args, sizeof(args),
		 "--quiet --load none --duration 1 --html %s", path);
	status = run(args, text, sizeof(text));
	CU_ASSERT(status == 0 || status == 1);
	file = fopen(path, "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	n = fread(page, 1, PAGE_BYTES - 1, file);
	fclose(file);
	CU_ASSERT_EQUAL(strncmp(page, "<!DOCTYPE html>\n", 16), 0);
	CU_ASSERT(n > 16 && strcmp(page + n - 8, "</html>\n") == 0);
	CU_ASSERT_EQUAL(uname(&name), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(page, name.release));
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "What leat doctor finds"));
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "Time that a call takes in JACK"));
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "bridge in PipeWire"));
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "How full the bridge was"));
	free(page);
	if (!is_long)
		return;
	/* What cannot be written is said, and is no success. */
	snprintf(args, sizeof(args),
		 "--quiet --load none --duration 1 --html /dev/full");
	CU_ASSERT_EQUAL(run(args, text, sizeof(text)), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/dev/full"));
}

static void test_wrong(void)
{
	static const char *const args[] = {
		"--load x",	      "--load jack:101",
		"--ramp --matrix",    "--plant x:1:1",
		"--duration 0",	      "--quick --ramp",
		"--mode up",	      "--period 1",
		"--rounds 0",	      "--server x --matrix",
		"--ramp --load none", "word",
	};
	char text[2048];

	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		const char *end;

		CU_ASSERT_EQUAL(run(args[i], text, sizeof(text)), 2);
		end = strchr(text, '\n');
		/* One sentence. */
		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		CU_ASSERT_STRING_EQUAL(end, "\n");
		CU_ASSERT_EQUAL(strncmp(text, "leat-xrun: ", 11), 0);
	}
}

/* A server that was named is neither there nor started. */
static void test_no_server(void)
{
	char text[2048];

	CU_ASSERT_EQUAL(run("--server nobody", text, sizeof(text)), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "nobody"));
}

/* Another bridge that is none. */
static void test_ended(void)
{
	char text[2048];

	if (!is_long)
		return;
	CU_ASSERT_EQUAL(
		run("--compare 'exit 3' --duration 1", text, sizeof(text)), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ended with status 3"));
	/* What was measured by then is not lost. */
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "leat (follow): 1.0 s"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "could not go on"));
}

/* Of a step with a load: there was one, or it says why not. */
static void check_load(const struct xrun_step *step)
{
	char text[XRUN_TEXT_BYTES];

	printf("%s: %" PRIu64 " frames lost, %" PRIu64 " late%s%s\n",
	       xrun_step_load_text(text, step), xrun_step_lost(step),
	       xrun_step_late(step), step->skipped ? "; skipped: " : "",
	       step->why);
	CU_ASSERT_EQUAL(step->skipped, step->why[0] != 0);
	CU_ASSERT(step->skipped || step->is_counted);
	if (step->load != XRUN_LOAD_QUOTA)
		CU_ASSERT_FALSE(step->skipped);
}

/* Each kind of load; a quota of next to nothing has to be felt. */
static void test_loads(void)
{
	static const struct xrun_load_option loads[] = {
		{ XRUN_LOAD_CPU, 2, true },   { XRUN_LOAD_MEMORY, 1, true },
		{ XRUN_LOAD_IO, 1, true },    { XRUN_LOAD_CACHE, 1, true },
		{ XRUN_LOAD_QUOTA, 2, true }, { XRUN_LOAD_INVERSION, 5, true },
		{ XRUN_LOAD_NONE, 0, false },
	};
	struct xrun_options options = plain();

	if (!is_long)
		return;
	options.duration_ms = 1000;
	options.n_loads = sizeof(loads) / sizeof(loads[0]);
	memcpy(options.load, loads, sizeof(loads));
	if (!experiment(&options))
		return;
	CU_ASSERT_EQUAL_FATAL(result.n_steps, options.n_loads);
	for (uint32_t i = 0; i < result.n_steps; i++)
		check_load(&result.step[i]);
	/* There realtime threads have a quota too. */
	if (access("/sys/fs/cgroup/cpu/cpu.rt_runtime_us", W_OK) == 0 &&
	    !result.step[4].skipped)
		CU_ASSERT(xrun_step_lost(&result.step[4]) > 0);
}

static const struct unit_test tests[] = {
	{ "program", "wrong", test_wrong },
	{ "program", "no server", test_no_server },
	{ "planted", "JACK client", test_jack },
	{ "planted", "PipeWire node", test_pipewire },
	{ "planted", "bridge", test_bridge },
	{ "planted", "machine", test_machine },
	{ "planted", "nothing", test_nothing },
	{ "program", "report", test_report },
	{ "program", "quick", test_quick },
	{ "program", "ended", test_ended },
	{ "program", "loads", test_loads },
};

static const char *cannot_run(void)
{
	struct witness *witness = witness_start();
	bool is_realtime = false;

	for (int i = 0; witness && i < 100 && !is_realtime; i++) {
		sleep_ms(10);
		is_realtime = witness->is_realtime;
	}
	witness_stop(witness);
	if (!is_realtime)
		return "there are no realtime rights for a witness";
	if (!jack_server_is_installed() || !pipewire_server_is_installed())
		return "jackd or pipewire is not installed";
	return sandbox_enter(&sandbox);
}

int main(int argc, char **argv)
{
	const char *why = cannot_run();
	int res;

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	is_long = argc > 1 && strcmp(argv[1], "long") == 0;
	setenv("LEAT_DATA_DIR", getenv("LEAT_TOOLS_DIR"), 1);
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]),
		       is_long ? argc - 1 : argc, is_long ? argv + 1 : argv);
	xrun_result_finish(&result);
	if (sandbox_leave(&sandbox) != 0)
		res = 1;
	return res;
}
