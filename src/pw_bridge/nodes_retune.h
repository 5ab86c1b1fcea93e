/* SPDX-License-Identifier: MIT */
/*
 * Between nodes.c, which makes the nodes, and nodes_retune.c, which changes
 * whose clock they run on, and at what rate, while they live.
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
 * A stream's events: it has paused; it is asked for its format; it runs at a
 * rate from now on.
 */
void leat_pw_node_paused(struct leat_pw_node *node);
void leat_pw_node_negotiates(struct leat_pw_node *node);
void leat_pw_node_formatted(struct leat_pw_node *node, uint32_t rate_hz);

#endif
