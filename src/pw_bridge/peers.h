/* SPDX-License-Identifier: MIT */
/*
 * What lies beyond our nodes' ports, in PipeWire's own words: from the source
 * to those that play, and to the sink from those that record.
 *
 * A stream is told of its ports one after the other, so that the last one
 * hides the others; the daemon has each port's.
 */
#ifndef LEAT_PW_PEERS_H
#define LEAT_PW_PEERS_H

#include "link/latency.h"

#include <leat/frames.h>

#include <pipewire/pipewire.h>
#include <spa/param/latency-utils.h>

struct leat_pw_peers;

struct leat_pw_peer_port {
	struct leat_pw_peers *peers;
	struct pw_proxy *proxy; /* NULL: this place is free */
	struct spa_hook listener;
	uint32_t id; /* of the registry */
	enum leat_direction direction;
	struct spa_latency_info info; /* of what lies beyond */
};

struct leat_pw_peers {
	struct pw_registry *registry; /* NULL: nothing is watched */
	struct spa_hook listener;
	uint32_t node_id[LEAT_N_DIRECTIONS]; /* SPA_ID_INVALID: none */
	struct leat_pw_peer_port port[LEAT_N_DIRECTIONS * LEAT_CHANNELS_MAX];
	void (*changed)(void *user);
	void *user;
};

void leat_pw_peers_init(struct leat_pw_peers *self, void (*changed)(void *user),
			void *user);

/* Watch the ports of these nodes, those that come later too. */
int leat_pw_peers_watch(struct leat_pw_peers *self, struct pw_core *core,
			const uint32_t node_id[LEAT_N_DIRECTIONS]);
void leat_pw_peers_forget(struct leat_pw_peers *self);

/* What lies beyond in a direction, in JACK's frames. */
struct leat_latency_range
leat_pw_peers_beyond(const struct leat_pw_peers *self,
		     enum leat_direction direction,
		     const struct leat_latency_graph *graph);

#endif
