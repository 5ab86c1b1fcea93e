/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "link/fade.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

static int64_t thread_minflt(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

static void stats_reset(struct probe_stats *stats, uint32_t n_channels)
{
	memset(stats, 0, sizeof(*stats));
	stats->check.n_channels = n_channels;
	stats->check.fade_length = PROBE_RATE_HZ / LEAT_FADE_DIVISOR;
	stats->first_bad_cycle = -1;
	stats->latency_min = -1;
	stats->latency_max = -1;
	stats->latency_now = -1;
}

void probe_init(struct probe *probe, uint32_t n_channels, bool sends,
		bool receives)
{
	memset(probe, 0, sizeof(*probe));
	probe->n_channels = n_channels;
	probe->sends = sends;
	probe->receives = receives;
	/* Not 0: the first sample would be silent. */
	probe->sent = 1;
	stats_reset(&probe->live, n_channels);
	stats_reset(&probe->copy, n_channels);
}

static void note(struct probe_stats *stats, enum probe_event_kind kind,
		 int64_t n_frames)
{
	if (stats->n_events < PROBE_MAX_EVENTS)
		stats->events[stats->n_events] = (struct probe_event){
			.cycle = stats->n_cycles,
			.kind = kind,
			.n_frames = n_frames,
		};
	stats->n_events++;
}

void probe_xrun(struct probe *probe)
{
	atomic_fetch_add(&probe->n_xruns, 1);
}

void probe_skip(struct probe *probe, int64_t n_frames)
{
	probe->live.n_skips++;
	probe->live.n_skipped += n_frames > 0 ? (uint64_t)n_frames : 0;
	note(&probe->live, PROBE_SKIP, n_frames);
}

static struct probe_latency *latency_find(struct probe_stats *stats,
					  int64_t n_frames)
{
	struct probe_latency *latencies = stats->latencies;

	for (uint32_t i = 0; i < stats->n_latencies; i++)
		if (latencies[i].n_frames == n_frames)
			return &latencies[i];
	/* Past the limit, the last one collects the rest. */
	if (stats->n_latencies == PROBE_MAX_LATENCIES)
		return &latencies[PROBE_MAX_LATENCIES - 1];
	latencies[stats->n_latencies].n_frames = n_frames;
	return &latencies[stats->n_latencies++];
}

static void latency_change(struct probe_stats *stats, int64_t n_frames)
{
	bool first = stats->n_latencies == 0;

	if (first || n_frames < stats->latency_min)
		stats->latency_min = n_frames;
	if (first || n_frames > stats->latency_max)
		stats->latency_max = n_frames;
	stats->latency_now = n_frames;
	stats->latency_changed = stats->n_cycles;
	note(stats, PROBE_LATENCY, n_frames);
}

static void take_latency(struct probe *probe, uint32_t at)
{
	struct probe_stats *stats = &probe->live;
	uint32_t wrap = counting_wrap(probe->n_channels);
	uint32_t sent = (uint32_t)((probe->sent + at + 1) % wrap);
	int64_t n_frames =
		counting_distance(stats->check.next, sent, probe->n_channels);

	if (stats->n_latencies == 0 || n_frames != stats->latency_now)
		latency_change(stats, n_frames);
	latency_find(stats, n_frames)->count++;
}

/* Silence and corruption are noted when they begin. */
static void note_break(struct probe_stats *stats, enum counting_kind before,
		       uint32_t n_jumped)
{
	enum counting_kind kind = stats->check.latest;
	bool new = kind != before;

	if (kind == COUNTING_GAP)
		note(stats, PROBE_GAP, n_jumped);
	else if (kind == COUNTING_REPEAT)
		note(stats, PROBE_REPEAT, n_jumped);
	else if (kind == COUNTING_CORRUPT && new)
		note(stats, PROBE_CORRUPT, 0);
	else if (kind == COUNTING_FADE && new)
		note(stats, PROBE_SILENCE, 0);
	else if (kind == COUNTING_SILENT && new &&before != COUNTING_FADE &&
		 stats->check.locked)
		note(stats, PROBE_SILENCE, 0);
	else
		return;
	if (stats->first_bad_cycle < 0)
		stats->first_bad_cycle = (int64_t)stats->n_cycles;
}

static void receive(struct probe *probe, const float *const *recv,
		    uint32_t n_frames)
{
	struct probe_stats *stats = &probe->live;

	for (uint32_t i = 0; i < n_frames; i++) {
		enum counting_kind before = stats->check.latest;
		uint32_t n_jumped;
		enum counting_kind kind =
			counting_judge(&stats->check, recv, i, &n_jumped);

		if (kind != COUNTING_EXACT)
			note_break(stats, before, n_jumped);
		if (probe->sends && kind <= COUNTING_REPEAT)
			take_latency(probe, i);
	}
}

static void answer_reset(struct probe *probe)
{
	stats_reset(&probe->live, probe->n_channels);
	probe->minflt_base = thread_minflt();
	probe->n_xruns_base = atomic_load(&probe->n_xruns);
}

static void answer_copy(struct probe *probe)
{
	probe->live.minflt = thread_minflt() - probe->minflt_base;
	probe->copy = probe->live;
}

static void answer(struct probe *probe, int request)
{
	if ((int)atomic_load(&probe->request) != request)
		return;
	if (request == PROBE_RESET)
		answer_reset(probe);
	else
		answer_copy(probe);
	atomic_store(&probe->request, PROBE_NOTHING);
}

/* The misbehaviour that was asked for: this one does block. */
static void be_late(struct probe *probe)
{
	unsigned int late_us = atomic_exchange(&probe->late_us, 0);
	struct timespec time = {
		.tv_sec = late_us / 1000000,
		.tv_nsec = (long)(late_us % 1000000) * 1000,
	};

	if (late_us)
		nanosleep(&time, NULL);
}

void probe_process(struct probe *probe, float *const *send,
		   const float *const *recv, uint32_t n_frames)
{
	answer(probe, PROBE_RESET);
	if (probe->receives)
		receive(probe, recv, n_frames);
	if (probe->sends)
		counting_write(send, probe->n_channels, probe->sent, n_frames);
	probe->sent += n_frames;
	probe->live.n_frames += n_frames;
	probe->live.n_cycles++;
	answer(probe, PROBE_COPY);
	be_late(probe);
}

void probe_set_late(struct probe *probe, unsigned int late_us)
{
	atomic_store(&probe->late_us, late_us);
}

bool probe_ask(struct probe *probe, enum probe_request request, int timeout_ms)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int expected = (int)request;

	atomic_store(&probe->request, (int)request);
	for (int i = 0; i < timeout_ms; i++) {
		if (atomic_load(&probe->request) == PROBE_NOTHING)
			return true;
		nanosleep(&ms, NULL);
	}
	if (!atomic_compare_exchange_strong(&probe->request, &expected,
					    PROBE_NOTHING))
		return true;
	if (request == PROBE_RESET) {
		stats_reset(&probe->live, probe->n_channels);
		probe->n_xruns_base = atomic_load(&probe->n_xruns);
	} else {
		probe->copy = probe->live;
	}
	return false;
}
