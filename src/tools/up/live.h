/* SPDX-License-Identifier: MIT */
/* The live view: what the link does, at an interval and when that changes. */
#ifndef LEAT_TOOLS_LIVE_H
#define LEAT_TOOLS_LIVE_H

#include "tools/common/console.h"
#include "tools/common/loop.h"

struct leat_live {
	const char *link;
	struct leat_loop *loop;
	struct leat_console *console;
	struct leat_source timer;
	struct leat_source answer;	  /* asked for, and not here yet */
	int64_t asked_ms;		  /* when */
	int64_t interval_ms;		  /* between blocks */
	int64_t due_ms;			  /* when the next one is */
	char head[LEAT_BLOCK_LINE_BYTES]; /* as last shown */
};

/*
 * Show the link from now on.
 *
 * @param interval_ms  Between blocks; 0: as the output needs it.
 * @return             0, or -errno.
 */
int leat_live_start(struct leat_live *live, const char *link,
		    struct leat_loop *loop, struct leat_console *console,
		    int64_t interval_ms);

/* Show the last state and stop. Harmless if it was not started. */
void leat_live_finish(struct leat_live *live);

#endif
