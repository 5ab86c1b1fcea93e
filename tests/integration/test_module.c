/* SPDX-License-Identifier: MIT */
/*
 * test_module CYCLES: libpipewire-module-leat in a real daemon. The circle is
 * exact, as it is with leat-pipewire; what is asked for badly is refused, and
 * the daemon lives; whatever becomes of the JACK side, the daemon answers; and
 * it is loaded and unloaded CYCLES times, and nothing of it is left.
 */
#include "bridge.h"
#include "shipped.h"

#include "fault/footprint.h"
#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERIOD 256
#define STATE_MS 20000
#define EXACT_FRAMES 48000
#define EXACT_MS 90000

/* The daemon may be slow to answer where the machine is, but not this slow. */
#define ANSWER_MS 2000

/* Before the first comparison: what libraries keep for good. */
#define CYCLES_WARM 4
/* What is allocated may differ by how blocks were split, in all cycles. */
#define HEAP_SLACK_BYTES 64

static struct bridge bridge;
static struct circle circle;
static struct proc other_side; /* leat-jack of another link */
static int n_cycles;
static bool up;

/* ---- the daemon ---- */

static int run(const char *const *argv, char *text, size_t text_bytes, int ms)
{
	return proc_run(argv, NULL, text, text_bytes, ms);
}

/* Whether it answers, and how soon; a program is started for it. */
static bool daemon_answers(void)
{
	static const char *const argv[] = { "pw-cli", "info", "0", NULL };
	static char text[65536];
	long long start_ms = now_ms();
	int res = run(argv, text, sizeof(text), ANSWER_MS);

	if (res != 0)
		fprintf(stderr, "pw-cli: %d after %lld ms\n%s\n", res,
			now_ms() - start_ms, text);
	return res == 0 && strstr(text, "core.name");
}

static bool log_says(const char *log, const char *text)
{
	return sandbox_count(&bridge.sandbox, log, text) > 0;
}

struct saying {
	const char *log, *text;
};

static bool is_said(void *arg)
{
	const struct saying *saying = arg;

	return log_says(saying->log, saying->text);
}

static bool says(const char *log, const char *text)
{
	struct saying saying = { log, text };

	return wait_for(is_said, &saying, STATE_MS);
}

static bool daemon_maps(const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps",
		 (int)bridge.pipewire.proc.pid);
	return lines_with(path, text) > 0;
}

/* A new daemon with such modules, and no log of the one before. */
static bool start_daemon(const char *modules)
{
	char path[128];

	if (pipewire_server_stop(&bridge.pipewire) > 0)
		return false;
	unlink(sandbox_path(&bridge.sandbox, "pipewire.log", path,
			    sizeof(path)));
	bridge.pipewire.modules = modules;
	return pipewire_server_start(&bridge.pipewire, &bridge.sandbox) == 0;
}

/* ---- the circle ---- */

static void test_loads(void)
{
	up = bridge_start(&bridge) && circle_start(&circle, &bridge);

	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
}

static void test_exact(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(up);
	CU_ASSERT(circle_wait_exact(&circle, EXACT_FRAMES, EXACT_MS));
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.pipewire.mode, LEAT_MODE_FOLLOW);
	CU_ASSERT_EQUAL(status.pipewire.period, PERIOD);
	CU_ASSERT_EQUAL(status.pipewire.pid,
			(uint64_t)bridge.pipewire.proc.pid);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].latency_frames, 0);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].latency_frames, PERIOD);
}

static void test_no_jack_library(void)
{
	CU_ASSERT_FATAL(up);
	CU_ASSERT(daemon_maps("/libpipewire-module-leat.so"));
	CU_ASSERT_FALSE(daemon_maps("/libjack"));
}

/* ---- whatever becomes of the JACK side ---- */

static bool joined_again(void)
{
	return bridge_wait_state("running", STATE_MS) &&
	       circle_wait_exact(&circle, PERIOD * 8, EXACT_MS);
}

static void test_jack_side_killed(void)
{
	CU_ASSERT_FATAL(up);
	proc_kill(&bridge.jack_side);
	CU_ASSERT(daemon_answers());
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("running", STATE_MS));
	CU_ASSERT_FATAL(circle_connect(&circle));
	CU_ASSERT(joined_again());
}

static void test_jack_side_stopped(void)
{
	CU_ASSERT_FATAL(up);
	proc_signal(&bridge.jack_side, SIGSTOP);
	for (int i = 0; i < 5; i++)
		CU_ASSERT(daemon_answers());
	proc_signal(&bridge.jack_side, SIGCONT);
	CU_ASSERT(joined_again());
}

static void test_jackd_killed(void)
{
	CU_ASSERT_FATAL(up);
	jack_server_kill(&bridge.jack);
	helper_stop(&circle.jack);
	CU_ASSERT(daemon_answers());
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_FATAL(bridge_wait_state("running", STATE_MS));
	circle_stop(&circle);
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	CU_ASSERT(joined_again());
}

/* ---- several links ---- */

/* Its nodes are there, and nothing is linked to them yet, or it is. */
static bool other_is_up(void *arg)
{
	struct leat_link_status status;

	(void)arg;
	return leat_status_query("other", &status) == 0 &&
	       status.pipewire.mode == LEAT_MODE_ADAPTIVE &&
	       status.pipewire.period != LEAT_UNKNOWN;
}

static const char two_links[] =
	"{ name = libpipewire-module-leat args = { link.name = " LINK " } }\n"
	"{ name = libpipewire-module-leat args = { link.name = other\n"
	"    leat.mode = adaptive  audio.position = [ RL RR ]\n"
	"    node.name = desk  node.description = \"The desk\"\n"
	"    sink.props = { node.name = to-desk priority.session = 7 } } }";

static bool start_other(void)
{
	const char *const argv[] = { bridge_program("leat-jack"), "other",
				     NULL };
	char path[128];
	struct proc_options options = {
		.log = sandbox_path(&bridge.sandbox, "other.log", path,
				    sizeof(path)),
		.merged = true,
	};

	return proc_start(&other_side, argv, &options) == 0;
}

static bool dump_says(const char *dump, const char *key, const char *value)
{
	char text[256];

	snprintf(text, sizeof(text), "%s = \"%s\"", key, value);
	return strstr(dump, text);
}

static void test_two_links(void)
{
	static const char *const nodes[] = { "pw-cli", "info", "all", NULL };
	static char text[1 << 20];

	CU_ASSERT_FATAL(up);
	circle_stop(&circle);
	CU_ASSERT_FATAL(start_daemon(two_links));
	CU_ASSERT_FATAL(start_other());
	CU_ASSERT(wait_for(other_is_up, NULL, STATE_MS));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	CU_ASSERT(joined_again());
	CU_ASSERT_EQUAL(run(nodes, text, sizeof(text), STATE_MS), 0);
	CU_ASSERT(dump_says(text, "node.name", "desk.source"));
	CU_ASSERT(dump_says(text, "node.name", "to-desk"));
	CU_ASSERT(dump_says(text, "node.description", "The desk"));
	CU_ASSERT(dump_says(text, "priority.session", "7"));
	CU_ASSERT(dump_says(text, "port.name", "capture_RL"));
	CU_ASSERT(dump_says(text, "port.name", "playback_RR"));
	CU_ASSERT(dump_says(text, "leat.link", "other"));
	proc_stop(&other_side, 3000);
}

/* What a client asks to be destroyed ends on the daemon's main loop. */
static void test_unloaded_by_a_client(void)
{
	static const char *const list[] = { "pw-cli", "ls", "Module", NULL };
	static char text[65536];
	char id[16] = "", *at, *last = NULL;
	const char *const destroy[] = { "pw-cli", "destroy", id, NULL };

	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL_FATAL(run(list, text, sizeof(text), STATE_MS), 0);
	at = strstr(text, "libpipewire-module-leat");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	*at = 0;
	for (at = text; (at = strstr(at, "id ")); at++)
		last = at;
	CU_ASSERT_PTR_NOT_NULL_FATAL(last);
	snprintf(id, sizeof(id), "%d", atoi(last + 3));
	circle_stop(&circle);
	CU_ASSERT_EQUAL(run(destroy, text, sizeof(text), STATE_MS), 0);
	CU_ASSERT(says("leat-jack.log", "silence"));
	CU_ASSERT(daemon_answers());
}

/* ---- what is refused ---- */

static const struct {
	const char *args;
	const char *said;
} bad[] = {
	{ "{ nonsense = 1 }", "there is nothing called 'nonsense'" },
	{ "{ link.name = a/b }", "the link name 'a/b' will not do" },
	{ "{ leat.mode = fast }", "leat.mode 'fast' will not do" },
	{ "{ leat.latency = 0 }", "leat.latency '0' will not do" },
	{ "{ audio.channels = 65 }", "audio.channels '65' will not do" },
	{ "{ audio.position = [ FL XX ] }",
	  "audio.position: 'XX' is no channel position" },
	{ "{ node.force-quantum = 64 }", "'node.force-quantum' is for the" },
	{ "{ source.props = x }", "source.props 'x' will not do" },
};

/* No flag "nofail" keeps it from being the end of a daemon that starts. */
static void test_bad_is_refused(void)
{
	static char modules[4096];
	struct footprint one;

	CU_ASSERT_FATAL(up);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		snprintf(modules + strlen(modules),
			 sizeof(modules) - strlen(modules),
			 "{ name = libpipewire-module-leat args = %s }\n",
			 bad[i].args);
	CU_ASSERT_FATAL(start_daemon(modules));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char said[128];

		snprintf(said, sizeof(said), "not loaded: %s", bad[i].said);
		CU_ASSERT(says("pipewire.log", said));
	}
	CU_ASSERT(daemon_answers());
	CU_ASSERT_FALSE(daemon_maps("/libpipewire-module-leat.so"));
	CU_ASSERT(footprint_take(&one, bridge.pipewire.proc.pid));
	CU_ASSERT_EQUAL(one.n_threads, 2);
}

static void test_second_is_refused(void)
{
	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(start_daemon(
		"{ name = libpipewire-module-leat args = { link.name = " LINK
		" } }\n"
		"{ name = libpipewire-module-leat args = { link.name = " LINK
		" } }"));
	CU_ASSERT(says("pipewire.log",
		       "not loaded: the link '" LINK
		       "' has a libpipewire-module-leat here already"));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	CU_ASSERT(joined_again());
}

/* In another process: the link says so, and this one waits for its turn. */
static void test_taken_elsewhere(void)
{
	struct bridge other = bridge;

	CU_ASSERT_FATAL(up);
	other.form = BRIDGE_OWN;
	other.pipewire_side.pid = 0;
	CU_ASSERT_FATAL(bridge_start_pipewire_side(&other));
	CU_ASSERT(says("leat-pipewire.log", "already"));
	CU_ASSERT(joined_again());
	CU_ASSERT(proc_is_running(&other.pipewire_side));
	CU_ASSERT_EQUAL(proc_stop(&other.pipewire_side, 3000), 0);
}

/* The JACK side has other channels: silence, and a sentence. */
static void test_other_channels(void)
{
	CU_ASSERT_FATAL(up);
	circle_stop(&circle);
	CU_ASSERT_FATAL(start_daemon(
		"{ name = libpipewire-module-leat args = { link.name = " LINK
		" audio.channels = 3 } }"));
	CU_ASSERT(says("pipewire.log",
		       "asks for 3 channels from JACK, and there are 2"));
	CU_ASSERT(daemon_answers());
}

/* ---- again and again, in a process of our own ---- */

static bool runs_cycle(struct helper *host, int i)
{
	char reply[HELPER_REPLY];

	if (helper_ask(host, reply,
		       "load libpipewire-module-leat link.name=" LINK) < 0)
		return false;
	/* Sometimes it is up, mostly it is on its way. */
	if (i % 4 == 0 && !bridge_wait_state("idle", STATE_MS))
		return false;
	return helper_ask(host, reply, "unload") == 0;
}

static bool take_footprint(struct footprint *footprint, struct helper *host)
{
	char reply[HELPER_REPLY];

	if (helper_ask(host, reply, "heap") < 0)
		return false;
	if (!footprint_take(footprint, host->proc.pid))
		return false;
	footprint->heap_bytes = (long)helper_value(reply, "heap_bytes");
	return true;
}

static void test_cycles(void)
{
	const char *const argv[] = { getenv("LEAT_MODULE_HOST"), NULL };
	/* What malloc keeps for its next caller would count as allocated. */
	static const char *const env[] = {
		"GLIBC_TUNABLES=glibc.malloc.tcache_count=0:"
		"glibc.malloc.mxfast=0",
		NULL
	};
	struct footprint before = { 0 }, after = { 0 };
	struct helper host;
	char text[2][128];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(start_daemon(NULL));
	CU_ASSERT_EQUAL_FATAL(
		helper_start(&host, &bridge.sandbox, "host", argv, env), 0);
	for (int i = 0; i < CYCLES_WARM; i++)
		CU_ASSERT_FATAL(runs_cycle(&host, i));
	CU_ASSERT_FATAL(take_footprint(&before, &host));
	for (int i = 0; i < n_cycles; i++)
		CU_ASSERT_FATAL(runs_cycle(&host, i));
	CU_ASSERT_FATAL(take_footprint(&after, &host));
	printf("%d cycles\nbefore: %s\nafter:  %s\n", n_cycles,
	       footprint_text(&before, text[0]),
	       footprint_text(&after, text[1]));
	CU_ASSERT_EQUAL(before.n_fds, after.n_fds);
	CU_ASSERT_EQUAL(before.n_threads, after.n_threads);
	CU_ASSERT_EQUAL(before.n_mappings, after.n_mappings);
	CU_ASSERT(labs(after.heap_bytes - before.heap_bytes) <=
		  HEAP_SLACK_BYTES);
	helper_stop(&host);
	CU_ASSERT(daemon_answers());
}

/* ---- the files that are shipped ---- */

/* pipewire -c leat.conf, as it is shipped and with all that it has. */
static void test_own_file(void)
{
	for (int all = 0; all < 2; all++) {
		const char *log = all ? "all.log" : "own.log";
		struct proc proc = { .pid = 0 };

		CU_ASSERT_FATAL(shipped_copy(&bridge.sandbox, "leat.conf",
					     ".config/pipewire/leat.conf",
					     all));
		CU_ASSERT_FATAL(shipped_start(&bridge.sandbox, &proc,
					      "leat.conf", log));
		CU_ASSERT(says(log, "main: waiting for leat-jack"));
		if (all)
			CU_ASSERT(says(log, "second: waiting for leat-jack"));
		CU_ASSERT_FALSE(log_says(log, "not loaded"));
		CU_ASSERT_EQUAL(proc_stop(&proc, 3000), 0);
	}
}

/* A process of its own has nothing to go on for. */
static void test_own_file_with_a_mistake(void)
{
	struct proc proc = { .pid = 0 };

	CU_ASSERT_FATAL(
		sandbox_write(&bridge.sandbox, ".config/pipewire/bad.conf",
			      "context.spa-libs = { support.* = "
			      "support/libspa-support }\n"
			      "context.modules = [ { name = "
			      "libpipewire-module-leat args = { leat.mode = x "
			      "} } ]\n") == 0);
	CU_ASSERT_FATAL(
		shipped_start(&bridge.sandbox, &proc, "bad.conf", "bad.log"));
	CU_ASSERT(proc_wait(&proc, STATE_MS));
	CU_ASSERT_NOT_EQUAL(proc_exit_status(&proc), 0);
	CU_ASSERT(says("bad.log", "not loaded: leat.mode 'x' will not do"));
	proc_stop(&proc, 3000);
}

/* The daemon as users start it, and the file where they put it. */
static void test_drop_in(void)
{
	struct proc proc = { .pid = 0 };

	CU_ASSERT_FATAL(start_daemon(NULL));
	CU_ASSERT_FATAL(shipped_daemon_config(&bridge.sandbox));
	CU_ASSERT_FATAL(pipewire_server_stop(&bridge.pipewire) == 0);
	for (int all = 0; all < 2; all++) {
		const char *log = all ? "drop-all.log" : "drop-in.log";

		CU_ASSERT_FATAL(shipped_copy(&bridge.sandbox,
					     "pipewire.conf.avail/leat.conf",
					     ".config/pipewire/pipewire.conf.d/"
					     "leat.conf",
					     all));
		CU_ASSERT_FATAL(
			shipped_start(&bridge.sandbox, &proc, NULL, log));
		CU_ASSERT(says(log, "main: waiting for leat-jack"));
		CU_ASSERT_FALSE(log_says(log, "not loaded"));
		CU_ASSERT_EQUAL(proc_stop(&proc, 3000), 0);
	}
}

static void test_ends(void)
{
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "module", "is loaded", test_loads },
	{ "module", "bit-exact, one period", test_exact },
	{ "module", "no JACK library", test_no_jack_library },
	{ "module", "the JACK side is killed", test_jack_side_killed },
	{ "module", "the JACK side is stopped", test_jack_side_stopped },
	{ "module", "jackd is killed", test_jackd_killed },
	{ "module", "two links", test_two_links },
	{ "module", "a client unloads it", test_unloaded_by_a_client },
	{ "module", "bad arguments are refused", test_bad_is_refused },
	{ "module", "a second one is refused", test_second_is_refused },
	{ "module", "the link is taken elsewhere", test_taken_elsewhere },
	{ "module", "other channels", test_other_channels },
	{ "module", "again and again", test_cycles },
	{ "module", "leat.conf", test_own_file },
	{ "module", "leat.conf, a mistake", test_own_file_with_a_mistake },
	{ "module", "the file for the daemon", test_drop_in },
	{ "module", "ends cleanly", test_ends },
};

int main(int argc, char **argv)
{
	const char *why;

	if (argc < 2)
		return 2;
	n_cycles = atoi(argv[1]);
	setenv("LEAT_TEST_FORM", "module", 1);
	why = bridge_init(&bridge, PERIOD);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	shipped_make_dirs(&bridge.sandbox);
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
