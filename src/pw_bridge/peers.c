/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void leat_pw_peers_init(struct leat_pw_peers *self, void (*changed)(void *user),
			void *user)
{
	memset(self, 0, sizeof(*self));
	self->changed = changed;
	self->user = user;
}

/* ---- a port ---- */

/* The source's outputs hear of inputs downstream, the sink's of outputs. */
static enum spa_direction wanted(const struct leat_pw_peer_port *port)
{
	return port->direction == LEAT_TO_PIPEWIRE ? SPA_DIRECTION_INPUT
						   : SPA_DIRECTION_OUTPUT;
}

static void on_param(void *user, int seq, uint32_t id, uint32_t index,
		     uint32_t next, const struct spa_pod *param)
{
	struct leat_pw_peer_port *port = user;
	struct spa_latency_info info;

	(void)seq;
	(void)index;
	(void)next;
	if (id != SPA_PARAM_Latency || !param ||
	    spa_latency_parse(param, &info) < 0 ||
	    info.direction != wanted(port) ||
	    spa_latency_info_compare(&info, &port->info) == 0)
		return;
	port->info = info;
	port->peers->changed(port->peers->user);
}

static const struct pw_port_events port_events = {
	PW_VERSION_PORT_EVENTS,
	.param = on_param,
};

static void release(struct leat_pw_peer_port *port)
{
	spa_hook_remove(&port->listener);
	pw_proxy_destroy(port->proxy);
	port->proxy = NULL;
}

static void watch_port(struct leat_pw_peers *self, uint32_t id,
		       enum leat_direction direction)
{
	uint32_t params[] = { SPA_PARAM_Latency };
	struct leat_pw_peer_port *port = self->port;
	const struct leat_pw_peer_port *end = port + SPA_N_ELEMENTS(self->port);

	while (port < end && port->proxy)
		port++;
	if (port == end)
		return;
	memset(port, 0, sizeof(*port));
	port->peers = self;
	port->id = id;
	port->direction = direction;
	port->info.direction = wanted(port);
	port->proxy = pw_registry_bind(
		self->registry, id, PW_TYPE_INTERFACE_Port, PW_VERSION_PORT, 0);
	if (!port->proxy)
		return;
	pw_port_add_listener((struct pw_port *)port->proxy, &port->listener,
			     &port_events, port);
	pw_port_subscribe_params((struct pw_port *)port->proxy, params, 1);
}

/* ---- the registry ---- */

static void on_global(void *user, uint32_t id, uint32_t permissions,
		      const char *type, uint32_t version,
		      const struct spa_dict *props)
{
	static const char *const port_direction[] = {
		[LEAT_TO_PIPEWIRE] = "out",
		[LEAT_TO_JACK] = "in",
	};
	struct leat_pw_peers *self = user;
	const char *node, *direction;

	(void)permissions;
	(void)version;
	if (!props || strcmp(type, PW_TYPE_INTERFACE_Port) != 0)
		return;
	node = spa_dict_lookup(props, PW_KEY_NODE_ID);
	direction = spa_dict_lookup(props, PW_KEY_PORT_DIRECTION);
	if (!node || !direction)
		return;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (strtoul(node, NULL, 10) == self->node_id[d] &&
		    strcmp(direction, port_direction[d]) == 0)
			watch_port(self, id, (enum leat_direction)d);
}

static void on_global_remove(void *user, uint32_t id)
{
	struct leat_pw_peers *self = user;

	for (size_t i = 0; i < SPA_N_ELEMENTS(self->port); i++)
		if (self->port[i].proxy && self->port[i].id == id) {
			release(&self->port[i]);
			self->changed(self->user);
		}
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

int leat_pw_peers_watch(struct leat_pw_peers *self, struct pw_core *core,
			const uint32_t node_id[LEAT_N_DIRECTIONS])
{
	leat_pw_peers_forget(self);
	memcpy(self->node_id, node_id, sizeof(self->node_id));
	self->registry = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0);
	if (!self->registry)
		return -errno;
	pw_registry_add_listener(self->registry, &self->listener,
				 &registry_events, self);
	return 0;
}

void leat_pw_peers_forget(struct leat_pw_peers *self)
{
	if (!self->registry)
		return;
	for (size_t i = 0; i < SPA_N_ELEMENTS(self->port); i++)
		if (self->port[i].proxy)
			release(&self->port[i]);
	spa_hook_remove(&self->listener);
	pw_proxy_destroy((struct pw_proxy *)self->registry);
	self->registry = NULL;
}

/* ---- in JACK's frames ---- */

/* Frames are unsigned before PipeWire 1.4, and were meant to be signed. */
static struct leat_latency_range
range_of(const struct spa_latency_info *info,
	 const struct leat_latency_graph *graph)
{
	struct leat_latency_range range = {
		.min = leat_latency_of(graph, info->min_quantum,
				       (int32_t)info->min_rate,
				       (int64_t)info->min_ns),
		.max = leat_latency_of(graph, info->max_quantum,
				       (int32_t)info->max_rate,
				       (int64_t)info->max_ns),
	};

	if (range.min > range.max)
		range.min = range.max;
	return range;
}

/* A port without links has no latency: it counts only if none has any. */
struct leat_latency_range
leat_pw_peers_beyond(const struct leat_pw_peers *self,
		     enum leat_direction direction,
		     const struct leat_latency_graph *graph)
{
	struct leat_latency_ports ports = { .any = false };

	for (size_t i = 0; i < SPA_N_ELEMENTS(self->port); i++) {
		const struct leat_pw_peer_port *port = &self->port[i];
		struct leat_latency_range range;

		if (!port->proxy || port->direction != direction)
			continue;
		range = range_of(&port->info, graph);
		if (range.max > 0)
			leat_latency_add_port(&ports, range);
	}
	return ports.range;
}
