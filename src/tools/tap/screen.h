/* SPDX-License-Identifier: MIT */
/*
 * A terminal that is drawn all over, and is given back as it was: on the second
 * screen that terminals have, without a cursor, and keys are not shown.
 */
#ifndef LEAT_TAP_SCREEN_H
#define LEAT_TAP_SCREEN_H

#include <stdbool.h>
#include <termios.h>

struct screen_state {
	bool open;
	bool keys; /* standard input is the terminal too */
	struct termios before;
};

/* Whether standard output is one, that knows the control sequences. */
bool screen_is_there(void);

void screen_open(struct screen_state *screen);

/* Also when it is closed already. */
void screen_close(struct screen_state *screen);

void screen_size(unsigned *n_rows, unsigned *n_columns);

/* A key that was pressed; 0: none. */
char screen_key(const struct screen_state *screen);

#endif
