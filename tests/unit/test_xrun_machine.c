/* SPDX-License-Identifier: MIT */
/* What leat-xrun says of the machine: from a tree of files that is made up. */
#include "fake_root.h"
#include "runner.h"

#include "tools/doctor/finding.h"
#include "tools/xrun/machine.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct xrun_machine machine;

static void plant(const char *version, const char *cmdline)
{
	memset(&machine, 0, sizeof(machine));
	fake_root_write("/proc/sys/kernel/version", version);
	fake_root_write("/proc/cmdline", cmdline);
}

/* Unknown is shown as unknown, and is not guessed. */
static void test_nothing_is_known(void)
{
	static const struct xrun_machine nothing;

	memset(&machine, 0, sizeof(machine));
	xrun_machine_read(&machine, fake_root());
	CU_ASSERT_EQUAL(memcmp(&machine, &nothing, sizeof(machine)), 0);
}

static void test_preemption(void)
{
	static const struct {
		const char *version, *cmdline, *now, *is;
	} cases[] = {
		{ "#1 SMP PREEMPT_RT x", "quiet\n", NULL,
		  "realtime (PREEMPT_RT)" },
		{ "#1 SMP PREEMPT RT x", "quiet\n", NULL,
		  "realtime (PREEMPT_RT)" },
		{ "#1 SMP PREEMPT x", "quiet\n", NULL, "full (PREEMPT)" },
		{ "#1 SMP x", "quiet\n", NULL, "voluntary or none" },
		{ "#1 SMP PREEMPT_DYNAMIC x", "a preempt=full b\n", NULL,
		  "dynamic (PREEMPT_DYNAMIC), now full" },
		{ "#1 SMP PREEMPT_DYNAMIC x", "preempt=none\n", NULL,
		  "dynamic (PREEMPT_DYNAMIC), now none" },
		/* What is the case now, and not what was asked for at boot. */
		{ "#1 SMP PREEMPT_DYNAMIC x", "preempt=none\n",
		  "none voluntary (full)\n",
		  "dynamic (PREEMPT_DYNAMIC), now full" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plant(cases[i].version, cases[i].cmdline);
		if (cases[i].now)
			fake_root_write("/sys/kernel/debug/sched/preempt",
					cases[i].now);
		xrun_machine_read(&machine, fake_root());
		CU_ASSERT_STRING_EQUAL(machine.preemption, cases[i].is);
	}
	fake_root_drop("/sys/kernel/debug/sched/preempt");
}

static void test_all_is_known(void)
{
	plant("#1 SMP PREEMPT_DYNAMIC Debian 6.1.1\n", "quiet\n");
	fake_root_write("/etc/os-release",
			"NAME=x\nPRETTY_NAME=\"Debian 12 (bookworm)\"\n");
	fake_root_write("/proc/sys/kernel/osrelease", "6.1.0-1-amd64\n");
	fake_root_write("/proc/sys/kernel/hostname", "stage\n");
	fake_root_write("/proc/cpuinfo", "processor\t: 0\n"
					 "model name\t: A fast one\n"
					 "flags\t\t: fpu vme hypervisor\n");
	fake_root_write("/proc/meminfo", "MemTotal:       16777216 kB\n");
	fake_root_write("/sys/devices/system/cpu/cpu0/x", "");
	fake_root_write("/sys/devices/system/cpu/cpu1/online", "1\n");
	fake_root_write("/sys/devices/system/cpu/cpu2/online", "0\n");
	fake_root_write("/sys/devices/system/cpu/cpufreq/x", "");
	fake_root_write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
			"powersave\n");
	xrun_machine_read(&machine, fake_root());
	CU_ASSERT_STRING_EQUAL(machine.host, "stage");
	CU_ASSERT_STRING_EQUAL(machine.system, "Debian 12 (bookworm)");
	CU_ASSERT_STRING_EQUAL(machine.kernel, "6.1.0-1-amd64");
	CU_ASSERT_STRING_EQUAL(machine.preemption, "dynamic (PREEMPT_DYNAMIC)");
	CU_ASSERT_STRING_EQUAL(machine.processor, "A fast one");
	CU_ASSERT_EQUAL(machine.n_cpus, 2);
	CU_ASSERT_EQUAL(machine.memory_bytes, UINT64_C(16) << 30);
	CU_ASSERT_STRING_EQUAL(machine.governor, "powersave");
	CU_ASSERT_STRING_EQUAL(machine.virtualization, "a virtual machine");
	fake_root_write("/sys/class/dmi/id/sys_vendor", "QEMU\n");
	xrun_machine_read(&machine, fake_root());
	CU_ASSERT_STRING_EQUAL(machine.virtualization,
			       "a virtual machine (QEMU)");
}

/* On this machine: what is always so. */
static void test_look(void)
{
	memset(&machine, 0, sizeof(machine));
	xrun_machine_look(&machine, "no-such-server");
	CU_ASSERT(machine.n_cpus > 0);
	CU_ASSERT(machine.kernel[0] != 0);
	CU_ASSERT_STRING_EQUAL(machine.leat_version, LEAT_VERSION);
	CU_ASSERT_EQUAL(strlen(machine.time), strlen("2026-11-23T20:15:00Z"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(machine.doctor);
	CU_ASSERT(machine.doctor->n_findings > 5);
	free(machine.doctor);
}

static const struct unit_test tests[] = {
	{ "machine", "nothing is known", test_nothing_is_known },
	{ "machine", "preemption", test_preemption },
	{ "machine", "all is known", test_all_is_known },
	{ "machine", "this one", test_look },
};

int main(int argc, char **argv)
{
	int status;

	if (!fake_root_make())
		return 1;
	status = unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	fake_root_remove();
	return status;
}
