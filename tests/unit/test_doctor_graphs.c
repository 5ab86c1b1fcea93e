/* SPDX-License-Identifier: MIT */
/* What the doctor says of the servers and of what is linked in them. */
#include "healthy.h"
#include "runner.h"

#include "tools/doctor/checks.h"
#include "tools/doctor/grants.h"
#include "tools/doctor/graphs.h"
#include "tools/doctor/loops.h"
#include "tools/doctor/machine.h"
#include "tools/doctor/rights.h"
#include "tools/doctor/servers.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- jackd's words ---- */

static void expect_words(const char *line, bool synchronous, bool realtime,
			 const char *name)
{
	struct leat_jackd_words words;
	char text[256], *args[32];
	int n = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		args[n++] = word;
	args[n] = NULL;
	leat_jackd_words(&words, args, n);
	CU_ASSERT_EQUAL(words.synchronous, synchronous);
	CU_ASSERT_EQUAL(words.realtime, realtime);
	CU_ASSERT_STRING_EQUAL(words.name, name);
}

static void test_words(void)
{
	expect_words("jackd -d alsa -S", false, true, "");
	expect_words("jackd -S -d alsa", true, true, "");
	expect_words("jackd -RSn one -d dummy", true, true, "one");
	expect_words("jackd --sync --name=two -d dummy -n 3", true, true,
		     "two");
	expect_words("jackd -P 80 -p 128 --no-realtime -d dummy -R", false,
		     false, "");
	expect_words("jackd -r -R --port-max 64 -ddummy", false, true, "");
	expect_words("jackd -n S -c s -d alsa -d hw:0", false, true, "S");
	expect_words("jackd", false, true, "");
}

static void test_started_without_realtime(void)
{
	struct leat_report report = { 0 };
	struct leat_server server = { .pid = 5,
				      .program = "jackd",
				      .threads_known = true,
				      .words_known = true };
	struct leat_finding *finding =
		leat_finding_add(&report, "jack", "twenty characters long");

	leat_judge_jack_rt(finding, &server);
	expect_finding(finding, FAIL, "started with -r", "without -r");
	server.threads_known = false;
	memset(finding->what, 0, sizeof(finding->what));
	memset(finding->cure, 0, sizeof(finding->cure));
	finding->verdict = UNKNOWN;
	leat_judge_jack_rt(finding, &server);
	expect_finding(finding, UNKNOWN, "", NULL);
	server.words_known = false;
	strcpy(server.program, "jackdbus");
	leat_judge_jack_sync(finding, &server);
	expect_finding(finding, UNKNOWN, "jackdbus (5)", NULL);
}

/* The server's name is its option's, else its environment's. */
static void test_which_jackd(void)
{
	const struct file unnamed = { "/proc/100/cmdline", "jackd|-d|x|" };
	const struct file elsewhere = { "/proc/100/environ",
					"XDG_RUNTIME_DIR=/else|" };
	struct leat_server server;

	leat_server_find_jack(&server, fake_root(), "default");
	CU_ASSERT_EQUAL(server.pid, 100);
	leat_server_find_jack(&server, fake_root(), "other");
	CU_ASSERT_EQUAL(server.pid, 0);
	put(&unnamed);
	leat_server_find_jack(&server, fake_root(), "other");
	CU_ASSERT_EQUAL(server.pid, 100);
	leat_server_find_jack(&server, fake_root(), "default");
	CU_ASSERT_EQUAL(server.pid, 0);
	restore(&unnamed);
	setenv("XDG_RUNTIME_DIR", "/here", 1);
	leat_server_find_jack(&server, fake_root(), "default");
	CU_ASSERT_EQUAL(server.pid, 100);
	put(&elsewhere);
	leat_server_find_jack(&server, fake_root(), "default");
	CU_ASSERT_EQUAL(server.pid, 0);
	setenv("XDG_RUNTIME_DIR", "/else", 1);
	leat_server_find_jack(&server, fake_root(), "default");
	CU_ASSERT_EQUAL(server.pid, 100);
	unsetenv("XDG_RUNTIME_DIR");
	restore(&elsewhere);
}

/* ---- the graphs ---- */

static void expect_libjack(const struct leat_libjack *libjack,
			   enum leat_verdict verdict, const char *what,
			   const char *cure)
{
	struct leat_report report = { 0 };
	struct leat_finding *finding =
		leat_finding_add(&report, "libjack", "twenty characters long");

	leat_judge_libjack(finding, libjack);
	expect_finding(finding, verdict, what, cure);
}

static void test_libjack(void)
{
	struct leat_libjack libjack = { 0 };

	expect_libjack(&libjack, UNKNOWN, "without JACK", NULL);
	libjack.looked = true;
	expect_libjack(&libjack, FAIL, "no libjack", "libjack-jackd2-0");
	libjack.found = true;
	strcpy(libjack.path, "/lib/libjack.so.0");
	expect_libjack(&libjack, OK, "/lib/libjack.so.0", NULL);
	strcpy(libjack.version, "1.9.21");
	expect_libjack(&libjack, OK, "version 1.9.21", NULL);
	strcpy(libjack.version, "3.0.0.0 (using PipeWire 0.3.65)");
	expect_libjack(&libjack, FAIL, "itself", "env -u LD_LIBRARY_PATH");
	strcpy(libjack.configured, "/etc/ld.so.conf.d/pipewire-jack.conf");
	expect_libjack(&libjack, FAIL, "itself",
		       "sudo rm '/etc/ld.so.conf.d/pipewire-jack.conf'");
}

static const struct leat_jack_view usual_jack = { true, false, "default", 48000,
						  256 };

static struct leat_pw_view usual_pipewire(void)
{
	struct leat_pw_view view = { .looked = true, .running = true };

	strcpy(view.version, "0.3.65");
	strcpy(view.library, "0.3.65");
	leat_pw_view_set(&view, "default.clock.rate", "48000");
	leat_pw_view_set(&view, "default.clock.min-quantum", "32");
	leat_pw_view_set(&view, "clock.max-quantum", "2048");
	leat_pw_view_set(&view, "clock.allowed-rates", "[ 48000, 44100 ]");
	return view;
}

typedef void judge_fn(struct leat_finding *finding,
		      const struct leat_pw_view *pipewire,
		      const struct leat_jack_view *jack);

static void judge_version(struct leat_finding *finding,
			  const struct leat_pw_view *pipewire,
			  const struct leat_jack_view *jack)
{
	(void)jack;
	leat_judge_pw_version(finding, pipewire);
}

static void expect_graphs(judge_fn *judge, const struct leat_pw_view *pipewire,
			  const struct leat_jack_view *jack,
			  enum leat_verdict verdict, const char *what,
			  const char *cure)
{
	struct leat_report report = { 0 };
	struct leat_finding *finding =
		leat_finding_add(&report, "graphs", "twenty characters long");

	judge(finding, pipewire, jack);
	expect_finding(finding, verdict, what, cure);
}

static void test_version(void)
{
	struct leat_pw_view view = usual_pipewire();

	expect_graphs(judge_version, &view, NULL, OK, "0.3.65", NULL);
	strcpy(view.library, "0.3.64");
	expect_graphs(judge_version, &view, NULL, FAIL, "needs 0.3.65",
		      "apt install pipewire");
	strcpy(view.library, "1.4.2");
	expect_graphs(judge_version, &view, NULL, WARN, "not started again",
		      "systemctl --user restart pipewire");
	strcpy(view.version, "1.4.2");
	expect_graphs(judge_version, &view, NULL, OK, "1.4.2", NULL);
	strcpy(view.version, "devel");
	expect_graphs(judge_version, &view, NULL, UNKNOWN, "", NULL);
	view = (struct leat_pw_view){ .looked = false };
	expect_graphs(judge_version, &view, NULL, UNKNOWN, "without PipeWire",
		      NULL);
}

static void test_quantum(void)
{
	const struct leat_jack_view none = { .running = false };
	struct leat_pw_view view = usual_pipewire();

	expect_graphs(leat_judge_quantum, &view, &usual_jack, OK,
		      "from 32 to 2048 frames; JACK's period is 256", NULL);
	expect_graphs(leat_judge_quantum, &view, &none, OK, "a period is 256",
		      NULL);
	view.min_quantum = 512;
	expect_graphs(leat_judge_quantum, &view, &usual_jack, WARN,
		      "less than 512", "clock.min-quantum 256");
	view.min_quantum = 16;
	view.max_quantum = 128;
	expect_graphs(leat_judge_quantum, &view, &usual_jack, WARN,
		      "more than 128", "clock.max-quantum 256");
	view.max_quantum = 8192;
	view.force_quantum = 1024;
	expect_graphs(leat_judge_quantum, &view, &usual_jack, WARN,
		      "forced to 1024", "clock.force-quantum 0");
	view.force_quantum = 256;
	expect_graphs(leat_judge_quantum, &view, &usual_jack, OK, "", NULL);
	view.running = false;
	expect_graphs(leat_judge_quantum, &view, &usual_jack, UNKNOWN,
		      "no PipeWire daemon", NULL);
}

static void test_rate(void)
{
	const struct leat_jack_view none = { .running = false };
	struct leat_jack_view jack = usual_jack;
	struct leat_pw_view view = usual_pipewire();

	expect_graphs(leat_judge_rate, &view, &jack, OK, "48000", NULL);
	expect_graphs(leat_judge_rate, &view, &none, UNKNOWN, "no JACK", NULL);
	jack.rate_hz = 44100;
	expect_graphs(leat_judge_rate, &view, &jack, OK, "44100", NULL);
	leat_pw_view_set(&view, "clock.allowed-rates", "[ 48000 ]");
	expect_graphs(leat_judge_rate, &view, &jack, WARN, "may not",
		      "clock.allowed-rates '[ 48000 44100 ]'");
	leat_pw_view_set(&view, "clock.force-rate", "44100");
	expect_graphs(leat_judge_rate, &view, &jack, OK, "44100", NULL);
	leat_pw_view_set(&view, "clock.force-rate", "96000");
	expect_graphs(leat_judge_rate, &view, &jack, WARN, "forced to 96000",
		      "clock.force-rate 0");
}

/* ---- loops ---- */

static struct leat_routes routes;

static void expect_loops(enum leat_verdict verdict, const char *what,
			 const char *cure)
{
	struct leat_report report = { 0 };
	struct leat_finding *finding =
		leat_finding_add(&report, "loops", "twenty characters long");

	leat_judge_loops(finding, &routes);
	expect_finding(finding, verdict, what, cure);
	/* One step is cut, and no more. */
	CU_ASSERT_STRING_EQUAL(finding->cure, cure ? cure : "");
}

static void begin_routes(void)
{
	memset(&routes, 0, sizeof(routes));
	routes.jack_known = routes.pipewire_known = true;
}

static void test_loop_of_ours(void)
{
	begin_routes();
	expect_loops(OK, "no sound", NULL);
	leat_routes_jack(&routes, "leat-a:from_pipewire_FL",
			 "leat-a:to_pipewire_FL");
	expect_loops(OK, "no sound", NULL);
	leat_routes_pipewire(&routes, "leat.a.source", "leat.a.sink", 77);
	leat_routes_pipewire(&routes, "leat.a.source", "leat.a.sink", 78);
	expect_loops(FAIL,
		     "goes round: leat.a.sink > leat-a:from_pipewire > "
		     "leat-a:to_pipewire > leat.a.source > leat.a.sink",
		     "pw-link --disconnect 77\npw-link --disconnect 78\n");
}

/* Two links, each of which goes one way only. */
static void test_loop_of_two_links(void)
{
	begin_routes();
	leat_routes_jack(&routes, "leat-a:from_pipewire_FL",
			 "leat-b:to_pipewire_FL");
	leat_routes_pipewire(&routes, "leat.b.source", "leat.c.sink", 5);
	expect_loops(OK, "no sound", NULL);
	leat_routes_jack(&routes, "leat-c:from_pipewire_FL",
			 "leat-d:to_pipewire_FL");
	leat_routes_pipewire(&routes, "leat.d.source", "leat.a.sink", 6);
	expect_loops(FAIL, "leat-c:from_pipewire > leat-d:to_pipewire",
		     "pw-link --disconnect 6\n");
}

/* What others do with what they get is not known. */
static void test_loop_through_others(void)
{
	begin_routes();
	leat_routes_jack(&routes, "leat-a:from_pipewire_FL", "fx:in");
	leat_routes_jack(&routes, "fx:out", "leat-a:to_pipewire_FL");
	leat_routes_pipewire(&routes, "leat.a.source", "speakers", 5);
	leat_routes_pipewire(&routes, "leat.b.source", "leat.a.sink", 6);
	expect_loops(OK, "no sound", NULL);
	leat_routes_pipewire(&routes, "speakers", "leat.a.sink", 7);
	expect_loops(WARN,
		     "fx (JACK) > leat-a:to_pipewire > leat.a.source > "
		     "speakers > leat.a.sink",
		     "pw-link --disconnect 7\n");
}

static void test_loops_unknown(void)
{
	char name[64];

	begin_routes();
	routes.jack_known = false;
	expect_loops(UNKNOWN, "not both", NULL);
	begin_routes();
	for (unsigned i = 0; i <= LEAT_ROUTES_VERTICES_MAX; i++) {
		snprintf(name, sizeof(name), "node %u", i);
		leat_routes_pipewire(&routes, name, "x", i);
	}
	expect_loops(UNKNOWN, "too many", NULL);
	CU_ASSERT_EQUAL(routes.n_vertices, LEAT_ROUTES_VERTICES_MAX);
	begin_routes();
	for (unsigned i = 0; i <= LEAT_ROUTES_EDGES_MAX; i++)
		leat_routes_pipewire(&routes, "a", "b", i);
	expect_loops(UNKNOWN, "too many", NULL);
}

static const struct unit_test tests[] = {
	{ "servers", "jackd's words", test_words },
	{ "servers", "which jackd", test_which_jackd },
	{ "servers", "without realtime", test_started_without_realtime },
	{ "graphs", "libjack", test_libjack },
	{ "graphs", "PipeWire's version", test_version },
	{ "graphs", "quantum", test_quantum },
	{ "graphs", "rate", test_rate },
	{ "loops", "of our own", test_loop_of_ours },
	{ "loops", "of two links", test_loop_of_two_links },
	{ "loops", "through others", test_loop_through_others },
	{ "loops", "not known", test_loops_unknown },
};

int main(int argc, char **argv)
{
	return healthy_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
