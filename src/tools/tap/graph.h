/* SPDX-License-Identifier: MIT */
/* A client in a graph that a player plays into: JACK's or PipeWire's. */
#ifndef LEAT_TAP_GRAPH_H
#define LEAT_TAP_GRAPH_H

#include "player.h"

#include "rt_guard/rt_guard.h"

#include <leat/link.h>

struct graph_config {
	const char *link_name;
	const char *link_server; /* JACK's, that the link is on; "" */
	const char *server;	 /* JACK's server or PipeWire's daemon; NULL */
	const char
		*target; /* PipeWire's node or JACK's client; NULL: default */
	bool connect;
	uint32_t rate_hz; /* of the link */
	uint32_t n_channels;
	const uint8_t *positions;
	uint32_t latency;	     /* frames of the link */
	struct leat_rt_guard *guard; /* of the graph's thread, or NULL */
};

struct graph; /* a backend's own */

struct graph_backend {
	const char *name; /* "JACK" */
	/*
	 * What its cycles count where it runs on the link's clock: JACK's frame
	 * time, or the ring's indices.
	 */
	bool counts_indices;
	/* Open it: 0, or a negative errno and why. */
	int (*open)(struct graph **graph, const struct graph_config *config,
		    struct leat_error *error);
	/* NULL is fine. */
	void (*close)(struct graph *graph);
	/* NULL while there is none. */
	struct player *(*player)(struct graph *graph);
	/* What went wrong since; NULL: nothing. */
	const char *(*failure)(struct graph *graph);
	/* The client's name, for people. */
	const char *(*client)(struct graph *graph);
};

extern const struct graph_backend graph_jack;
extern const struct graph_backend graph_pipewire;

#endif
