/* SPDX-License-Identifier: MIT */
#include "console.h"

#include "cli/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Control sequences of ECMA-48: up n lines, erase to the end of the screen. */
#define CURSOR_UP "\033[%uA"
#define ERASE_BELOW "\r\033[J"

void leat_console_init(struct leat_console *console, bool quiet)
{
	const char *term = getenv("TERM");

	memset(console, 0, sizeof(*console));
	console->quiet = quiet;
	console->in_place = isatty(STDOUT_FILENO) && term && term[0] &&
			    strcmp(term, "dumb") != 0;
}

/* ---- the block on a terminal ---- */

static void terminal_size(unsigned *n_rows, unsigned *n_columns)
{
	struct winsize size;

	*n_rows = 24;
	*n_columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_row > 0)
		*n_rows = size.ws_row;
	if (size.ws_col > 0)
		*n_columns = size.ws_col;
}

/*
 * Rows that the block takes now: most terminals break lines anew when they
 * become narrower.
 */
static unsigned rows_drawn(const struct leat_console *console)
{
	unsigned n_rows, n_columns, n = 0;

	terminal_size(&n_rows, &n_columns);
	for (unsigned i = 0; i < console->n_drawn; i++) {
		unsigned length = (unsigned)strlen(console->block.line[i]);

		if (length > console->n_columns)
			length = console->n_columns;
		n += length > n_columns ? (length - 1) / n_columns + 1 : 1;
	}
	return n;
}

static void erase(struct leat_console *console)
{
	if (console->n_drawn == 0)
		return;
	printf(CURSOR_UP ERASE_BELOW, rows_drawn(console));
	console->n_drawn = 0;
}

static unsigned n_lines(const struct leat_block *block)
{
	return block->n_lines > 0 ? block->n_lines : LEAT_BLOCK_FEW;
}

/*
 * Lines are cut at the width: one that wraps would take two rows, and the
 * next redraw would begin in the wrong one.
 */
static void draw(struct leat_console *console)
{
	unsigned n_rows, n_columns;

	terminal_size(&n_rows, &n_columns);
	console->n_columns = n_columns;
	while (console->n_drawn < n_lines(&console->block) &&
	       console->n_drawn + 1 < n_rows) {
		printf("%.*s\n", (int)n_columns,
		       console->block.line[console->n_drawn]);
		console->n_drawn++;
	}
}

static void flush(struct leat_console *console)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		console->failed = true;
}

/* Take the block away for a message, and say whether there was one. */
static bool begin_message(struct leat_console *console)
{
	bool drawn = console->n_drawn > 0;

	erase(console);
	flush(console);
	return drawn;
}

static void end_message(struct leat_console *console, bool drawn)
{
	if (drawn)
		draw(console);
	flush(console);
}

/* ---- messages ---- */

void leat_console_log(struct leat_console *console, const char *format, ...)
{
	char line[LEAT_MESSAGE_BYTES];
	bool drawn = begin_message(console);
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	leat_log("%s", line);
	end_message(console, drawn);
}

void leat_console_pass(struct leat_console *console, const char *line)
{
	bool drawn = begin_message(console);

	fprintf(stderr, "%s\n", line);
	end_message(console, drawn);
}

void leat_console_print(struct leat_console *console, const char *line)
{
	bool drawn = begin_message(console);

	puts(line);
	end_message(console, drawn);
}

void leat_console_say(struct leat_console *console, const char *format, ...)
{
	char line[LEAT_MESSAGE_BYTES];
	va_list args;

	if (console->quiet)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	leat_console_print(console, line);
}

void leat_console_show(struct leat_console *console,
		       const struct leat_block *block)
{
	if (console->in_place) {
		erase(console);
		console->block = *block;
		draw(console);
	} else {
		for (unsigned i = 0; i < n_lines(block); i++)
			puts(block->line[i]);
	}
	flush(console);
}
