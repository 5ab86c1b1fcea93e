/* SPDX-License-Identifier: MIT */
/* The demo: leat-verify plays a file through the link and gives a verdict. */
#ifndef LEAT_TOOLS_DEMO_H
#define LEAT_TOOLS_DEMO_H

#include "tools/common/console.h"
#include "tools/common/lines.h"
#include "tools/servers/child.h"

#include <limits.h>

struct leat_demo {
	struct leat_loop *loop; /* NULL: there is no demo */
	struct leat_console *console;
	struct leat_command command;
	struct leat_child child;
	struct leat_lines output;
	char path[PATH_MAX]; /* of leat-verify */
	bool ended;
};

/* Find what it needs: 0, or 1 with a message. */
int leat_demo_prepare(struct leat_demo *demo, struct leat_loop *loop,
		      struct leat_console *console, const char *file);

/* Start it, with what was added to its command: 0, or 1 with a message. */
int leat_demo_start(struct leat_demo *demo);

/* The exit status it calls for: 0 if it went well. */
int leat_demo_result(const struct leat_demo *demo);

/* End it if it still runs. Harmless if there is none. */
void leat_demo_finish(struct leat_demo *demo);

#endif
