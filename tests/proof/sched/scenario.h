/* SPDX-License-Identifier: MIT */
/*
 * What the two threads do with a ring, and what must then be true.
 */
#ifndef LEAT_PROOF_SCENARIO_H
#define LEAT_PROOF_SCENARIO_H

#include "machine.h"

#include <leat/ring.h>

#include <stdint.h>

enum act {
	ACT_STREAM, /* n_items from end to end, sleeping when there is need */
	ACT_SCRIPT, /* n_items operations a side, each any of a list */
	ACT_TIMED,  /* n_items blocks on a timed ring, with jumps */
	ACT_POLL,   /* n_items from end to end, n_tries looks, never sleeping */
	ACT_STAMP,  /* n_items stamps, and recv_block looks at the newest */
	ACT_LOG,    /* n_items stamps, and recv_block looks at all of them */
	ACT_EVENTS, /* n_items events, and recv_block looks at all of them */
	ACT_CYCLES, /* n_items late cycles, and recv_block looks at all */
	ACT_TAP /* n_items blocks with jumps, and recv_block looks of a tap */
};

struct scenario {
	const char *name;
	enum act act;
	uint32_t capacity;
	uint32_t limit; /* 0: the capacity */
	uint64_t first_index;
	uint32_t n_items;    /* as the act says */
	uint32_t send_block; /* at most, at once */
	uint32_t recv_block;
	uint32_t room;	      /* that a producer waits for */
	uint32_t watermark;   /* that a consumer waits for */
	uint32_t other_limit; /* every second block is sent under it; 0: none */
	uint32_t attach_every; /* blocks between new attachments; 0: none */
	uint32_t flags;
	unsigned long_models; /* a bit for each where it takes long */
};

extern const struct scenario scenarios[];
extern const unsigned n_scenarios;

/* Draw one from machine_choose(). */
void scenario_draw(struct scenario *scenario);

void scenario_print(const struct scenario *scenario);

/* ACT_TAP: tap_virtual.c. */
void tap_scenario_begin(const struct scenario *scenario);
void tap_scenario_produce(const struct scenario *scenario);
void tap_scenario_consume(const struct scenario *scenario);

/* Run it once. NULL, or what went wrong; *seen if visit() ended it. */
const char *scenario_run(const struct scenario *scenario, bool *seen);

#endif
