/* SPDX-License-Identifier: MIT */
/*
 * `leat top` on a terminal of tmux's: what it shows of real links, its keys,
 * other sizes, and how it leaves.
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
#define SCREEN_MS 10000
#define TMUX "tmux -u -L top -f /dev/null "

static struct bridge bridge;
static struct circle circle;
static char answer[65536];

/* Run a command of the shell, in which $TOP is `leat top`. */
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

static bool screen_has(void *arg)
{
	return shell(TMUX "capture-pane -p -t 0") == 0 && strstr(answer, arg);
}

static bool screen_lacks(void *arg)
{
	return shell(TMUX "capture-pane -p -t 0") == 0 && !strstr(answer, arg);
}

static void expect_with(bool (*condition)(void *arg), const char *text)
{
	char copy[128];
	bool right;

	snprintf(copy, sizeof(copy), "%s", text);
	right = wait_for(condition, copy, SCREEN_MS);
	CU_ASSERT_TRUE(right);
	if (!right)
		fprintf(stderr, "%s '%s' on the screen:\n%s",
			condition == screen_has ? "no" : "still", text, answer);
}

static void expect(const char *text)
{
	expect_with(screen_has, text);
}

static void expect_gone(const char *text)
{
	expect_with(screen_lacks, text);
}

static void press(const char *keys)
{
	CU_ASSERT_EQUAL(shell(TMUX "send-keys -t 0 %s", keys), 0);
}

static void start(const char *arguments)
{
	CU_ASSERT_EQUAL_FATAL(
		shell(TMUX "new-session -d -x 80 -y 24 \"$TOP %s; echo left "
			   "with \\$?; cat\"",
		      arguments),
		0);
}

static bool tmux_is_gone(void *arg)
{
	(void)arg;
	return shell(TMUX "ls") != 0;
}

static void stop(void)
{
	CU_ASSERT_EQUAL(shell(TMUX "kill-server"), 0);
	CU_ASSERT(wait_for(tmux_is_gone, NULL, SCREEN_MS));
}

/* U+2580 to U+259F: the blocks, in the row of what went wrong of late. */
static bool history_has_blocks(void *arg)
{
	char *row, *end;

	(void)arg;
	if (shell(TMUX "capture-pane -p -t 0") != 0)
		return false;
	row = strstr(answer, "  last ");
	end = row ? strchr(row, '\n') : NULL;
	if (end)
		*end = 0;
	return row && strstr(row, "\xe2\x96");
}

static bool history_is_empty(void *arg)
{
	return screen_has(arg) && !history_has_blocks(arg);
}

/* ---- the screen ---- */

static void test_start(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	start("--interval 0.2");
	expect("leat top  1 link  by name  every 0.2 s");
	expect("test: running, follow");
	expect("JACK jack-test  48000 Hz  P 256");
	expect("PipeWire pipewire-0  48000 Hz  Q 256");
	expect("latency 256 (5.33 ms)");
	expect("skipped ");
	expect("load %      JACK ");
	expect("taps 0");
	expect("q leave  s sort  r reset");
	/* All of one link, and the frame around it, in 80 columns. */
	expect("slips 0/0");
}

static bool frames_are_lost(void *arg)
{
	struct leat_link_status status;

	(void)arg;
	return bridge_status(&status) &&
	       status.direction[LEAT_TO_JACK].underruns > 20;
}

/* PipeWire's side stands still: JACK finds nothing to play. */
static void test_wrong(void)
{
	CU_ASSERT_EQUAL(proc_signal(&bridge.pipewire_side, SIGSTOP), 0);
	CU_ASSERT(wait_for(frames_are_lost, NULL, SCREEN_MS));
	CU_ASSERT_EQUAL(proc_signal(&bridge.pipewire_side, SIGCONT), 0);
	expect_gone("  under 0/0  ");
	CU_ASSERT(wait_for(history_has_blocks, NULL, SCREEN_MS));
	/* PipeWire's side was late by that. */
	expect_gone("/0  taps 0");
}

static void test_reset(void)
{
	char last[] = "  last 10 s";

	CU_ASSERT(bridge_wait_state("running", SCREEN_MS));
	sleep_ms(500);
	press("r");
	expect("  under 0/0  ");
	CU_ASSERT(wait_for(history_is_empty, last, SCREEN_MS));
	/* The load as well, and nothing is added while nobody looks. */
	press("p");
	expect("PAUSED");
	press("r");
	expect("load %      JACK -  PipeWire -  late 0/0  taps 0");
	press("p");
	expect_gone("PAUSED");
	expect_gone("JACK -  PipeWire -");
}

static void test_keys(void)
{
	press("s");
	expect("by xruns");
	press("s");
	expect("by latency");
	press("s");
	expect("by state");
	press("s");
	expect("by name");
	press("h");
	expect("count xruns, frames and load from 0 again");
	expect_gone("test: running");
	press("h");
	expect("test: running");
	press("x Escape Left");
	expect("test: running");
}

static void test_pause(void)
{
	static char before[sizeof(answer)];

	press("p");
	expect("PAUSED");
	CU_ASSERT_EQUAL(shell(TMUX "capture-pane -p -t 0"), 0);
	memcpy(before, answer, sizeof(before));
	CU_ASSERT_EQUAL(proc_signal(&bridge.pipewire_side, SIGSTOP), 0);
	sleep_ms(1000);
	CU_ASSERT_EQUAL(proc_signal(&bridge.pipewire_side, SIGCONT), 0);
	CU_ASSERT_EQUAL(shell(TMUX "capture-pane -p -t 0"), 0);
	CU_ASSERT_STRING_EQUAL(answer, before);
	press("Space");
	expect_gone("PAUSED");
	expect_gone("  under 0/0  ");
}

/* ---- sizes ---- */

static void resize(unsigned n_columns, unsigned n_rows)
{
	CU_ASSERT_EQUAL(
		shell(TMUX "resize-window -x %u -y %u", n_columns, n_rows), 0);
}

static void test_resize(void)
{
	resize(40, 9);
	expect_gone("last ");
	expect("test: running");
	press("Down Down Down");
	expect_gone("test: running");
	press("Home");
	expect("test: running");
	resize(1, 1);
	sleep_ms(500);
	resize(200, 50);
	expect("last ");
	expect("test: running");
	resize(80, 24);
	expect("last ");
}

/* ---- others ---- */

static void test_frozen(void)
{
	CU_ASSERT_EQUAL(proc_signal(&bridge.jack_side, SIGSTOP), 0);
	expect("test: unknown");
	press("s");
	expect("by xruns");
	CU_ASSERT_EQUAL(proc_signal(&bridge.jack_side, SIGCONT), 0);
	expect("test: running");
}

static void test_leaves(void)
{
	press("q");
	expect("left with 0");
	expect_gone("leat top");
	stop();
	start("--interval 0.2");
	expect("test: running");
	press("C-c");
	expect("left with 0");
	stop();
}

static void test_no_terminal(void)
{
	CU_ASSERT_EQUAL(shell("$TOP --once"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "test: running, follow"));
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "latency 256 (5.33 ms)"));
	CU_ASSERT_PTR_NULL(strchr(answer, '\033'));
	CU_ASSERT_EQUAL(shell("$TOP | cat"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "test: running, follow"));
	CU_ASSERT_EQUAL(shell("LC_ALL=C $TOP --once | LC_ALL=C grep -c "
			      "'[^ -~]'"),
			1);
	CU_ASSERT_EQUAL(shell("$TOP --once >/dev/full"), 1);
	CU_ASSERT_EQUAL(shell("$TOP --interval 0"), 2);
	CU_ASSERT_EQUAL(shell("$TOP --once ../x"), 2);
	/* A terminal that nobody knows is not fought with. */
	CU_ASSERT_EQUAL(shell("TERM=nonsense script -qec \"$TOP; echo left "
			      "with \\$?\" /dev/null </dev/null"),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "left with 1"));
}

static void test_gone(void)
{
	start("--interval 0.2");
	expect("test: running");
	circle_stop(&circle);
	proc_stop(&bridge.pipewire_side, 5000);
	proc_stop(&bridge.jack_side, 5000);
	expect("There are no links");
	stop();
}

static void test_nothing_is_left(void)
{
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "leat top", "a link that runs", test_start },
	{ "leat top", "something goes wrong", test_wrong },
	{ "leat top", "reset", test_reset },
	{ "leat top", "keys", test_keys },
	{ "leat top", "pause", test_pause },
	{ "leat top", "sizes", test_resize },
	{ "leat top", "a link that is frozen", test_frozen },
	{ "leat top", "leaves", test_leaves },
	{ "leat top", "without a terminal", test_no_terminal },
	{ "leat top", "a link that is gone", test_gone },
	{ "leat top", "nothing is left", test_nothing_is_left },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, 256);
	char top[600];

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	snprintf(top, sizeof(top), "%s top", bridge_program("leat"));
	setenv("TOP", top, 1);
	setenv("TMUX_TMPDIR", bridge.sandbox.dir, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("TMUX");
	if (shell("command -v tmux && command -v script") != 0) {
		printf("skipped: tmux is not installed\n");
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
