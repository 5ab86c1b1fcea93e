/* SPDX-License-Identifier: MIT */
/**
 * The commands that the JACK clients of tests have in common:
 *
 *	connect OUT IN        wait up to 5 s for both ports, then connect
 *	disconnect OUT IN
 *	wait-port NAME [MS]
 *	connections PORT      what PORT is connected to, a line each
 *	quit
 */
#ifndef TEST_SUPPORT_JACK_COMMANDS_H
#define TEST_SUPPORT_JACK_COMMANDS_H

#include "control.h"

#include <jack/jack.h>

#include <stdatomic.h>
#include <stdbool.h>

struct jack_commands {
	jack_client_t *client;
	atomic_bool server_gone; /* to be set by the client's owner */
	/* Answer a command that is none of the above. */
	void (*other)(void *user, struct control *control);
	void *user;
};

/** Answer "ok", or why not. */
void jack_commands_say(bool good, const char *what);

/** Answer what standard input says, until "quit" or its end. */
void jack_commands_serve(struct jack_commands *commands);

#endif
