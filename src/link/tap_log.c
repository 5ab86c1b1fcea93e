/* SPDX-License-Identifier: MIT */
#include "tap_log.h"

#include <leat/inline/atomics.h>

#include <string.h>

void leat_tap_log_init(struct leat_tap_log *log,
		       const struct leat_event_log *shared,
		       uint64_t first_index)
{
	memset(log, 0, sizeof(*log));
	log->shared = shared;
	log->first_index = first_index;
}

static struct leat_event *kept(struct leat_tap_log *log, uint64_t n)
{
	return &log->kept[n % LEAT_TAP_EVENTS_KEPT];
}

static uint64_t oldest_kept(const struct leat_tap_log *log)
{
	return log->n_kept < LEAT_TAP_EVENTS_KEPT
		       ? 0
		       : log->n_kept - LEAT_TAP_EVENTS_KEPT;
}

static void know_from(struct leat_tap_log *log, uint64_t position)
{
	if (log->known_from < position)
		log->known_from = position;
}

/* In order, and of numbers that leave room for sums. */
static bool can_be(const struct leat_tap_log *log,
		   const struct leat_event *event)
{
	return event->index >= log->newest &&
	       event->index < LEAT_TAP_POSITION_MAX &&
	       event->n_frames < LEAT_TAP_POSITION_MAX &&
	       event->kind >= LEAT_EVENT_JUMP;
}

/* The oldest makes room; it may not have been told. */
static void forget_oldest(struct leat_tap_log *log)
{
	const struct leat_event *oldest = kept(log, log->n_kept);

	know_from(log, leat_tap_event_end(oldest));
	if (log->cursor != oldest_kept(log))
		return;
	log->cursor++;
	log->n_lost++;
	if (oldest->kind == LEAT_EVENT_XRUN)
		log->owed_xrun += oldest->n_frames;
}

static bool keep(struct leat_tap_log *log, const struct leat_event *event)
{
	struct leat_event here = *event;

	here.index -= log->first_index;
	if (!can_be(log, &here))
		return false;
	if (log->n_kept >= LEAT_TAP_EVENTS_KEPT)
		forget_oldest(log);
	*kept(log, log->n_kept++) = here;
	log->newest = here.index;
	log->n_jumps = here.n_jumps;
	log->xrun_frames = here.xrun_frames;
	return true;
}

/*
 * Some are lost. By the sums of the next one it is known whether there was a jump
 * among them, and what their xruns were; without a next one, nothing is.
 *
 * They were about frames before the next one, or before the index as it is now:
 * whoever overwrites an event has published what it was about.
 */
static uint64_t end_of_lost(const struct leat_event *next,
			    const struct leat_word *index)
{
	if (next)
		return next->index;
	leat_loads_before_loads();
	return leat_word_peek(index);
}

static bool lose(struct leat_tap_log *log, uint64_t n_lost,
		 const struct leat_event *next, const struct leat_word *index)
{
	uint64_t end = end_of_lost(next, index);
	uint32_t n_jumps = 1, n_frames = 0;

	end -= log->first_index;
	log->n_lost += n_lost;
	if (end >= LEAT_TAP_POSITION_MAX)
		return false;
	if (next) {
		n_jumps = next->n_jumps - log->n_jumps -
			  (next->kind == LEAT_EVENT_JUMP);
		n_frames = next->xrun_frames - log->xrun_frames;
		if (next->kind == LEAT_EVENT_XRUN)
			n_frames -= (uint32_t)next->n_frames;
	}
	if ((n_jumps & LEAT_EVENT_JUMPS_MASK) != 0)
		know_from(log, end);
	log->owed_xrun += n_frames;
	return true;
}

bool leat_tap_log_look(struct leat_tap_log *log, const struct leat_word *index)
{
	struct leat_event events[LEAT_EVENT_LOG_SIZE];
	uint64_t n_lost;
	uint32_t n =
		leat_event_log_read(log->shared, &log->n_read, events, &n_lost);

	if (n_lost > 0 && !lose(log, n_lost, n > 0 ? events : NULL, index))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!keep(log, &events[i]))
			return false;
	return true;
}

const struct leat_event *leat_tap_log_next(const struct leat_tap_log *log)
{
	return log->cursor == log->n_kept
		       ? NULL
		       : &log->kept[log->cursor % LEAT_TAP_EVENTS_KEPT];
}

void leat_tap_log_pass(struct leat_tap_log *log)
{
	log->cursor++;
}

void leat_tap_log_seek(struct leat_tap_log *log, uint64_t position)
{
	const struct leat_event *event;

	log->n_lost = log->owed_xrun = 0;
	log->cursor = oldest_kept(log);
	while ((event = leat_tap_log_next(log)) &&
	       (leat_tap_event_end(event) < position ||
		(event->kind == LEAT_EVENT_JUMP &&
		 leat_tap_event_end(event) == position)))
		log->cursor++;
}

uint64_t leat_tap_log_xruns(const struct leat_tap_log *log, uint64_t after,
			    uint64_t up_to)
{
	uint64_t sum = 0;

	for (uint64_t n = oldest_kept(log); n != log->n_kept; n++) {
		const struct leat_event *event =
			&log->kept[n % LEAT_TAP_EVENTS_KEPT];

		if (event->kind == LEAT_EVENT_XRUN && event->index > after &&
		    event->index <= up_to)
			sum += event->n_frames;
	}
	return sum;
}
