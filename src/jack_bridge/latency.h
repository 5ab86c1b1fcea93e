/* SPDX-License-Identifier: MIT */
/*
 * Latency on JACK's graph: what the ports report, what they hear, and what the
 * PipeWire side is told of it.
 *
 * JACK calls back on a thread of its own, in the middle of a computation over
 * all clients; what the main thread and that callback share is one word each.
 */
#ifndef LEAT_JACK_LATENCY_H
#define LEAT_JACK_LATENCY_H

#include "link/latency.h"
#include "process.h"

#include <jack/jack.h>

struct leat_jack_latency {
	int32_t trim[LEAT_N_DIRECTIONS];
	bool waits; /* for PipeWire's answer: the way back takes nothing */
	/* Our ports, if the server may not be asked to compute; or NULL. */
	const struct leat_jack_process *own;

	/* Atomic, from the main thread; leat_latency_word() of ranges. */
	uint64_t beyond[LEAT_N_DIRECTIONS];
	uint32_t added[LEAT_N_DIRECTIONS];

	/* Atomic, from JACK's callback. */
	uint64_t reported[LEAT_N_DIRECTIONS]; /* at the ports */
	uint64_t heard[LEAT_N_DIRECTIONS];    /* at the ports */

	/* The main thread's. */
	struct leat_link_latency peer;	/* what PipeWire's side says */
	struct leat_link_latency valid; /* of that, what the ports report */
	uint32_t period;		/* that they were reported for */
	bool stale;		       /* what is heard: JACK's graph changed */
	struct leat_link_latency told; /* to PipeWire's side */
	int64_t period_at_ms;	       /* when that changed */
	struct leat_latency_loop jack_loop[LEAT_N_DIRECTIONS];
	struct leat_latency_loop pipewire_loop[LEAT_N_DIRECTIONS];
	uint32_t pipewire_heard[LEAT_N_DIRECTIONS]; /* when last looked at */
	struct leat_latency_pace apply_pace, tell_pace;
};

/* Nothing is known of PipeWire; trims are kept. */
void leat_jack_latency_init(struct leat_jack_latency *self);

/* What PipeWire's side says; NULL when it is gone. */
void leat_jack_latency_set_peer(struct leat_jack_latency *self,
				const struct leat_link_latency *peer);

/*
 * Connections were made or undone. JACK computes anew by itself, but once, and
 * that is too little where clients make a loop.
 */
void leat_jack_latency_connected(struct leat_jack_latency *self);

/* The server is gone, and what was heard. */
void leat_jack_latency_lost(struct leat_jack_latency *self);

/*
 * In JACK's callback: hear what lies beyond the ports and report what the
 * bridge and PipeWire add. Returns whether something else is heard.
 */
bool leat_jack_latency_callback(struct leat_jack_latency *self,
				const struct leat_jack_process *process,
				jack_latency_callback_mode_t mode);

/*
 * Have JACK report what is new (client NULL: there is none), and have the host
 * tell what is heard, as far as it is time for either.
 *
 * Returns after how many milliseconds to call again, or -1.
 */
int leat_jack_latency_settle(struct leat_jack_latency *self,
			     jack_client_t *client, struct leat_host *host,
			     int64_t now_ms);

#endif
