/* SPDX-License-Identifier: MIT */
/*
 * What the files of the PipeWire side's main thread share: bridge.c has its
 * life and its events, bridge_nodes.c makes the nodes, bridge_status.c says
 * what is going on, bridge_targets.c sees to the latency that is wanted.
 */
#ifndef LEAT_PW_BRIDGE_STATE_H
#define LEAT_PW_BRIDGE_STATE_H

#include "bridge.h"
#include "cli/log.h"
#include "cli/rights.h"
#include "graph.h"
#include "peers.h"
#include "process.h"

/* What is known of latency; bridge_latency.c's. */
struct leat_pw_bridge_latency {
	struct spa_source *timer;      /* to look at it, a little later */
	struct leat_pw_peers peers;    /* beyond the nodes */
	struct leat_link_latency jack; /* beyond JACK's ports */
	struct leat_link_latency told; /* to the host */
	struct leat_latency_pace look_pace, tell_pace;
};

struct leat_pw_bridge {
	const struct leat_pw_bridge_setup *setup;
	struct pw_main_loop *main_loop;
	struct pw_loop *loop;
	struct spa_source *retry_timer;
	struct spa_source *guest_source;
	struct leat_pw_graph graph;
	struct leat_pw_process process;
	struct leat_pw_nodes nodes;
	struct leat_rt_guard guard;
	struct leat_rights rights;
	bool guard_told; /* that it found something */
	struct leat_guest *guest;
	struct leat_side_words *status; /* the guest's */
	struct leat_link_spec spec;
	bool have_spec;
	bool refused;		/* the rates differ */
	bool misfits;		/* the channels are not those asked for */
	bool unmade;		/* the nodes could not be made */
	uint32_t set_rate_hz;	/* of the graph, as the settings had it */
	uint32_t seen_rate_hz;	/* of the graph, in its cycles; 0: as set */
	uint64_t told_mode;	/* what the log said last; 0: nothing */
	uint32_t told_raised;	/* the most frames that it said are the least */
	uint32_t told_room;	/* the most frames that it said cannot be had */
	uint64_t n_rests;	/* as the main thread saw them last */
	bool told_rests;	/* that this wire's peer lets nobody sleep */
	bool was_up;		/* everything has been there once */
	bool was_lost;		/* the daemon went and is not back yet */
	char gone_text[384];	/* what was said last of the other side's end */
	char trouble_text[384]; /* and of what keeps us from it */
	struct leat_log_limit peer_log;	  /* of what the other side does */
	struct leat_log_limit server_log; /* of what PipeWire does */
	struct leat_wire *wire;
	struct leat_pw_bridge_latency latency;
	int ready_fd;
	int res;    /* what ended it */
	bool ended; /* as it was asked to */
	struct leat_error *error;
};

/* Whether what goes wrong now is the end, as it has never worked before. */
bool leat_pw_bridge_may_give_up(const struct leat_pw_bridge *self);

/* It cannot start: end with the sentence that is in self->error. */
void leat_pw_bridge_give_up(struct leat_pw_bridge *self, int res);

/* What is away is looked for again a little later. */
void leat_pw_bridge_retry_later(struct leat_pw_bridge *self);

/* ---- bridge_nodes.c ---- */

/* Bring the nodes to what the spec says, as far as that can be now. */
void leat_pw_bridge_settle(struct leat_pw_bridge *self);

/* Take the nodes down, with what was known beyond them. */
void leat_pw_bridge_drop_nodes(struct leat_pw_bridge *self);

/* The nodes' event: a state changed. user: the bridge. */
void leat_pw_bridge_nodes_changed(void *user);

/* ---- bridge_latency.c ---- */

int leat_pw_bridge_latency_init(struct leat_pw_bridge *self);

/* What the host said of it, or NULL when it is gone. */
void leat_pw_bridge_latency_heard(struct leat_pw_bridge *self,
				  const struct leat_link_latency *jack);

/* Something that it depends on may have changed: look at it soon. */
void leat_pw_bridge_latency_changed(struct leat_pw_bridge *self);

/* The nodes are going: there is nothing beyond them. */
void leat_pw_bridge_latency_forget(struct leat_pw_bridge *self);

/* ---- bridge_status.c ---- */

enum leat_mode leat_pw_bridge_mode(const struct leat_pw_bridge *self);

/* Another driver runs our nodes, though they could. */
bool leat_pw_bridge_other_driver(const struct leat_pw_bridge *self);

void leat_pw_bridge_init_status(struct leat_pw_bridge *self);
void leat_pw_bridge_refresh_status(struct leat_pw_bridge *self);

/* The mode, and why; said once the nodes are there, and when it changes. */
void leat_pw_bridge_tell_mode(struct leat_pw_bridge *self);

/* What the realtime guard has found. */
void leat_pw_bridge_tell_guard(const struct leat_pw_bridge *self);

/* ---- bridge_targets.c ---- */

/* Say what P and Q do not allow, and ask for the room that the rings lack. */
void leat_pw_bridge_look_at_targets(struct leat_pw_bridge *self);

/* Say so, if a latency was asked for where it means nothing. */
void leat_pw_bridge_tell_useless(const struct leat_pw_bridge *self);

#endif
