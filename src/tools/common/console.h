/* SPDX-License-Identifier: MIT */
/*
 * Where leat-up writes: messages, and a block of lines that is redrawn in
 * place on a terminal and written again elsewhere.
 */
#ifndef LEAT_TOOLS_CONSOLE_H
#define LEAT_TOOLS_CONSOLE_H

#include <stdbool.h>

/* Longer messages are cut. */
#define LEAT_MESSAGE_BYTES 768

#define LEAT_BLOCK_LINES 200
#define LEAT_BLOCK_FEW 4
#define LEAT_BLOCK_LINE_BYTES 256

struct leat_block {
	unsigned n_lines; /* 0: the first LEAT_BLOCK_FEW */
	char line[LEAT_BLOCK_LINES][LEAT_BLOCK_LINE_BYTES];
};

struct leat_console {
	bool in_place;		 /* standard output can be redrawn */
	bool quiet;		 /* no more than what is wrong */
	bool failed;		 /* standard output took no more */
	unsigned n_drawn;	 /* lines of the block on the terminal */
	unsigned n_columns;	 /* of the terminal when it was drawn */
	struct leat_block block; /* as last drawn */
};

void leat_console_init(struct leat_console *console, bool quiet);

/* Say what is wrong or has changed, on standard error. */
__attribute__((format(printf, 2, 3))) void
leat_console_log(struct leat_console *console, const char *format, ...);

/* Pass on a line of a child that comes with its name already. */
void leat_console_pass(struct leat_console *console, const char *line);

/* Say how things go, on standard output, unless quiet. */
__attribute__((format(printf, 2, 3))) void
leat_console_say(struct leat_console *console, const char *format, ...);

/* A line of output that was asked for, quiet or not. */
void leat_console_print(struct leat_console *console, const char *line);

/* Show the block, in place of the last one where that can be. */
void leat_console_show(struct leat_console *console,
		       const struct leat_block *block);

#endif
