/* SPDX-License-Identifier: MIT */
/* Ending what runs: asked first, and killed if it does not. */
#ifndef LEAT_TOOLS_UP_END_H
#define LEAT_TOOLS_UP_END_H

#include "tools/servers/service.h"

/* From being asked to end, and from being killed. */
#define LEAT_UP_END_MS 3000
#define LEAT_UP_KILL_MS 3000

/* Say so, and kill what has not ended. */
void leat_up_kill_two(struct leat_console *console, struct leat_service *a,
		      struct leat_service *b);

/* End two services, and wait for it. */
void leat_up_end_two(struct leat_loop *loop, struct leat_console *console,
		     struct leat_service *a, struct leat_service *b);

#endif
