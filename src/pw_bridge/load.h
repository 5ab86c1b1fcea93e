/* SPDX-License-Identifier: MIT */
/*
 * What the PipeWire side records of its callbacks. The graph calls the source
 * and the sink, in any order, so a cycle is over when the next one begins.
 * Thread: data loop.
 */
#ifndef LEAT_PW_LOAD_H
#define LEAT_PW_LOAD_H

#include <leat/load.h>

#include <spa/node/io.h>

struct leat_pw_load {
	struct leat_load_words *words; /* or NULL: nothing is recorded */
	struct leat_load_cycle cycle;  /* that is under way; start_ns 0: none */
	uint64_t clock_ns;	       /* the graph's, at its beginning */
	uint64_t begin_ns;	       /* of the callback that runs */
};

/* A callback begins. position: its clock, or NULL. RT-safe. */
LEAT_RT void leat_pw_load_begin(struct leat_pw_load *load,
				const struct spa_io_position *position);
/* It ends. RT-safe. */
LEAT_RT void leat_pw_load_end(struct leat_pw_load *load);

/* The graph does not call us any more: what comes next is no interval. */
LEAT_RT void leat_pw_load_stop(struct leat_pw_load *load);

#endif
