/* SPDX-License-Identifier: MIT */
/*
 * The honest side of a link, in a process of its own: the library's host or
 * guest with the bridge's realtime callback on a thread beside it, on servers
 * that are only memory. What becomes of it is in a report that both share.
 */
#ifndef LEAT_HOSTILE_HONEST_H
#define LEAT_HOSTILE_HONEST_H

#include <leat/link.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HONEST_LINK "hostile"

/* Callbacks by the processor's time that they took, 100 ns each; the last: more. */
#define HONEST_TOOK_NS 100u
#define HONEST_N_TOOK 2000u

enum honest_role { HONEST_HOST, HONEST_GUEST };

/* What the honest process writes and the test reads. */
struct honest_report {
	uint64_t n_callbacks;	/* of the realtime thread */
	uint64_t n_good;	/* cycles whose frames came back, or were run */
	uint64_t max_ns;	/* the longest callback */
	uint64_t busy_since_ns; /* one that has not come back yet, or 0 */
	uint64_t n_calls;	/* system calls that should not be */
	uint64_t last_call;
	uint64_t n_faults; /* page faults in the callback */
	uint64_t n_specs, n_wires, n_gone, n_poisoned;
	uint64_t n_fds_first; /* open descriptors, before anybody came */
	uint64_t n_fds;	      /* open descriptors, while nobody is there */
	uint64_t n_rounds;    /* of its main loop */
	uint64_t guarded;     /* whether calls are counted */
	char text[400];	      /* why the peer has gone */
	uint64_t n_took[HONEST_N_TOOK];
};

struct honest {
	enum honest_role role;
	uint32_t sync_wait_percent; /* host: JACK waits for the answer */
	struct honest_report *report;
	pid_t pid;
	int control_fd; /* closed: it ends */
	int other_fd;	/* its end of that */
};

/* The link that an honest host offers. */
struct leat_link_spec honest_spec(void);

/* Start one, and wait until it runs. */
bool honest_start(struct honest *honest, enum honest_role role);
bool honest_start_waiting(struct honest *honest, uint32_t sync_wait_percent);

/* End it: its exit code, as unit_wait_child() has it. 0: all is well. */
int honest_stop(struct honest *honest);

/* Wait until a number in the report has got so far. */
bool honest_wait(const struct honest *honest, const uint64_t *number,
		 uint64_t at_least);

/* Now, in the unit of the report. */
uint64_t honest_now_ns(void);

#endif
