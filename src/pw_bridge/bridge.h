/* SPDX-License-Identifier: MIT */
/*
 * The PipeWire side of a link: joins it as a guest, keeps the two nodes in
 * PipeWire's graph, gives the data loop the wires that the link brings, and
 * outlives the daemon and the other side. One thread, PipeWire's main loop.
 */
#ifndef LEAT_PW_BRIDGE_H
#define LEAT_PW_BRIDGE_H

#include "nodes.h"

#include <leat/link.h>

/* How the two clocks are brought together; enum leat_mode has the outcome. */
enum leat_pw_mode {
	LEAT_PW_AUTO, /* follow where the rates allow it, else adaptive */
	LEAT_PW_FOLLOW,
	LEAT_PW_ADAPTIVE
};

struct leat_pw_bridge_setup {
	const char *link_name;
	const char *remote; /* NULL: the default one */
	struct leat_pw_nodes_setup nodes;
	enum leat_pw_mode mode;
	bool rt_guard;
	bool wait;    /* for a daemon, if there is none at the start */
	int ready_fd; /* told when the nodes are there; or -1 */
};

/*
 * Bridge until SIGINT, SIGTERM or SIGHUP. 0, or a negative errno with a sentence in
 * error if it could not start.
 */
int leat_pw_bridge_run(const struct leat_pw_bridge_setup *setup,
		       struct leat_error *error);

/* Ask the daemon for its rate and version; a line on stdout. */
int leat_pw_bridge_probe(const char *remote, struct leat_error *error);

#endif
