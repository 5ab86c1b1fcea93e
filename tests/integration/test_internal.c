/* SPDX-License-Identifier: MIT */
/*
 * test_internal CYCLES: leat.so inside of a real jackd. The circle is exact, as
 * it is with leat-jack; what is asked for badly is refused, and jackd lives; it
 * is loaded and unloaded CYCLES times under load, and nothing of it is left.
 */
#include "bridge.h"

#include "fault/footprint.h"
#include "tools/xrun/witness.h"
#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <dlfcn.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PERIOD 512
#define CLIENT "leat-" LINK
#define WORDS "link=" LINK " channels=4"
#define TOOL_MS 10000
#define STATE_MS 20000

/* A second without a disturbance is looked for so long. */
#define EXACT_FRAMES 48000
#define EXACT_MS 90000

/* Before the first comparison: what jackd and the C library keep for good. */
#define CYCLES_WARM 4
/* How often leat-pipewire is waited for in between. */
#define CYCLES_PER_JOIN 4

/*
 * What malloc's arenas may come to for each cycle, though all is freed (valgrind
 * finds no block left): less than the smallest struct that could be forgotten.
 */
#define RSS_PER_CYCLE_KB 1
#define RSS_SLACK_KB 16

#define N_BURNERS 3

/* What a library that loads leat.so in other places is told. */
#define LOAD_AS "--load-as"

static struct bridge bridge;
static struct circle circle;
static char internal_dir[600];
static const char *jack_env[] = { internal_dir, NULL };
static int n_cycles;
/* In a chroot /proc/self/exe may tell of a path outside of it. */
static const char *own_program;

/* ---- jackd ---- */

static int tool(const char *const *argv)
{
	char text[4096];

	return proc_run(argv, NULL, text, sizeof(text), TOOL_MS);
}

/*
 * libjack 1.9.21 may hang in a program that closes its client: it cancels its
 * own thread, which may hold a lock. What jackd did is done by then.
 */
static bool has_hung(int status)
{
	return status == 128 + SIGKILL;
}

static bool is_hosted(const char *words)
{
	char link[64] = "leat/", path[128];

	return sscanf(words, "link=%32s", link + strlen(link)) == 1 &&
	       access(sandbox_path(&bridge.sandbox, link, path, sizeof(path)),
		      F_OK) == 0;
}

static bool load(const char *client, const char *words)
{
	const char *const argv[] = { "jack_load", "-i",	  words,
				     client,	  "leat", NULL };
	int status = tool(argv);

	return has_hung(status) ? is_hosted(words) : status == 0;
}

static bool unload(const char *client)
{
	const char *const argv[] = { "jack_unload", client, NULL };
	int status = tool(argv);

	/* Then it finds nothing, or does what it could not. */
	if (has_hung(status))
		return !has_hung(tool(argv));
	return status == 0;
}

static bool jackd_said(const char *text)
{
	return sandbox_count(&bridge.sandbox, "jackd-jack-test.log", text) > 0;
}

static bool jackd_maps(const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps",
		 (int)bridge.jack.proc.pid);
	return lines_with(path, text) > 0;
}

static bool joined(void)
{
	return bridge_wait_state("running", STATE_MS);
}

/* ---- the circle ---- */

static void test_loads(void)
{
	bool up = bridge_start_servers(&bridge) && load(CLIENT, WORDS) &&
		  bridge_start_pipewire_side(&bridge) &&
		  bridge_wait_state("idle", STATE_MS) &&
		  circle_start(&circle, &bridge);

	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
}

static void test_exact(void)
{
	struct leat_link_status status;

	CU_ASSERT(circle_wait_exact(&circle, EXACT_FRAMES, EXACT_MS));
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.jack.period, PERIOD);
	CU_ASSERT_EQUAL(status.jack.rate_hz, 48000);
	CU_ASSERT_EQUAL(status.pipewire.mode, LEAT_MODE_FOLLOW);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].latency_frames, 0);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].latency_frames, PERIOD);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].n_channels, 4);
}

/* Two would each have their own idea of the server. */
static void test_one_jack_library(void)
{
	CU_ASSERT(jackd_maps("/leat.so"));
	CU_ASSERT(jackd_maps("/libjackserver.so"));
	CU_ASSERT_FALSE(jackd_maps("/libjack.so"));
	CU_ASSERT_FALSE(jackd_maps("/libpipewire"));
}

/* ---- what is refused ---- */

static void test_second_is_refused(void)
{
	CU_ASSERT_FALSE(load("second", "link=" LINK));
	CU_ASSERT(jackd_said("leat.so: the link '" LINK
			     "' is already bridged by process"));
	CU_ASSERT(joined());
	CU_ASSERT_FALSE(unload("second"));
	CU_ASSERT(circle_wait_exact(&circle, PERIOD * 8, EXACT_MS));
}

static const struct {
	const char *words;
	const char *said;
} bad[] = {
	{ "nonsense", "'nonsense' will not do" },
	{ "link=a/b", "the link name 'a/b' will not do" },
	{ "link=b channels=65",
	  "channels wants a number from 0 to 64, not '65'" },
	{ "link=b channels=0", "no channels are asked for" },
	{ "link=b volume=11", "nothing called 'volume'" },
	{ "link=b connect=x", "connect x: say 'physical'" },
	{ "link=b channels=64", "no room for 64 + 64 ports" },
};

static void test_bad_is_refused(void)
{
	struct footprint before, after;
	char text[2][128], path[128];

	CU_ASSERT_FALSE(load("bad", bad[6].words));
	CU_ASSERT_FATAL(footprint_take(&before, bridge.jack.proc.pid));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_FALSE(load("bad", bad[i].words));
		CU_ASSERT(jackd_said(bad[i].said));
	}
	CU_ASSERT_FATAL(footprint_take(&after, bridge.jack.proc.pid));
	CU_ASSERT_EQUAL(before.n_fds, after.n_fds);
	CU_ASSERT_EQUAL(before.n_threads, after.n_threads);
	CU_ASSERT_EQUAL(before.n_mappings, after.n_mappings);
	if (before.n_mappings != after.n_mappings)
		fprintf(stderr, "%s\n%s\n", footprint_text(&before, text[0]),
			footprint_text(&after, text[1]));
	CU_ASSERT(access(sandbox_path(&bridge.sandbox, "leat/b", path,
				      sizeof(path)),
			 F_OK) < 0);
	CU_ASSERT(proc_is_running(&bridge.jack.proc));
	CU_ASSERT(joined());
}

/* ---- what it does by itself ---- */

static bool is_connected(void *reply)
{
	return helper_ask(&circle.jack, reply, "connections sig:recv_2") == 0 &&
	       strstr(reply, "other:from_pipewire_FR");
}

static bool is_late_connected(void *late)
{
	char reply[HELPER_REPLY];

	return helper_ask(late, reply, "connections late:recv_1") == 0 &&
	       strstr(reply, "other:from_pipewire_FL");
}

/* To ports that are there, and to such that come and come again. */
static void test_connects(void)
{
	char reply[HELPER_REPLY];
	struct helper late;

	CU_ASSERT_FATAL(load("other",
			     "link=other connect=from_pipewire_FL=late:recv_1 "
			     "connect=from_pipewire_FR=sig:recv_2"));
	CU_ASSERT(is_connected(reply));
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_FATAL(sig_jack_start(&late, &bridge.sandbox,
					       bridge.jack.name, "late",
					       "--recv", NULL) == 0);
		CU_ASSERT(wait_for(is_late_connected, &late, 5000));
		helper_stop(&late);
	}
	/* What somebody undoes is not made again as other ports come. */
	CU_ASSERT_EQUAL(helper_tell(&circle.jack,
				    "disconnect other:from_pipewire_FR "
				    "sig:recv_2"),
			0);
	CU_ASSERT_FATAL(sig_jack_start(&late, &bridge.sandbox, bridge.jack.name,
				       "late", "--recv", NULL) == 0);
	CU_ASSERT(wait_for(is_late_connected, &late, 5000));
	CU_ASSERT_FALSE(is_connected(reply));
	helper_stop(&late);
	CU_ASSERT(unload("other"));
}

static void test_outlives_pipewire(void)
{
	proc_kill(&bridge.pipewire_side);
	CU_ASSERT(bridge_wait_state("no-peer", STATE_MS));
	CU_ASSERT_FATAL(bridge_start_pipewire_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("idle", STATE_MS));
	CU_ASSERT_FATAL(circle_pass_again(&circle, &bridge));
	CU_ASSERT(joined());
	CU_ASSERT(circle_wait_exact(&circle, PERIOD * 8, EXACT_MS));
}

/* ---- again and again ---- */

static void burn(void)
{
	enum { BYTES = 8 << 20 };
	volatile char *memory = malloc(BYTES);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; memory; i = (i + 64) % BYTES)
		memory[i]++;
	_exit(1);
}

static void start_burners(pid_t *pids)
{
	for (int i = 0; i < N_BURNERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			burn();
	}
}

static void stop_burners(const pid_t *pids)
{
	for (int i = 0; i < N_BURNERS; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	/* The sandbox has adopted nobody yet: these are our own. */
	for (int i = 0; i < N_BURNERS; i++)
		if (pids[i] > 0)
			waitpid(pids[i], NULL, 0);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t client_xruns(void)
{
	char reply[HELPER_REPLY];

	return helper_ask(&circle.jack, reply, "report") == 0
		       ? helper_value(reply, "xruns")
		       : -1;
}

/* Whether JACK was late for no reason that the machine has. */
static bool late_without_reason(const struct witness *witness, int64_t since_ns,
				int64_t xruns)
{
	return client_xruns() != xruns &&
	       !witness_saw(witness, since_ns, now_ns());
}

/* Of loads and unloads, how many made JACK late; fatal if one fails. */
static int run_cycles(int n, const struct witness *witness)
{
	int n_late = 0;

	for (int i = 0; i < n; i++) {
		int64_t start_ns = now_ns(), xruns = client_xruns();

		CU_ASSERT_FATAL(load(CLIENT, WORDS));
		if (i % CYCLES_PER_JOIN == 0) {
			CU_ASSERT_FATAL(bridge_wait_state("running", STATE_MS));
			CU_ASSERT_FATAL(circle_connect(&circle));
		}
		CU_ASSERT_FATAL(unload(CLIENT));
		CU_ASSERT_FALSE(bridge_left_files(&bridge));
		n_late += late_without_reason(witness, start_ns, xruns);
	}
	return n_late;
}

static void test_cycles(void)
{
	struct witness *witness = witness_start();
	struct footprint before = { 0 }, after = { 0 };
	pid_t jackd = bridge.jack.proc.pid;
	pid_t burners[N_BURNERS];
	char text[2][128];
	int n_late;

	CU_ASSERT_PTR_NOT_NULL_FATAL(witness);
	CU_ASSERT_FATAL(unload(CLIENT));
	CU_ASSERT_FALSE(jackd_maps("/leat.so"));
	start_burners(burners);
	(void)run_cycles(CYCLES_WARM, witness);
	CU_ASSERT_FATAL(footprint_take(&before, jackd));
	n_late = run_cycles(n_cycles, witness);
	CU_ASSERT_FATAL(footprint_take(&after, jackd));
	stop_burners(burners);
	witness_stop(witness);
	CU_ASSERT_EQUAL(bridge.jack.proc.pid, jackd);
	CU_ASSERT(proc_is_running(&bridge.jack.proc));
	CU_ASSERT_FALSE(jackd_maps("/leat.so"));
	CU_ASSERT_FALSE(jackd_maps("memfd:leat"));
	CU_ASSERT_EQUAL(before.n_fds, after.n_fds);
	CU_ASSERT_EQUAL(before.n_threads, after.n_threads);
	CU_ASSERT_EQUAL(before.n_mappings, after.n_mappings);
	CU_ASSERT(after.rss_kb - before.rss_kb <=
		  RSS_SLACK_KB + RSS_PER_CYCLE_KB * n_cycles);
	CU_ASSERT_EQUAL(n_late, 0);
	printf("%d cycles, %d with an xrun that the machine does not explain\n"
	       "before: %s\nafter:  %s\n",
	       n_cycles, n_late, footprint_text(&before, text[0]),
	       footprint_text(&after, text[1]));
}

/* ---- jackd ends ---- */

static void test_jackd_killed(void)
{
	CU_ASSERT_FATAL(load(CLIENT, WORDS));
	CU_ASSERT(joined());
	jack_server_kill(&bridge.jack);
	helper_stop(&circle.jack);
	/* The socket is there, and nobody behind it. */
	CU_ASSERT(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_FATAL(load(CLIENT, WORDS));
	CU_ASSERT(joined());
}

static void test_jackd_stopped(void)
{
	CU_ASSERT_EQUAL(jack_server_stop(&bridge.jack), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT(jackd_said("the JACK server ends"));
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_FATAL(load(CLIENT, WORDS));
	CU_ASSERT(joined());
}

/* ---- PipeWire's own JACK ---- */

/* In a process of its own: what jackd would do, on whatever library there is. */
static int load_as_jackd_would(const char *path, const char *words)
{
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*initialize)(void *client, const char *words);
	void (*finish)(void *process);

	if (!module) {
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	*(void **)&initialize = dlsym(module, "jack_initialize");
	*(void **)&finish = dlsym(module, "jack_finish");
	if (!initialize || !finish)
		return 3;
	if (initialize(&module, words) == 0)
		return 4;
	finish(NULL);
	return dlclose(module) == 0 ? 0 : 5;
}

static void test_under_pipewire_jack(void)
{
	char path[600], text[4096];
	const char *const self[] = { "pw-jack", own_program, LOAD_AS, path,
				     NULL };
	const char *const loader[] = { "pw-jack", "jack_load", "-i", "link=b",
				       "leat-b",  "leat",      NULL };

	if (access("/usr/bin/pw-jack", X_OK) < 0) {
		printf("left out: pw-jack is not installed\n");
		return;
	}
	snprintf(path, sizeof(path), "%s/leat.so", getenv("LEAT_JACK_DIR"));
	CU_ASSERT_EQUAL(proc_run(self, NULL, text, sizeof(text), TOOL_MS), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "leat.so: the libjack in use is "
					    "PipeWire's own"));
	fputs(text, stdout);
	CU_ASSERT_NOT_EQUAL(proc_run(loader, NULL, text, sizeof(text), TOOL_MS),
			    0);
	fputs(text, stdout);
}

static void test_ends(void)
{
	circle_stop(&circle);
	CU_ASSERT(unload(CLIENT));
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "internal", "is loaded", test_loads },
	{ "internal", "bit-exact, one period", test_exact },
	{ "internal", "one JACK library", test_one_jack_library },
	{ "internal", "a second one is refused", test_second_is_refused },
	{ "internal", "bad words are refused", test_bad_is_refused },
	{ "internal", "connects what is asked for", test_connects },
	{ "internal", "outlives leat-pipewire", test_outlives_pipewire },
	{ "internal", "again and again, under load", test_cycles },
	{ "internal", "jackd is killed", test_jackd_killed },
	{ "internal", "jackd is stopped", test_jackd_stopped },
	{ "internal", "PipeWire's own JACK", test_under_pipewire_jack },
	{ "internal", "ends cleanly", test_ends },
};

static bool is_installed(const char *name)
{
	const char *const argv[] = { name, "--help", NULL };

	return tool(argv) >= 0;
}

int main(int argc, char **argv)
{
	const char *why;

	if (argc == 3 && strcmp(argv[1], LOAD_AS) == 0)
		return load_as_jackd_would(argv[2], "link=test");
	if (argc < 2)
		return 2;
	n_cycles = atoi(argv[1]);
	own_program = argv[0];
	why = bridge_init(&bridge, PERIOD);
	if (!why && !is_installed("jack_load"))
		why = "jack_load is not installed (jackd2, or "
		      "jack-example-tools)";
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	snprintf(internal_dir, sizeof(internal_dir), "JACK_INTERNAL_DIR=%s",
		 getenv("LEAT_JACK_DIR"));
	bridge.jack.env = jack_env;
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
