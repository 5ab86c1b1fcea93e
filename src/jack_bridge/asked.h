/* SPDX-License-Identifier: MIT */
/*
 * The connections that a client inside of the JACK server is asked for. They are
 * made on the server's own threads, as its ports come: another thread of the
 * server that wants something of it may wait for a lock that is held while
 * our end is awaited.
 */
#ifndef LEAT_JACK_ASKED_H
#define LEAT_JACK_ASKED_H

#include "process.h"

/* "OWN=OTHER" or "physical", n of them. */
struct leat_jack_asked {
	const char *const *list;
	uint32_t n;
};

/* Connect what can be, once the client is active. */
void leat_jack_asked_make(const struct leat_jack_asked *asked,
			  const struct leat_jack_process *process);

/* A port has come: connect it, if that was asked for. */
void leat_jack_asked_came(const struct leat_jack_asked *asked,
			  const struct leat_jack_process *process,
			  const char *port_name);

#endif
