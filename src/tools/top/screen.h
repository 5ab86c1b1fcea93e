/* SPDX-License-Identifier: MIT */
/* leat-top on a terminal, with ncurses. */
#ifndef LEAT_TOP_SCREEN_H
#define LEAT_TOP_SCREEN_H

#include "model.h"

struct leat_top_screen {
	int64_t interval_ms;
	bool paused;
	bool help;
	unsigned first_row; /* of the links, that is shown */
};

/* Take the terminal over. False if it is not one that can be used. */
bool leat_top_screen_open(void);
void leat_top_screen_close(void);

void leat_top_screen_draw(struct leat_top_screen *screen,
			  const struct leat_top_model *model);

enum leat_top_key {
	LEAT_TOP_KEY_NONE,
	LEAT_TOP_KEY_QUIT,
	LEAT_TOP_KEY_REDRAW, /* the screen has changed, or what is shown */
	LEAT_TOP_KEY_SORT,
	LEAT_TOP_KEY_RESET
};

/* The next key that was pressed; there may be none. */
enum leat_top_key leat_top_screen_key(struct leat_top_screen *screen);

#endif
