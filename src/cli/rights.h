/* SPDX-License-Identifier: MIT */
/*
 * What a side may lack and works without: it says so once, and how to grant
 * it. Nobody needs to be root for either.
 */
#ifndef LEAT_CLI_RIGHTS_H
#define LEAT_CLI_RIGHTS_H

#include <leat/link.h>

#include <stdbool.h>

struct leat_rights {
	bool told_memory, told_realtime;
};

/* Whether a policy of sched(7) is a realtime one. */
bool leat_is_realtime(int policy);

/*
 * Whether a library can have so many more descriptors, 32 at most: it may not
 * tell, or may not bear, that it cannot. 0, or the negative errno that it meets.
 */
int leat_check_descriptors(unsigned n);

/* Of the rings that are used now. */
void leat_rights_look_at_memory(struct leat_rights *rights,
				const char *link_name,
				const struct leat_wire *wire);

/* whose: "JACK" or "PipeWire", which has made the thread. */
void leat_rights_look_at_thread(struct leat_rights *rights,
				const char *link_name, const char *whose,
				int policy);

#endif
