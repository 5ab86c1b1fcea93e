/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include "ramp.h"

static const uint32_t matrix_periods[] = { 32, 64, 128, 256, 512, 1024, 2048 };
#define N_MATRIX_PERIODS (sizeof(matrix_periods) / sizeof(matrix_periods[0]))

/* Each bridge in turn, so that what changes meanwhile changes for all. */
static int run_rounds(struct xrun_experiment *e, struct xrun_task task)
{
	int res = 0;

	for (task.round = 0; res == 0 && task.round < e->options->n_rounds;
	     task.round++)
		for (task.arm = 0; res == 0 && task.arm < e->result->n_arms;
		     task.arm++)
			res = xrun_step_run(e, &task);
	return res;
}

static int run_loads(struct xrun_experiment *e, uint32_t period)
{
	int res = 0;

	for (uint32_t i = 0; res == 0 && i < e->options->n_loads; i++) {
		const struct xrun_task task = {
			.period = period,
			.load = e->options->load[i].load,
			.level = e->options->load[i].level,
		};

		res = run_rounds(e, task);
	}
	return res;
}

static int run_hold(struct xrun_experiment *e)
{
	e->n_planned =
		e->options->n_loads * e->options->n_rounds * e->result->n_arms;
	return run_loads(e, e->period);
}

static int run_matrix(struct xrun_experiment *e)
{
	int res = 0;

	e->n_planned = (uint32_t)N_MATRIX_PERIODS * e->options->n_loads *
		       e->options->n_rounds * e->result->n_arms;
	for (size_t i = 0; res == 0 && i < N_MATRIX_PERIODS; i++)
		res = run_loads(e, matrix_periods[i]);
	return res;
}

/* Whether the rounds that were run last lost anything, with one bridge. */
static bool lost_last(const struct xrun_result *result, uint32_t first,
		      uint32_t arm)
{
	for (uint32_t i = first; i < result->n_steps; i++)
		if (result->step[i].arm == arm &&
		    xrun_step_lost(&result->step[i]) > 0)
			return true;
	return false;
}

/* Each bridge has a ramp of its own. */
static int run_ramp_of(struct xrun_experiment *e, uint32_t arm)
{
	struct xrun_task task = { .arm = arm,
				  .period = e->period,
				  .load = e->options->load[0].load };
	struct xrun_ramp ramp;
	int res = 0;

	xrun_ramp_init(&ramp, task.load);
	while (res == 0 && !ramp.done) {
		uint32_t first = e->result->n_steps;

		task.level = ramp.level;
		e->n_planned = e->n_done + e->options->n_rounds;
		for (task.round = 0;
		     res == 0 && task.round < e->options->n_rounds;
		     task.round++)
			res = xrun_step_run(e, &task);
		if (res == 0)
			xrun_ramp_take(&ramp, lost_last(e->result, first, arm));
	}
	e->result->arm[arm].highest_level = ramp.good;
	e->result->arm[arm].has_highest = ramp.has_good;
	return res;
}

static int run_ramp(struct xrun_experiment *e)
{
	int res = 0;

	for (uint32_t arm = 0; res == 0 && arm < e->result->n_arms; arm++)
		res = run_ramp_of(e, arm);
	return res;
}

int xrun_plan_run(struct xrun_experiment *e)
{
	switch (e->options->plan) {
	case XRUN_PLAN_RAMP:
		return run_ramp(e);
	case XRUN_PLAN_MATRIX:
		return run_matrix(e);
	case XRUN_PLAN_HOLD:
		break;
	}
	return run_hold(e);
}
