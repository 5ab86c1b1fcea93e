/* SPDX-License-Identifier: MIT */
/*
 * Bad input: one sentence that says what is wrong and what to do, the right
 * exit status, and nothing left behind.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_MS 20000

static struct bridge bridge;

struct refusal {
	const char *argv[8]; /* argv[0] is the program's name */
	int status;
	const char *says;
};

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* One line, and at most argp's "Try ... --help" behind it. */
static bool is_one_sentence(const char *text)
{
	const char *second = strchr(text, '\n');

	if (!second)
		return false;
	return count_lines(text) == 1 ||
	       (count_lines(text) == 2 && strncmp(second + 1, "Try `", 5) == 0);
}

static void check_refusal(const struct refusal *refusal, const char *const *env)
{
	const char *argv[8];
	char program[512], text[4096];
	int status;

	memcpy(argv, refusal->argv, sizeof(argv));
	snprintf(program, sizeof(program), "%s", bridge_program(argv[0]));
	argv[0] = program;
	status = proc_run(argv, env, text, sizeof(text), RUN_MS);
	CU_ASSERT_EQUAL(status, refusal->status);
	CU_ASSERT(is_one_sentence(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, refusal->says));
	if (status != refusal->status || !is_one_sentence(text) ||
	    !strstr(text, refusal->says))
		fprintf(stderr, "%s %s %s: status %d, not %d, says: %s",
			program, argv[1] ? argv[1] : "",
			argv[1] && argv[2] ? argv[2] : "", status,
			refusal->status, text);
}

static void check_all(const struct refusal *refusals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_refusal(&refusals[i], NULL);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
}

#define CHECK_ALL(list) check_all(list, sizeof(list) / sizeof((list)[0]))

#define LONG_NAME "a23456789012345678901234567890123"

static void test_usage(void)
{
	static const struct refusal refusals[] = {
		{ { "leat-jack", "--nonsense" }, 2, "nonsense" },
		{ { "leat-jack", "--channels", "65" }, 2, "0 to 64" },
		{ { "leat-jack", "--channels", "-1" }, 2, "0 to 64" },
		{ { "leat-jack", "--channels", "two" }, 2, "'two'" },
		{ { "leat-jack", "--to-jack", "65" }, 2, "0 to 64" },
		{ { "leat-jack", "--to-pipewire", "1e1" }, 2, "0 to 64" },
		{ { "leat-jack", "--channels", "0" }, 2, "at least one" },
		{ { "leat-jack", "--map", "FL,XX" }, 2, "'XX'" },
		{ { "leat-jack", "--map", "FL,FL" }, 2, "twice" },
		{ { "leat-jack", "--map", "FL", "--channels", "2" }, 2, "2" },
		{ { "leat-jack", "--connect", "speakers" }, 2, "physical" },
		{ { "leat-jack", "--connect", "from_pipewire_XX=a:b" },
		  2,
		  "one of our ports" },
		{ { "leat-jack", "--sync-wait", "91" }, 2, "90" },
		{ { "leat-jack", "--sync-wait", "half" }, 2, "'half'" },
		{ { "leat-jack", "--latency-trim-in", "65537" }, 2, "65536" },
		{ { "leat-jack", "--latency-trim-in", "-65537" }, 2, "65536" },
		{ { "leat-jack", "--latency-trim-out", "--5" }, 2, "'--5'" },
		{ { "leat-jack", "--latency-trim-out", "1ms" }, 2, "'1ms'" },
		{ { "leat-jack", "--latency-trim-out", "" }, 2, "frames" },
		{ { "leat-jack", "a/b" }, 2, "a/b" },
		{ { "leat-jack", "" }, 2, "empty" },
		{ { "leat-jack", ".." }, 2, "letters" },
		{ { "leat-jack", LONG_NAME }, 2, "too long" },
		{ { "leat-jack", "one", "two" }, 2, "one link" },
		{ { "leat-pipewire", "--nonsense" }, 2, "nonsense" },
		{ { "leat-pipewire", "--mode", "fast" }, 2, "'fast'" },
		{ { "leat-pipewire", "--mode", "" }, 2, "adaptive" },
		{ { "leat-pipewire", "--latency", "0" }, 2, "1 to 960000" },
		{ { "leat-pipewire", "--latency", "-5" }, 2, "1 to 960000" },
		{ { "leat-pipewire", "--latency", "1s" }, 2, "'1s'" },
		{ { "leat-pipewire", "--latency", "" }, 2, "whole number" },
		{ { "leat-pipewire", "--latency", "960001" }, 2, "'960001'" },
		{ { "leat-pipewire", "--latency-min", "0.5" }, 2, "'0.5'" },
		{ { "leat-pipewire", "--latency-max", "99999999999" },
		  2,
		  "--latency-max" },
		{ { "leat-pipewire", "--latency-min=500", "--latency-max=499" },
		  2,
		  "--latency-min 500 is more than --latency-max 499" },
		{ { "leat-pipewire", "--latency=500", "--latency-max=600" },
		  2,
		  "alone" },
		{ { "leat-pipewire", "--latency-min=5", "--latency=9" },
		  2,
		  "alone" },
		{ { "leat-pipewire", "a/b" }, 2, "a/b" },
		{ { "leat-pipewire", LONG_NAME }, 2, "too long" },
		{ { "leat-pipewire", "one", "two" }, 2, "one link" },
		{ { "leat", "nonsense" }, 2, "nonsense" },
		{ { "leat-up", "--nonsense" }, 2, "nonsense" },
		{ { "leat-up", "--channels", "65" }, 2, "64" },
		{ { "leat-up", "--period", "0" }, 2, "16" },
		{ { "leat-up", "--rate", "1" }, 2, "1000" },
		{ { "leat-up", "--rate", "0" }, 2, "1000 to 768000" },
		{ { "leat-up", "--rate", "1000000" }, 2, "1000 to 768000" },
		{ { "leat-up", "--latency", "0" }, 2, "1 to 960000" },
		{ { "leat-up", "--latency-min", "x" }, 2, "'x'" },
		{ { "leat-up", "--latency-max", "1e3" }, 2, "'1e3'" },
		{ { "leat-up", "--latency-min=2", "--latency-max=1" },
		  2,
		  "--latency-min 2 is more than --latency-max 1" },
		{ { "leat-up", "--latency=5", "--latency-min=2" }, 2, "alone" },
		{ { "leat-up", "--mode", "fast" }, 2, "'fast'" },
		{ { "leat-up", "--sync-wait", "-1" }, 2, "90" },
		{ { "leat-up", "--latency-trim-in", "70000" }, 2, "65536" },
		{ { "leat-up", "--latency-trim-out", "-" }, 2, "frames" },
		{ { "leat-up", "a/b" }, 2, "a/b" },
		{ { "leat-up", LONG_NAME }, 2, "too long" },
		{ { "leat-status", "--nonsense" }, 2, "nonsense" },
		{ { "leat-status", "a/b" }, 2, "a/b" },
	};

	CHECK_ALL(refusals);
}

static void test_no_server(void)
{
	static const struct refusal refusals[] = {
		{ { "leat-jack", "lonely" }, 1, "no JACK server" },
		{ { "leat-jack", "--server", "nowhere" }, 1, "'nowhere'" },
		{ { "leat-jack", "--probe" }, 1, "no JACK server" },
		{ { "leat-pipewire", "lonely" }, 1, "no PipeWire daemon" },
		{ { "leat-pipewire", "--remote", "nowhere" }, 1, "'nowhere'" },
		{ { "leat-pipewire", "--probe" }, 1, "no PipeWire daemon" },
		{ { "leat-up", "--no-private", "lonely" }, 1, "no JACK" },
		{ { "leat-status", "lonely" }, 1, "lonely" },
	};

	CHECK_ALL(refusals);
}

/* ---- the runtime directory ---- */

static void check_directory(const char *path, const char *says)
{
	char variable[256];
	const char *const env[] = { variable, NULL };
	const struct refusal jack = { { "leat-jack" }, 1, says };
	const struct refusal up = { { "leat-up" }, 1, says };

	snprintf(variable, sizeof(variable), "XDG_RUNTIME_DIR=%s", path);
	check_refusal(&jack, env);
	check_refusal(&up, env);
}

static void test_runtime_directory(void)
{
	char path[128], inner[160];

	sandbox_path(&bridge.sandbox, "run", path, sizeof(path));
	check_directory(path, "create it");
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0777), 0);
	CU_ASSERT_EQUAL_FATAL(chmod(path, 0777), 0);
	check_directory(path, "chmod 700");
	CU_ASSERT_EQUAL_FATAL(chmod(path, 0700), 0);
	snprintf(inner, sizeof(inner), "%s/leat", path);
	CU_ASSERT_EQUAL_FATAL(mkdir(inner, 0755), 0);
	CU_ASSERT_EQUAL_FATAL(chmod(inner, 0755), 0);
	check_directory(path, "chmod 700");
	CU_ASSERT_EQUAL_FATAL(rmdir(inner), 0);
	CU_ASSERT_EQUAL_FATAL(symlink("/tmp", inner), 0);
	check_directory(path, "is not a directory");
	CU_ASSERT_EQUAL_FATAL(unlink(inner), 0);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL_FATAL(chown(path, 65534, 65534), 0);
		check_directory(path, "belongs to user 65534");
	}
	CU_ASSERT_EQUAL(rmdir(path), 0);
}

/* ---- a libjack that is PipeWire's own ---- */

static void test_wrong_libjack(void)
{
	static const struct refusal refusals[] = {
		{ { "leat-jack", "lonely" }, 1, "PipeWire's own" },
		{ { "leat-jack", "--probe" }, 3, "PipeWire's own" },
	};
	char variable[512];
	const char *const env[] = { variable, NULL };
	glob_t found;

	if (glob("/usr/lib/*/pipewire-*/jack", 0, NULL, &found) != 0) {
		printf("skipped: PipeWire's libjack is not installed\n");
		return;
	}
	snprintf(variable, sizeof(variable), "LD_LIBRARY_PATH=%s",
		 found.gl_pathv[0]);
	globfree(&found);
	check_refusal(&refusals[0], env);
	check_refusal(&refusals[1], env);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
}

/* ---- on running servers ---- */

static void test_second_bridge(void)
{
	const struct refusal jack = { { "leat-jack", LINK },
				      1,
				      "already bridged by process" };
	const struct refusal pipewire = { { "leat-pipewire", LINK },
					  1,
					  "another leat-pipewire" };
	char text[64];

	setenv("JACK_DEFAULT_SERVER", bridge.jack.name, 1);
	CU_ASSERT_FATAL(bridge_start(&bridge));
	check_refusal(&jack, NULL);
	check_refusal(&pipewire, NULL);
	snprintf(text, sizeof(text), "process %d", (int)bridge.jack_side.pid);
	check_refusal(&(struct refusal){ { "leat-jack", LINK }, 1, text },
		      NULL);
	/* The first one is none the worse. */
	CU_ASSERT(bridge_wait_state("idle", 1000));
}

static void test_name_like_server(void)
{
	const struct refusal like = { { "leat-jack", "--server", "leat-odd",
					"odd" },
				      1,
				      "another link name" };

	check_refusal(&like, NULL);
}

static void test_rates_differ(void)
{
	const struct refusal differ = { { "leat-pipewire", "--mode", "follow",
					  LINK },
					1,
					"JACK runs at 44100 Hz but PipeWire "
					"at 48000 Hz" };
	struct helper patch;
	char reply[HELPER_REPLY];

	proc_stop(&bridge.pipewire_side, 3000);
	proc_stop(&bridge.jack_side, 3000);
	jack_server_stop(&bridge.jack);
	bridge.jack.rate_hz = 44100;
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("no-peer", 10000));
	check_refusal(&differ, NULL);
	/* No half-made nodes stay behind. */
	CU_ASSERT_EQUAL_FATAL(
		sig_pw_start(&patch, &bridge.sandbox, "patch", NULL), 0);
	CU_ASSERT_EQUAL(
		helper_ask(&patch, reply, "wait-no-node leat.test.source 5000"),
		0);
	CU_ASSERT_EQUAL(
		helper_ask(&patch, reply, "wait-no-node leat.test.sink 5000"),
		0);
	helper_stop(&patch);
}

static void restart_servers(uint32_t jack_rate_hz, uint32_t pw_rate_hz)
{
	proc_stop(&bridge.jack_side, 3000);
	jack_server_stop(&bridge.jack);
	pipewire_server_stop(&bridge.pipewire);
	bridge.jack.rate_hz = jack_rate_hz;
	bridge.pipewire.rate_hz = pw_rate_hz;
	CU_ASSERT_FATAL(bridge_start_servers(&bridge));
}

static void test_rates_that_cannot_be(void)
{
	static const struct refusal jack[] = {
		{ { "leat-jack", LINK }, 1, "runs at 1000000 Hz" },
		{ { "leat-up", LINK }, 1, "runs at 1000000 Hz" },
	};
	static const struct refusal pipewire[] = {
		{ { "leat-pipewire", LINK }, 1, "runs at 1000000 Hz" },
		{ { "leat-pipewire", "--mode", "adaptive", LINK },
		  1,
		  "runs at 1000000 Hz" },
	};
	static const struct refusal up = { { "leat-up", "up" },
					   1,
					   "runs at 1000000 Hz" };
	static const struct refusal apart = { { "leat-pipewire", LINK },
					      1,
					      "too far apart" };

	restart_servers(1000000, 48000);
	CHECK_ALL(jack);
	restart_servers(48000, 1000000);
	check_refusal(&up, NULL);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("no-peer", 10000));
	check_refusal(&pipewire[0], NULL);
	check_refusal(&pipewire[1], NULL);
	restart_servers(8000, 192000);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("no-peer", 10000));
	check_refusal(&apart, NULL);
}

/* Lines of a log with these words. */
static unsigned said(const char *log, const char *words)
{
	return sandbox_count(&bridge.sandbox, log, words);
}

static bool has_said(void *arg)
{
	const char *const *of = arg;

	return said(of[0], of[1]) > 0;
}

static void force_rate(const char *rate)
{
	const char *const argv[] = { "pw-metadata",	 "-n", "settings", "0",
				     "clock.force-rate", rate, NULL };
	char text[4096];

	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), RUN_MS), 0);
}

/* A bridge that is up survives them: said once, and silence meanwhile. */
static void test_such_rates_later(void)
{
	const char *jack[] = { "leat-jack.log",
			       "'jack-test' runs at 1000000 Hz" };
	const char *pipewire[] = { "leat-pipewire.log", "runs at 1000000 Hz" };

	restart_servers(48000, 48000);
	bridge.mode = "adaptive";
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_start_pipewire_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("running", 10000));
	force_rate("1000000");
	CU_ASSERT(bridge_wait_state("refused", 10000));
	CU_ASSERT(wait_for(has_said, pipewire, 5000));
	force_rate("0");
	CU_ASSERT(bridge_wait_state("running", 10000));
	CU_ASSERT_EQUAL(said(pipewire[0], pipewire[1]), 1);
	jack_server_stop(&bridge.jack);
	bridge.jack.rate_hz = 1000000;
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT(wait_for(has_said, jack, 5000));
	sleep_ms(2500);
	CU_ASSERT_EQUAL(said(jack[0], jack[1]), 1);
	jack_server_stop(&bridge.jack);
	bridge.jack.rate_hz = 48000;
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT(bridge_wait_state("running", 10000));
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
}

static void test_ends_cleanly(void)
{
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "bad input", "usage", test_usage },
	{ "bad input", "no server", test_no_server },
	{ "bad input", "the runtime directory", test_runtime_directory },
	{ "bad input", "the wrong libjack", test_wrong_libjack },
	{ "bad input", "named like the server", test_name_like_server },
	{ "bad input", "a second bridge", test_second_bridge },
	{ "bad input", "rates that differ", test_rates_differ },
	{ "bad input", "rates that cannot be", test_rates_that_cannot_be },
	{ "bad input", "such rates later", test_such_rates_later },
	{ "bad input", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, 256);

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	unsetenv("JACK_DEFAULT_SERVER");
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
