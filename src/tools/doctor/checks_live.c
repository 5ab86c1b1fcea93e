/* SPDX-License-Identifier: MIT */
#include "checks.h"

#include "live.h"

#include <stdlib.h>

static void check_graphs(struct leat_report *report,
			 const struct leat_libjack *libjack,
			 const struct leat_jack_view *jack,
			 const struct leat_pw_view *pipewire,
			 const struct leat_routes *routes)
{
	leat_judge_libjack(
		leat_finding_add(report, "libjack",
				 "PipeWire has a libjack of its own. With that "
				 "one a JACK program is PipeWire's, and JACK "
				 "never hears of it."),
		libjack);
	leat_judge_pw_version(
		leat_finding_add(
			report, "pipewire-version",
			"What leat asks of PipeWire is there from "
			"0.3.65 on, and both halves of it must agree."),
		pipewire);
	leat_judge_quantum(
		leat_finding_add(report, "quantum",
				 "Where PipeWire may not run at JACK's period, "
				 "it takes sound in larger pieces, and each "
				 "must wait until it is full."),
		pipewire, jack);
	leat_judge_rate(
		leat_finding_add(report, "rate",
				 "At one rate PipeWire can run on JACK's "
				 "clock; at two, everything is resampled, and "
				 "that takes time."),
		pipewire, jack);
	leat_judge_loops(
		leat_finding_add(report, "loops",
				 "What goes through a link and comes back to "
				 "it is heard again and again, and soon "
				 "nothing else is."),
		routes);
}

void leat_check_live(struct leat_report *report, const char *jack_name,
		     const char *remote)
{
	struct leat_routes *routes = calloc(1, sizeof(*routes));
	struct leat_libjack libjack;
	struct leat_jack_view jack;
	struct leat_pw_view pipewire;

	if (!routes)
		return;
	leat_live_jack(&libjack, &jack, routes, jack_name);
	leat_live_pipewire(&pipewire, routes, remote);
	check_graphs(report, &libjack, &jack, &pipewire, routes);
	free(routes);
}
