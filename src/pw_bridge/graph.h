/* SPDX-License-Identifier: MIT */
/*
 * The connection to the PipeWire daemon: made, lost and made again. Tells
 * which sample rates its graph may run at.
 */
#ifndef LEAT_PW_GRAPH_H
#define LEAT_PW_GRAPH_H

#include <leat/link.h>

#include <pipewire/pipewire.h>

#define LEAT_PW_GRAPH_RATES_MAX 32

/* A property of our contexts, so that they are known for what they are. */
#define LEAT_PW_KEY_CLIENT "leat.client"

/* What `settings` says of rates. */
struct leat_pw_graph_rates {
	uint32_t rate_hz;	/* the usual one */
	uint32_t force_rate_hz; /* the only one, or 0 */
	uint32_t allowed[LEAT_PW_GRAPH_RATES_MAX];
	uint32_t n_allowed;
};

struct leat_pw_graph_events {
	/* Connected, and the rates are known; again when they change. */
	void (*ready)(void *user);
	void (*lost)(void *user); /* the daemon is gone; after clean-up */
};

struct leat_pw_graph {
	struct pw_loop *loop;
	struct pw_context *context;
	struct pw_core *core; /* NULL while there is no daemon */
	struct pw_registry *registry;
	struct pw_proxy *settings;
	struct spa_hook core_listener, registry_listener, settings_listener;
	struct spa_source *lost_event;
	int sync_seq; /* of the last question */
	bool ready;
	const char *remote; /* NULL: the default one */
	struct leat_pw_graph_rates rates;
	const struct leat_pw_graph_events *events;
	void *user;
};

int leat_pw_graph_init(struct leat_pw_graph *self, struct pw_loop *loop,
		       const char *remote,
		       const struct leat_pw_graph_events *events, void *user);
void leat_pw_graph_finish(struct leat_pw_graph *self);

/* Connect; `ready` follows. A negative errno if there is no daemon. */
int leat_pw_graph_connect(struct leat_pw_graph *self, struct leat_error *error);
/*
 * Whether a failure is about what this process may have and do, and says nothing
 * of the daemon.
 */
bool leat_pw_graph_is_ours(int res);

/* Why libpipewire has failed: it says other things where descriptors lack. */
int leat_pw_graph_cause(int res);

void leat_pw_graph_disconnect(struct leat_pw_graph *self);

/* The name by which people know the daemon. */
const char *leat_pw_graph_remote_name(const struct leat_pw_graph *self);

/* Whether the graph may run at a rate: 0, or -EINVAL and why not. */
int leat_pw_graph_rate_check(const struct leat_pw_graph_rates *rates,
			     uint32_t rate_hz, struct leat_error *error);

/*
 * Whether two clocks can be bridged, one at each of these rates: 0, or -EINVAL
 * and why not.
 */
int leat_pw_graph_rates_check(const struct leat_pw_graph *self,
			      uint32_t jack_rate_hz, uint32_t rate_hz,
			      struct leat_error *error);

/* Say that two rates are too far apart. -EINVAL. */
int leat_pw_rates_apart(uint32_t jack_rate_hz, uint32_t rate_hz,
			struct leat_error *error);

/* Take in one of the keys of `settings`; others are ignored. */
void leat_pw_graph_rates_set(struct leat_pw_graph_rates *rates, const char *key,
			     const char *value);

#endif
