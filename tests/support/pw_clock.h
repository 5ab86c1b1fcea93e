/* SPDX-License-Identifier: MIT */
/**
 * The clock of a PipeWire graph, as a client sees it cycle by cycle.
 */
#ifndef TEST_SUPPORT_PW_CLOCK_H
#define TEST_SUPPORT_PW_CLOCK_H

#include "probe.h"

#include <spa/node/io.h>

/** What was seen, since the start. The process thread's; others may look. */
struct pw_clock {
	bool started;
	uint32_t id;
	uint64_t next; /* position the next cycle has to begin at */
	uint32_t rate_hz;
	uint64_t quantum;
	uint64_t quantum_min; /* of all cycles */
	uint64_t quantum_max;
	uint32_t n_drivers; /* changes of driver */
	char name[64];
};

/**
 * Look at the clock at the start of a cycle. A jump of its position is a skip
 * of the probe, a recovery an xrun. Thread: process. RT-safe.
 */
void pw_clock_look(struct pw_clock *seen, const struct spa_io_clock *clock,
		   struct probe *probe);

/** Whether this PipeWire marks recoveries. */
bool pw_clock_knows_xruns(void);

/** " key=value ..." to stdout. */
void pw_clock_print(const struct pw_clock *seen);

#endif
