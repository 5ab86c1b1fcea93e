/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include "sys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

void leat_rt_share_read(struct leat_rt_share *share, const char *root)
{
	memset(share, 0, sizeof(*share));
	share->known =
		leat_sys_number(root, &share->runtime_us,
				"/proc/sys/kernel/sched_rt_runtime_us") &&
		leat_sys_number(root, &share->period_us,
				"/proc/sys/kernel/sched_rt_period_us");
}

/* Whether a list such as "cpu,cpuacct" has the controller of processors. */
static bool has_cpu(const char *list, size_t length)
{
	while (length > 0) {
		size_t n = strcspn(list, ",:");

		if (n == 3 && strncmp(list, "cpu", 3) == 0)
			return true;
		if (n >= length)
			return false;
		list += n + 1;
		length -= n + 1;
	}
	return false;
}

/*
 * A line of cgroups(7), version 1, as in "4:cpu,cpuacct:/user.slice". Version
 * 2 has no such share: its controllers' list is empty.
 */
static bool read_group(struct leat_group_share *share, const char *root,
		       const char *line)
{
	const char *list = strchr(line, ':');
	const char *colon = list ? strchr(list + 1, ':') : NULL;
	int length, path_length;

	if (!colon || !has_cpu(list + 1, (size_t)(colon - list - 1)))
		return false;
	length = (int)(colon - list - 1);
	path_length = (int)strcspn(colon + 1, "\n");
	if (path_length == 1)
		path_length = 0;
	snprintf(share->path, sizeof(share->path),
		 "/sys/fs/cgroup/%.*s%.*s/cpu.rt_runtime_us", length, list + 1,
		 path_length, colon + 1);
	return leat_sys_number(root, &share->runtime_us, "%s", share->path);
}

void leat_group_share_read(struct leat_group_share *share, const char *root)
{
	char text[LEAT_SYS_BYTES];
	const char *line = text;

	memset(share, 0, sizeof(*share));
	share->known = leat_sys_read(root, text, sizeof(text),
				     "/proc/self/cgroup") > 0;
	while (share->known && line && !share->shared) {
		share->shared = read_group(share, root, line);
		line = strchr(line, '\n');
		if (line)
			line++;
	}
}

void leat_clock_source_read(struct leat_clock_source *clock, const char *root)
{
	static const char folder[] =
		"/sys/devices/system/clocksource/clocksource0";
	char text[256];

	memset(clock, 0, sizeof(*clock));
	leat_sys_line(root, clock->current, sizeof(clock->current),
		      "%s/current_clocksource", folder);
	if (leat_sys_line(root, text, sizeof(text), "%s/available_clocksource",
			  folder))
		clock->has_tsc = strstr(text, "tsc") != NULL;
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	while (*text) {
		size_t n = strcspn(text, " \n");

		if (n == length && strncmp(text, word, n) == 0)
			return true;
		text += n;
		text += strspn(text, " \n");
	}
	return false;
}

void leat_irqs_read(struct leat_irqs *irqs, const char *root)
{
	char text[LEAT_SYS_BYTES];
	int64_t rt = 0;

	memset(irqs, 0, sizeof(*irqs));
	irqs->known = leat_sys_read(root, text, sizeof(text), "/proc/cmdline") >
		      0;
	irqs->threaded = has_word(text, "threadirqs");
	irqs->rt = leat_sys_number(root, &rt, "/sys/kernel/realtime") &&
		   rt == 1;
}

/* ---- judging ---- */

void leat_judge_rt_share(struct leat_finding *finding,
			 const struct leat_rt_share *share)
{
	if (!share->known)
		return;
	if (share->runtime_us < 0) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "realtime threads may take all the time");
		return;
	}
	leat_finding_set(
		finding,
		share->runtime_us == 0			   ? LEAT_VERDICT_FAIL
		: share->runtime_us < share->period_us / 2 ? LEAT_VERDICT_WARN
							   : LEAT_VERDICT_OK,
		"realtime threads get %" PRId64 " of every %" PRId64 " us",
		share->runtime_us, share->period_us);
	if (finding->verdict != LEAT_VERDICT_OK)
		leat_finding_cure(finding,
				  "echo 'kernel.sched_rt_runtime_us = 950000' "
				  "| sudo tee /etc/sysctl.d/90-realtime.conf "
				  "&& sudo sysctl --system");
}

void leat_judge_group_share(struct leat_finding *finding,
			    const struct leat_group_share *share)
{
	if (!share->known)
		return;
	if (!share->shared) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "the kernel does not share realtime out by "
				 "control group");
		return;
	}
	leat_finding_set(finding,
			 share->runtime_us == 0 ? LEAT_VERDICT_FAIL
						: LEAT_VERDICT_OK,
			 "our control group's share of realtime is %" PRId64
			 " us a second",
			 share->runtime_us);
	if (finding->verdict == LEAT_VERDICT_FAIL)
		leat_finding_cure(finding,
				  "echo 500000 | sudo tee %s || sudo sysctl -w "
				  "kernel.sched_rt_runtime_us=-1",
				  share->path);
}

/* What the kernel reads without leaving the program: its vdso knows these. */
static bool is_fast(const char *name)
{
	static const char *const names[] = {
		"tsc",
		"kvm-clock",
		"hyperv_clocksource_tsc_page",
		"arch_sys_counter",
		"riscv_clocksource",
		"timebase",
		"tod",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void leat_judge_clock_source(struct leat_finding *finding,
			     const struct leat_clock_source *clock)
{
	static const char folder[] =
		"/sys/devices/system/clocksource/clocksource0";

	if (!clock->current[0])
		return;
	if (is_fast(clock->current)) {
		leat_finding_set(finding, LEAT_VERDICT_OK, "%s",
				 clock->current);
		return;
	}
	leat_finding_set(finding, LEAT_VERDICT_FAIL,
			 "%s: each look at the clock is a system call%s",
			 clock->current,
			 clock->has_tsc ? ""
					: ", and the kernel has given up the "
					  "fast clock of the processor");
	if (clock->has_tsc)
		leat_finding_cure(finding,
				  "echo tsc | sudo tee "
				  "%s/current_clocksource",
				  folder);
	else
		leat_finding_cure(finding,
				  "sudo dmesg | grep -i -e tsc -e clocksource  "
				  "# says why");
}

void leat_judge_irqs(struct leat_finding *finding, const struct leat_irqs *irqs)
{
	if (irqs->rt) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "the kernel is a realtime one (PREEMPT_RT)");
		return;
	}
	if (!irqs->known)
		return;
	if (irqs->threaded) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "the kernel was started with threadirqs");
		return;
	}
	leat_finding_set(finding, LEAT_VERDICT_WARN,
			 "the kernel was started without threadirqs");
	leat_finding_cure(
		finding,
		"echo 'GRUB_CMDLINE_LINUX_DEFAULT="
		"\"$GRUB_CMDLINE_LINUX_DEFAULT threadirqs\"' | sudo tee "
		"/etc/default/grub.d/threadirqs.cfg && sudo update-grub");
	leat_finding_cure(finding, "sudo systemctl reboot");
}

void leat_check_kernel(struct leat_report *report, const char *root)
{
	struct leat_clock_source clock;
	struct leat_group_share group;
	struct leat_rt_share share;
	struct leat_irqs irqs;

	leat_rt_share_read(&share, root);
	leat_judge_rt_share(
		leat_finding_add(report, "rt-runtime",
				 "Beyond their share of time, realtime threads "
				 "are stopped until the period is over."),
		&share);
	leat_group_share_read(&group, root);
	leat_judge_group_share(
		leat_finding_add(report, "cgroup-rt",
				 "In a control group without a share, no "
				 "thread can become a realtime one, whatever "
				 "the limits say."),
		&group);
	leat_clock_source_read(&clock, root);
	leat_judge_clock_source(
		leat_finding_add(report, "clock-source",
				 "The realtime threads look at the clock in "
				 "every period; with a slow one that takes "
				 "microseconds each time."),
		&clock);
	leat_irqs_read(&irqs, root);
	leat_judge_irqs(
		leat_finding_add(report, "threadirqs",
				 "Interrupts that are not threads run before "
				 "any realtime thread, for as long as they "
				 "like."),
		&irqs);
}
