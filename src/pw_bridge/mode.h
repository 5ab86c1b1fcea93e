/* SPDX-License-Identifier: MIT */
/* How the two clocks are brought together; enum leat_mode has the outcome. */
#ifndef LEAT_PW_MODE_H
#define LEAT_PW_MODE_H

#include <stdbool.h>

enum leat_pw_mode {
	LEAT_PW_AUTO, /* follow where the rates allow it, else adaptive */
	LEAT_PW_FOLLOW,
	LEAT_PW_ADAPTIVE
};

#define LEAT_PW_MODES "auto, follow or adaptive"

/* The mode of that name; false if there is none. */
bool leat_pw_mode_parse(enum leat_pw_mode *mode, const char *name);

#endif
