/* SPDX-License-Identifier: MIT */
/* A machine on which all is well, as a tree of files. */
#ifndef LEAT_UNIT_HEALTHY_H
#define LEAT_UNIT_HEALTHY_H

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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static inline void put(const struct file *file)
{
	bool done = file->text ? fake_root_write(file->path, file->text)
			       : fake_root_drop(file->path);

	CU_ASSERT_TRUE_FATAL(done);
}

static inline bool make_tree(void)
{
	bool done = fake_root_make();

	for (size_t i = 0; i < N_HEALTHY; i++)
		done = done &&
		       fake_root_write(healthy[i].path, healthy[i].text);
	return done;
}

/* As it was before a case; what was not there goes away again. */
static inline void restore(const struct file *file)
{
	for (size_t i = 0; i < N_HEALTHY; i++)
		if (strcmp(healthy[i].path, file->path) == 0) {
			put(&healthy[i]);
			return;
		}
	CU_ASSERT_TRUE_FATAL(fake_root_drop(file->path));
}

/* The commands must be such as a shell can read. */
static inline void expect_shell(const char *cure)
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

static inline void expect_finding(const struct leat_finding *finding,
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

#define OK LEAT_VERDICT_OK
#define WARN LEAT_VERDICT_WARN
#define FAIL LEAT_VERDICT_FAIL
#define UNKNOWN LEAT_VERDICT_UNKNOWN

/* Run tests on it. */
static inline int healthy_run(const struct unit_test *tests, size_t n_tests,
			      int argc, char **argv)
{
	int res;

	unsetenv("XDG_RUNTIME_DIR");
	if (!make_tree()) {
		perror("a tree in /tmp");
		return 1;
	}
	res = unit_run(tests, n_tests, argc, argv);
	fake_root_remove();
	return res;
}

#endif
