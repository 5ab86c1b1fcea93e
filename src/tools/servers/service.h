/* SPDX-License-Identifier: MIT */
/*
 * A child that is to be there as long as leat-up: one that dies is started
 * again, after a pause that doubles while it keeps dying.
 */
#ifndef LEAT_TOOLS_SERVICE_H
#define LEAT_TOOLS_SERVICE_H

#include "child.h"

#include "tools/common/console.h"
#include "tools/common/lines.h"

/* Last lines of output kept to explain a death. */
#define LEAT_TAIL_LINES 4
#define LEAT_TAIL_BYTES 256

struct leat_service {
	const char *name;
	struct leat_loop *loop;
	struct leat_console *console;
	struct leat_command command;

	/* How it is run; set before leat_service_start(). */
	bool keep_output;  /* both outputs are kept as a tail, not shown */
	bool has_ready_fd; /* it writes a byte to descriptor 3 once it is up */
	bool relay;	   /* what it says goes through us, and is remembered */
	bool *news;	   /* set when it is up or has ended; or NULL */

	struct leat_child child;
	struct leat_source ready; /* the reading end of descriptor 3 */
	struct leat_source again; /* the timer of the next start */
	struct leat_lines output;
	char tail[LEAT_TAIL_LINES][LEAT_TAIL_BYTES];
	unsigned n_tail;	    /* lines ever kept */
	char said[LEAT_TAIL_BYTES]; /* relay: its last line, without its name */
	char journal[64];	    /* relay: JOURNAL_STREAM for the child */
	int64_t started_ms;
	int64_t pause_ms; /* before the next start */

	bool up;       /* it said it is ready */
	bool settled;  /* it is up, or it ended before it was */
	bool ended;    /* not there, for now or for good */
	bool watched;  /* started again when it dies */
	bool stopping; /* its end is wanted */
};

/* Prepare it: command, console and loop stay the caller's. 0 or -errno. */
int leat_service_init(struct leat_service *service, const char *name,
		      struct leat_loop *loop, struct leat_console *console);

/* Start it for the first time; 0, or -errno with a message. */
int leat_service_start(struct leat_service *service);

/* From now on it is started again when it dies. */
void leat_service_watch(struct leat_service *service);

/* Ask it to end. */
void leat_service_stop(struct leat_service *service, int signal);

/* Say on standard error what it wrote last. */
void leat_service_explain(struct leat_service *service);

/* Close what is left. The child must have ended. */
void leat_service_finish(struct leat_service *service);

#endif
