/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "tools/doctor/checks.h"
#include "tools/doctor/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void add_time(struct xrun_machine *machine)
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(machine->time, sizeof(machine->time),
			 "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Where there is no /sys, as in some containers. */
static void add_processors(struct xrun_machine *machine)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (machine->n_cpus == 0 && n > 0)
		machine->n_cpus = (uint32_t)n;
}

void xrun_machine_look(struct xrun_machine *machine, const char *jack_name)
{
	int realtime = leat_live_realtime();

	xrun_machine_read(machine, "");
	add_processors(machine);
	machine->may_be_realtime = realtime == 0;
	snprintf(machine->leat_version, sizeof(machine->leat_version), "%s",
		 LEAT_VERSION);
	add_time(machine);
	if (!machine->doctor)
		machine->doctor = calloc(1, sizeof(*machine->doctor));
	if (machine->doctor)
		leat_check_system(machine->doctor, "", jack_name, realtime);
}
