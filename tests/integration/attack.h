/* SPDX-License-Identifier: MIT */
/*
 * A real PipeWire daemon, the PipeWire side of a link in it or beside it, and in
 * JACK's place somebody who does what he likes. The process that the side is in
 * may use the processor for 200 ms at realtime priority without a pause, and is
 * killed by the kernel if it does not keep to that: this is what rtkit grants,
 * which most desktops have.
 */
#ifndef TEST_ATTACK_H
#define TEST_ATTACK_H

#include "bridge.h"

#include "hostile/foe.h"

struct attack {
	struct bridge bridge;
	struct helper listener; /* keeps the source running */
	struct foe foe;
	bool up;
};

/* In which process the side is. */
struct proc *attack_target(struct attack *attack);
/* What it says is in this file of the sandbox. */
const char *attack_log(const struct attack *attack);

/* Start the daemon and the side, in follow mode; then listen as a host. */
bool attack_begin(struct attack *attack);

/* Whether one of the target's threads has realtime priority. */
bool attack_is_realtime(struct attack *attack);

/* Whether the daemon answers in time, and the target is still there. */
bool attack_answers(struct attack *attack);

/* A link whose source is listened to, so that the graph is run. */
bool attack_link(struct attack *attack);
void attack_leave(struct attack *attack);

/*
 * Something done at full speed, in so many children, while the daemon is asked
 * here; true if it always answered.
 */
bool attack_race(struct attack *attack,
		 void (*go)(struct attack *attack, long long end_ms), int n,
		 int time_ms);

/* Wake the side. */
void attack_raise(struct attack *attack);

#endif
