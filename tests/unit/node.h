/* SPDX-License-Identifier: MIT */
/* A host or a guest that remembers what it was told. Without CUnit. */
#ifndef LEAT_UNIT_NODE_H
#define LEAT_UNIT_NODE_H

#include <leat/link.h>

#include <stdbool.h>
#include <stdint.h>

#define NODE_LINK "unit"

/* One side of a link: a host or a guest, and what came of it. */
struct node {
	struct leat_host *host;
	struct leat_guest *guest;
	struct leat_wire *wire; /* the newest */
	struct leat_link_spec spec;
	unsigned n_specs, n_wires, n_gone, n_rooms, n_latencies;
	uint32_t room; /* what a host was asked for last; it does it */
	struct leat_link_latency latency;
	char text[400]; /* why the peer has gone */
};

/* A spec that will do, of rings that begin just before the index wraps. */
struct leat_link_spec node_spec(void);

/* Set up a node; 0 or the library's error. */
int node_host(struct node *node, const struct leat_link_spec *spec);
int node_guest(struct node *node);

/* Give it up, with its wire. */
void node_close(struct node *node);

/* What is to be polled. */
int node_fd(const struct node *node);

/* Do all there is to do at these nodes, until nothing more happens. */
void node_settle(struct node *a, struct node *b);

/* Dispatch as events come, until a counter has got so far. */
bool node_wait(struct node *node, const unsigned *counter, unsigned n);

/* Connect, as soon as there is a host. */
bool node_connect(struct node *node);

/* Send some frames from one to the other and look whether they arrive. */
bool node_cross(struct leat_wire *from, struct leat_wire *to);

#endif
