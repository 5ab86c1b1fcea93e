/* SPDX-License-Identifier: MIT */
/*
 * Whether the data loop sleeps now and then. The kernel kills a process of whose
 * realtime threads one has used the processor for as long as RLIMIT_RTTIME says
 * (200 ms where rtkit has granted the priority) and never slept meanwhile; and a
 * peer that lies can have this one woken, and the graph run, without a pause. So
 * now and then the kernel is asked whether the thread has slept.
 *
 * What is looked at is time and nothing that a peer could choose: not frames, not
 * rates, not how long a cycle takes.
 */
#ifndef LEAT_PW_REST_H
#define LEAT_PW_REST_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Between two looks. A sleep just after one counts at the next, so the thread is
 * awake for twice as long at the most.
 */
#define LEAT_PW_REST_LOOK_NS UINT64_C(50000000)

/*
 * How long a rest is. What else the graph has woken comes to its end in that
 * time and sleeps as well, and a processor is never taken whole.
 */
#define LEAT_PW_REST_NS 10000000L

/* Zero it. */
struct leat_pw_rest {
	uint64_t looked_ns;
	uint64_t n_sleeps; /* of the thread, then */
	bool held;	   /* to it; else it need never sleep */
};

/* Whether it is time to look. */
LEAT_RT bool leat_pw_rest_due(const struct leat_pw_rest *rest, uint64_t now_ns);

/* Look: whether the thread has not slept since the last time. */
LEAT_RT bool leat_pw_rest_lacks(struct leat_pw_rest *rest, uint64_t now_ns,
				uint64_t n_sleeps);

/* Both of these, of the calling thread and as it is now. */
LEAT_RT bool leat_pw_rest_needed(struct leat_pw_rest *rest);

/* The calling thread has had a rest: what it sleeps from now on counts. */
LEAT_RT void leat_pw_rest_over(struct leat_pw_rest *rest);

#endif
