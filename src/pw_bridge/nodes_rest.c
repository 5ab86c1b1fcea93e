/* SPDX-License-Identifier: MIT */
/*
 * A node is told to pause, and goes on as soon as the daemon knows that it has.
 * Not before: to the daemon it runs until then, and the daemon does not start
 * again a node that it takes from its own clock to another driver meanwhile.
 */
#include "nodes_retune.h"

void leat_pw_node_go_on(struct leat_pw_node *node)
{
	leat_pw_node_rested(node);
	pw_stream_set_active(node->stream, true);
}

static void on_info(void *user, const struct pw_node_info *info)
{
	struct leat_pw_node *node = user;

	if (info->state < PW_NODE_STATE_RUNNING)
		leat_pw_node_go_on(node);
}

static const struct pw_node_events events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_info,
};

/* As the daemon has it; if that cannot be had, it goes on when it has paused. */
static void watch(struct leat_pw_node *node)
{
	node->watched = pw_registry_bind(
		node->nodes->registry, pw_stream_get_node_id(node->stream),
		PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, 0);
	if (node->watched)
		pw_node_add_listener((struct pw_node *)node->watched,
				     &node->watch_listener, &events, node);
}

void leat_pw_node_rest(struct leat_pw_node *node)
{
	if (!node->stream || node->resting ||
	    node->state != PW_STREAM_STATE_STREAMING)
		return;
	node->resting = true;
	pw_stream_set_active(node->stream, false);
	watch(node);
}

void leat_pw_node_rested(struct leat_pw_node *node)
{
	node->resting = false;
	if (!node->watched)
		return;
	spa_hook_remove(&node->watch_listener);
	pw_proxy_destroy(node->watched);
	node->watched = NULL;
}
