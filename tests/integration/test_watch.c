/* SPDX-License-Identifier: MIT */
/*
 * `leat status` again and again, on a terminal and elsewhere, and as metrics
 * that others fetch, while the bridge carries sound.
 */
#include "bridge.h"

#include "unit/exposition.h"
#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_MS 30000

static struct bridge bridge;
static struct circle circle;
static struct proc server;
static char answer[65536];
static struct exposition metrics;

/* Run a command of the shell, in which $STATUS is `leat status`. */
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

/* It must succeed, with this in what it says; NULL: whatever it says. */
static void expect(int status, const char *text)
{
	bool right = status == 0 && (!text || strstr(answer, text));

	CU_ASSERT_TRUE(right);
	if (!right)
		fprintf(stderr, "status %d, without '%s': %s\n", status,
			text ? text : "", answer);
}

static void test_start(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
}

/* ---- lines ---- */

static void test_lines(void)
{
	expect(shell("timeout 2 $STATUS --watch=0.25 >\"$HOME/lines\"; head -n "
		     "1 \"$HOME/lines\""),
	       "# time ");
	/* A time, the link, its state and the direction, with figures. */
	expect(shell("tail -n +2 \"$HOME/lines\" | grep -cE '^20[0-9]{2}-"
		     "[0-9-]+T[0-9:]+Z +test +running +(to_pipewire|to_jack) "
		     "+follow +256 +256 +[0-9]+ +[0-9]+ +[0-9]+ +'"),
	       NULL);
	CU_ASSERT(atoi(answer) >= 8 && atoi(answer) <= 18);
	expect(shell("tail -n +2 \"$HOME/lines\" | grep -vcE ' test +running ' "
		     "|| :"),
	       "0");
	/* What is carried grows from one to the next. */
	expect(shell("awk '/to_jack/ { if ($10 <= was) exit 1; was = $10 }' "
		     "\"$HOME/lines\""),
	       "");
}

static void test_json_lines(void)
{
	expect(shell("timeout 1.5 $STATUS --json --watch=0.2 "
		     ">\"$HOME/lines\"; jq -s 'length' \"$HOME/lines\""),
	       NULL);
	CU_ASSERT(atoi(answer) >= 4);
	expect(shell("jq -es 'length == (input_line_number)' "
		     "\"$HOME/lines\""),
	       "true");
	expect(shell("jq -es 'all(.links[0].name == \"test\" and "
		     ".links[0].state == \"running\") and (map(.time) | . == "
		     "sort and first > 1e9)' \"$HOME/lines\""),
	       "true");
}

/* A reader that has seen enough ends it, and is not complained of. */
static void test_reader_leaves(void)
{
	expect(shell("timeout 10 $STATUS --watch=0.1 2>&1 | head -n 3 | wc -l"),
	       "3");
}

static void test_usage(void)
{
	static const char *const wrong[] = {
		"--watch=0",
		"--watch=x",
		"--watch=nan",
		"--watch=99999",
		"--prometheus=x --json",
		"--prometheus -w",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(shell("timeout 5 $STATUS %s", wrong[i]), 2);
	CU_ASSERT_EQUAL(shell("$STATUS --prometheus=\"$HOME\""), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "no socket"));
	CU_ASSERT_EQUAL(shell("$STATUS --prometheus >/dev/full"), 1);
}

/* ---- a terminal ---- */

#define TMUX "tmux -L watch -f /dev/null "

static bool screen_has(void *arg)
{
	return shell(TMUX "capture-pane -p -t 0") == 0 && strstr(answer, arg);
}

static unsigned n_times(const char *text)
{
	unsigned n = 0;

	for (const char *at = answer; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static void expect_screen(const char *text)
{
	char copy[64];
	bool right;

	snprintf(copy, sizeof(copy), "%s", text);
	right = wait_for(screen_has, copy, 10000);
	CU_ASSERT_TRUE(right);
	if (!right)
		fprintf(stderr, "no '%s' on the screen:\n%s", text, answer);
}

/* It is drawn over itself, in whatever room there is. */
static void test_terminal(void)
{
	if (shell("command -v tmux") != 0) {
		printf("skipped: tmux is not installed\n");
		return;
	}
	expect(shell(TMUX "new-session -d -x 80 -y 24 \"$STATUS --watch=0.1\""),
	       NULL);
	expect_screen("poisoned");
	sleep_ms(500);
	expect_screen("test: running");
	CU_ASSERT_EQUAL(n_times("test: running"), 1);
	CU_ASSERT_EQUAL(n_times("poisoned"), 1);
	expect(shell(TMUX "resize-window -x 60 -y 8"), NULL);
	sleep_ms(500);
	expect_screen("test: running");
	CU_ASSERT_EQUAL(n_times("poisoned"), 0);
	expect(shell(TMUX "resize-window -x 100 -y 40"), NULL);
	sleep_ms(500);
	expect_screen("poisoned");
	CU_ASSERT_EQUAL(n_times("test: running"), 1);
	expect(shell(TMUX "kill-server"), NULL);
}

/* ---- metrics ---- */

static void parse_metrics(void)
{
	bool right = exposition_parse(&metrics, answer);

	CU_ASSERT_TRUE(right);
	if (!right)
		fprintf(stderr, "%s in\n%s", metrics.error, answer);
}

static double value(const char *series)
{
	return exposition_value(&metrics, series);
}

static void test_metrics(void)
{
	struct leat_link_status status;

	expect(shell("$STATUS --prometheus"), NULL);
	parse_metrics();
	CU_ASSERT_TRUE(bridge_status(&status));
	CU_ASSERT(value("leat_link_up{link=\"test\"}") == 1);
	CU_ASSERT(value("leat_link_state{link=\"test\",state=\"running\"}") ==
		  1);
	CU_ASSERT(value("leat_side_rate_hertz{link=\"test\",side=\"jack\"}") ==
		  48000);
	CU_ASSERT(value("leat_direction_latency_seconds{link=\"test\","
			"direction=\"to_jack\"}") == 256 / 48000.0 ||
		  value("leat_direction_latency_seconds{link=\"test\","
			"direction=\"to_jack\"}") == 0.00533333333);
	CU_ASSERT(value("leat_direction_frames_total{link=\"test\","
			"direction=\"to_jack\"}") > 0);
	CU_ASSERT(value("leat_direction_frames_total{link=\"test\","
			"direction=\"to_jack\"}") <=
		  (double)status.direction[LEAT_TO_JACK].frames);
	CU_ASSERT(value("leat_jack_server_info{link=\"test\","
			"server=\"jack-test\"}") == 1);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT(value(i ? "leat_side_callback_duration_seconds_count{"
				    "link=\"test\",side=\"jack\"}"
				  : "leat_side_callback_wakeup_seconds_count{"
				    "link=\"test\",side=\"pipewire\"}") > 10);
	}
	CU_ASSERT(value("leat_link_taps{link=\"test\"}") == 0);
	if (shell("command -v promtool") == 0)
		expect(shell("$STATUS --prometheus | promtool check metrics"),
		       NULL);
}

#define FETCH                                                                  \
	"curl -sS --max-time 5 --unix-socket \"$HOME/metrics\" "               \
	"http://leat/metrics"

static bool is_served(void *arg)
{
	(void)arg;
	return shell("%s", FETCH) == 0;
}

static void test_served(void)
{
	char path[128], program[600];
	const char *argv[] = { program, "status", NULL, NULL };
	char option[160];
	const struct proc_options options = {
		.log = sandbox_path(&bridge.sandbox, "serve.log", path,
				    sizeof(path)),
		.merged = true,
	};
	struct stat st;

	if (shell("command -v curl") != 0) {
		printf("skipped: curl is not installed\n");
		return;
	}
	snprintf(program, sizeof(program), "%s", bridge_program("leat"));
	snprintf(option, sizeof(option), "--prometheus=%s/metrics",
		 bridge.sandbox.dir);
	argv[2] = option;
	CU_ASSERT_EQUAL_FATAL(proc_start(&server, argv, &options), 0);
	CU_ASSERT_FATAL(wait_for(is_served, NULL, 10000));
	parse_metrics();
	CU_ASSERT(value("leat_link_up{link=\"test\"}") == 1);
	CU_ASSERT_EQUAL(stat(strchr(option, '/'), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	expect(shell("curl -sSI --unix-socket \"$HOME/metrics\" http://x/"),
	       "Content-Type: text/plain; version=0.0.4");
}

/* A thousand scrapes, and the sound is still exact. */
static void test_many_scrapes(void)
{
	static const char loop[] = FETCH "?[1-250] -f -o /dev/null";
	char path[128];
	const char *argv[] = { "sh", "-c", loop, NULL };
	const struct proc_options options = {
		.log = sandbox_path(&bridge.sandbox, "scrapes.log", path,
				    sizeof(path)),
		.merged = true,
	};
	struct proc scrapers[4] = { 0 };

	if (!proc_is_running(&server))
		return;
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(proc_start(&scrapers[i], argv, &options), 0);
	CU_ASSERT(circle_wait_exact(&circle, 48000, RUN_MS));
	for (int i = 0; i < 4; i++) {
		CU_ASSERT(proc_wait(&scrapers[i], RUN_MS));
		CU_ASSERT_EQUAL(proc_exit_status(&scrapers[i]), 0);
	}
	sandbox_show(&bridge.sandbox, "scrapes.log");
}

/* ---- links that do not answer ---- */

static void test_frozen(void)
{
	long long begin_ms;

	CU_ASSERT_EQUAL_FATAL(proc_signal(&bridge.jack_side, SIGSTOP), 0);
	expect(shell("timeout 5 $STATUS --watch=0.3 | grep -m 1 unknown"),
	       " test         unknown ");
	expect(shell("timeout 5 $STATUS --json --watch=0.3 | head -n 1"),
	       "\"state\":\"unknown\"");
	begin_ms = now_ms();
	if (proc_is_running(&server)) {
		expect(shell("%s", FETCH), NULL);
		parse_metrics();
		CU_ASSERT(value("leat_link_up{link=\"test\"}") == 0);
		CU_ASSERT(now_ms() - begin_ms < 2000);
	}
	CU_ASSERT_EQUAL(shell("$STATUS"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "does not answer"));
	CU_ASSERT_EQUAL(proc_signal(&bridge.jack_side, SIGCONT), 0);
	CU_ASSERT(bridge_wait_state("running", 10000));
}

static void test_gone(void)
{
	circle_stop(&circle);
	proc_stop(&bridge.pipewire_side, 5000);
	proc_stop(&bridge.jack_side, 5000);
	expect(shell("timeout 5 $STATUS --watch=0.1 test | grep -m 1 down"),
	       " test         down ");
	expect(shell("timeout 5 $STATUS --json --watch=0.1 test | head -n 1"),
	       "\"state\":\"down\"");
	expect(shell("timeout 5 $STATUS --json --watch=0.1 | head -n 1"),
	       "{\"links\":[],");
	expect(shell("$STATUS --prometheus"), "leat_links 0\n");
	expect(shell("$STATUS --prometheus test"),
	       "leat_link_up{link=\"test\"} 0\n");
}

static void test_nothing_is_left(void)
{
	char path[128];

	if (server.pid > 0)
		CU_ASSERT_EQUAL(proc_stop(&server, 5000), 0);
	CU_ASSERT(access(sandbox_path(&bridge.sandbox, "metrics", path,
				      sizeof(path)),
			 F_OK) < 0);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "leat status", "servers and sound", test_start },
	{ "leat status", "--watch in lines", test_lines },
	{ "leat status", "--watch --json", test_json_lines },
	{ "leat status", "the reader leaves", test_reader_leaves },
	{ "leat status", "what cannot be", test_usage },
	{ "leat status", "--watch on a terminal", test_terminal },
	{ "leat status", "--prometheus", test_metrics },
	{ "leat status", "--prometheus on a socket", test_served },
	{ "leat status", "many scrapes", test_many_scrapes },
	{ "leat status", "a link that is frozen", test_frozen },
	{ "leat status", "a link that is gone", test_gone },
	{ "leat status", "nothing is left", test_nothing_is_left },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, 256);
	char status[600];

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	snprintf(status, sizeof(status), "%s status", bridge_program("leat"));
	setenv("STATUS", status, 1);
	setenv("TMUX_TMPDIR", bridge.sandbox.dir, 1);
	unsetenv("TMUX");
	if (shell("command -v jq") != 0) {
		printf("skipped: jq is not installed\n");
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
