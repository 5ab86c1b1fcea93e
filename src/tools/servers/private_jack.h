/* SPDX-License-Identifier: MIT */
/* A JACK server of our own, with the dummy driver, for want of another. */
#ifndef LEAT_TOOLS_PRIVATE_JACK_H
#define LEAT_TOOLS_PRIVATE_JACK_H

#include "service.h"

#include <limits.h>

struct leat_private_jack {
	struct leat_service service;
	char path[PATH_MAX]; /* of jackd */
	char name[32];	     /* of the server */
	char rate[12], period[12], port_max[12];
	char env[64]; /* JACK_DEFAULT_SERVER=name */
};

/* Look for what it needs: 0, or 1 with a message. */
int leat_private_jack_find(struct leat_private_jack *jack,
			   struct leat_console *console);

/*
 * Start what was found.
 *
 * @param n_channels  Of the bridge, both ways together.
 * @return            0, or 1 with a message.
 */
int leat_private_jack_start(struct leat_private_jack *jack,
			    struct leat_loop *loop,
			    struct leat_console *console, uint32_t rate_hz,
			    uint32_t period, uint32_t n_channels);

/* Remove what a server that was killed leaves behind. It must have ended. */
void leat_private_jack_clean(const struct leat_private_jack *jack);

#endif
