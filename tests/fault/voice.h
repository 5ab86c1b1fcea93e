/* SPDX-License-Identifier: MIT */
/*
 * The realtime half of an endpoint: a thread that sends a block each period
 * and takes what has come, and keeps the books of it in the shared page.
 */
#ifndef LEAT_FAULT_VOICE_H
#define LEAT_FAULT_VOICE_H

#include "actor.h"

#include "support/counting.h"

#include <leat/link.h>

#include <pthread.h>

/* The counting signal, and which life of the sender a frame is of. */
#define VOICE_SIGNAL_CHANNELS 2u
#define VOICE_CHANNELS 3u

struct voice {
	const struct actor_setup *setup;
	struct fault_page *page;
	pthread_t thread;
	void *wire_wanted; /* struct leat_wire, or NULL */
	void *wire_used;
	/* the thread's own */
	struct leat_wire *wire;
	bool hung_up; /* the wire's other end: nobody wakes us any more */
	struct counting_check check;
	uint64_t frame; /* number of the next one to send */
	int64_t next_ns;
};

int64_t voice_now_ns(void);

void voice_init(struct voice *voice, const struct actor_setup *setup);
bool voice_start(struct voice *voice);

/* Give it another wire, or none; the old one is free when it says so. */
void voice_set_wire(struct voice *voice, struct leat_wire *wire);
bool voice_uses(const struct voice *voice, const struct leat_wire *wire);

#endif
