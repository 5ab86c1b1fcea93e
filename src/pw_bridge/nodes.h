/* SPDX-License-Identifier: MIT */
/*
 * The two nodes that desktop users see: a sink, which carries audio to JACK,
 * and a source, which brings it from there. In one group, so that one of them
 * drives both.
 */
#ifndef LEAT_PW_NODES_H
#define LEAT_PW_NODES_H

#include "graph.h"
#include "link/latency.h"
#include "process.h"

#include <leat/link.h>

#include <pipewire/pipewire.h>

struct leat_pw_nodes_setup {
	const char *description; /* NULL: made from the link's name */
	const char *name; /* what their names begin with; NULL: made likewise */
	bool make_default; /* be a candidate for the default device */
	struct leat_pw_latency latency; /* of adaptive mode */
	/* What else is said of each, and goes before; NULL: nothing. */
	const struct spa_dict *props[LEAT_N_DIRECTIONS];
};

/* Whose clocks the nodes are made for. */
struct leat_pw_clocks {
	bool follows;	  /* they drive the graph, at JACK's rate */
	bool adapts;	  /* they can run on another driver's clock */
	uint32_t rate_hz; /* of the graph, as far as that is known */
};

/* What a node says of its latency, in the graph's frames. */
struct leat_pw_reported {
	struct leat_latency_range
		whole;	/* with what lies beyond JACK's ports */
	uint32_t added; /* by the bridge */
};

struct leat_pw_node {
	struct leat_pw_nodes *nodes;
	struct pw_stream *stream; /* NULL: no channels in this direction */
	struct spa_hook listener;
	enum leat_direction direction;
	enum pw_stream_state state;
	struct spa_io_clock *clock;	  /* its own, or NULL */
	struct spa_io_position *position; /* of its driver, or NULL */
	uint32_t offered_hz;		  /* the rate of the format it offers */
	uint32_t format_hz;		  /* the rate it runs at; 0: none */
	bool resting;			  /* told to pause, in order to go on */
	struct pw_proxy *watched;	  /* meanwhile: as the daemon has it */
	struct spa_hook watch_listener;
	struct leat_pw_reported reported;
};

struct leat_pw_nodes {
	struct leat_pw_process *process;
	struct leat_pw_node node[LEAT_N_DIRECTIONS];
	struct leat_link_spec spec; /* what they were made for */
	struct leat_pw_clocks clocks;
	struct leat_pw_latency latency;	   /* that the user wants */
	struct leat_pw_adaptive *adaptive; /* or NULL */
	uint32_t format_hz;		   /* what the data loop works with */
	bool made;
	bool wants_driver; /* JACK is there to drive it */
	bool drives;	   /* what PipeWire was told last */
	struct pw_core *core;
	struct pw_registry *registry;
	struct spa_hook core_listener;
	int told_seq; /* asked of it since then; 0: it answered */
	bool failed;  /* one of them; failure says why */
	char failure[128];
	void (*changed)(void *user); /* a state changed */
	void *user;
};

void leat_pw_nodes_init(struct leat_pw_nodes *self,
			struct leat_pw_process *process,
			void (*changed)(void *user), void *user);

/* Make the nodes: both or none. */
int leat_pw_nodes_create(struct leat_pw_nodes *self,
			 const struct leat_pw_graph *graph,
			 const struct leat_link_spec *spec,
			 const struct leat_pw_clocks *clocks,
			 const struct leat_pw_nodes_setup *setup,
			 struct leat_error *error);
void leat_pw_nodes_destroy(struct leat_pw_nodes *self);

/* Whether nodes made for one spec and clocks do for others. */
bool leat_pw_nodes_fit(const struct leat_pw_nodes *self,
		       const struct leat_link_spec *spec,
		       const struct leat_pw_clocks *clocks);

/*
 * JACK's rate, the graph's, or who is to drive changed: the same nodes go on,
 * with the links that they have. They take a format of another rate when the
 * graph pauses, as it does to change its rate.
 *
 * -EINVAL: the rates are too far apart; they go on in silence. -ENOMEM.
 */
int leat_pw_nodes_retune(struct leat_pw_nodes *self,
			 const struct leat_link_spec *spec,
			 const struct leat_pw_clocks *clocks,
			 struct leat_error *error);

/* The graph runs at another rate and does not pause: the nodes have to. */
void leat_pw_nodes_rest(struct leat_pw_nodes *self);
/* Say something else of a direction's latency, if it is something else. */
void leat_pw_nodes_report(struct leat_pw_nodes *self,
			  enum leat_direction direction,
			  const struct leat_pw_reported *reported);

/* Whether a node is there for others, or is not to be. */
bool leat_pw_node_up(const struct leat_pw_node *node);

/* JACK's period changed. */
void leat_pw_nodes_set_period(struct leat_pw_nodes *self, uint32_t period);

/* Drive the graph, or leave that to another driver while JACK is away. */
void leat_pw_nodes_set_driver(struct leat_pw_nodes *self, bool driver);
/* The graph may have another driver than it had. */
void leat_pw_nodes_look_at_driver(struct leat_pw_nodes *self);

/* Whether the driving node is being run, or any where none drives. */
bool leat_pw_nodes_streaming(const struct leat_pw_nodes *self);

#endif
