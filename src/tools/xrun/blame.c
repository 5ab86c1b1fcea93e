/* SPDX-License-Identifier: MIT */
#include "blame.h"

#include <stdlib.h>

/* How far before a late call its cause may lie, in periods. */
#define REACH 1

/* ---- spans of time ---- */

struct span {
	int64_t from_ns, to_ns;
};

static int64_t overlap_ns(struct span a, struct span b)
{
	int64_t from_ns = a.from_ns > b.from_ns ? a.from_ns : b.from_ns;
	int64_t to_ns = a.to_ns < b.to_ns ? a.to_ns : b.to_ns;

	return to_ns > from_ns ? to_ns - from_ns : 0;
}

static bool touches(struct span a, struct span b)
{
	return a.from_ns <= b.to_ns && b.from_ns <= a.to_ns;
}

static struct span call_span(const struct xrun_call *call)
{
	return (struct span){ call->start_ns,
			      call->start_ns + (int64_t)call->duration_ns };
}

/* Since the last call, in which something kept this one from beginning. */
static struct span late_span(const struct xrun_call *call)
{
	struct span span = call_span(call);

	if (call->interval_ns != XRUN_UNKNOWN)
		span.from_ns -= (int64_t)call->interval_ns;
	return span;
}

/* ---- what is late ---- */

uint64_t xrun_call_lateness(const struct xrun_call *call, uint64_t period_ns)
{
	if (call->interval_ns != XRUN_UNKNOWN &&
	    call->interval_ns > period_ns + period_ns / 2)
		return call->interval_ns - period_ns;
	if (call->duration_ns > period_ns)
		return call->duration_ns - period_ns;
	/* What is left out is a period at least. */
	return call->n_skipped > 0 ? period_ns : 0;
}

/* ---- stalls ---- */

/* The first entry that may touch a span that begins then. */
static uint32_t first_stall(const struct xrun_timeline *t, int64_t from_ns)
{
	uint32_t low = 0, high = t->n_stalls;

	/* They are in order of their ends as well, near enough. */
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->stalls[mid].to_ns < from_ns)
			low = mid + 1;
		else
			high = mid;
	}
	/* Those of several processors lie beside each other. */
	return low > 16 ? low - 16 : 0;
}

/*
 * How long a processor stood still within a span: that of the one that stood
 * longest, as nobody knows on which one the late call was to run.
 */
static int64_t stalled_ns(const struct xrun_timeline *t, struct span span)
{
	int64_t sum_ns = 0, until_ns = span.from_ns;

	for (uint32_t i = first_stall(t, span.from_ns); i < t->n_stalls; i++) {
		struct span stall = { t->stalls[i].from_ns,
				      t->stalls[i].to_ns };

		if (stall.from_ns > span.to_ns)
			break;
		if (stall.from_ns < until_ns)
			stall.from_ns = until_ns;
		sum_ns += overlap_ns(stall, span);
		if (stall.to_ns > until_ns)
			until_ns = stall.to_ns;
	}
	return sum_ns;
}

/* ---- calls that ran long ---- */

static uint32_t first_call(const struct xrun_timeline *t, int64_t from_ns)
{
	uint32_t low = 0, high = t->n_calls;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->calls[mid].start_ns < from_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const enum xrun_cause own_cause[XRUN_N_CALLBACKS] = {
	[XRUN_CALL_JACK_CLIENT] = XRUN_JACK_CLIENT,
	[XRUN_CALL_PIPEWIRE_NODE] = XRUN_PIPEWIRE_NODE,
	[XRUN_CALL_BRIDGE_JACK] = XRUN_BRIDGE_JACK,
	[XRUN_CALL_BRIDGE_PIPEWIRE] = XRUN_BRIDGE_PIPEWIRE,
};

/* Nothing that took longer is looked for further back. */
#define LONGEST_NS INT64_C(1000000000)

/*
 * Whose call ran longest in a span, of those that ran at least so long, and how
 * long: what the machine stood still meanwhile is not its doing.
 */
static enum xrun_cause longest_call(const struct xrun_timeline *t,
				    struct span span, int64_t *longest_ns)
{
	enum xrun_cause cause = XRUN_CAUSE_UNKNOWN;

	for (uint32_t i = first_call(t, span.from_ns - LONGEST_NS);
	     i < t->n_calls && t->calls[i].start_ns <= span.to_ns; i++) {
		const struct xrun_call *call = &t->calls[i];
		int64_t net_ns;

		if (!touches(call_span(call), span))
			continue;
		net_ns = (int64_t)call->duration_ns -
			 stalled_ns(t, call_span(call));
		if (net_ns >= *longest_ns) {
			*longest_ns = net_ns;
			cause = own_cause[call->callback];
		}
	}
	return cause;
}

/* The machine, or whoever ran long; or nobody that is known. */
static enum xrun_cause seen_cause(const struct xrun_timeline *t,
				  struct span span, int64_t missing_ns)
{
	struct span wide = { span.from_ns - REACH * (int64_t)t->period_ns,
			     span.to_ns };
	int64_t stall_ns = stalled_ns(t, wide);
	int64_t long_ns = (int64_t)t->period_ns / 4;
	enum xrun_cause cause;

	/* What is short beside what is missing cannot be why. */
	if (long_ns < missing_ns / 4)
		long_ns = missing_ns / 4;
	cause = longest_call(t, wide, &long_ns);
	if (cause != XRUN_CAUSE_UNKNOWN && long_ns >= stall_ns)
		return cause;
	if (stall_ns > 0 && stall_ns >= missing_ns / 4)
		return XRUN_MACHINE;
	return cause;
}

/* ---- who was called late ---- */

/* A late call of a callback near a span, or NULL. */
static const struct xrun_call *late_call(const struct xrun_timeline *t,
					 enum xrun_callback callback,
					 struct span span)
{
	struct span wide = { span.from_ns - (int64_t)t->period_ns / 2,
			     span.to_ns + (int64_t)t->period_ns / 2 };

	for (uint32_t i = first_call(t, span.from_ns - LONGEST_NS);
	     i < t->n_calls; i++) {
		const struct xrun_call *call = &t->calls[i];

		/* Late ones reach back as far as their intervals. */
		if (call->start_ns > wide.to_ns + LONGEST_NS)
			break;
		if (call->callback == callback &&
		    xrun_call_lateness(call, t->period_ns) >= XRUN_BLIND_NS &&
		    touches(late_span(call), wide))
			return call;
	}
	return NULL;
}

/* In JACK: everybody late is the server, the bridge alone is the bridge. */
static enum xrun_cause cause_in_jack(const struct xrun_timeline *t,
				     struct span span)
{
	bool client = late_call(t, XRUN_CALL_JACK_CLIENT, span);
	bool bridge = late_call(t, XRUN_CALL_BRIDGE_JACK, span);

	if (client && (bridge || !t->knows_bridge))
		return XRUN_JACK_SERVER;
	return bridge ? XRUN_BRIDGE_JACK : XRUN_CAUSE_UNKNOWN;
}

/* In PipeWire: likewise; on JACK's clock the bridge is what drives it. */
static enum xrun_cause cause_in_pipewire(const struct xrun_timeline *t,
					 struct span span)
{
	bool node = late_call(t, XRUN_CALL_PIPEWIRE_NODE, span);
	bool bridge = late_call(t, XRUN_CALL_BRIDGE_PIPEWIRE, span);

	if (node && (!bridge || !t->follows))
		return XRUN_PIPEWIRE_SERVER;
	return bridge ? XRUN_BRIDGE_PIPEWIRE : XRUN_CAUSE_UNKNOWN;
}

static bool is_in_jack(enum xrun_callback callback)
{
	return callback == XRUN_CALL_JACK_CLIENT ||
	       callback == XRUN_CALL_BRIDGE_JACK;
}

static enum xrun_cause chain_cause(const struct xrun_timeline *t,
				   struct span span, bool in_jack)
{
	enum xrun_cause cause = XRUN_CAUSE_UNKNOWN;

	if (in_jack)
		return cause_in_jack(t, span);
	if (t->follows)
		cause = cause_in_jack(t, span);
	return cause == XRUN_CAUSE_UNKNOWN ? cause_in_pipewire(t, span) : cause;
}

static enum xrun_cause call_cause(const struct xrun_timeline *t,
				  const struct xrun_call *call)
{
	int64_t missing_ns = (int64_t)xrun_call_lateness(call, t->period_ns);
	struct span span = late_span(call);
	enum xrun_cause cause = seen_cause(t, span, missing_ns);

	if (cause != XRUN_CAUSE_UNKNOWN)
		return cause;
	return chain_cause(t, span, is_in_jack(call->callback));
}

/* ---- gaps ---- */

static enum xrun_cause gap_cause(const struct xrun_timeline *t,
				 const struct xrun_gap *gap)
{
	struct span span = { gap->from_ns, gap->to_ns };
	int64_t missing_ns = (int64_t)(gap->n_frames * 1000000000 / t->rate_hz);
	enum xrun_cause cause = seen_cause(t, span, missing_ns);

	if (cause != XRUN_CAUSE_UNKNOWN)
		return cause;
	cause = chain_cause(t, span, false);
	return cause == XRUN_CAUSE_UNKNOWN ? cause_in_jack(t, span) : cause;
}

/* ---- events ---- */

static struct xrun_event call_event(const struct xrun_timeline *t,
				    const struct xrun_call *call)
{
	return (struct xrun_event){
		.time_ns = call->start_ns,
		.kind = call->n_skipped > 0 ? XRUN_SKIPPED : XRUN_LATE,
		.cause = call_cause(t, call),
		.callback = call->callback,
		.size_ns = xrun_call_lateness(call, t->period_ns),
		.n_frames = call->n_skipped,
		.cpu = -1,
	};
}

static struct xrun_event gap_event(const struct xrun_timeline *t,
				   const struct xrun_gap *gap)
{
	return (struct xrun_event){
		.time_ns = gap->from_ns,
		.kind = XRUN_GAP,
		.cause = gap_cause(t, gap),
		.place = gap->place,
		.size_ns = gap->n_frames * 1000000000 / t->rate_hz,
		.n_frames = gap->n_frames,
		.cpu = -1,
	};
}

static struct xrun_event stall_event(const struct xrun_stall *stall)
{
	return (struct xrun_event){
		.time_ns = stall->from_ns,
		.kind = XRUN_STALL,
		.cause = XRUN_MACHINE,
		.size_ns = (uint64_t)(stall->to_ns - stall->from_ns),
		.cpu = stall->cpu,
	};
}

static int compare_times(const void *a, const void *b)
{
	const struct xrun_event *left = a, *right = b;

	return (left->time_ns > right->time_ns) -
	       (left->time_ns < right->time_ns);
}

uint32_t xrun_blame(const struct xrun_timeline *t, int64_t start_ns,
		    struct xrun_event *events)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n_calls; i++)
		if (xrun_call_lateness(&t->calls[i], t->period_ns) > 0)
			events[n++] = call_event(t, &t->calls[i]);
	for (uint32_t i = 0; i < t->n_gaps; i++)
		events[n++] = gap_event(t, &t->gaps[i]);
	for (uint32_t i = 0; i < t->n_stalls; i++)
		events[n++] = stall_event(&t->stalls[i]);
	for (uint32_t i = 0; i < n; i++)
		events[i].time_ns -= start_ns;
	qsort(events, n, sizeof(*events), compare_times);
	return n;
}
