/* SPDX-License-Identifier: MIT */
/*
 * leat-drift-measure OPTION...: a bridge between a JACK whose clock drifts and
 * a PipeWire whose clock does not, for some time, as a line of figures.
 *
 * tests/integration/drift.sh runs the cases of doc/clocks.md.
 */
#include "drift_figures.h"
#include "wakes.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
	struct drift_setup setup;
	double seconds, settled_s;
	const char *dump;
	unsigned n_wakes;
	bool header;
};

enum {
	RAMP = 256,
	STALL_EVERY,
	STALL_US,
	SETTLED,
	DUMP,
	PLAIN,
	NO_BRIDGE,
	WAKES,
	HEADER
};

static const struct argp_option options[] = {
	{ "jack-rate", 'r', "HZ", 0, "JACK's rate", 0 },
	{ "period", 'p', "FRAMES", 0, "JACK's period", 0 },
	{ "pw-rate", 'R', "HZ", 0, "PipeWire's rate", 0 },
	{ "quantum", 'q', "FRAMES", 0, "PipeWire's quantum", 0 },
	{ "mode", 'm', "MODE", 0, "--mode of leat-pipewire", 0 },
	{ "ppm", 'd', "PPM", 0, "JACK's clock against PipeWire's", 0 },
	{ "ramp", RAMP, "PPM", 0, "More at the end than at the start", 0 },
	{ "seconds", 's', "S", 0, "How long", 0 },
	{ "settled", SETTLED, "S", 0, "Judge so long after an upset", 0 },
	{ "stall-every", STALL_EVERY, "S", 0, "Provoke xruns of JACK's", 0 },
	{ "stall-us", STALL_US, "US", 0, "A client oversleeps so much", 0 },
	{ "dump", DUMP, "FILE", 0, "A line for each window", 0 },
	{ "plain", PLAIN, NULL, 0, "Two channels, nothing judged: CPU", 0 },
	{ "no-bridge", NO_BRIDGE, NULL, 0, "The servers alone: CPU", 0 },
	{ "wakes", WAKES, "N", 0,
	  "No servers: so many threads woken each period, doing nothing", 0 },
	{ "header", HEADER, NULL, 0, "Names of the figures, and no more", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *all = state->input;
	struct drift_setup *setup = &all->setup;
	double number = arg ? atof(arg) : 0;

	switch (key) {
	case 'r':
		setup->jack_rate_hz = (uint32_t)number;
		break;
	case 'p':
		setup->period = (uint32_t)number;
		break;
	case 'R':
		setup->pw_rate_hz = (uint32_t)number;
		break;
	case 'q':
		setup->quantum = (uint32_t)number;
		break;
	case 'm':
		setup->mode = arg;
		break;
	case 'd':
		setup->ppm = number;
		break;
	case RAMP:
		setup->ramp_ppm = number;
		break;
	case 's':
		all->seconds = number;
		break;
	case SETTLED:
		all->settled_s = number;
		break;
	case STALL_EVERY:
		setup->stall_every_s = number;
		break;
	case STALL_US:
		setup->stall_us = (unsigned)number;
		break;
	case DUMP:
		all->dump = arg;
		break;
	case PLAIN:
		setup->plain = true;
		break;
	case NO_BRIDGE:
		setup->plain = true;
		setup->no_bridge = true;
		break;
	case WAKES:
		all->n_wakes = (unsigned)number;
		break;
	case HEADER:
		all->header = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void print_header(void)
{
	static const char *const legs[N_LEGS] = { "pw", "jack", "circle" };

	printf("jack_rate\tP\tpw_rate\tQ\tppm\tseconds\tupsets\tlate\tslips\t"
	       "underruns\ttarget_pw\ttarget_jack\tcpu_s_min\tserver_cpu_s_"
	       "min");
	for (int i = 0; i < N_LEGS; i++)
		printf("\t%s.n\t%s.db01\t%s.min01\t%s.db1\t%s.min1\t%s.again_s"
		       "\t%s.latency\t%s.off\t%s.off_told\t%s.gaps\t%s.own",
		       legs[i], legs[i], legs[i], legs[i], legs[i], legs[i],
		       legs[i], legs[i], legs[i], legs[i], legs[i]);
	putchar('\n');
}

static void print_leg(const struct leg_figures *leg)
{
	printf("\t%u\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%u\t%u",
	       leg->n_windows, leg->sinad_median_db, leg->sinad_least_db,
	       leg->second_median_db, leg->second_least_db, leg->recovery_s,
	       leg->latency, leg->off_target, leg->off_told, leg->n_gaps,
	       leg->n_own_gaps);
}

static void print_figures(const struct drift_run *run,
			  const struct drift_figures *figures)
{
	const struct drift_setup *setup = &run->setup;

	printf("%u\t%u\t%u\t%u\t%g\t%.0f", setup->jack_rate_hz, setup->period,
	       setup->pw_rate_hz, setup->quantum, setup->ppm, run->listened_s);
	printf("\t%u\t%u\t%ju\t%ju\t%.0f\t%.0f\t%.3f\t%.3f", figures->n_hard,
	       figures->n_late, (uintmax_t)figures->n_slips,
	       (uintmax_t)figures->n_underruns, figures->target[0],
	       figures->target[1], figures->bridge_cpu_s,
	       figures->server_cpu_s);
	for (int i = 0; i < N_LEGS; i++)
		print_leg(&figures->leg[i]);
	putchar('\n');
}

/* As a line of its own kind: what it costs is where the bridge's costs are. */
static int print_wakes(const struct options *all)
{
	const struct drift_setup *setup = &all->setup;
	double cpu_s = wakes_cpu_s_min(
		all->n_wakes,
		(int64_t)(1e9 * setup->period / setup->jack_rate_hz),
		all->seconds);

	if (cpu_s < 0) {
		fprintf(stderr, "skipped: no realtime rights\n");
		return SANDBOX_SKIP;
	}
	printf("%u\t%u\t%u\t%u\t0\t%.0f\t0\t0\t0\t0\t0\t0\t%.3f\t0\n",
	       setup->jack_rate_hz, setup->period, setup->pw_rate_hz,
	       setup->quantum, all->seconds, cpu_s);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	static struct drift_run run;
	struct options all = {
		.setup = { 48000, 256, 48000, 256, "adaptive",
			   .stall_us = 20000 },
		.seconds = 120,
		.settled_s = 60,
	};
	struct drift_figures figures;
	const char *why;
	bool good;

	argp_parse(&argp, argc, argv, 0, NULL, &all);
	if (all.header) {
		print_header();
		return 0;
	}
	if (all.n_wakes > 0)
		return print_wakes(&all);
	why = drift_run_init(&run, &all.setup, all.seconds);
	if (why) {
		fprintf(stderr, "skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	good = drift_run_start(&run);
	if (good) {
		drift_run_listen(&run, all.seconds);
		drift_figures(&run, all.settled_s, &figures);
		print_figures(&run, &figures);
		if (all.dump)
			drift_figures_dump(&run, all.dump);
	}
	return drift_run_finish(&run) && good ? 0 : 1;
}
