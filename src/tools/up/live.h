/* SPDX-License-Identifier: MIT */
/* The live view: what links do, at an interval and when that changes. */
#ifndef LEAT_TOOLS_LIVE_H
#define LEAT_TOOLS_LIVE_H

#include "tools/common/console.h"
#include "tools/common/loop.h"

#define LEAT_LIVE_LINES 4

/* All links, on one console. */
struct leat_view {
	struct leat_loop *loop;
	struct leat_console *console;
	int64_t interval_ms; /* between blocks; 0: as the output needs it */
	struct leat_live *first;
	struct leat_block block; /* all of them, for a terminal */
};

/* One link. */
struct leat_live {
	struct leat_live *next;
	struct leat_view *view; /* NULL: not shown */
	const char *link;
	struct leat_source timer;
	struct leat_source answer; /* asked for, and not here yet */
	int64_t asked_ms;	   /* when */
	int64_t interval_ms;	   /* between blocks */
	int64_t due_ms;		   /* when the next one is */
	/* As last seen, and the first line as last shown. */
	char line[LEAT_LIVE_LINES][LEAT_BLOCK_LINE_BYTES];
	char head[LEAT_BLOCK_LINE_BYTES];
};

void leat_view_init(struct leat_view *view, struct leat_loop *loop,
		    struct leat_console *console, int64_t interval_ms);

/* Show the last state of all and stop. */
void leat_view_finish(struct leat_view *view);

/* Show a link from now on. 0, or -errno. */
int leat_live_start(struct leat_live *live, const char *link,
		    struct leat_view *view);

/* Show the last state and stop. Harmless if it was not started. */
void leat_live_finish(struct leat_live *live);

#endif
