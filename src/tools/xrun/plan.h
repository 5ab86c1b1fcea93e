/* SPDX-License-Identifier: MIT */
/* Which steps there are, and in which order: --hold, --ramp and --matrix. */
#ifndef LEAT_XRUN_PLAN_H
#define LEAT_XRUN_PLAN_H

#include "experiment.h"

/* What is to be done in a step. */
struct xrun_task {
	uint32_t arm, round, period;
	enum xrun_load load;
	uint32_t level;
};

/* Do one step; the result has it at its end. As xrun_plan_run() returns. */
int xrun_step_run(struct xrun_experiment *e, const struct xrun_task *task);

/* Do all that the options ask for: 0, 1 with a message, or -1: interrupted. */
int xrun_plan_run(struct xrun_experiment *e);

#endif
