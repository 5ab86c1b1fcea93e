/* SPDX-License-Identifier: MIT */
#include "checks.h"

#include "guarded.h"
#include "live.h"

#include <stddef.h>
#include <sys/mman.h>

/* How long a server may take to answer all that is asked. */
#define ANSWER_MS 5000

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

/* What the children find out; it lies in memory that we share with them. */
struct live {
	const char *jack_name, *remote;
	struct leat_libjack libjack;
	struct leat_jack_view jack;
	struct leat_pw_view pipewire;
	struct leat_routes routes;
};

static void look_at_jack(void *user)
{
	struct live *live = user;

	leat_live_jack(&live->libjack, &live->jack, &live->routes,
		       live->jack_name);
}

static void look_at_pipewire(void *user)
{
	struct live *live = user;

	leat_live_pipewire(&live->pipewire, &live->routes, live->remote);
}

void leat_check_live(struct leat_report *report, const char *jack_name,
		     const char *remote)
{
	struct live *live = mmap(NULL, sizeof(*live), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (live == MAP_FAILED)
		return;
	live->jack_name = jack_name;
	live->remote = remote;
	if (!leat_guarded(look_at_jack, live, ANSWER_MS))
		live->jack.frozen = true;
	if (!leat_guarded(look_at_pipewire, live, ANSWER_MS))
		live->pipewire.frozen = true;
	check_graphs(report, &live->libjack, &live->jack, &live->pipewire,
		     &live->routes);
	munmap(live, sizeof(*live));
}
