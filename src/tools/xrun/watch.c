/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "cli/now.h"
#include "histogram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Calls that are shorter by so much, and on time, need no looking at. */
#define LONG_PART 4 /* a quarter of a period */

/* Frames that a resampled signal may seem to jump by, and has not. */
#define ROUGH_MAX 32

void xrun_watch_init(struct xrun_watch *watch)
{
	memset(watch, 0, sizeof(*watch));
}

void xrun_watch_finish(struct xrun_watch *watch)
{
	for (int i = 0; i < 2; i++)
		xrun_list_finish(&watch->track[i].hearer.holes);
	xrun_list_finish(&watch->calls);
	xrun_list_finish(&watch->skipped);
	xrun_list_finish(&watch->gaps);
	xrun_list_finish(&watch->stalls);
	xrun_list_finish(&watch->fills);
}

static uint64_t period_ns(const struct xrun_watch *watch)
{
	return watch->period * UINT64_C(1000000000) / watch->rate_hz;
}

/* ---- a call of ours ---- */

static void measure(struct xrun_track *track, const struct xrun_record *record,
		    uint64_t interval_ns)
{
	struct leat_histogram *histogram = track->histogram;

	xrun_histogram_add(&histogram[XRUN_DURATION],
			   record->end_ns - record->start_ns);
	if (interval_ns != XRUN_UNKNOWN)
		xrun_histogram_add(&histogram[XRUN_INTERVAL], interval_ns);
	if (record->wakeup_ns != XRUN_UNKNOWN)
		xrun_histogram_add(&histogram[XRUN_WAKEUP], record->wakeup_ns);
}

/* Frames of its graph's time between the last call and this one. */
static uint64_t count_skipped(const struct xrun_track *track,
			      const struct xrun_record *record)
{
	uint64_t next = track->last.frame + track->last.n_frames;

	/* A clock that went back is another one. */
	return track->has_last && record->frame > next ? record->frame - next
						       : 0;
}

static void note_call(struct xrun_watch *watch, const struct xrun_call *call)
{
	uint64_t p_ns = period_ns(watch);

	if (call->duration_ns > p_ns / LONG_PART ||
	    xrun_call_lateness(call, p_ns) > 0)
		xrun_list_add(&watch->calls, call, sizeof(*call));
}

/*
 * A resampled signal is known to some frames only: what is that near is what
 * had to come.
 */
static void hear_rough(struct xrun_track *track, uint64_t frame,
		       uint32_t n_frames, int64_t time_ns)
{
	uint64_t next = track->hearer.next, end = frame + n_frames;

	if (track->hearer.locked && frame > next && frame - next <= ROUGH_MAX)
		frame = next;
	if (end > frame)
		xrun_hearer_take(&track->hearer, frame, (uint32_t)(end - frame),
				 time_ns);
}

static void hear(struct xrun_watch *watch, struct xrun_track *track,
		 const struct xrun_record *record)
{
	int64_t time_ns = (int64_t)record->start_ns;

	for (uint32_t i = 0; i < record->n_runs; i++) {
		const struct xrun_run *run = &record->runs[i];
		uint64_t near = track->hearer.locked ? track->hearer.next
						     : watch->sent;
		uint64_t frame = xrun_count_frame(run->number, near);

		if (watch->is_rough)
			hear_rough(track, frame, run->n_frames, time_ns);
		else
			xrun_hearer_take(&track->hearer, frame, run->n_frames,
					 time_ns);
	}
}

/* Whether a call is of the step that runs. */
static bool counts(const struct xrun_watch *watch,
		   const struct xrun_record *record)
{
	return watch->counting && (int64_t)record->start_ns >= watch->start_ns;
}

/* The frames of a step: [from, to), for who sends and who hears. */
static void extend(struct xrun_watch *watch, uint64_t from, uint64_t to)
{
	for (int i = 0; i < 2; i++) {
		struct xrun_hearer *hearer = &watch->track[i].hearer;

		if (hearer->from == hearer->to)
			hearer->from = from;
		hearer->to = to;
	}
}

static void send(struct xrun_watch *watch, const struct xrun_track *track,
		 const struct xrun_record *record, uint64_t n_skipped)
{
	const struct xrun_hole hole = { record->frame - n_skipped,
					record->frame,
					(int64_t)track->last.start_ns,
					(int64_t)record->start_ns };
	bool first = track->hearer.from == track->hearer.to;

	watch->sent = record->frame + record->n_frames;
	if (!counts(watch, record))
		return;
	extend(watch, record->frame, watch->sent);
	watch->n_sent += record->n_frames;
	/* What was left out before the first one is not of this step. */
	if (n_skipped > 0 && !first)
		xrun_list_add(&watch->skipped, &hole, sizeof(hole));
}

static void take_record(struct xrun_watch *watch, enum xrun_callback callback,
			const struct xrun_record *record)
{
	struct xrun_track *track = &watch->track[callback];
	struct xrun_call call = {
		.callback = callback,
		.start_ns = (int64_t)record->start_ns,
		.duration_ns = record->end_ns - record->start_ns,
		.interval_ns = XRUN_UNKNOWN,
		.n_skipped = count_skipped(track, record),
	};

	if (track->has_last)
		call.interval_ns = record->start_ns - track->last.start_ns;
	if (callback == XRUN_CALL_JACK_CLIENT)
		send(watch, track, record, call.n_skipped);
	if (counts(watch, record)) {
		if (track->n_calls++ == 0)
			call.n_skipped = 0;
		measure(track, record, call.interval_ns);
		note_call(watch, &call);
	}
	hear(watch, track, record);
	track->last = *record;
	track->has_last = true;
}

static void take_records(struct xrun_watch *watch, enum xrun_callback callback,
			 struct xrun_recorder *recorder)
{
	struct xrun_record record;

	while (recorder && xrun_recorder_take(recorder, &record))
		take_record(watch, callback, &record);
}

/* ---- the bridge ---- */

static const enum xrun_callback bridge_callback[LEAT_N_LOAD_SIDES] = {
	[LEAT_LOAD_JACK] = XRUN_CALL_BRIDGE_JACK,
	[LEAT_LOAD_PIPEWIRE] = XRUN_CALL_BRIDGE_PIPEWIRE,
};

static void take_cycles(struct xrun_watch *watch, enum leat_load_side side)
{
	struct leat_load_cycle cycles[LEAT_LOAD_N_SLOTS];
	uint64_t n_lost = 0;
	uint32_t n = leat_load_cycles(watch->load, side,
				      &watch->n_load_cycles[side], cycles,
				      &n_lost);

	watch->calls.n_left_out += n_lost;
	for (uint32_t i = 0; i < n; i++) {
		const struct xrun_call call = {
			.callback = bridge_callback[side],
			.start_ns = (int64_t)cycles[i].start_ns,
			.duration_ns = cycles[i].duration_ns,
			.interval_ns = cycles[i].interval_ns,
		};

		if (call.start_ns >= watch->start_ns && watch->counting)
			note_call(watch, &call);
	}
}

static void note_fill(struct xrun_watch *watch)
{
	struct leat_link_status status;
	struct xrun_fill fill = { .time_ns = (int64_t)leat_now_ns() -
					     watch->start_ns };

	leat_load_status(watch->load, &status);
	fill.to_pipewire = status.direction[LEAT_TO_PIPEWIRE].fill;
	fill.to_pipewire_aim = status.direction[LEAT_TO_PIPEWIRE].target;
	fill.to_jack = status.direction[LEAT_TO_JACK].fill;
	fill.to_jack_aim = status.direction[LEAT_TO_JACK].target;
	xrun_list_add(&watch->fills, &fill, sizeof(fill));
}

static void look_at_bridge(struct xrun_watch *watch)
{
	for (int side = 0; side < LEAT_N_LOAD_SIDES; side++)
		take_cycles(watch, (enum leat_load_side)side);
	if (watch->counting)
		note_fill(watch);
}

/* ---- from beginning to end ---- */

void xrun_watch_look(struct xrun_watch *watch)
{
	take_records(watch, XRUN_CALL_JACK_CLIENT, watch->jack);
	take_records(watch, XRUN_CALL_PIPEWIRE_NODE, watch->pipewire);
	if (watch->load)
		look_at_bridge(watch);
}

static void forget_track(struct xrun_track *track)
{
	struct xrun_hearer *hearer = &track->hearer;

	memset(track->histogram, 0, sizeof(track->histogram));
	track->n_calls = 0;
	hearer->from = 0;
	hearer->to = 0;
	hearer->n_heard = 0;
	xrun_list_clear(&hearer->holes);
}

void xrun_watch_start(struct xrun_watch *watch)
{
	xrun_watch_look(watch);
	for (int i = 0; i < 2; i++)
		forget_track(&watch->track[i]);
	xrun_list_clear(&watch->calls);
	xrun_list_clear(&watch->skipped);
	xrun_list_clear(&watch->gaps);
	xrun_list_clear(&watch->stalls);
	xrun_list_clear(&watch->fills);
	watch->n_sent = 0;
	watch->n_stalls = watch->witness ? watch->witness->n_stalls : 0;
	for (int side = 0; watch->load && side < LEAT_N_LOAD_SIDES; side++) {
		enum leat_load_side s = (enum leat_load_side)side;

		leat_load_read(watch->load, s, &watch->load_before[side]);
		watch->n_load_cycles[side] = leat_load_n_cycles(watch->load, s);
	}
	watch->start_ns = (int64_t)leat_now_ns();
	watch->counting = true;
}

void xrun_watch_stop(struct xrun_watch *watch)
{
	xrun_watch_look(watch);
	watch->counting = false;
	watch->end_ns = (int64_t)leat_now_ns();
}

void xrun_watch_forget_signal(struct xrun_watch *watch)
{
	xrun_watch_look(watch);
	for (int i = 0; i < 2; i++)
		watch->track[i].hearer.locked = false;
	xrun_watch_start(watch);
}

void xrun_watch_set_rough(struct xrun_watch *watch, bool is_rough)
{
	if (watch->is_rough == is_rough)
		return;
	watch->is_rough = is_rough;
	atomic_store(&watch->jack->is_rough, is_rough);
	atomic_store(&watch->pipewire->is_rough, is_rough);
	xrun_watch_forget_signal(watch);
}

bool xrun_watch_is_steady(const struct xrun_watch *watch, uint32_t n_frames)
{
	for (int i = 0; i < 2; i++) {
		const struct xrun_hearer *hearer = &watch->track[i].hearer;

		if (!hearer->locked || hearer->n_heard < n_frames ||
		    hearer->holes.n_items > 0)
			return false;
	}
	return true;
}

bool xrun_watch_is_complete(const struct xrun_watch *watch)
{
	for (int i = 0; i < 2; i++)
		if (watch->track[i].hearer.next < watch->track[i].hearer.to)
			return false;
	return true;
}

/* ---- the sum of it ---- */

static void take_stalls(struct xrun_watch *watch)
{
	uint32_t n = watch->witness ? watch->witness->n_stalls : 0;
	uint32_t first = watch->n_stalls;

	if (n - first > WITNESS_STALLS)
		first = n - WITNESS_STALLS;
	for (uint32_t i = first; i != n; i++) {
		const struct witness_stall *seen =
			&watch->witness->stalls[i % WITNESS_STALLS];
		const struct xrun_stall stall = { seen->start_ns, seen->end_ns,
						  seen->cpu };

		if (stall.to_ns >= watch->start_ns &&
		    stall.from_ns <= watch->end_ns)
			xrun_list_add(&watch->stalls, &stall, sizeof(stall));
	}
}

static int compare_calls(const void *a, const void *b)
{
	const struct xrun_call *left = a, *right = b;

	return (left->start_ns > right->start_ns) -
	       (left->start_ns < right->start_ns);
}

static int blame_all(struct xrun_watch *watch, bool follows,
		     struct xrun_step *step)
{
	const struct xrun_timeline timeline = {
		.period_ns = period_ns(watch),
		.rate_hz = watch->rate_hz,
		.follows = follows,
		.knows_bridge = watch->load != NULL,
		.calls = watch->calls.items,
		.n_calls = watch->calls.n_items,
		.gaps = watch->gaps.items,
		.n_gaps = watch->gaps.n_items,
		.stalls = watch->stalls.items,
		.n_stalls = watch->stalls.n_items,
	};
	size_t n = (size_t)timeline.n_calls + timeline.n_gaps +
		   timeline.n_stalls + 1;

	if (timeline.n_calls > 0)
		qsort(watch->calls.items, timeline.n_calls,
		      sizeof(struct xrun_call), compare_calls);
	step->event = calloc(n, sizeof(*step->event));
	if (!step->event)
		return -ENOMEM;
	step->n_events = xrun_blame(&timeline, watch->start_ns, step->event);
	step->n_events_left_out =
		(uint32_t)(watch->calls.n_left_out + watch->gaps.n_left_out +
			   watch->stalls.n_left_out);
	return 0;
}

static void sum_event(struct xrun_step *step, const struct xrun_event *event)
{
	switch (event->kind) {
	case XRUN_LATE:
		step->n_late[event->cause]++;
		break;
	case XRUN_SKIPPED:
		step->n_late[event->cause]++;
		/* What PipeWire's clock left out is no frame of the signal. */
		if (event->callback == XRUN_CALL_JACK_CLIENT)
			step->n_lost[XRUN_IN_JACK][event->cause] +=
				event->n_frames;
		break;
	case XRUN_GAP:
		step->n_lost[event->place][event->cause] += event->n_frames;
		break;
	case XRUN_STALL:
		step->n_stalls++;
		if (event->size_ns > step->longest_stall_ns)
			step->longest_stall_ns = event->size_ns;
		break;
	}
}

static int take_histograms(const struct xrun_watch *watch,
			   struct xrun_step *step)
{
	int res = 0;

	for (int c = 0; c < 2; c++) {
		step->n_cycles[c] = watch->track[c].n_calls;
		for (int m = 0; res == 0 && m < XRUN_N_MEASURES; m++)
			res = xrun_histogram_take(
				&step->histogram[c][m],
				&watch->track[c].histogram[m]);
	}
	return res;
}

static const enum xrun_measure measure_of[LEAT_N_LOAD_KINDS] = {
	[LEAT_LOAD_DURATION] = XRUN_DURATION,
	[LEAT_LOAD_INTERVAL] = XRUN_INTERVAL,
	[LEAT_LOAD_WAKEUP] = XRUN_WAKEUP,
};

static int take_bridge_histograms(const struct xrun_watch *watch,
				  enum leat_load_side side,
				  struct xrun_step *step)
{
	enum xrun_callback callback = bridge_callback[side];
	struct leat_side_load now;
	int res = 0;

	leat_load_read(watch->load, side, &now);
	for (int kind = 0; res == 0 && kind < LEAT_N_LOAD_KINDS; kind++) {
		struct leat_histogram between;

		leat_histogram_between(
			&between, &now.histogram[kind],
			&watch->load_before[side].histogram[kind]);
		if (kind == LEAT_LOAD_DURATION)
			step->n_cycles[callback] = between.n;
		res = xrun_histogram_take(
			&step->histogram[callback][measure_of[kind]], &between);
	}
	return res;
}

/* Hand the fills over: they become the step's. */
static void take_fills(struct xrun_watch *watch, struct xrun_step *step)
{
	step->fill = watch->fills.items;
	step->n_fills = watch->fills.n_items;
	memset(&watch->fills, 0, sizeof(watch->fills));
}

int xrun_watch_conclude(struct xrun_watch *watch, bool follows,
			struct xrun_step *step)
{
	const struct xrun_hearer *client =
		&watch->track[XRUN_CALL_JACK_CLIENT].hearer;
	int res;

	for (int i = 0; i < 2; i++)
		xrun_hearer_close(&watch->track[i].hearer, watch->end_ns);
	xrun_ledger(&watch->skipped,
		    &watch->track[XRUN_CALL_PIPEWIRE_NODE].hearer.holes,
		    &client->holes, &watch->gaps);
	take_stalls(watch);
	step->start_ns = watch->start_ns;
	step->duration_ns = watch->end_ns - watch->start_ns;
	step->is_counted = client->locked;
	step->is_exact = client->locked && !watch->is_rough;
	step->n_sent = watch->n_sent;
	step->n_heard = client->n_heard;
	res = blame_all(watch, follows, step);
	for (uint32_t i = 0; res == 0 && i < step->n_events; i++)
		sum_event(step, &step->event[i]);
	if (res == 0)
		res = take_histograms(watch, step);
	for (int side = 0; res == 0 && watch->load && side < LEAT_N_LOAD_SIDES;
	     side++)
		res = take_bridge_histograms(watch, (enum leat_load_side)side,
					     step);
	take_fills(watch, step);
	return res;
}
