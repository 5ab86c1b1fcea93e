/* SPDX-License-Identifier: MIT */
/*
 * Who made what late. A pure function over what was seen: calls that were long
 * or late, stalls of processors, and gaps in the counting signal.
 *
 * A call is late if it began more than half a period after it was due, or if
 * its graph left out periods before it, or if it took longer than a period.
 * What made it late is, in this order:
 *
 *  - whose call ran meanwhile for a quarter of a period and of the time that is
 *    missing, or more, stalls not counted: the one that ran longest, if it ran
 *    longer than processors stood still;
 *  - the machine, if they stood still for a quarter of the time that is
 *    missing;
 *  - what had made an earlier part of the same chain late: where PipeWire
 *    runs on JACK's clock, the chain is JACK, the bridge's JACK side, its
 *    PipeWire side, the PipeWire node;
 *  - the first part of the chain that was called late although the part
 *    before it was not. All of JACK's clients late together is the server.
 *
 * Nobody is blamed for being called late by less than the witness sees: it may
 * have been the machine.
 *
 * A gap has the cause of the late call that lies in it.
 */
#ifndef LEAT_XRUN_BLAME_H
#define LEAT_XRUN_BLAME_H

#include "result.h"

#include <stddef.h>

/* What the witness may miss: it sleeps, and wakes in time or nearly so. */
#define XRUN_BLIND_NS 500000

/* A call that may matter: a long one, or a late one. */
struct xrun_call {
	enum xrun_callback callback;
	int64_t start_ns;
	uint64_t duration_ns;
	uint64_t interval_ns; /* since the last call began; or XRUN_UNKNOWN */
	uint64_t n_skipped;   /* frames that the graph left out before it */
};

/* Frames that are missing between two that were heard. */
struct xrun_gap {
	enum xrun_place place;
	int64_t from_ns; /* the last call that heard the signal */
	int64_t to_ns;	 /* the first that heard it again */
	uint64_t n_frames;
};

struct xrun_stall {
	int64_t from_ns, to_ns;
	int32_t cpu; /* -1: all of them */
};

/* What was seen, each in order of time. */
struct xrun_timeline {
	uint64_t period_ns;
	uint32_t rate_hz;
	bool follows;	   /* PipeWire runs on JACK's clock */
	bool knows_bridge; /* calls of the bridge are among them */
	const struct xrun_call *calls;
	uint32_t n_calls;
	const struct xrun_gap *gaps;
	uint32_t n_gaps;
	const struct xrun_stall *stalls;
	uint32_t n_stalls;
};

/* Whether a call is late, and how late: 0, or ns more than it should be. */
uint64_t xrun_call_lateness(const struct xrun_call *call, uint64_t period_ns);

/*
 * An event for each late call, each gap and each stall, in order of time.
 *
 * @param events    Room for as many as there are calls, gaps and stalls.
 * @param start_ns  From which their times count.
 * @return          How many.
 */
uint32_t xrun_blame(const struct xrun_timeline *timeline, int64_t start_ns,
		    struct xrun_event *events);

#endif
