/* SPDX-License-Identifier: MIT */
/*
 * Taps: what comes next. Within a generation frames and events, in the order of
 * their positions; a generation that has ended is read to its end before the
 * next one, or the end of the link, is told.
 */
#include "tap_private.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- one event ---- */

static bool tell(const struct leat_tap *tap, struct leat_tap_event *event,
		 enum leat_tap_what what, uint64_t position, uint64_t n_frames)
{
	memset(event, 0, sizeof(*event));
	event->what = what;
	event->position = position;
	event->n_frames = n_frames;
	event->generation = tap->format.generation;
	event->text = "";
	return true;
}

/* Positions from the own on that will not be read. */
static bool tell_gap(struct leat_tap *tap, struct leat_tap_event *event,
		     enum leat_tap_cause cause, uint64_t up_to)
{
	tell(tap, event, LEAT_TAP_GAP, tap->position, up_to - tap->position);
	event->cause = cause;
	tap->position = tap->readable = up_to;
	return true;
}

static bool tell_down(struct leat_tap *tap, struct leat_tap_event *event)
{
	tap->down = false;
	tell(tap, event, LEAT_TAP_DOWN, tap->position, 0);
	event->error = tap->down_error;
	event->text = tap->down_text;
	return true;
}

/* ---- the events of a producer ---- */

static bool tell_producer_event(struct leat_tap *tap,
				struct leat_tap_event *event,
				const struct leat_event *log)
{
	switch (log->kind) {
	case LEAT_EVENT_JUMP:
		if (leat_tap_event_end(log) <= tap->position)
			return false;
		tell_gap(tap, event, LEAT_TAP_SKIPPED, leat_tap_event_end(log));
		tap->counts.n_skipped += event->n_frames;
		return true;
	case LEAT_EVENT_XRUN:
		tell(tap, event, LEAT_TAP_GAP, log->index, log->n_frames);
		event->cause = LEAT_TAP_XRUN;
		tap->counts.n_xrun += event->n_frames;
		return true;
	case LEAT_EVENT_DROPPED:
	case LEAT_EVENT_INSERTED:
		tell(tap, event, LEAT_TAP_SLIP, log->index, log->n_frames);
		event->cause = log->kind == LEAT_EVENT_DROPPED
				       ? LEAT_TAP_DROPPED
				       : LEAT_TAP_INSERTED;
		return true;
	default:
		/* Of a newer program. */
		return false;
	}
}

/*
 * Of JACK's log only its xruns are about the other direction. It stays empty
 * where the own one is JACK's.
 */
static const struct leat_event *next_of_clock(struct leat_tap_wire *wire)
{
	const struct leat_event *event;

	while ((event = leat_tap_log_next(&wire->clock_log)) &&
	       event->kind != LEAT_EVENT_XRUN)
		leat_tap_log_pass(&wire->clock_log);
	return event;
}

/* The next event of both logs, and which of them it is of. */
static const struct leat_event *next_event(struct leat_tap_wire *wire,
					   struct leat_tap_log **log)
{
	const struct leat_event *own = leat_tap_log_next(&wire->log);
	const struct leat_event *clock = next_of_clock(wire);

	*log = &wire->log;
	if (!clock || (own && own->index <= clock->index))
		return own;
	*log = &wire->clock_log;
	return clock;
}

/* Whether the frames behind it are there: before that it is no news. */
static bool is_due(const struct leat_tap_wire *wire,
		   const struct leat_event *event)
{
	return leat_tap_event_end(event) <= wire->newest;
}

/* What is to be told at the position, or was to be told before it. */
static bool tell_events(struct leat_tap *tap, struct leat_tap_event *event)
{
	struct leat_tap_log *log;
	const struct leat_event *next;

	while ((next = next_event(tap->wire, &log)) &&
	       next->index <= tap->position && is_due(tap->wire, next)) {
		leat_tap_log_pass(log);
		if (tell_producer_event(tap, event, next))
			return true;
	}
	return false;
}

/* ---- frames ---- */

static bool tell_lost(struct leat_tap *tap, struct leat_tap_event *event)
{
	struct leat_tap_wire *wire = tap->wire;

	if (tap->position < leat_tap_wire_oldest(wire)) {
		tell_gap(tap, event, LEAT_TAP_LAPPED,
			 leat_tap_wire_oldest_safe(wire));
		tap->counts.n_lapped += event->n_frames;
		return true;
	}
	if (tap->position < wire->log.known_from &&
	    wire->log.known_from <= wire->newest) {
		tell_gap(tap, event, LEAT_TAP_UNKNOWN, wire->log.known_from);
		event->n_unknown = (uint32_t)wire->log.n_lost;
		wire->log.n_lost = 0;
		tap->counts.n_unknown += event->n_frames;
		return true;
	}
	return false;
}

/* Of xruns whose place is not known the frames are. */
static bool tell_owed(struct leat_tap *tap, struct leat_tap_event *event)
{
	struct leat_tap_log *log = leat_tap_wire_clock_log(tap->wire);

	if (log->owed_xrun == 0)
		return false;
	tell(tap, event, LEAT_TAP_GAP, tap->position, log->owed_xrun);
	event->cause = LEAT_TAP_XRUN;
	event->n_unknown = (uint32_t)log->n_lost;
	tap->counts.n_xrun += log->owed_xrun;
	log->n_lost = log->owed_xrun = 0;
	return true;
}

/* Frames up to the next event, if they are as many as are waited for. */
static bool tell_frames(struct leat_tap *tap, struct leat_tap_event *event)
{
	struct leat_tap_wire *wire = tap->wire;
	struct leat_tap_log *log;
	const struct leat_event *next = next_event(wire, &log);
	uint64_t end = wire->newest, n;
	bool more = tap->ending;

	if (next && next->index <= end) {
		end = next->index;
		more = more || is_due(wire, next);
	}
	if (tap->position < wire->log.known_from || end <= tap->position)
		return false;
	n = end - tap->position;
	if (n < leat_tap_mark(tap) && !more)
		return false;
	tap->readable = end;
	return tell(tap, event, LEAT_TAP_FRAMES, tap->position, n);
}

/* What the producer wrote cannot be: this generation is over. */
static void give_up(struct leat_tap *tap)
{
	leat_tap_wire_close(tap->wire);
	tap->wire = NULL;
	tap->ending = false;
	tap->down = true;
	tap->down_error = -EPROTO;
	snprintf(tap->down_text, sizeof(tap->down_text),
		 "its producer wrote an index or an event that cannot be");
}

static bool tell_of_wire(struct leat_tap *tap, struct leat_tap_event *event)
{
	if (!leat_tap_wire_look_at_all(tap->wire)) {
		give_up(tap);
		return false;
	}
	return tell_lost(tap, event) || tell_owed(tap, event) ||
	       tell_events(tap, event) || tell_frames(tap, event);
}

/* ---- generations ---- */

/* Remember when the frame after the last one would have been. */
static void end_wire(struct leat_tap *tap)
{
	struct leat_tap_past *past = &tap->past;

	if (!tap->wire)
		return;
	past->rate_hz = tap->wire->format.rate_hz;
	past->known = leat_tap_wire_time(tap->wire, tap->position, &past->time);
	leat_tap_wire_close(tap->wire);
	tap->wire = NULL;
	tap->ending = false;
}

/* Two clocks that have gone on as one agree to a twentieth of a second. */
static void measure_gap(const struct leat_tap *tap,
			struct leat_tap_event *event)
{
	const struct leat_tap_past *past = &tap->past;
	uint32_t rate_hz = tap->format.rate_hz, by_frames;
	struct leat_tap_time now;
	double by_time;

	if (!past->known || !leat_tap_time(tap, 0, &now))
		return;
	by_time = (double)(int64_t)(now.time_ns - past->time.time_ns) * 1e-9 *
		  rate_hz;
	by_frames = (uint32_t)(now.frame_time - past->time.frame_time);
	event->exact = past->rate_hz == rate_hz &&
		       by_time > (double)by_frames - rate_hz / 20.0 &&
		       by_time < (double)by_frames + rate_hz / 20.0;
	if (event->exact)
		event->n_frames = by_frames;
	else if (by_time > 0)
		event->n_frames = (uint64_t)by_time;
}

/* The first generation begins in its history, later ones at their beginning. */
static bool begin_wire(struct leat_tap *tap, struct leat_tap_event *event)
{
	tap->wire = tap->next;
	tap->next = NULL;
	tap->format = tap->wire->format;
	tap->nap_ns = 0;
	leat_tap_go(tap, 0);
	if (tap->counts.n_generations++ == 0)
		(void)leat_tap_seek(tap, tap->history_frames);
	tell(tap, event, LEAT_TAP_UP, tap->position, 0);
	measure_gap(tap, event);
	return true;
}

/*
 * Whether the next generation has begun: its producer has let go of the last
 * one then. One in which nothing happens is told after a while.
 */
static bool next_begun(struct leat_tap *tap)
{
	struct leat_stamp stamp;

	if (tap->counts.n_generations == 0)
		return true;
	if (leat_tap_wire_look(tap->next) && tap->next->newest > 0 &&
	    leat_tap_wire_stamp(tap->next, &stamp))
		return true;
	return leat_tap_now_ns() - tap->next_since_ns > LEAT_TAP_BEGIN_NS;
}

/* ---- the link ---- */

/* Told once, and again only if it is another reason. */
static void link_gone(struct leat_tap *tap, int error)
{
	bool news = error != 0 && strcmp(tap->down_text, tap->link.text) != 0;

	tap->ending = tap->wire != NULL;
	tap->down = tap->ending || news;
	tap->down_error = error;
	snprintf(tap->down_text, sizeof(tap->down_text), "%s", tap->link.text);
}

/* One that cannot be had is asked for once more, after a while. */
static void take_wire(struct leat_tap *tap, uint64_t now_ns,
		      const struct leat_tap_message *message, const int *fds)
{
	int res = leat_tap_wire_open(&tap->next, message, tap->direction, fds);

	tap->next_since_ns = now_ns;
	if (res == 0)
		return;
	leat_tap_link_leave(
		&tap->link, now_ns,
		res == -ENOTSUP
			? "one of its sides keeps no history for taps: update "
			  "leat-jack and leat-pipewire"
		: res == -EPROTO ? "its memory is not what it was said to be"
				 : strerror(-res));
	link_gone(tap, res);
}

/* Ask the link what is new; false: nothing. */
static bool ask_link(struct leat_tap *tap)
{
	uint64_t now_ns = leat_tap_now_ns();
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX], error;

	if (!tap->ask && now_ns - tap->asked_ns < LEAT_TAP_ASK_NS)
		return false;
	tap->ask = false;
	tap->asked_ns = now_ns;
	switch (leat_tap_link_hear(&tap->link, now_ns, &message, fds, &error)) {
	case LEAT_TAP_WIRE:
		take_wire(tap, now_ns, &message.body.tap, fds);
		break;
	case LEAT_TAP_NO_WIRE:
		tap->ending = tap->down = tap->wire != NULL;
		tap->down_error = 0;
		snprintf(tap->down_text, sizeof(tap->down_text),
			 "leat-pipewire has left");
		break;
	case LEAT_TAP_GONE:
		link_gone(tap, error);
		break;
	default:
		return false;
	}
	/* There may be more. */
	tap->ask = true;
	return true;
}

/* ---- all of it ---- */

/*
 * A step on, when the wire has nothing to tell now; *told if event is one.
 * false: nothing more to do.
 */
static bool step(struct leat_tap *tap, struct leat_tap_event *event, bool *told)
{
	if (tap->ending) {
		/* It was read to its end. */
		end_wire(tap);
		return true;
	}
	if (tap->down) {
		*told = tell_down(tap, event);
		return true;
	}
	if (!tap->next)
		return ask_link(tap);
	if (!next_begun(tap))
		return false;
	if (tap->wire) {
		/* Look once more at what it wrote last. */
		tap->ending = true;
		return true;
	}
	*told = begin_wire(tap, event);
	return true;
}

enum leat_tap_what leat_tap_next(struct leat_tap *tap,
				 struct leat_tap_event *event)
{
	bool told = false;

	if (tap->stashed) {
		tap->stashed = false;
		if (tap->stash.what != LEAT_TAP_FRAMES) {
			*event = tap->stash;
			return event->what;
		}
	}
	tap->n_begun = 0;
	while (!told) {
		if (tap->wire && tell_of_wire(tap, event))
			break;
		if (!step(tap, event, &told)) {
			tell(tap, event, LEAT_TAP_NONE, tap->position, 0);
			break;
		}
	}
	return event->what;
}
