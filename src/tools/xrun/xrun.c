/* SPDX-License-Identifier: MIT */
/* leat-xrun: who is late under load, and what is lost where. */
#include "experiment.h"
#include "options.h"
#include "report_html.h"
#include "result_json.h"
#include "summary.h"
#include "worker.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <leat/link.h>

#include <stdlib.h>
#include <string.h>

static int print(const struct xrun_options *options,
		 const struct xrun_result *result)
{
	int res = 0;

	if (options->html)
		res = xrun_report_html_write(options->html, result);
	if (res < 0) {
		leat_log("cannot write %s: %s", options->html,
			 leat_errno_text(res));
		return LEAT_EXIT_UNKNOWN;
	}
	if (options->json)
		xrun_result_json(stdout, result);
	else if (result->n_steps > 0)
		xrun_summary(stdout, result);
	switch (result->verdict) {
	case XRUN_NOTHING_LOST:
		return 0;
	case XRUN_LOST:
		return LEAT_EXIT_FAILED;
	case XRUN_NOT_MEASURED:
		break;
	}
	return LEAT_EXIT_UNKNOWN;
}

static int run(struct xrun_experiment *e)
{
	int status = LEAT_EXIT_UNKNOWN;
	int res = leat_loop_init(e->loop);

	if (res < 0) {
		leat_console_log(e->console, "cannot wait for events: %s",
				 leat_errno_text(res));
		return LEAT_EXIT_UNKNOWN;
	}
	res = xrun_experiment_run(e);
	xrun_experiment_finish(e);
	leat_loop_finish(e->loop);
	/* What was measured before something failed is worth as much. */
	if (res == 0 || e->result->n_steps > 0)
		status = print(e->options, e->result);
	return res == 0 ? status : LEAT_EXIT_UNKNOWN;
}

int main(int argc, char **argv)
{
	struct xrun_options options;
	struct xrun_result result = { 0 };
	struct leat_console console;
	struct leat_loop loop;
	struct xrun_experiment *experiment;
	int status;

	if (argc > 2 && strcmp(argv[1], "--worker") == 0)
		return xrun_worker(argc - 2, argv + 2);
	xrun_options_parse(&options, argc, argv);
	if (!leat_output_open())
		return LEAT_EXIT_UNKNOWN;
	experiment = calloc(1, sizeof(*experiment));
	if (!experiment)
		return LEAT_EXIT_UNKNOWN;
	leat_console_init(&console, options.quiet);
	*experiment = (struct xrun_experiment){
		.options = &options,
		.loop = &loop,
		.console = &console,
		.result = &result,
		/* It forks: before there is any thread. */
		.witness = witness_start(),
	};
	status = run(experiment);
	witness_stop(experiment->witness);
	xrun_result_finish(&result);
	free(experiment);
	if (!leat_output_close())
		status = LEAT_EXIT_UNKNOWN;
	return status;
}
