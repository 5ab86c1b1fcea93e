/* SPDX-License-Identifier: MIT */
/*
 * An endpoint of a link, to be killed: a process with a main thread that
 * meets the other one, and a thread that sends the counting signal and checks
 * what comes, period by period, as the bridges' realtime threads do.
 */
#ifndef LEAT_FAULT_ACTOR_H
#define LEAT_FAULT_ACTOR_H

#include "page.h"

#include <stdbool.h>

#define ACTOR_LINK "fault"
#define ACTOR_CAPACITY 1024u
#define ACTOR_BLOCK 64u
#define ACTOR_PERIOD_NS 500000

struct actor_setup {
	enum fault_role role;
	uint64_t life;
	struct fault_page *page;
	int settle_fd;	      /* eventfd: a request is in the page */
	uint64_t first_index; /* of the host's rings */
	bool follows;	      /* a guest that the host's frames wake */
};

/* What the child process does; it ends when it is killed. */
int actor_run(void *setup);

#endif
