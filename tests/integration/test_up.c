/* SPDX-License-Identifier: MIT */
/*
 * `leat up` and `leat status`, as users run them: private servers where none
 * run, the user's own where they do, restarts, and a clean end.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UP_MS 30000
#define SOUND "/usr/share/sounds/alsa/Front_Center.wav"

static struct bridge bridge;
static struct proc up;

static void start_up(const char *const *argv, const char *log)
{
	char path[128];
	const struct proc_options options = {
		.log = sandbox_path(&bridge.sandbox, log, path, sizeof(path)),
		.merged = true,
	};

	CU_ASSERT_EQUAL_FATAL(proc_start(&up, argv, &options), 0);
}

static const char *leat(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s", bridge_program("leat"));
	return path;
}

/* ---- no servers ---- */

static char said[65536]; /* by leat up, so far */

static const char *said_log = "alone.log";

static bool has_said(void *arg)
{
	char path[128];
	size_t n = 0;
	FILE *file = fopen(
		sandbox_path(&bridge.sandbox, said_log, path, sizeof(path)),
		"r");

	if (file) {
		n = fread(said, 1, sizeof(said) - 1, file);
		fclose(file);
	}
	said[n] = 0;
	return strstr(said, arg) || !proc_is_running(&up);
}

static void test_private_servers(void)
{
	const char *argv[] = { leat(),	 "up",	"--interval", "0.5",
			       "--demo", SOUND, "alone",      NULL };
	char verdict[] = "Front_Center.wav: 68545 frames";

	if (access(SOUND, R_OK) < 0) {
		printf("skipped: %s is not installed\n", SOUND);
		return;
	}
	start_up(argv, "alone.log");
	CU_ASSERT(wait_for(has_said, verdict, UP_MS));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "all identical"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "No JACK server runs"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "No PipeWire daemon runs"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "to_pipewire follow"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "to_jack     follow"));
	CU_ASSERT_EQUAL_FATAL(proc_signal(&up, SIGINT), 0);
	CU_ASSERT_FATAL(proc_wait(&up, UP_MS));
	CU_ASSERT_EQUAL(proc_exit_status(&up), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	if (!strstr(said, "all identical"))
		fprintf(stderr, "%s", said);
}

static void test_duration(void)
{
	const char *argv[] = { leat(), "up", "--duration", "1", "alone", NULL };
	char text[16384];

	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
}

/* ---- our servers ---- */

static void test_own_servers(void)
{
	const char *argv[] = { leat(), "up", "--no-private", LINK, NULL };

	setenv("JACK_DEFAULT_SERVER", bridge.jack.name, 1);
	CU_ASSERT_FATAL(bridge_start_servers(&bridge));
	start_up(argv, "up.log");
	CU_ASSERT(bridge_wait_state("idle", UP_MS));
	if (!proc_is_running(&up))
		sandbox_show(&bridge.sandbox, "up.log");
}

/* The names that the manual promises, in a text that is JSON. */
static const char check_json[] =
	"import json,sys\n"
	"link,=[l for l in json.load(sys.stdin)['links'] if "
	"l['name']=='test']\n"
	"assert link['mode']=='follow' and link['state']=='idle', link\n"
	"assert isinstance(link['mode_reason'],str)\n"
	"j,p=link['jack'],link['pipewire']\n"
	"assert j['server']=='jack-test' and j['rate']==48000, j\n"
	"assert j['period']==256 and j['alive'] is True, j\n"
	"assert j['xruns']>=0 and j['skipped_periods']>=0, j\n"
	"assert p['rate']==48000 and p['quantum']==256, p\n"
	"assert p['alive'] is True and p['xruns']>=0, p\n"
	"assert link['taps']==0 and p['load']['cycles']==0, link\n"
	"l=j['load']\n"
	"assert l['cycles']>0 and l['late_cycles']>=0, l\n"
	"assert 0<l['p50_percent']<=l['p99_percent']<=l['max_percent'], l\n"
	"for k in 'duration_us','interval_us','wakeup_us':\n"
	"  h=l[k]\n"
	"  assert h['p50']<=h['p99']<=h['p999']<=h['max'], h\n"
	"  assert 0<h['mean']<=h['max'], h\n"
	"assert 4000<l['interval_us']['p50']<6700, l\n"
	"for d in 'to_pipewire','to_jack':\n"
	"  d=link[d]\n"
	"  assert d['channels']==2 and d['capacity']>=1024, d\n"
	"  assert d['fill'] is None, d\n"
	"  for k in "
	"('target','latency_frames','frames','underruns','overruns',\n"
	"            'lost','inserted','slips','wakeups'): d[k]\n";

static char answer[4096];

static bool json_is_right(void *command)
{
	const char *argv[] = { "sh", "-c", command, NULL };

	return proc_run(argv, NULL, answer, sizeof(answer), UP_MS) == 0;
}

/* The link is idle a moment before PipeWire's side has said all. */
static void test_status_json(void)
{
	char command[1024], script[128];

	CU_ASSERT_EQUAL_FATAL(
		sandbox_write(&bridge.sandbox, "check.py", check_json), 0);
	sandbox_path(&bridge.sandbox, "check.py", script, sizeof(script));
	snprintf(command, sizeof(command), "%s status --json | python3 %s",
		 leat(), script);
	CU_ASSERT(wait_for(json_is_right, command, UP_MS));
	CU_ASSERT_STRING_EQUAL(answer, "");
	fputs(answer, stderr);
}

static void test_status_text(void)
{
	const char *argv[] = { leat(), "status", LINK, NULL };
	char text[4096];

	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "test: idle"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "jack-test"));
}

/* ---- the log ---- */

/* What the journal takes, from leat up and from what it has started. */
static void test_log_levels(void)
{
	char path[128], command[1024], text[8192];
	const char *argv[] = { "sh", "-c", command, NULL };

	sandbox_path(&bridge.sandbox, "journal", path, sizeof(path));
	snprintf(command, sizeof(command),
		 "exec 2>%s; export JOURNAL_STREAM=$(stat -L -c %%d:%%i "
		 "/proc/self/fd/2); %s up -q --duration 0.5 logged",
		 path, leat());
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 0);
	snprintf(command, sizeof(command),
		 "grep -c '^<6>leat-jack: logged: JACK server' %s && grep -c "
		 "'^<6>leat-pipewire: logged: bridged' %s",
		 path, path);
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 0);
	snprintf(command, sizeof(command),
		 "%s up -q --duration 0.5 --log-level warning logged 2>&1 | "
		 "grep -E 'JACK server|bridged|joined'",
		 leat());
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 1);
	snprintf(command, sizeof(command), "%s up --log-level loud", leat());
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "error, warning or info"));
	snprintf(command, sizeof(command), "%s --log-level loud",
		 bridge_program("leat-jack"));
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 2);
}

/* ---- restarts ---- */

static uint64_t killed_pid;

static bool jack_side_is_new(void *arg)
{
	struct leat_link_status status;

	(void)arg;
	return bridge_status(&status) && status.jack.pid != killed_pid &&
	       strcmp(leat_link_status_state(&status), "idle") == 0;
}

static bool pipewire_side_is_new(void *arg)
{
	struct leat_link_status status;

	(void)arg;
	return bridge_status(&status) && status.pipewire.present &&
	       status.pipewire.pid != killed_pid &&
	       strcmp(leat_link_status_state(&status), "idle") == 0;
}

static void test_restarts_sides(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(bridge_status(&status));
	killed_pid = status.jack.pid;
	CU_ASSERT_EQUAL_FATAL(kill((pid_t)killed_pid, SIGKILL), 0);
	CU_ASSERT(wait_for(jack_side_is_new, NULL, UP_MS));
	CU_ASSERT_FATAL(bridge_status(&status));
	killed_pid = status.pipewire.pid;
	CU_ASSERT_EQUAL_FATAL(kill((pid_t)killed_pid, SIGKILL), 0);
	CU_ASSERT(wait_for(pipewire_side_is_new, NULL, UP_MS));
}

/* A link that does not answer keeps nobody from looking after the rest. */
static void test_frozen_link(void)
{
	char unknown[] = "leat-jack does not answer";
	char again[] = "leat-pipewire was killed by signal 9";
	struct leat_link_status status;

	said_log = "up.log";
	CU_ASSERT_FATAL(bridge_status(&status));
	killed_pid = status.pipewire.pid;
	CU_ASSERT_EQUAL_FATAL(kill((pid_t)status.jack.pid, SIGSTOP), 0);
	CU_ASSERT(wait_for(has_said, unknown, UP_MS));
	CU_ASSERT_EQUAL(kill((pid_t)killed_pid, SIGKILL), 0);
	CU_ASSERT(wait_for(has_said, again, UP_MS));
	CU_ASSERT_EQUAL_FATAL(kill((pid_t)status.jack.pid, SIGCONT), 0);
	CU_ASSERT(wait_for(pipewire_side_is_new, NULL, UP_MS));
}

static void test_ends_on_interrupt(void)
{
	CU_ASSERT_EQUAL_FATAL(proc_signal(&up, SIGINT), 0);
	CU_ASSERT_FATAL(proc_wait(&up, UP_MS));
	CU_ASSERT_EQUAL(proc_exit_status(&up), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	/* What it had not started goes on. */
	CU_ASSERT(proc_is_running(&bridge.jack.proc));
	CU_ASSERT(proc_is_running(&bridge.pipewire.proc));
}

static void test_rates_differ(void)
{
	const char *argv[] = { leat(), "up", "--mode", "follow", LINK, NULL };
	char text[16384];

	jack_server_stop(&bridge.jack);
	bridge.jack.rate_hz = 44100;
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 1);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "JACK runs at 44100 Hz but PipeWire at 48000 Hz"));
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
}

static void test_nothing_is_left(void)
{
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "leat up", "private servers, a recorded voice",
	  test_private_servers },
	{ "leat up", "ends when its time is over", test_duration },
	{ "leat up", "the user's own servers", test_own_servers },
	{ "leat status", "--json", test_status_json },
	{ "leat status", "for people", test_status_text },
	{ "leat up", "--log-level, and the journal", test_log_levels },
	{ "leat up", "restarts a side that dies", test_restarts_sides },
	{ "leat up", "a link that is frozen", test_frozen_link },
	{ "leat up", "ends on an interrupt", test_ends_on_interrupt },
	{ "leat up", "rates that differ", test_rates_differ },
	{ "leat up", "nothing is left", test_nothing_is_left },
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
