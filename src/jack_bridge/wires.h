/* SPDX-License-Identifier: MIT */
/*
 * The wire in use, and those before it that the process callback may not have
 * let go of yet: only then are they destroyed. Thread: main.
 */
#ifndef LEAT_JACK_WIRES_H
#define LEAT_JACK_WIRES_H

#include "client.h"

#include <leat/link.h>

#include <stdbool.h>

#define LEAT_JACK_WIRES_RETIRING_MAX 8

/* Zero but for the client. */
struct leat_jack_wires {
	struct leat_jack_client *client; /* whose callback uses them */
	struct leat_wire *current;	 /* or NULL */
	struct leat_wire *retiring[LEAT_JACK_WIRES_RETIRING_MAX];
};

/* Use a wire, or none (NULL), from the next cycle on. Takes it over. */
void leat_jack_wires_use(struct leat_jack_wires *self, struct leat_wire *wire);

/*
 * Destroy the wires that the process callback has let go of. Returns whether
 * there are others: look again.
 */
bool leat_jack_wires_retire(struct leat_jack_wires *self);

#endif
