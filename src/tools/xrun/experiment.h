/* SPDX-License-Identifier: MIT */
/* An experiment: its steps, one after the other, on a lab that is set up. */
#ifndef LEAT_XRUN_EXPERIMENT_H
#define LEAT_XRUN_EXPERIMENT_H

#include "jack_end.h"
#include "lab.h"
#include "load.h"
#include "options.h"
#include "pw_end.h"
#include "result.h"
#include "watch.h"

struct xrun_experiment {
	const struct xrun_options *options;
	struct leat_loop *loop;
	struct leat_console *console;
	struct witness *witness; /* or NULL */
	struct xrun_lab lab;
	struct xrun_jack_end *jack;
	struct xrun_pw_end *pipewire;
	struct xrun_watch watch;
	struct xrun_load_run load;
	struct leat_child stopper; /* who stops everything, on purpose */
	bool stopper_ended;
	uint32_t period;
	uint32_t n_planned, n_done; /* steps; a ramp does not know */
	struct xrun_result *result;
};

/*
 * Run all steps and put what was found into the result.
 *
 * @return  0, or 1 with a message, and the result has the steps that were over;
 *          interrupted is no failure.
 */
int xrun_experiment_run(struct xrun_experiment *experiment);

/* End all that was started. */
void xrun_experiment_finish(struct xrun_experiment *experiment);

#endif
