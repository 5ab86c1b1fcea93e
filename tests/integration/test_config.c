/* SPDX-License-Identifier: MIT */
/*
 * leat.conf with several links, and SIGHUP: the counting signal goes through
 * one link while others are changed, added and ended around it.
 */
#include "bridge_main.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PERIOD 256
#define UP_MS 30000

static struct bridge bridge;
static struct circle circle;
static struct proc up;
static char said[65536]; /* by leat up, so far */

/* ---- leat up ---- */

static void write_config(const char *text)
{
	CU_ASSERT_EQUAL_FATAL(
		sandbox_write(&bridge.sandbox, ".config/leat/leat.conf", text),
		0);
}

static void make_folders(void)
{
	char path[128];

	mkdir(sandbox_path(&bridge.sandbox, ".config", path, sizeof(path)),
	      0700);
	mkdir(sandbox_path(&bridge.sandbox, ".config/leat", path, sizeof(path)),
	      0700);
}

static void start_up(void)
{
	const char *argv[] = { bridge_program("leat"), "up", NULL };
	char path[128];
	const struct proc_options options = {
		.log = sandbox_path(&bridge.sandbox, "up.log", path,
				    sizeof(path)),
		.merged = true,
	};

	CU_ASSERT_EQUAL_FATAL(proc_start(&up, argv, &options), 0);
}

static bool has_said(void *text)
{
	char path[128];
	size_t n = 0;
	FILE *file = fopen(
		sandbox_path(&bridge.sandbox, "up.log", path, sizeof(path)),
		"r");

	if (file) {
		n = fread(said, 1, sizeof(said) - 1, file);
		fclose(file);
	}
	said[n] = 0;
	return strstr(said, text) || !proc_is_running(&up);
}

static bool is_said(const char *text)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", text);
	return wait_for(has_said, copy, UP_MS) && strstr(said, text);
}

/* ---- links ---- */

struct wanted {
	const char *link;
	uint32_t n_channels; /* each way; 0: it is to be gone */
	uint64_t not_pid;    /* of leat-jack; 0: any */
};

static bool is_as_wanted(void *arg)
{
	const struct wanted *wanted = arg;
	struct leat_link_status status;
	bool there = leat_status_query(wanted->link, &status) == 0;

	if (wanted->n_channels == 0)
		return !there;
	return there && status.pipewire.present &&
	       status.jack.pid != wanted->not_pid &&
	       status.direction[LEAT_TO_JACK].n_channels ==
		       wanted->n_channels &&
	       strcmp(leat_link_status_state(&status), "waiting") != 0;
}

static bool becomes(const char *link, uint32_t n_channels, uint64_t not_pid)
{
	struct wanted wanted = { link, n_channels, not_pid };

	return wait_for(is_as_wanted, &wanted, UP_MS);
}

static uint64_t pid_of(const char *link)
{
	struct leat_link_status status;

	return leat_status_query(link, &status) == 0 ? status.jack.pid : 0;
}

static void reload(const char *text)
{
	write_config(text);
	CU_ASSERT_EQUAL_FATAL(proc_signal(&up, SIGHUP), 0);
}

/* ---- the tests ---- */

static void test_several(void)
{
	make_folders();
	/* nohup(1) has us ignore it, and children with us. */
	signal(SIGHUP, SIG_DFL);
	CU_ASSERT_FATAL(bridge_start_servers(&bridge));
	write_config("no-private = true\n"
		     "links = { test = { } other = { channels = 1 }\n"
		     "third = { channels = 3 } }\n");
	start_up();
	CU_ASSERT(becomes("test", 2, 0));
	CU_ASSERT(becomes("other", 1, 0));
	CU_ASSERT(becomes("third", 3, 0));
	CU_ASSERT_FATAL(bridge_wait_state("idle", UP_MS));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	CU_ASSERT(circle_wait_exact(&circle, 24000, UP_MS));
}

static struct leat_link_status before;
static uint64_t other_pid, third_pid;

/* Nothing but exact frames since the last look, from the same processes. */
static void check_untouched(void)
{
	struct leat_link_status status;
	char reply[HELPER_REPLY];
	int64_t wanted = (1 + CIRCLE_JACK_PERIODS) * PERIOD;

	CU_ASSERT_EQUAL_FATAL(helper_ask(&circle.jack, reply, "report"), 0);
	CU_ASSERT(helper_value(reply, "frames") > 0);
	CU_ASSERT_EQUAL(helper_value(reply, "exact"),
			helper_value(reply, "frames"));
	CU_ASSERT_EQUAL(helper_value(reply, "latency_min"), wanted);
	CU_ASSERT_EQUAL(helper_value(reply, "latency_max"), wanted);
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.jack.pid, before.jack.pid);
	CU_ASSERT_EQUAL(status.pipewire.pid, before.pipewire.pid);
}

static void look_before(void)
{
	CU_ASSERT_FATAL(bridge_status(&before));
	other_pid = pid_of("other");
	third_pid = pid_of("third");
	CU_ASSERT_EQUAL_FATAL(helper_tell(&circle.jack, "reset"), 0);
}

/* One is written otherwise, one changed, one ended, one added. */
static void test_reload(void)
{
	look_before();
	reload("# moved about\nno-private = true\nlinks = {\n"
	       "    other = { channels = 2 }\n    new = { map = [ MONO ] }\n"
	       "    test = {\n    }\n}\n");
	CU_ASSERT(becomes("other", 2, other_pid));
	CU_ASSERT(becomes("new", 1, 0));
	CU_ASSERT(becomes("third", 0, 0));
	check_untouched();
}

/* What is wrong is said, with its place, and nothing is done. */
static void test_broken(void)
{
	look_before();
	reload("links = { test = { chanels = 2 } }");
	CU_ASSERT(is_said("leat.conf:1:20: there is no 'chanels': did you "
			  "mean 'channels'?"));
	CU_ASSERT(is_said("what was in force before stays in force"));
	CU_ASSERT_EQUAL(pid_of("other"), other_pid);
	CU_ASSERT(becomes("new", 1, 0));
	check_untouched();
}

/* One that cannot be is told of; when it can be, it is. */
static void test_one_fails(void)
{
	look_before();
	reload("no-private = true\nlinks = { test = { } bad = { server = "
	       "\"nowhere\" } other = { channels = 2 } }");
	CU_ASSERT(is_said("no JACK server 'nowhere' is running"));
	CU_ASSERT(becomes("new", 0, 0));
	CU_ASSERT_EQUAL(pid_of("other"), other_pid);
	check_untouched();
	reload("no-private = true\nlinks = { test = { } bad = { } other = { "
	       "channels = 2 } }");
	CU_ASSERT(becomes("bad", 2, 0));
	CU_ASSERT_EQUAL(pid_of("other"), other_pid);
	check_untouched();
}

/* The one with the signal is changed at last, and starts anew. */
static void test_changed(void)
{
	look_before();
	reload("no-private = true\nlinks = { test = { channels = 3 } }");
	CU_ASSERT(becomes("test", 3, before.jack.pid));
	CU_ASSERT(becomes("other", 0, 0));
	CU_ASSERT(becomes("bad", 0, 0));
}

static void test_ends(void)
{
	CU_ASSERT_EQUAL_FATAL(proc_signal(&up, SIGTERM), 0);
	CU_ASSERT_FATAL(proc_wait(&up, UP_MS));
	CU_ASSERT_EQUAL(proc_exit_status(&up), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
}

/* Names of the command line: as the file has them, options over it. */
static void test_named(void)
{
	char text[16384], command[2048], path[512];
	const char *argv[] = { "sh", "-c", command, NULL };

	snprintf(path, sizeof(path), "%s", bridge_program("leat"));
	write_config("no-private = true quiet = true\nlinks = { one = { "
		     "channels = 5 history = 1 } two = { } }");
	snprintf(
		command, sizeof(command),
		"%s up --quiet=false --to-jack 4 --duration 1 --interval 0.3 "
		"one fresh & sleep 0.1; until %s status --json one 2>/dev/null "
		"| grep -q '\"channels\":4'; do kill -0 $! || break; done; %s "
		"status --json; wait $!",
		path, path, path);
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), UP_MS), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"channels\":5"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"channels\":4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "link 'one' bridges"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "link 'fresh' bridges"));
	CU_ASSERT_PTR_NULL(strstr(text, "'two'"));
	if (CU_get_number_of_failures() > 0)
		fprintf(stderr, "%s", text);
}

/* A mistake at the start is a usage error; --no-config reads none. */
static void test_mistake(void)
{
	char text[16384], path[512];
	const char *broken[] = { path, "up", NULL };
	const char *without[] = { path,	 "up", "--no-config", "--duration",
				  "0.2", "-q", NULL };

	snprintf(path, sizeof(path), "%s", bridge_program("leat"));
	write_config("mode = fast");
	CU_ASSERT_EQUAL(proc_run(broken, NULL, text, sizeof(text), UP_MS), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "leat.conf:1:8: mode 'fast'"));
	CU_ASSERT_EQUAL(proc_run(without, NULL, text, sizeof(text), UP_MS), 0);
}

static void test_nothing_is_left(void)
{
	if (CU_get_number_of_failures() > 0) {
		sandbox_show(&bridge.sandbox, "up.log");
		bridge_show(&bridge);
	}
	circle_stop(&circle);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "leat.conf", "several links", test_several },
	{ "SIGHUP", "changes what has changed", test_reload },
	{ "SIGHUP", "a broken file", test_broken },
	{ "SIGHUP", "one that fails, and is cured", test_one_fails },
	{ "SIGHUP", "the link in use", test_changed },
	{ "leat.conf", "ends", test_ends },
	{ "leat.conf", "names and options", test_named },
	{ "leat.conf", "a mistake at the start", test_mistake },
	{ "leat.conf", "nothing is left", test_nothing_is_left },
};

BRIDGE_MAIN(bridge, PERIOD, tests)
