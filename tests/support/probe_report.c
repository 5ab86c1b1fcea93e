/* SPDX-License-Identifier: MIT */
#include "probe_report.h"

#include <inttypes.h>
#include <stdio.h>

#define ASK_MS 300

static void print_signal(const struct probe_stats *stats)
{
	const struct counting_check *check = &stats->check;

	printf("cycles=%" PRIu64 " frames=%" PRIu64, stats->n_cycles,
	       stats->n_frames);
	printf(" exact=%" PRIu64 " silent=%" PRIu64 " silences=%" PRIu64,
	       check->n_exact, check->n_silent, check->n_silences);
	printf(" fades=%" PRIu64, check->n_fades);
	printf(" gaps=%" PRIu64 " lost=%" PRIu64 " repeats=%" PRIu64,
	       check->n_gaps, check->n_lost, check->n_repeats);
	printf(" corrupt=%" PRIu64 " first_bad_cycle=%" PRId64,
	       check->n_corrupt, stats->first_bad_cycle);
}

static void print_times(const struct probe_stats *stats)
{
	printf(" latency_min=%" PRId64 " latency_max=%" PRId64,
	       stats->latency_min, stats->latency_max);
	printf(" latency_now=%" PRId64 " latency_changed=%" PRIu64,
	       stats->latency_now, stats->latency_changed);
	printf(" latencies=%" PRIu32, stats->n_latencies);
	printf(" skips=%" PRIu64 " skipped_frames=%" PRIu64, stats->n_skips,
	       stats->n_skipped);
	printf(" rt_minflt=%" PRId64, stats->minflt);
}

static void print_events(const struct probe_stats *stats)
{
	static const char *const names[] = {
		[PROBE_GAP] = "gap",	     [PROBE_REPEAT] = "repeat",
		[PROBE_SILENCE] = "silence", [PROBE_CORRUPT] = "corrupt",
		[PROBE_SKIP] = "skip",	     [PROBE_LATENCY] = "latency",
	};

	for (uint64_t i = 0; i < stats->n_events && i < PROBE_MAX_EVENTS; i++)
		printf("%" PRIu64 " %s %" PRId64 "\n", stats->events[i].cycle,
		       names[stats->events[i].kind], stats->events[i].n_frames);
}

static void print_latencies(const struct probe_stats *stats)
{
	for (uint32_t i = 0; i < stats->n_latencies; i++)
		printf("%" PRId64 " %" PRIu64 "\n",
		       stats->latencies[i].n_frames, stats->latencies[i].count);
}

static int xruns_of(const struct probe *probe)
{
	unsigned int n_xruns = atomic_load(&probe->n_xruns);

	return probe->knows_xruns ? (int)(n_xruns - probe->n_xruns_base) : -1;
}

void probe_report(struct probe *probe)
{
	bool running = probe_ask(probe, PROBE_COPY, ASK_MS);

	print_signal(&probe->copy);
	print_times(&probe->copy);
	printf(" xruns=%d running=%d", xruns_of(probe), running);
}

bool probe_run_command(struct probe *probe, const struct control *control)
{
	if (control_is(control, "reset", 0, 0)) {
		probe_ask(probe, PROBE_RESET, ASK_MS);
	} else if (control_is(control, "events", 0, 0)) {
		probe_ask(probe, PROBE_COPY, ASK_MS);
		print_events(&probe->copy);
	} else if (control_is(control, "latencies", 0, 0)) {
		probe_ask(probe, PROBE_COPY, ASK_MS);
		print_latencies(&probe->copy);
	} else if (control_is(control, "late", 1, 1)) {
		probe_set_late(probe,
			       (unsigned int)control_number(control, 1, 0));
	} else {
		return false;
	}
	puts("ok");
	return true;
}
