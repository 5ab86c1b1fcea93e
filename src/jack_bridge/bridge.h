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
};

/*
 * Bridge until SIGINT, SIGTERM or SIGHUP. 0, or a negative errno with a sentence in
 * error if it could not start.
 */
int leat_jack_bridge_run(const struct leat_jack_bridge_setup *setup,
			 struct leat_error *error);

#endif
