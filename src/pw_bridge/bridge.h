/* SPDX-License-Identifier: MIT */
/*
 * The PipeWire side of a link: joins it as a guest, keeps the two nodes in
 * PipeWire's graph, gives the data loop the wires that the link brings, and
 * outlives the daemon and the other side. One thread, PipeWire's main loop.
 */
#ifndef LEAT_PW_BRIDGE_H
#define LEAT_PW_BRIDGE_H

#include "channels.h"
#include "mode.h"
#include "nodes.h"

#include <leat/link.h>

struct leat_pw_bridge_setup {
	const char *link_name;
	const char *remote; /* NULL: the default one */
	struct leat_pw_nodes_setup nodes;
	struct leat_pw_channels channels[LEAT_N_DIRECTIONS];
	enum leat_pw_mode mode;
	bool rt_guard;
	bool wait;	     /* for a daemon, if there is none at the start */
	uint64_t most_bytes; /* of the rings' samples; 0: no limit */
	bool patient;	     /* whatever keeps it from starting may pass */
	const char *dashes;  /* what stands before a setting's name: "--" */
	int ready_fd;	     /* told when the nodes are there; or -1 */
	int stop_fd; /* when it can be read, the loop ends; -1: on signals */
};

struct leat_pw_bridge;

/*
 * Set it up; setup and error are to last as long as the bridge. Nothing here
 * waits for the daemon or for the other side. A negative errno with a sentence
 * in error if it cannot be.
 *
 * All three functions are for one thread.
 */
LEAT_MUST_CHECK int
leat_pw_bridge_create(struct leat_pw_bridge **bridge,
		      const struct leat_pw_bridge_setup *setup,
		      struct leat_error *error);

/*
 * Bridge until stop_fd can be read, or without one until SIGINT, SIGTERM or
 * SIGHUP. 0, or a negative errno with a sentence in error if it could not start,
 * which does not happen to those who are patient.
 */
LEAT_MUST_CHECK int leat_pw_bridge_loop(struct leat_pw_bridge *bridge);

/* NULL is fine. */
void leat_pw_bridge_destroy(struct leat_pw_bridge *bridge);

/* Ask the daemon for its rate and version; a line on stdout. */
int leat_pw_bridge_probe(const char *remote, struct leat_error *error);

#endif
