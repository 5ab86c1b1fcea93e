/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "tools/doctor/machine.h"
#include "tools/doctor/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* os-release(5): PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" */
static void add_system(struct xrun_machine *machine, const char *root)
{
	char text[LEAT_SYS_BYTES];
	const char *at;

	leat_sys_read(root, text, sizeof(text), "/etc/os-release");
	at = strncmp(text, "PRETTY_NAME=", 12) == 0
		     ? text
		     : strstr(text, "\nPRETTY_NAME=");
	if (at)
		sscanf(strchr(at, '=') + 1, "%*[\"']%127[^\"'\n]",
		       machine->system);
}

/*
 * How a kernel interrupts itself is in its version, as in "#1 SMP
 * PREEMPT_DYNAMIC Debian 6.1.1"; with the dynamic kind it was chosen at boot,
 * by preempt=, and what is the case now only root may read.
 */
static void add_preemption(struct xrun_machine *machine, const char *root)
{
	char version[256], line[LEAT_SYS_BYTES], now[64], chosen[16] = "";
	const char *text = "voluntary or none";
	const char *word;

	if (!leat_sys_line(root, version, sizeof(version),
			   "/proc/sys/kernel/version"))
		return;
	if (strstr(version, "PREEMPT_RT") || strstr(version, "PREEMPT RT"))
		text = "realtime (PREEMPT_RT)";
	else if (strstr(version, "PREEMPT_DYNAMIC"))
		text = "dynamic (PREEMPT_DYNAMIC)";
	else if (strstr(version, "PREEMPT"))
		text = "full (PREEMPT)";
	if (leat_sys_line(root, now, sizeof(now),
			  "/sys/kernel/debug/sched/preempt"))
		sscanf(now, "%*[^(](%15[^)]", chosen);
	leat_sys_read(root, line, sizeof(line), "/proc/cmdline");
	word = strncmp(line, "preempt=", 8) == 0 ? line
						 : strstr(line, " preempt=");
	if (!chosen[0] && word)
		sscanf(strchr(word, '=') + 1, "%15s", chosen);
	snprintf(machine->preemption, sizeof(machine->preemption), "%s%s%s",
		 text, chosen[0] ? ", now " : "", chosen);
}

struct processors {
	const char *root;
	unsigned n;
};

static void count_processor(void *user, const char *name)
{
	struct processors *processors = user;
	int64_t online;

	if (strncmp(name, "cpu", 3) != 0 || name[3] < '0' || name[3] > '9')
		return;
	/* The first one often cannot be switched off, and has no such file. */
	if (!leat_sys_number(processors->root, &online,
			     "/sys/devices/system/cpu/%s/online", name) ||
	    online == 1)
		processors->n++;
}

static void add_processors(struct xrun_machine *machine, const char *root)
{
	struct processors processors = { root, 0 };
	char text[LEAT_SYS_BYTES];
	const char *field;

	leat_sys_read(root, text, sizeof(text), "/proc/cpuinfo");
	field = leat_sys_field(text, "model name");
	if (field)
		sscanf(field, "%127[^\n]", machine->processor);
	leat_sys_each(root, "/sys/devices/system/cpu", count_processor,
		      &processors);
	machine->n_cpus = processors.n;
	field = leat_sys_field(text, "flags");
	if (!field || !strstr(field, " hypervisor"))
		return;
	strcpy(machine->virtualization, "a virtual machine");
	if (leat_sys_line(root, text, 96, "/sys/class/dmi/id/sys_vendor"))
		snprintf(machine->virtualization,
			 sizeof(machine->virtualization),
			 "a virtual machine (%.95s)", text);
}

static void add_memory(struct xrun_machine *machine, const char *root)
{
	char text[LEAT_SYS_BYTES];
	const char *field;

	leat_sys_read(root, text, sizeof(text), "/proc/meminfo");
	field = leat_sys_field(text, "MemTotal");
	if (field)
		machine->memory_bytes = strtoull(field, NULL, 10) << 10;
}

static void add_governor(struct xrun_machine *machine, const char *root)
{
	struct leat_governors governors;

	leat_governors_read(&governors, root);
	if (governors.n_processors > 0)
		snprintf(machine->governor, sizeof(machine->governor), "%s",
			 governors.n_slow > 0 ? governors.slow : "performance");
}

void xrun_machine_read(struct xrun_machine *machine, const char *root)
{
	leat_sys_line(root, machine->host, sizeof(machine->host),
		      "/proc/sys/kernel/hostname");
	leat_sys_line(root, machine->kernel, sizeof(machine->kernel),
		      "/proc/sys/kernel/osrelease");
	add_system(machine, root);
	add_preemption(machine, root);
	add_processors(machine, root);
	add_memory(machine, root);
	add_governor(machine, root);
}
