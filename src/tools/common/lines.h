/* SPDX-License-Identifier: MIT */
/* What a child writes to a pipe, line by line. */
#ifndef LEAT_TOOLS_LINES_H
#define LEAT_TOOLS_LINES_H

#include "loop.h"

#include <stddef.h>

/* Longer lines are broken. */
#define LEAT_LINE_MAX_BYTES 1024

struct leat_lines {
	struct leat_source source;
	void (*line)(void *user, const char *line);
	void *user;
	size_t n_bytes;
	char bytes[LEAT_LINE_MAX_BYTES];
};

/*
 * Make a pipe, read lines from it in the loop, and give its other end, which
 * is the caller's to close once the child has it. The fd, or -errno.
 */
int leat_lines_open(struct leat_lines *lines, struct leat_loop *loop,
		    void (*line)(void *user, const char *line), void *user);

/* Take what is there already and close. Harmless if it is not open. */
void leat_lines_close(struct leat_lines *lines);

#endif
