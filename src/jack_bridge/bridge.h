/* SPDX-License-Identifier: MIT */
/*
 * The JACK side of a link: hosts it, keeps a JACK client, gives the client's
 * process callback the wires that the link brings, and outlives the server
 * and the other side. One thread, which sleeps in epoll.
 */
#ifndef LEAT_JACK_BRIDGE_H
#define LEAT_JACK_BRIDGE_H

#include "client.h"

#include <leat/link.h>

struct leat_jack_bridge_setup {
	const char *link_name;
	struct leat_jack_client_setup client; /* client_name is made here */
	const char *const *connect;	      /* --connect arguments */
	uint32_t n_connect;
	uint64_t first_index; /* of the rings */
	uint32_t history_ms;  /* that they hold, for taps */
	bool history_given;   /* by the user: say so if there is less */
	uint64_t most_bytes;  /* of samples, for that */
	bool wait;	      /* for a server, if there is none at the start */
	int ready_fd;	      /* told when the client runs; or -1 */
	int stop_fd;	      /* when it can be read, the loop ends */
};

struct leat_jack_bridge;

/*
 * Set it up; setup is to last as long as the bridge. A negative errno with a
 * sentence in error if it cannot start.
 */
LEAT_MUST_CHECK int
leat_jack_bridge_create(struct leat_jack_bridge **bridge,
			const struct leat_jack_bridge_setup *setup,
			struct leat_error *error);

/* Bridge until stop_fd can be read. */
void leat_jack_bridge_loop(struct leat_jack_bridge *bridge);

/*
 * The JACK server has closed the client that it gave. Thread: one of the
 * server's; the loop may run, and is to be stopped.
 */
void leat_jack_bridge_client_ended(struct leat_jack_bridge *bridge);

/* NULL is fine. */
void leat_jack_bridge_destroy(struct leat_jack_bridge *bridge);

#endif
