/* SPDX-License-Identifier: MIT */
/*
 * What is seen while a step runs: the records of our own callbacks, what leat's
 * bridge says of its callbacks, and what the witness saw. In the end all of it
 * becomes one struct xrun_step.
 */
#ifndef LEAT_XRUN_WATCH_H
#define LEAT_XRUN_WATCH_H

#include "blame.h"
#include "ledger.h"
#include "recorder.h"
#include "witness.h"

#include <leat/load.h>

/* One of our own callbacks. */
struct xrun_track {
	struct leat_histogram histogram[XRUN_N_MEASURES];
	struct xrun_record last;
	bool has_last;
	uint64_t n_calls;
	struct xrun_hearer hearer;
};

struct xrun_watch {
	struct xrun_recorder *jack, *pipewire; /* NULL: there is none */
	const struct witness *witness;	       /* or NULL */
	struct leat_load *load;		       /* of leat's bridge, or NULL */
	uint32_t period, rate_hz;
	bool is_rough; /* the bridge resamples, or may do so */

	bool counting; /* a step runs: frames sent now belong to it */
	int64_t start_ns, end_ns;
	uint64_t sent; /* frame after the last one that was sent */
	uint64_t n_sent;
	struct xrun_track track[2]; /* XRUN_CALL_JACK_CLIENT, _PIPEWIRE_NODE */
	struct xrun_list calls, skipped, gaps, stalls, fills;
	uint32_t n_stalls; /* of the witness, before the step */
	struct leat_side_load load_before[LEAT_N_LOAD_SIDES];
	uint64_t n_load_cycles[LEAT_N_LOAD_SIDES];
};

void xrun_watch_init(struct xrun_watch *watch);
void xrun_watch_finish(struct xrun_watch *watch);

/* A step begins: forget what was before. */
void xrun_watch_start(struct xrun_watch *watch);

/* The same, and the signal is another one: nothing of it was heard yet. */
void xrun_watch_forget_signal(struct xrun_watch *watch);

/* What comes from now on was resampled, or not: forget what did until now. */
void xrun_watch_set_rough(struct xrun_watch *watch, bool is_rough);

/* Take what has come. Often enough that no ring is full: each 20 ms. */
void xrun_watch_look(struct xrun_watch *watch);

/* The load ends: what is sent from now on does not count. */
void xrun_watch_stop(struct xrun_watch *watch);

/* Whether both hear the signal now, without a break for a while. */
bool xrun_watch_is_steady(const struct xrun_watch *watch, uint32_t n_frames);

/* Whether all that counts has come round. */
bool xrun_watch_is_complete(const struct xrun_watch *watch);

/*
 * Put it all together. The step's settings are the caller's.
 *
 * @param follows  PipeWire runs on JACK's clock.
 * @return         0 or -ENOMEM.
 */
int xrun_watch_conclude(struct xrun_watch *watch, bool follows,
			struct xrun_step *step);

#endif
