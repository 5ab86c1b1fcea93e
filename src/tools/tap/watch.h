/* SPDX-License-Identifier: MIT */
/*
 * Xruns that a tap does not see in its frames: those that the servers count.
 * The link is asked for its counters now and then, without waiting for it.
 */
#ifndef LEAT_TAP_WATCH_H
#define LEAT_TAP_WATCH_H

#include <leat/status.h>

#include <stdbool.h>
#include <stdint.h>

struct watch {
	const char *link_name;
	int fd; /* of a question; -1: none is under way */
	int64_t asked_ns;
	bool known; /* the counts below are a link's */
	uint64_t jack, pipewire;
};

void watch_init(struct watch *watch, const char *link_name);
void watch_finish(struct watch *watch);

/* Counts as they were, and how many are new; 0 if a side began anew. */
struct watch_news {
	uint64_t jack, pipewire;
};

/* Pure: what is new in a status. */
struct watch_news watch_compare(struct watch *watch,
				const struct leat_link_status *status);

/* Ask, or take the answer; what is new since. Call it as often as you like. */
struct watch_news watch_run(struct watch *watch, int64_t now_ns);

#endif
