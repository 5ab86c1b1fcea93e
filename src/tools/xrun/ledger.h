/* SPDX-License-Identifier: MIT */
/*
 * Where which frames of the counting signal are missing. Pure.
 *
 * What our JACK client did not send, because JACK left it out, cannot be
 * missing behind it; and what our PipeWire node did not hear cannot be missing
 * in JACK once more. So each missing frame is counted in one place.
 */
#ifndef LEAT_XRUN_LEDGER_H
#define LEAT_XRUN_LEDGER_H

#include "blame.h"
#include "lists.h"

/* Frames [from, to) of JACK's time that were not there, and when. */
struct xrun_hole {
	uint64_t from, to;
	int64_t from_ns, to_ns; /* the last call before them, the next after */
};

/* One who hears the signal. Zero it. */
struct xrun_hearer {
	bool locked;
	uint64_t next;	   /* frame that has to come */
	int64_t heard_ns;  /* when it last heard any */
	uint64_t from, to; /* frames that count: [from, to) */
	uint64_t n_heard;  /* of these, each once */
	struct xrun_list holes;
};

/*
 * Frames [frame, frame + n_frames) were heard in a call. What was heard before
 * already is left out.
 */
void xrun_hearer_take(struct xrun_hearer *hearer, uint64_t frame,
		      uint32_t n_frames, int64_t time_ns);

/* Nothing more comes: what has not until now, up to hearer->to, is missing. */
void xrun_hearer_close(struct xrun_hearer *hearer, int64_t time_ns);

/*
 * What is missing at which place.
 *
 * @param skipped  Holes in what was sent, of JACK's doing, in order.
 * @param node     What our PipeWire node did not hear.
 * @param client   What our JACK client did not hear.
 * @param gaps     A list of struct xrun_gap, to which they are added in order
 *                 of time, but for those in JACK: they are events of their own.
 */
void xrun_ledger(const struct xrun_list *skipped, const struct xrun_list *node,
		 const struct xrun_list *client, struct xrun_list *gaps);

#endif
