/* SPDX-License-Identifier: MIT */
/*
 * Between nodes.c, which makes the nodes, nodes_retune.c, which changes whose
 * clock they run on, and at what rate, while they live, and nodes_rest.c, which
 * has them pause where that takes a pause.
 */
#ifndef LEAT_PW_NODES_RETUNE_H
#define LEAT_PW_NODES_RETUNE_H

#include "nodes.h"

#include <spa/pod/builder.h>

/* The properties that say who drives, and at what. */
struct leat_pw_node_clock {
	struct spa_dict dict;
	struct spa_dict_item items[8];
	char priority[16], quantum[16], rate[16];
};

void leat_pw_node_clock_properties(const struct leat_pw_node *node,
				   struct leat_pw_node_clock *clock);

/* Whether a node is on the clock of another one. */
bool leat_pw_node_is_driven(const struct leat_pw_node *node);

/* The nodes are made with it: hear its answers. */
void leat_pw_nodes_listen(struct leat_pw_nodes *self,
			  const struct leat_pw_graph *graph);

/* A node that runs pauses, and goes on when that is known to all. */
void leat_pw_node_rest(struct leat_pw_node *node);
void leat_pw_node_go_on(struct leat_pw_node *node);
/* It need not be looked at any more. */
void leat_pw_node_rested(struct leat_pw_node *node);

/* The source drives; without one, the sink does. */
struct leat_pw_node *leat_pw_nodes_driver(struct leat_pw_nodes *self);

/* The format that a node offers. */
const struct spa_pod *leat_pw_node_format(const struct leat_pw_node *node,
					  struct spa_pod_builder *builder,
					  uint32_t rate_hz);

/* Adaptive mode's half of the data loop for the rates as they are, or NULL. */
int leat_pw_nodes_make_adaptive(const struct leat_pw_nodes *self,
				struct leat_pw_adaptive **adaptive,
				struct leat_error *error);

/* What the data loop is to know of the streams. */
struct leat_pw_streams leat_pw_nodes_streams(struct leat_pw_nodes *self);

/*
 * A stream's events: it is called; it has paused; it is asked for its format;
 * it runs at a rate from now on.
 */
void leat_pw_node_streams(struct leat_pw_node *node);
void leat_pw_node_paused(struct leat_pw_node *node);
void leat_pw_node_negotiates(struct leat_pw_node *node);
void leat_pw_node_formatted(struct leat_pw_node *node, uint32_t rate_hz);

#endif
