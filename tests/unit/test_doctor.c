/* SPDX-License-Identifier: MIT */
/*
 * leat-doctor's checks: a tree in which all is well, in which one thing after
 * the other is spoiled, and one finding must change, and no other.
 */
#include "fake_root.h"
#include "runner.h"

#include "tools/doctor/checks.h"
#include "tools/doctor/grants.h"
#include "tools/doctor/graphs.h"
#include "tools/doctor/loops.h"
#include "tools/doctor/machine.h"
#include "tools/doctor/rights.h"
#include "tools/doctor/servers.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the healthy tree ---- */

#define LIMITS(rtprio, memlock)                                                \
	"Limit                     Soft Limit           Hard Limit\n"          \
	"Max locked memory         " memlock "            " memlock            \
	"            bytes\n"                                                  \
	"Max realtime priority     " rtprio "                   " rtprio "\n"

#define STATUS(capabilities)                                                   \
	"Name:\tdoctor\nUid:\t1000\t1000\t1000\t1000\n"                        \
	"CapEff:\t" capabilities "\n"

/* proc(5): fields 40 and 41 are the priority and the policy. */
#define STAT(name, priority, policy)                                           \
	"7 (" name ") S "                                                      \
	"4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 "                     \
	"22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 "                     \
	"38 39 " priority " " policy " 0 0 0 0 0 0\n"

#define GRANT "@audio - rtprio 95\n@audio - memlock unlimited\n"
#define SYSTEM "/sys/devices/system"
#define JACKD "jackd|-S|-n|default|-d|dummy|-r|48000|"

struct file {
	const char *path;
	const char *text; /* NULL: it is not there */
};

static const struct file healthy[] = {
	{ "/proc/self/limits", LIMITS("95", "unlimited") },
	{ "/proc/self/status", STATUS("0000000000000000") },
	{ "/proc/self/cgroup", "3:memory:/a\n2:cpu,cpuacct:/b/c\n0::/d\n" },
	{ "/sys/fs/cgroup/cpu,cpuacct/b/c/cpu.rt_runtime_us", "500000\n" },
	{ "/proc/sys/kernel/sched_rt_runtime_us", "950000\n" },
	{ "/proc/sys/kernel/sched_rt_period_us", "1000000\n" },
	{ "/proc/cmdline", "root=/dev/sda1 threadirqs quiet\n" },
	{ "/proc/swaps", "Filename Type\n/dev/sda2 partition\n" },
	{ "/proc/sys/vm/swappiness", "10\n" },
	{ SYSTEM "/clocksource/clocksource0/current_clocksource", "tsc\n" },
	{ SYSTEM "/clocksource/clocksource0/available_clocksource",
	  "tsc hpet acpi_pm \n" },
	{ SYSTEM "/cpu/cpu0/cpufreq/scaling_governor", "performance\n" },
	{ SYSTEM "/cpu/cpu1/cpufreq/scaling_governor", "performance\n" },
	{ SYSTEM "/cpu/cpufreq/boost", "1\n" },
	{ "/sys/kernel/mm/transparent_hugepage/enabled",
	  "always [madvise] never\n" },
	{ "/usr/share/dbus-1/system-services/"
	  "org.freedesktop.RealtimeKit1.service",
	  "[D-BUS Service]\n" },
	{ "/etc/passwd", "root:x:0:0::/root:/bin/sh\n"
			 "ada:x:1000:1000::/home/ada:/bin/sh\n" },
	{ "/etc/group", "audio:x:29:bob,ada\nvideo:x:44:bob\n" },
	{ "/etc/security/limits.d/audio.conf", GRANT },
	{ "/dev/shm/x", "" },
	{ "/proc/100/comm", "jackd\n" },
	{ "/proc/100/status", STATUS("0000000000000000") },
	{ "/proc/100/cmdline", JACKD },
	{ "/proc/100/environ", "A=1|JACK_DEFAULT_SERVER=other|B=2|" },
	{ "/proc/100/task/100/stat", STAT("jackd", "0", "0") },
	{ "/proc/100/task/101/stat", STAT("a) S 1 (b", "10", "1") },
	{ "/proc/200/comm", "pipewire\n" },
	{ "/proc/200/status", STATUS("0000000000000000") },
	{ "/proc/200/task/200/stat", STAT("pipewire", "0", "0") },
	{ "/proc/200/task/201/stat", STAT("data-loop.0", "88", "2") },
};

#define N_HEALTHY (sizeof(healthy) / sizeof(healthy[0]))

static void put(const struct file *file)
{
	bool done = file->text ? fake_root_write(file->path, file->text)
			       : fake_root_drop(file->path);

	CU_ASSERT_TRUE_FATAL(done);
}

static bool make_tree(void)
{
	bool done = fake_root_make();

	for (size_t i = 0; i < N_HEALTHY; i++)
		done = done &&
		       fake_root_write(healthy[i].path, healthy[i].text);
	return done;
}

/* As it was before a case; what was not there goes away again. */
static void restore(const struct file *file)
{
	for (size_t i = 0; i < N_HEALTHY; i++)
		if (strcmp(healthy[i].path, file->path) == 0) {
			put(&healthy[i]);
			return;
		}
	CU_ASSERT_TRUE_FATAL(fake_root_drop(file->path));
}

static void look(struct leat_report *report, int realtime)
{
	report->n_findings = 0;
	leat_check_system(report, fake_root(), "default", realtime);
}

/* ---- what every finding has to be ---- */

/* The commands must be such as a shell can read. */
static void expect_shell(const char *cure)
{
	FILE *shell;

	if (!cure[0])
		return;
	shell = popen("sh -n", "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(shell);
	fputs(cure, shell);
	if (pclose(shell) != 0) {
		CU_FAIL("a cure is no command");
		fprintf(stderr, "no command: %s", cure);
	}
}

static void expect_finding(const struct leat_finding *finding,
			   enum leat_verdict verdict, const char *what,
			   const char *cure)
{
	bool right = finding->verdict == verdict &&
		     strstr(finding->what, what) &&
		     (cure ? strstr(finding->cure, cure) != NULL
			   : finding->cure[0] == 0);

	CU_ASSERT_TRUE(right);
	if (!right)
		fprintf(stderr, "%s is %s: %s\n%s", finding->name,
			leat_verdict_name(finding->verdict), finding->what,
			finding->cure);
	CU_ASSERT_TRUE(strlen(finding->why) > 20);
	expect_shell(finding->cure);
}

static void test_all_is_well(void)
{
	struct leat_report report;

	look(&report, 0);
	CU_ASSERT(report.n_findings > 10);
	for (unsigned i = 0; i < report.n_findings; i++)
		if (strcmp(report.finding[i].name, "shm") != 0)
			expect_finding(&report.finding[i], LEAT_VERDICT_OK, "",
				       NULL);
}

/* ---- one thing after the other ---- */

struct spoiled {
	struct file file;
	const char *check; /* that notices */
	enum leat_verdict verdict;
	const char *what;
	const char *cure; /* NULL: there is none */
};

#define OK LEAT_VERDICT_OK
#define WARN LEAT_VERDICT_WARN
#define FAIL LEAT_VERDICT_FAIL
#define UNKNOWN LEAT_VERDICT_UNKNOWN

static const struct spoiled spoiled[] = {
	{ { "/proc/self/limits", LIMITS("20", "unlimited") },
	  "rtprio",
	  WARN,
	  "above 20",
	  "su --login ada" },
	{ { "/proc/self/limits", LIMITS("0", "unlimited") },
	  "rtprio",
	  WARN,
	  "rtkit lends",
	  "su --login ada" },
	{ { "/proc/self/limits", LIMITS("95", "8388608") },
	  "memlock",
	  WARN,
	  "8 MiB",
	  "su --login ada" },
	{ { "/proc/self/limits", LIMITS("95", "65536") },
	  "memlock",
	  FAIL,
	  "64 KiB",
	  "su --login ada" },
	{ { "/proc/sys/kernel/sched_rt_runtime_us", "0\n" },
	  "rt-runtime",
	  FAIL,
	  "get 0 of",
	  "sysctl" },
	{ { "/proc/sys/kernel/sched_rt_runtime_us", "100000\n" },
	  "rt-runtime",
	  WARN,
	  "get 100000 of",
	  "sysctl" },
	{ { "/proc/sys/kernel/sched_rt_runtime_us", "-1\n" },
	  "rt-runtime",
	  OK,
	  "all the time",
	  NULL },
	{ { "/proc/sys/kernel/sched_rt_runtime_us", NULL },
	  "rt-runtime",
	  UNKNOWN,
	  "",
	  NULL },
	{ { "/sys/fs/cgroup/cpu,cpuacct/b/c/cpu.rt_runtime_us", "0\n" },
	  "cgroup-rt",
	  FAIL,
	  "is 0 us",
	  "tee /sys/fs/cgroup/cpu,cpuacct/b/c/cpu.rt_runtime_us" },
	{ { "/proc/self/cgroup", "0::/d\n" },
	  "cgroup-rt",
	  OK,
	  "does not share",
	  NULL },
	{ { "/proc/self/cgroup", NULL }, "cgroup-rt", UNKNOWN, "", NULL },
	{ { SYSTEM "/clocksource/clocksource0/current_clocksource", "hpet\n" },
	  "clock-source",
	  FAIL,
	  "hpet: each",
	  "echo tsc" },
	{ { SYSTEM "/clocksource/clocksource0/current_clocksource", NULL },
	  "clock-source",
	  UNKNOWN,
	  "",
	  NULL },
	{ { "/proc/cmdline", "thread nothreadirqs threadirqs=1\n" },
	  "threadirqs",
	  WARN,
	  "without",
	  "update-grub" },
	{ { "/proc/cmdline", NULL }, "threadirqs", UNKNOWN, "", NULL },
	{ { SYSTEM "/cpu/cpu1/cpufreq/scaling_governor", "powersave\n" },
	  "governor",
	  WARN,
	  "powersave, on 1 of 2",
	  "cpupower frequency-set" },
	{ { "/sys/kernel/mm/transparent_hugepage/enabled",
	    "[always] madvise never\n" },
	  "huge-pages",
	  WARN,
	  "always",
	  "/etc/tmpfiles.d/" },
	{ { "/sys/kernel/mm/transparent_hugepage/enabled", "never\n" },
	  "huge-pages",
	  UNKNOWN,
	  "",
	  NULL },
	{ { "/proc/sys/vm/swappiness", "60\n" },
	  "swappiness",
	  WARN,
	  "60",
	  "sysctl" },
	{ { "/proc/swaps", "Filename Type\n" },
	  "swappiness",
	  OK,
	  "no swap",
	  NULL },
	{ { "/proc/swaps", NULL }, "swappiness", UNKNOWN, "", NULL },
	{ { "/proc/100/cmdline", "jackd|-r|-S|-n|default|-d|dummy|" },
	  "jack-realtime",
	  OK,
	  "priority 10",
	  NULL },
	{ { "/proc/100/task/101/stat", STAT("b", "0", "0") },
	  "jack-realtime",
	  FAIL,
	  "jackd (100) has no",
	  "kill 100" },
	{ { "/proc/100/task/101/stat", STAT("b", "10", "3") },
	  "jack-realtime",
	  FAIL,
	  "jackd (100) has no",
	  "kill 100" },
	{ { "/proc/100/cmdline", "jackd|-n|default|-d|a b|-S|" },
	  "jack-sync",
	  WARN,
	  "asynchronous",
	  "kill 100 && sleep 1 && jackd -S -n default -d 'a b' -S\n" },
	{ { "/proc/200/task/201/stat", STAT("b", "0", "0") },
	  "pipewire-realtime",
	  FAIL,
	  "pipewire (200) has no",
	  "/etc/systemd/system/user@.service.d" },
	{ { "/proc/200/comm", "pipewire-pulse\n" },
	  "pipewire-realtime",
	  UNKNOWN,
	  "no PipeWire daemon",
	  NULL },
	{ { "/proc/200/status", "Uid:\t1001\t1001\n" },
	  "pipewire-realtime",
	  UNKNOWN,
	  "no PipeWire daemon",
	  NULL },
};

#define N_SPOILED (sizeof(spoiled) / sizeof(spoiled[0]))

static void expect_spoiled(const struct spoiled *row)
{
	struct leat_report report;
	bool found = false;

	put(&row->file);
	look(&report, 0);
	restore(&row->file);
	for (unsigned i = 0; i < report.n_findings; i++) {
		const struct leat_finding *finding = &report.finding[i];

		if (strcmp(finding->name, row->check) == 0) {
			expect_finding(finding, row->verdict, row->what,
				       row->cure);
			found = true;
		} else if (strcmp(finding->name, "shm") != 0) {
			expect_finding(finding, OK, "", NULL);
		}
	}
	CU_ASSERT_TRUE(found);
}

static void test_spoiled(void)
{
	for (size_t i = 0; i < N_SPOILED; i++)
		expect_spoiled(&spoiled[i]);
}

static bool is_spoiled(const char *check)
{
	for (size_t i = 0; i < N_SPOILED; i++)
		if (strcmp(spoiled[i].check, check) == 0 &&
		    (spoiled[i].verdict == WARN || spoiled[i].verdict == FAIL))
			return true;
	/* These have tests of their own below. */
	return strcmp(check, "shm") == 0 || strcmp(check, "rtkit") == 0;
}

static void test_each_check_fails_once(void)
{
	struct leat_report report;

	look(&report, 0);
	for (unsigned i = 0; i < report.n_findings; i++)
		CU_ASSERT_TRUE(is_spoiled(report.finding[i].name));
}

/* An empty tree tells nothing, and nothing is made of it. */
static void test_nothing_is_guessed(void)
{
	struct leat_report report = { 0 };

	leat_check_system(&report, "/nowhere", "default", -1);
	for (unsigned i = 0; i < report.n_findings; i++)
		expect_finding(&report.finding[i], UNKNOWN, "", NULL);
	CU_ASSERT(report.n_findings > 10);
}

/* ---- rights ---- */

static void expect_rtprio(const struct leat_rights *rights,
			  enum leat_verdict verdict, const char *what,
			  const char *cure)
{
	struct leat_report report = { 0 };
	struct leat_finding *finding =
		leat_finding_add(&report, "rtprio", "twenty characters long");

	leat_judge_rtprio(finding, rights);
	expect_finding(finding, verdict, what, cure);
}

static void test_rtprio(void)
{
	struct leat_rights rights = { .known = true, .user = "ada" };

	expect_rtprio(&rights, FAIL, "no realtime priority",
		      "sudo adduser ada audio");
	rights.rt = LEAT_GRANT_GROUP;
	strcpy(rights.rt_group, "pipewire");
	expect_rtprio(&rights, FAIL, "", "sudo adduser ada pipewire\nsu ");
	rights.rtprio = LEAT_RTPRIO_WANTED;
	expect_rtprio(&rights, OK, "up to 88", NULL);
	rights.trial = EPERM;
	expect_rtprio(&rights, FAIL, "kernel refuses",
		      "sched_rt_runtime_us=-1");
	rights.may_nice = true;
	expect_rtprio(&rights, FAIL, "kernel refuses",
		      "sched_rt_runtime_us=-1");
	rights.trial = -1;
	rights.rtprio = 0;
	expect_rtprio(&rights, OK, "CAP_SYS_NICE", NULL);
	rights.may_nice = false;
	rights.trial = EPERM;
	expect_rtprio(&rights, FAIL, "no realtime priority may", "adduser");
}

/* capabilities(7): CAP_SYS_NICE is bit 23, CAP_IPC_LOCK bit 14. */
static void test_capabilities(void)
{
	const struct file nice = { "/proc/self/status",
				   STATUS("0000000000800000") };
	const struct file lock = { "/proc/self/status",
				   STATUS("0000000000004000") };
	struct leat_rights rights;

	put(&nice);
	leat_rights_read(&rights, fake_root());
	CU_ASSERT_TRUE(rights.may_nice);
	CU_ASSERT_FALSE(rights.may_lock);
	put(&lock);
	leat_rights_read(&rights, fake_root());
	CU_ASSERT_FALSE(rights.may_nice);
	CU_ASSERT_TRUE(rights.may_lock);
	restore(&lock);
}

/* Half a command is another command. */
static void test_cure_is_whole(void)
{
	struct leat_report report = { 0 };
	struct leat_finding *finding =
		leat_finding_add(&report, "cure", "twenty characters long");

	leat_finding_cure(finding, "one");
	for (size_t n = LEAT_CURE_BYTES - 5; n < LEAT_CURE_BYTES + 6; n++) {
		leat_finding_cure(finding, "%0*d", (int)n, 7);
		CU_ASSERT_STRING_EQUAL(finding->cure, "one\n");
	}
	leat_finding_cure(finding, "%0*d", LEAT_CURE_BYTES - 6, 7);
	CU_ASSERT_EQUAL(strlen(finding->cure), LEAT_CURE_BYTES - 1);
}

static void test_rtkit(void)
{
	struct leat_report report = { 0 };
	struct leat_rights rights = { .known = true, .rtprio = 95 };
	struct leat_finding *finding =
		leat_finding_add(&report, "rtkit", "twenty characters long");

	leat_judge_rtkit(finding, &rights);
	expect_finding(finding, OK, "not needed", NULL);
	rights.rtprio = 0;
	leat_judge_rtkit(finding, &rights);
	expect_finding(finding, WARN, "not installed", "apt install rtkit");
}

static void test_grants(void)
{
	char whom[64];

	CU_ASSERT_TRUE(leat_grants_line("@audio - rtprio 95\n", "rtprio", 88,
					whom, sizeof(whom)));
	CU_ASSERT_STRING_EQUAL(whom, "@audio");
	CU_ASSERT_TRUE(leat_grants_line("\t ada  soft\tmemlock unlimited",
					"memlock", 1 << 20, whom,
					sizeof(whom)));
	CU_ASSERT_STRING_EQUAL(whom, "ada");
	CU_ASSERT_FALSE(leat_grants_line("#@audio - rtprio 95", "rtprio", 88,
					 whom, sizeof(whom)));
	CU_ASSERT_FALSE(leat_grants_line("@audio hard rtprio 95", "rtprio", 88,
					 whom, sizeof(whom)));
	CU_ASSERT_FALSE(leat_grants_line("@audio - rtprio 80", "rtprio", 88,
					 whom, sizeof(whom)));
	CU_ASSERT_FALSE(leat_grants_line("@audio - memlock 95", "rtprio", 88,
					 whom, sizeof(whom)));
	CU_ASSERT_FALSE(
		leat_grants_line("@audio - rtprio", "rtprio", 88, whom, 64));
	CU_ASSERT_TRUE(leat_grants_member(fake_root(), "ada", "audio"));
	CU_ASSERT_TRUE(leat_grants_member(fake_root(), "bob", "audio"));
	CU_ASSERT_FALSE(leat_grants_member(fake_root(), "ad", "audio"));
	CU_ASSERT_FALSE(leat_grants_member(fake_root(), "bobby", "audio"));
	CU_ASSERT_FALSE(leat_grants_member(fake_root(), "ada", "video"));
	CU_ASSERT_FALSE(leat_grants_member(fake_root(), "ada", "aud"));
}

/* Each step of the cure that is done leaves fewer. */
static void test_steps_of_the_cure(void)
{
	const struct file limits = { "/proc/self/limits",
				     LIMITS("0", "unlimited") };
	const struct file no_member = { "/etc/group", "audio:x:29:bob\n" };
	const struct file no_grant = { "/etc/security/limits.d/audio.conf",
				       "" };
	struct leat_report report;

	put(&limits);
	put(&no_member);
	put(&no_grant);
	look(&report, 0);
	expect_finding(&report.finding[0], WARN, "", "limits.d/95-audio.conf");
	restore(&no_grant);
	look(&report, 0);
	CU_ASSERT_PTR_NULL(strstr(report.finding[0].cure, "limits.d"));
	expect_finding(&report.finding[0], WARN, "", "adduser ada audio");
	restore(&no_member);
	look(&report, 0);
	CU_ASSERT_PTR_NULL(strstr(report.finding[0].cure, "adduser"));
	expect_finding(&report.finding[0], WARN, "", "su --login ada");
	restore(&limits);
}

/* ---- /dev/shm ---- */

static void test_shm(void)
{
	struct leat_report report = { 0 };
	struct leat_shm_room room = { true, UINT64_C(1) << 30,
				      UINT64_C(1) << 30 };
	struct leat_finding *finding =
		leat_finding_add(&report, "shm", "twenty characters long");

	leat_judge_shm_room(finding, &room);
	expect_finding(finding, OK, "1024 of 1024 MiB", NULL);
	room.free_bytes = UINT64_C(200) << 20;
	leat_judge_shm_room(finding, &room);
	expect_finding(finding, WARN, "200 of 1024", "size=1336M");
	finding->cure[0] = 0;
	room.size_bytes = room.free_bytes = UINT64_C(64) << 20;
	leat_judge_shm_room(finding, &room);
	expect_finding(finding, FAIL, "64 of 64", "size=512M");
}

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
	{ "system", "all is well", test_all_is_well },
	{ "system", "one thing after the other", test_spoiled },
	{ "system", "each check fails once", test_each_check_fails_once },
	{ "system", "nothing is guessed", test_nothing_is_guessed },
	{ "system", "a cure is whole", test_cure_is_whole },
	{ "rights", "realtime priority", test_rtprio },
	{ "rights", "capabilities", test_capabilities },
	{ "rights", "rtkit", test_rtkit },
	{ "rights", "limits.conf", test_grants },
	{ "rights", "the steps of the cure", test_steps_of_the_cure },
	{ "machine", "/dev/shm", test_shm },
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
	int res;

	unsetenv("XDG_RUNTIME_DIR");
	if (!make_tree()) {
		perror("a tree in /tmp");
		return 1;
	}
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	fake_root_remove();
	return res;
}
