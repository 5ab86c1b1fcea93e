/* SPDX-License-Identifier: MIT */
/*
 * leat-tap meter, pipe, wait and play on a real bridge, on which an impulse
 * comes every quarter of a second, and nothing else.
 */
#include "bridge_main.h"
#include "impulse.h"
#include "tap_run.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <math.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RATE 48000
#define PERIOD 256
#define RUN_MS 30000

/* How near to what is stated: half a millisecond, on a loud machine more. */
#define NEAR_FRAMES 48

static struct bridge bridge;
static struct impulse impulse;
static struct helper patch; /* links in PipeWire */
static bool up;

static bool set_up(void)
{
	return bridge_start(&bridge) &&
	       impulse_open(&impulse, bridge.jack.name) &&
	       sig_pw_start(&patch, &bridge.sandbox, "patch", "--recv", NULL) ==
		       0 &&
	       helper_tell(&patch,
			   "link leat.test.source:capture_FR patch:recv_1") ==
		       0 &&
	       bridge_wait_state("running", 10000);
}

static void test_comes_up(void)
{
	up = set_up();
	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
}

static bool connect_out(void)
{
	return jack_connect(impulse.client, "impulse:out",
			    "leat-test:to_pipewire_FL") == 0;
}

static void disconnect_out(void)
{
	jack_disconnect(impulse.client, "impulse:out",
			"leat-test:to_pipewire_FL");
}

/* ---- wait ---- */

static int wait_for_it(char *text, const char *a, const char *b, const char *c)
{
	return tap_run(text, 1024, RUN_MS, "wait", LINK, a, b, c, NULL);
}

static void test_wait(void)
{
	char text[1024];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL(wait_for_it(text, "--silence=500ms", NULL, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "silence at "));
	CU_ASSERT_EQUAL(wait_for_it(text, "--signal", "--timeout=700ms", NULL),
			3);
	CU_ASSERT_STRING_EQUAL(text, "");
	CU_ASSERT_FATAL(connect_out());
	CU_ASSERT_EQUAL(wait_for_it(text, "--signal", NULL, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "FL 0.0 dB"));
	/* An impulse of full scale is a clip as well. */
	CU_ASSERT_EQUAL(wait_for_it(text, "--clip", "--silence=10s", NULL), 12);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "clip at "));
	CU_ASSERT_EQUAL(wait_for_it(text, "--silence=100ms", "--xrun", NULL),
			11);
	/* They are a quarter of a second apart, so this is never. */
	CU_ASSERT_EQUAL(
		wait_for_it(text, "--silence=400ms", "--timeout=1s", "--quiet"),
		3);
	CU_ASSERT_EQUAL(
		wait_for_it(text, "--signal", "--threshold=1", "--timeout=1s"),
		3);
	disconnect_out();
}

/* JACK goes on without its bridge, which has to be seen. */
static void test_wait_for_xrun(void)
{
	struct proc proc = { 0 };

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, "xrun.log", "wait", "--xrun",
				  "--timeout=20s", LINK, NULL));
	sleep_ms(700);
	proc_signal(&bridge.jack_side, SIGSTOP);
	sleep_ms(100);
	proc_signal(&bridge.jack_side, SIGCONT);
	CU_ASSERT(proc_wait(&proc, 25000));
	CU_ASSERT_EQUAL(proc_exit_status(&proc), 0);
}

/* ---- pipe ---- */

static int run_shell(char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int run_shell(char *text, const char *format, ...)
{
	char command[1024], whole[1200];
	const char *const argv[] = { "/bin/sh", "-c", whole, NULL };
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "PATH=%s:$PATH; %s",
		 getenv("LEAT_TAP_DIR"), command);
	return proc_run(argv, NULL, text, 2048, RUN_MS);
}

static void test_pipe(void)
{
	char text[2048];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(connect_out());
	CU_ASSERT_EQUAL(
		run_shell(text, "leat-tap pipe -q -t 1s " LINK " | wc -c"), 0);
	CU_ASSERT_EQUAL(atoi(text), RATE * 2 * 4);
	CU_ASSERT_EQUAL(run_shell(text, "leat-tap pipe -q -F s24 -t 1s " LINK
					" | wc -c"),
			0);
	CU_ASSERT_EQUAL(atoi(text), RATE * 2 * 3);
	CU_ASSERT_EQUAL(run_shell(text,
				  "leat-tap pipe -q -F s16 --wav -t 1s " LINK
				  " | wc -c"),
			0);
	CU_ASSERT_EQUAL(atoi(text), RATE * 2 * 2 + 44);
	CU_ASSERT_EQUAL(run_shell(text, "leat-tap pipe -t 500ms " LINK
					" 2>&1 >/dev/null"),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-f f32le -ar 48000 -ac 2"));
	/* An impulse is in there: 2^15 less one, as it is one too many. */
	CU_ASSERT_EQUAL(run_shell(text,
				  "leat-tap pipe -q -F s16 -t 1s " LINK
				  " | od -An -v -td2 -w2 | grep -c ' 32767'"),
			0);
	CU_ASSERT(atoi(text) >= 2 && atoi(text) <= 5);
	/* Whoever reads it has enough: no error. A full disk is one. */
	CU_ASSERT_EQUAL(run_shell(text, "(leat-tap pipe -q " LINK
					"; echo status $? >&2) | head -c 9999 "
					">/dev/null"),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "status 0"));
	CU_ASSERT_EQUAL(
		run_shell(text, "leat-tap pipe -q " LINK " > /dev/full"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "No space left"));
	disconnect_out();
}

/* ---- meter ---- */

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_meter(void)
{
	char text[32768];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(connect_out());
	sleep_ms(500);
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "meter", "--json",
				"--duration=2s", LINK, NULL),
			0);
	CU_ASSERT_EQUAL(count_lines(text), 20);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"seconds\":0.100,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"seconds\":2.000,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"max_peak\":0.00"));
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "meter", "--once",
				"--duration=1s", LINK, NULL),
			0);
	CU_ASSERT_EQUAL(count_lines(text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "0:01 to_pipewire  M -"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "FR -inf"));
	/* No terminal: a line a second. */
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "meter",
				"--duration=2s", "--direction=both", LINK,
				NULL),
			0);
	CU_ASSERT_EQUAL(count_lines(text), 4);
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	disconnect_out();
}

/* On a terminal of 80 by 24: bars, and the terminal as it was in the end. */
static void test_meter_on_terminal(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	static char text[1 << 20];
	char program[512];
	size_t n = 0;
	ssize_t got;
	int fd, status;
	pid_t pid;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(connect_out());
	snprintf(program, sizeof(program), "%s/leat-tap",
		 getenv("LEAT_TAP_DIR"));
	pid = forkpty(&fd, NULL, NULL, &size);
	if (pid == 0) {
		setenv("TERM", "xterm", 1);
		execl(program, "leat-tap", "meter", LINK, (char *)NULL);
		_exit(127);
	}
	CU_ASSERT_FATAL(pid > 0);
	sleep_ms(1500);
	/* As a user would. */
	CU_ASSERT_EQUAL(write(fd, "\003", 1), 1);
	while (n + 1 < sizeof(text) &&
	       (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[?1049h"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "FL   ["));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "#"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CLIP"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "LUFS"));
	/* Given back, and then a last line to keep. */
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[?25h\033[?1049l"));
	if (strstr(text, "\033[?1049l"))
		CU_ASSERT_PTR_NOT_NULL(
			strstr(strstr(text, "\033[?1049l"), "max FL"));
	close(fd);
	disconnect_out();
}

/* ---- play ---- */

static void show_log(const char *log)
{
	sandbox_show(&bridge.sandbox, log);
}

static bool log_says(const char *log, const char *what)
{
	char path[256], text[4096] = "";
	FILE *file = fopen(
		sandbox_path(&bridge.sandbox, log, path, sizeof(path)), "r");

	if (file) {
		size_t n = fread(text, 1, sizeof(text) - 1, file);

		text[n] = 0;
		fclose(file);
	}
	return strstr(text, what) != NULL;
}

static bool is_stated(void *arg)
{
	return log_says(arg, "frames) after JACK's cycle");
}

static void check_latency(const char *log, int more, int stated)
{
	int measured = impulse_measure(&impulse, 8, NEAR_FRAMES, 30000);

	fprintf(stderr, "%s: stated %d + %d frames, measured %d\n", log, stated,
		more, measured);
	CU_ASSERT(abs(measured - more - stated) <= NEAR_FRAMES);
	if (abs(measured - more - stated) > NEAR_FRAMES)
		show_log(log);
}

/* Into the same JACK server: what is heard is as late as is said. */
static void test_play_in_jack(void)
{
	struct proc proc = { 0 };
	char log[] = "jack.log";

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, log, "play", "--jack",
				  "--no-connect", "--latency=40ms", LINK,
				  NULL));
	CU_ASSERT_FATAL(wait_for(is_stated, log, 10000));
	CU_ASSERT(log_says(log, "40.0 ms (1920 frames)"));
	CU_ASSERT_FATAL(impulse_connect(&impulse, "leat-test:to_pipewire_FL",
					"leat-tap-test:FL"));
	sleep_ms(6000);
	check_latency(log, 0, 1920);
	CU_ASSERT_EQUAL(proc_stop(&proc, 5000), 0);
	show_log(log);
	disconnect_out();
}

/*
 * Into PipeWire, and from there through the bridge, which takes a period; and
 * so does the loop in JACK, from the impulse to the bridge and back.
 */
static void test_play_in_pipewire(void)
{
	struct proc proc = { 0 };
	char log[] = "pw.log";

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, log, "play", "--pipewire",
				  "--no-connect", LINK, NULL));
	CU_ASSERT_EQUAL_FATAL(helper_tell(&patch,
					  "link leat-tap.test:output_FL "
					  "leat.test.sink:playback_FL"),
			      0);
	CU_ASSERT_FATAL(wait_for(is_stated, log, 10000));
	CU_ASSERT_FATAL(impulse_connect(&impulse, "leat-test:to_pipewire_FL",
					"leat-test:from_pipewire_FL"));
	sleep_ms(6000);
	check_latency(log, 2 * PERIOD, 2880);
	CU_ASSERT_EQUAL(proc_stop(&proc, 5000), 0);
	show_log(log);
	disconnect_out();
}

/* ---- on one clock, frame by frame ---- */

static struct helper ear; /* sends the counting signal, and checks what comes */

static bool connect_ear(const char *client, const char *prefix)
{
	for (int c = 1; c <= 2; c++) {
		const char *channel = c == 1 ? "FL" : "FR";

		if (helper_tell(&ear, "connect ear:send_%d leat-test:to_%s_%s",
				c, "pipewire", channel) != 0 ||
		    helper_tell(&ear, "connect %s:%s%s ear:recv_%d", client,
				prefix, channel, c) != 0)
			return false;
	}
	return true;
}

static bool has_heard(void *arg)
{
	char reply[HELPER_REPLY];

	(void)arg;
	return helper_ask(&ear, reply, "report") == 0 &&
	       helper_value(reply, "frames") >= RATE / 2;
}

/* Every bit, at the latency that is stated, while no server is late. */
static bool is_exact(int64_t latency)
{
	char reply[HELPER_REPLY];
	int64_t n;

	CU_ASSERT_EQUAL_FATAL(helper_tell(&ear, "reset"), 0);
	CU_ASSERT_FATAL(wait_for(has_heard, NULL, 10000));
	CU_ASSERT_EQUAL_FATAL(helper_ask(&ear, reply, "report"), 0);
	n = helper_value(reply, "frames");
	if (helper_value(reply, "exact") == n &&
	    helper_value(reply, "latency_min") == latency &&
	    helper_value(reply, "latency_max") == latency)
		return true;
	fputs(reply, stderr);
	fputc('\n', stderr);
	return false;
}

static void wait_exact(int64_t latency)
{
	int n = 0;

	while (n < 20 && !is_exact(latency))
		n++;
	CU_ASSERT(n < 20);
}

static void check_copied(const char *log)
{
	CU_ASSERT(log_says(log, "frame by frame, as both run on one clock"));
	CU_ASSERT_FALSE(log_says(log, "resampled"));
	CU_ASSERT(log_says(log, "frames, on one clock, "));
	CU_ASSERT(log_says(log, " 0 system calls that should not be"));
	show_log(log);
}

static void start_ear(void)
{
	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL_FATAL(sig_jack_start(&ear, &bridge.sandbox,
					     bridge.jack.name, "ear", "--send",
					     "--recv", NULL),
			      0);
}

static void test_copy_in_jack(void)
{
	struct proc proc = { 0 };
	char log[] = "copy-jack.log";

	start_ear();
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, log, "play", "--jack",
				  "--no-connect", "--latency=40ms",
				  "--rt-guard", "--server", bridge.jack.name,
				  LINK, NULL));
	CU_ASSERT_FATAL(wait_for(is_stated, log, 10000));
	CU_ASSERT_FATAL(connect_ear("leat-tap-test", ""));
	wait_exact(RATE / 25);
	CU_ASSERT_EQUAL(proc_stop(&proc, 5000), 0);
	check_copied(log);
	helper_stop(&ear);
}

/* Through PipeWire, the bridge and JACK's loop, each of which adds a period. */
static void test_copy_in_pipewire(void)
{
	struct proc proc = { 0 };
	char log[] = "copy-pw.log";

	start_ear();
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, log, "play", "--pipewire",
				  "--no-connect", "--latency=40ms",
				  "--rt-guard", LINK, NULL));
	for (int c = 0; c < 2; c++)
		CU_ASSERT_EQUAL_FATAL(
			helper_tell(&patch,
				    "link leat-tap.test:output_F%c "
				    "leat.test.sink:playback_F%c",
				    c ? 'R' : 'L', c ? 'R' : 'L'),
			0);
	CU_ASSERT_FATAL(wait_for(is_stated, log, 10000));
	CU_ASSERT_FATAL(connect_ear("leat-test", "from_pipewire_"));
	wait_exact(RATE / 25 + 2 * PERIOD);
	CU_ASSERT_EQUAL(proc_stop(&proc, 5000), 0);
	check_copied(log);
	helper_stop(&ear);
}

/* ---- bad input ---- */

static void test_refusals(void)
{
	static const struct {
		const char *argv[4];
		int status;
		const char *says;
	} refusals[] = {
		{ { "meter", "nowhere" }, 2, "there is no link" },
		{ { "meter", "--duration=x", LINK }, 2, "'x'" },
		{ { "meter", "a/b" }, 2, "a/b" },
		{ { "pipe", "--format=s32", LINK }, 2, "'s32'" },
		{ { "pipe", "nowhere" }, 2, "'" LINK "'" },
		{ { "wait", LINK }, 2, "--signal" },
		{ { "wait", "--silence=0", LINK }, 2, "at least" },
		{ { "wait", "--signal", "--threshold=x", LINK }, 2, "'x'" },
		{ { "wait", "--signal", "--threshold=21", LINK }, 2, "'21'" },
		{ { "wait", "--signal", "nowhere" }, 2, "there is no link" },
		{ { "play", "--latency=11s", LINK }, 2, "at most" },
		{ { "play", "--direction=both", LINK }, 2, "one direction" },
		{ { "play", "--jack", "--server=none", LINK },
		  1,
		  "no JACK server none" },
		{ { "play", "--pipewire", "--server=none", LINK },
		  1,
		  "no PipeWire daemon none" },
	};

	CU_ASSERT_FATAL(up);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const char *const *argv = refusals[i].argv;
		char text[2048];
		int status = tap_run(text, sizeof(text), RUN_MS, argv[0],
				     argv[1], argv[2], argv[3], NULL);

		CU_ASSERT_EQUAL(status, refusals[i].status);
		CU_ASSERT_EQUAL(count_lines(text), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, refusals[i].says));
		if (status != refusals[i].status || count_lines(text) != 1 ||
		    !strstr(text, refusals[i].says))
			fprintf(stderr, "%s %s: status %d, says: %s", argv[0],
				argv[1], status, text);
	}
}

static void test_ends_cleanly(void)
{
	int status;

	impulse_close(&impulse);
	helper_stop(&patch);
	status = proc_stop(&bridge.pipewire_side, 3000);
	CU_ASSERT_EQUAL(status, 0);
	if (status != 0) {
		fprintf(stderr, "leat-pipewire: status %d\n", status);
		bridge_show(&bridge);
	}
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "listen", "comes up", test_comes_up },
	{ "listen", "refused", test_refusals },
	{ "listen", "wait", test_wait },
	{ "listen", "pipe", test_pipe },
	{ "listen", "meter", test_meter },
	{ "listen", "meter on a terminal", test_meter_on_terminal },
	{ "listen", "play in JACK", test_play_in_jack },
	{ "listen", "play in PipeWire", test_play_in_pipewire },
	{ "listen", "play in JACK, every bit", test_copy_in_jack },
	{ "listen", "play in PipeWire, every bit", test_copy_in_pipewire },
	{ "listen", "wait for an xrun", test_wait_for_xrun },
	{ "listen", "ends cleanly", test_ends_cleanly },
};

BRIDGE_MAIN(bridge, PERIOD, tests)
