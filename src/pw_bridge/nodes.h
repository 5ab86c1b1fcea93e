/* SPDX-License-Identifier: MIT */
/*
 * The two nodes that desktop users see: a sink, which carries audio to JACK,
 * and a source, which brings it from there. In one group, so that one of them
 * drives both.
 */
#ifndef LEAT_PW_NODES_H
#define LEAT_PW_NODES_H

#include "process.h"

#include <leat/link.h>

#include <pipewire/pipewire.h>

struct leat_pw_nodes_setup {
	const char *description; /* NULL: made from the link's name */
	bool make_default;	 /* be a candidate for the default device */
	struct leat_pw_latency latency; /* of adaptive mode */
};

/* Whose clocks the nodes are made for. */
struct leat_pw_clocks {
	bool follows;	  /* they drive the graph, at JACK's rate */
	bool adapts;	  /* they can run on another driver's clock */
	uint32_t rate_hz; /* of the graph */
};

struct leat_pw_node {
	struct leat_pw_nodes *nodes;
	struct pw_stream *stream; /* NULL: no channels in this direction */
	struct spa_hook listener;
	enum leat_direction direction;
	enum pw_stream_state state;
};

struct leat_pw_nodes {
	struct leat_pw_process *process;
	struct leat_pw_node node[LEAT_N_DIRECTIONS];
	struct leat_link_spec spec; /* what they were made for */
	struct leat_pw_clocks clocks;
	struct leat_pw_adaptive *adaptive; /* or NULL */
	bool made;
	bool failed; /* one of them; failure says why */
	char failure[128];
	void (*changed)(void *user); /* a state changed */
	void *user;
};

void leat_pw_nodes_init(struct leat_pw_nodes *self,
			struct leat_pw_process *process,
			void (*changed)(void *user), void *user);

/* Make the nodes: both or none. */
int leat_pw_nodes_create(struct leat_pw_nodes *self, struct pw_core *core,
			 const struct leat_link_spec *spec,
			 const struct leat_pw_clocks *clocks,
			 const struct leat_pw_nodes_setup *setup,
			 struct leat_error *error);
void leat_pw_nodes_destroy(struct leat_pw_nodes *self);

/* Whether nodes made for one spec and clocks do for others. */
bool leat_pw_nodes_fit(const struct leat_pw_nodes *self,
		       const struct leat_link_spec *spec,
		       const struct leat_pw_clocks *clocks);

/* JACK's period changed. */
void leat_pw_nodes_set_period(struct leat_pw_nodes *self, uint32_t period);

/* Drive the graph, or leave that to another driver while JACK is away. */
void leat_pw_nodes_set_driver(struct leat_pw_nodes *self, bool driver);

/* Whether the driving node is being run, or any where none drives. */
bool leat_pw_nodes_streaming(const struct leat_pw_nodes *self);

#endif
