/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "tools/doctor/checks.h"
#include "tools/doctor/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "jackdmp version 1.9.21 tmpdir /dev/shm protocol 9" */
static void add_jackd(struct xrun_machine *machine)
{
	FILE *pipe = popen("jackd --version 2>/dev/null </dev/null", "re");
	char line[256];

	while (pipe && fgets(line, sizeof(line), pipe))
		if (!machine->jack_version[0])
			sscanf(line, "%*s version %127s",
			       machine->jack_version);
	if (pipe)
		pclose(pipe);
}

/* What was found is the version, in a sentence. */
static void add_pipewire(struct xrun_machine *machine)
{
	const struct leat_report *report = machine->doctor;

	for (unsigned i = 0; i < report->n_findings; i++)
		if (strcmp(report->finding[i].name, "pipewire-version") == 0)
			snprintf(machine->pipewire_version,
				 sizeof(machine->pipewire_version), "%.127s",
				 report->finding[i].what);
}

static void add_time(struct xrun_machine *machine)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(machine->time, sizeof(machine->time), "%Y-%m-%dT%H:%M:%SZ",
		 &tm);
}

void xrun_machine_look(struct xrun_machine *machine, const char *jack_name,
		       const char *remote)
{
	int realtime = leat_live_realtime();

	if (!jack_name || !jack_name[0])
		jack_name = "default";
	xrun_machine_read(machine, "");
	machine->may_be_realtime = realtime == 0;
	snprintf(machine->leat_version, sizeof(machine->leat_version), "%s",
		 LEAT_VERSION);
	add_time(machine);
	add_jackd(machine);
	machine->doctor = calloc(1, sizeof(*machine->doctor));
	if (!machine->doctor)
		return;
	leat_check_system(machine->doctor, "", jack_name, realtime);
	leat_check_live(machine->doctor, jack_name, remote);
	add_pipewire(machine);
}
