/* SPDX-License-Identifier: MIT */
/*
 * `leat doctor` on real servers: what is wrong with them is found, and what it
 * prints as the cure cures it.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_MS 20000
#define PIPEWIRE_JACK "/usr/lib/x86_64-linux-gnu/pipewire-0.3/jack"

static struct bridge bridge;
static char answer[32768];

/* Run a command of the shell, in which $DOCTOR is `leat doctor`. */
__attribute__((format(printf, 1, 2))) static int shell(const char *format, ...)
{
	char command[2048];
	const char *argv[] = { "sh", "-c", command, NULL };
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return proc_run(argv, NULL, answer, sizeof(answer), RUN_MS);
}

#define CHECK "$DOCTOR --json | jq -r '.checks[] | select(.name == \"%s\")"

/* Expect "VERDICT WHAT" to begin and go on like this. */
static void expect(const char *check, const char *verdict, const char *what)
{
	bool right = shell(CHECK " | .verdict + \" \" + .what'", check) == 0 &&
		     strncmp(answer, verdict, strlen(verdict)) == 0 &&
		     strstr(answer, what);

	CU_ASSERT_TRUE(right);
	if (!right)
		fprintf(stderr, "%s: %s, and not %s: %s\n", check, answer,
			verdict, what);
}

/* Do what it says. */
static void cure(const char *check)
{
	int status = shell(CHECK " | .cure[]' | sh -e", check);

	CU_ASSERT_EQUAL(status, 0);
	if (status != 0)
		fprintf(stderr, "%s: %s\n", check, answer);
}

/* ---- the program ---- */

static void test_no_servers(void)
{
	expect("jack-sync", "unknown", "no JACK server");
	expect("quantum", "unknown", "no PipeWire daemon");
	expect("loops", "unknown", "not both");
	expect("libjack", "ok", "libjack.so.0");
	CU_ASSERT_EQUAL(shell("$DOCTOR | grep -cE '^(ok|warn|fail|unknown) "
			      "+[a-z-]+ +'"),
			0);
	CU_ASSERT(atoi(answer) >= 18);
	CU_ASSERT_EQUAL(shell("$DOCTOR | tail -n 1"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, " warn, "));
}

/* Every line but a cure, which is copied, fits a terminal. */
static void test_width(void)
{
	CU_ASSERT_EQUAL(shell("$DOCTOR --root /nowhere | awk 'length > 80' | "
			      "grep ."),
			1);
}

/* In tests/unit/test_doctor.c an empty tree has nothing that fails. */
static void test_exit_status(void)
{
	CU_ASSERT_EQUAL(shell("$DOCTOR --root /nowhere"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0 ok, 0 warn, 0 fail"));
	CU_ASSERT_EQUAL(shell("mkdir -p \"$HOME/root/proc/sys/kernel\" && cd "
			      "\"$HOME/root/proc/sys/kernel\" && echo 0 > "
			      "sched_rt_runtime_us && echo 1000000 > "
			      "sched_rt_period_us && $DOCTOR --root "
			      "\"$HOME/root\""),
			1);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "fail    rt-runtime"));
	CU_ASSERT_EQUAL(shell("$DOCTOR --nonsense"), 2);
	CU_ASSERT_EQUAL(shell("$DOCTOR nonsense"), 2);
	CU_ASSERT_EQUAL(shell("$DOCTOR --root /nowhere >/dev/full"), 1);
	CU_ASSERT_EQUAL(shell("$DOCTOR --root /nowhere >&-"), 1);
}

/* Colours on a terminal alone, and not where NO_COLOR is set. */
static void test_colour(void)
{
	static const char terminal[] =
		"TERM=xterm %s script -qec \"$DOCTOR --root /nowhere\" "
		"/dev/null </dev/null";

	CU_ASSERT_EQUAL(shell("TERM=xterm $DOCTOR --root /nowhere"), 0);
	CU_ASSERT_PTR_NULL(strchr(answer, '\033'));
	if (shell("command -v script") != 0) {
		printf("skipped: there is no script(1) to be a terminal\n");
		return;
	}
	CU_ASSERT_EQUAL(shell(terminal, "NO_COLOR="), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "\033[1;36munknown"));
	CU_ASSERT_EQUAL(shell(terminal, "NO_COLOR=1"), 0);
	CU_ASSERT_PTR_NULL(strchr(answer, '\033'));
	CU_ASSERT_EQUAL(shell(terminal, "TERM=dumb"), 0);
	CU_ASSERT_PTR_NULL(strchr(answer, '\033'));
}

/* Whoever runs the test: here one without rights. */
static void test_no_rights(void)
{
	static const char without[] =
		"prlimit --rtprio=0 --memlock=65536 $(setpriv "
		"--bounding-set=-sys_nice,-ipc_lock "
		"--inh-caps=-sys_nice,-ipc_lock true 2>/dev/null && echo "
		"setpriv --bounding-set=-sys_nice,-ipc_lock "
		"--inh-caps=-sys_nice,-ipc_lock)";

	CU_ASSERT_EQUAL(shell("%s $DOCTOR", without), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "fail    memlock"));
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "64 KiB"));
	CU_ASSERT_TRUE(strstr(answer, "fail    rtprio") ||
		       strstr(answer, "warn    rtprio"));
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "no realtime priority may be"));
}

static void test_wrong_libjack(void)
{
	if (access(PIPEWIRE_JACK "/libjack.so.0", R_OK) < 0) {
		printf("skipped: PipeWire's libjack is not installed\n");
		return;
	}
	CU_ASSERT_EQUAL(shell("LD_LIBRARY_PATH=" PIPEWIRE_JACK " $DOCTOR"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "fail    libjack"));
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "env -u LD_LIBRARY_PATH leat"));
}

/* ---- servers ---- */

static void test_servers(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	expect("jack-realtime", "ok", "jackd (");
	expect("jack-sync", "warn", "asynchronous");
	expect("pipewire-realtime", "ok", "pipewire (");
	expect("pipewire-version", "ok", ".");
	expect("quantum", "ok", "JACK's period is 256");
	expect("rate", "ok", "48000");
	expect("loops", "ok", "no sound goes round");
}

static void test_quantum(void)
{
	shell("pw-metadata -n settings 0 clock.min-quantum 1024");
	expect("quantum", "warn", "less than 1024");
	cure("quantum");
	expect("quantum", "ok", "from 256");
	shell("pw-metadata -n settings 0 clock.force-quantum 64");
	expect("quantum", "warn", "forced to 64");
	cure("quantum");
	expect("quantum", "ok", "from 256");
}

static void test_loop(void)
{
	shell("jack_connect leat-test:from_pipewire_FL "
	      "leat-test:to_pipewire_FR");
	expect("loops", "ok", "no sound");
	shell("pw-link leat.test.source:capture_FR leat.test.sink:playback_FL; "
	      "pw-link leat.test.source:capture_FL leat.test.sink:playback_FL");
	expect("loops", "fail", "leat-test:from_pipewire > leat-test:to_");
	cure("loops");
	expect("loops", "ok", "no sound");
	shell("jack_disconnect leat-test:from_pipewire_FL "
	      "leat-test:to_pipewire_FR");
}

/* sig takes and gives in JACK, and pass in PipeWire: nobody knows what. */
static void test_loop_through_others(void)
{
	struct circle circle;

	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	expect("loops", "warn", "sig (JACK) > leat-test:to_pipewire");
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, " > pass > "));
	cure("loops");
	expect("loops", "ok", "no sound");
	circle_stop(&circle);
}

/* What is taken away to look at the servers is put back. */
static void test_leaves_no_trace(void)
{
	CU_ASSERT_EQUAL(shell("$DOCTOR >/dev/null; jack_lsp | grep doctor"), 1);
	CU_ASSERT_EQUAL(shell("pw-cli ls Client | grep doctor"), 1);
	CU_ASSERT(proc_is_running(&bridge.jack_side));
	CU_ASSERT(proc_is_running(&bridge.pipewire_side));
}

/* Who waits for them waits in vain: libjack would for ever. */
static void test_frozen(void)
{
	CU_ASSERT_EQUAL(proc_signal(&bridge.jack.proc, SIGSTOP), 0);
	expect("rate", "unknown", "JACK server 'jack-test' does not answer");
	CU_ASSERT_EQUAL(proc_signal(&bridge.jack.proc, SIGCONT), 0);
	CU_ASSERT_EQUAL(proc_signal(&bridge.pipewire.proc, SIGSTOP), 0);
	expect("quantum", "unknown", "daemon 'pipewire-0' does not");
	CU_ASSERT_EQUAL(proc_signal(&bridge.pipewire.proc, SIGCONT), 0);
	expect("libjack", "ok", "libjack.so.0");
}

static void test_synchronous(void)
{
	jack_server_stop(&bridge.jack);
	bridge.jack.synchronous = true;
	bridge.jack.rate_hz = 44100;
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	expect("jack-sync", "ok", "synchronous");
}

static void test_rate(void)
{
	expect("rate", "warn", "JACK runs at 44100 Hz");
	cure("rate");
	expect("rate", "ok", "44100");
}

/* The cure of an asynchronous server is itself, with one word more. */
static void test_not_realtime(void)
{
	const char *argv[] = { "jackd", "-r",	 "-n", "slow",	"-p", "64",
			       "-d",	"dummy", "-r", "48000", NULL };
	char path[128];
	const struct proc_options options = {
		.log = sandbox_path(&bridge.sandbox, "slow.log", path,
				    sizeof(path)),
		.merged = true,
	};
	struct proc slow = { 0 };

	CU_ASSERT_EQUAL_FATAL(proc_start(&slow, argv, &options), 0);
	CU_ASSERT_EQUAL(shell("jack_wait -w -t 10 -s slow"), 0);
	CU_ASSERT_EQUAL(shell("$DOCTOR --server slow"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "fail    jack-realtime"));
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "started with -r"));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		answer, "jackd -S -r -n slow -p 64 -d dummy -r 48000\n"));
	proc_stop(&slow, 5000);
	expect("jack-realtime", "ok", "jackd (");
}

static void test_nothing_is_left(void)
{
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "leat doctor", "without servers", test_no_servers },
	{ "leat doctor", "width", test_width },
	{ "leat doctor", "exit status", test_exit_status },
	{ "leat doctor", "colour", test_colour },
	{ "leat doctor", "without rights", test_no_rights },
	{ "leat doctor", "PipeWire's libjack", test_wrong_libjack },
	{ "leat doctor", "real servers", test_servers },
	{ "leat doctor", "quantum", test_quantum },
	{ "leat doctor", "a loop", test_loop },
	{ "leat doctor", "a loop through others", test_loop_through_others },
	{ "leat doctor", "leaves no trace", test_leaves_no_trace },
	{ "leat doctor", "servers that are frozen", test_frozen },
	{ "leat doctor", "a synchronous server", test_synchronous },
	{ "leat doctor", "rate", test_rate },
	{ "leat doctor", "a server without realtime", test_not_realtime },
	{ "leat doctor", "nothing is left", test_nothing_is_left },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, 256);
	char doctor[600];

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	snprintf(doctor, sizeof(doctor), "%s doctor", bridge_program("leat"));
	setenv("DOCTOR", doctor, 1);
	if (shell("command -v jq prlimit") != 0) {
		printf("skipped: jq is not installed\n");
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
