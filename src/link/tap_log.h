/* SPDX-License-Identifier: MIT */
/*
 * A producer's events as a tap keeps them: read from the part before they are
 * overwritten there, and checked. In positions: frames since the generation
 * began.
 */
#ifndef LEAT_LINK_TAP_LOG_H
#define LEAT_LINK_TAP_LOG_H

#include "event_log.h"

#include <stdbool.h>
#include <stdint.h>

/* Some seconds of the worst that a producer does, for those who seek back. */
#define LEAT_TAP_EVENTS_KEPT 256u

/* What is further than this is a lie. */
#define LEAT_TAP_POSITION_MAX (UINT64_C(1) << 62)

struct leat_tap_log {
	const struct leat_event_log *shared;
	uint64_t first_index;
	uint64_t n_read; /* of the shared log */
	uint64_t n_kept; /* ever; the n-th is in kept[n % KEPT] */
	uint64_t cursor; /* of those, the next to be told */
	/* Of positions before this one it is not known which are stale. */
	uint64_t known_from;
	uint64_t n_lost;    /* events lost, not told yet */
	uint64_t owed_xrun; /* frames of xruns among them */
	uint64_t newest;    /* the last event's position */
	uint32_t n_jumps;   /* by the last event, as in struct leat_event */
	uint32_t xrun_frames;
	struct leat_event kept[LEAT_TAP_EVENTS_KEPT]; /* index: a position */
};

void leat_tap_log_init(struct leat_tap_log *log,
		       const struct leat_event_log *shared,
		       uint64_t first_index);

/* Take in what is new. index: the part's. false: what it says cannot be. */
bool leat_tap_log_look(struct leat_tap_log *log, const struct leat_word *index);

/* The next event to be told, or NULL. */
const struct leat_event *leat_tap_log_next(const struct leat_tap_log *log);
void leat_tap_log_pass(struct leat_tap_log *log);

/* Tell those from a position on, again or not any more. */
void leat_tap_log_seek(struct leat_tap_log *log, uint64_t position);

/* Frames of time that xruns took between two positions: after, up to. */
uint64_t leat_tap_log_xruns(const struct leat_tap_log *log, uint64_t after,
			    uint64_t up_to);

/* Where what an event is about ends: the frames after it are others. */
static inline uint64_t leat_tap_event_end(const struct leat_event *event)
{
	return event->kind == LEAT_EVENT_JUMP ? event->index + event->n_frames
					      : event->index;
}

#endif
