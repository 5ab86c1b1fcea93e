/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * Control sequences of ECMA-48 and of xterm: the second screen, no cursor, no
 * wrapping; and back.
 */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

bool screen_is_there(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] &&
	       strcmp(term, "dumb") != 0;
}

static void take_keys(struct screen_state *screen)
{
	struct termios raw;

	screen->keys = tcgetattr(STDIN_FILENO, &screen->before) == 0 &&
		       tcgetpgrp(STDIN_FILENO) == getpgrp();
	if (!screen->keys)
		return;
	raw = screen->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

void screen_open(struct screen_state *screen)
{
	if (screen->open)
		return;
	screen->open = true;
	take_keys(screen);
	fputs(ENTER, stdout);
	fflush(stdout);
}

void screen_close(struct screen_state *screen)
{
	if (!screen->open)
		return;
	screen->open = false;
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (screen->keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
}

void screen_size(unsigned *n_rows, unsigned *n_columns)
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

char screen_key(const struct screen_state *screen)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	if (!screen->keys || poll(&fd, 1, 0) <= 0 ||
	    read(STDIN_FILENO, &key, 1) != 1)
		return 0;
	return key;
}
