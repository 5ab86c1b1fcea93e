/* SPDX-License-Identifier: MIT */
/*
 * leat-doctor's checks: a tree in which all is well, in which one thing after
 * the other is spoiled, and one finding must change, and no other.
 */
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

#include <errno.h>
#include <string.h>

/* ---- the healthy tree ---- */

static void look(struct leat_report *report, int realtime)
{
	report->n_findings = 0;
	leat_check_system(report, fake_root(), "default", realtime);
}

/* ---- what every finding has to be ---- */

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
};

int main(int argc, char **argv)
{
	return healthy_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
