/* SPDX-License-Identifier: MIT */
/* The ports of the bridge in JACK, and what people see of them. */
#ifndef LEAT_JACK_PORTS_H
#define LEAT_JACK_PORTS_H

#include "client.h"

/* Register the ports of both directions: all of them, or an error. */
int leat_jack_ports_register(struct leat_jack_process *process,
			     const struct leat_jack_client_setup *setup,
			     struct leat_error *error);

/*
 * Take the ports back, and what was said of them, one by one: jackd 1.9 tells
 * a client that closes of each property that goes with it, and waits for ever
 * once it cannot take more. step is called before each request.
 */
void leat_jack_ports_unregister(struct leat_jack_process *process,
				void (*step)(void));

#endif
