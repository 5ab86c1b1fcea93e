/* SPDX-License-Identifier: MIT */
#include "pw_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#ifdef SPA_IO_CLOCK_FLAG_XRUN_RECOVER
#define XRUN_FLAG SPA_IO_CLOCK_FLAG_XRUN_RECOVER
#else
#define XRUN_FLAG 0u
#endif

static void note_driver(struct pw_clock *seen, const struct spa_io_clock *clock)
{
	if (seen->started)
		seen->n_drivers++;
	else
		seen->quantum_min = clock->duration;
	seen->started = true;
	seen->id = clock->id;
	seen->next = clock->position;
	memcpy(seen->name, clock->name, sizeof(seen->name));
	seen->name[sizeof(seen->name) - 1] = '\0';
}

void pw_clock_look(struct pw_clock *seen, const struct spa_io_clock *clock,
		   struct probe *probe)
{
	if (!seen->started || clock->id != seen->id)
		note_driver(seen, clock);
	if (clock->position != seen->next)
		probe_skip(probe, (int64_t)(clock->position - seen->next));
	seen->next = clock->position + clock->duration;
	seen->rate_hz = clock->rate.denom;
	seen->quantum = clock->duration;
	if (clock->duration < seen->quantum_min)
		seen->quantum_min = clock->duration;
	if (clock->duration > seen->quantum_max)
		seen->quantum_max = clock->duration;
	if (clock->flags & XRUN_FLAG)
		probe_xrun(probe);
}

bool pw_clock_knows_xruns(void)
{
	return XRUN_FLAG != 0;
}

void pw_clock_print(const struct pw_clock *seen)
{
	printf(" rate=%u quantum=%" PRIu64, seen->rate_hz, seen->quantum);
	printf(" quantum_min=%" PRIu64 " quantum_max=%" PRIu64,
	       seen->quantum_min, seen->quantum_max);
	printf(" drivers=%u clock=%s", seen->n_drivers, seen->name);
}
