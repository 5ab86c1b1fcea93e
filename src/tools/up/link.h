/* SPDX-License-Identifier: MIT */
/*
 * One link: its two sides, from before they are started until they are gone.
 *
 * Nothing here waits, but for the servers to be found: what happens sets *news,
 * and then leat_up_link_step() takes the link on.
 */
#ifndef LEAT_TOOLS_UP_LINK_H
#define LEAT_TOOLS_UP_LINK_H

#include "live.h"
#include "plan.h"
#include "servers.h"

enum leat_up_link_state {
	LEAT_UP_JACK,	  /* its JACK side is being started */
	LEAT_UP_PIPEWIRE, /* and now the other one */
	LEAT_UP_BRIDGED,
	LEAT_UP_ENDING,
	LEAT_UP_GONE,	/* nothing runs any more */
	LEAT_UP_FAILED, /* the same, and why says why */
};

/* What all links have in common. */
struct leat_up_shared {
	struct leat_up_servers *servers;
	struct leat_view *view;
	bool quiet;
	bool relay; /* what sides say goes through us */
	bool *news; /* set when a link has to be looked at */
};

struct leat_up_link {
	struct leat_up_link *next;
	const struct leat_up_shared *shared;
	struct leat_plan_link plan; /* our own copy */
	enum leat_up_link_state state;
	bool is_over;  /* it failed, and is ending */
	bool is_asked; /* its sides have been asked to end */
	int status;    /* then: the exit status that calls for */
	struct leat_up_why why;
	struct leat_up_end jack, pipewire;
	struct leat_service jack_side, pipewire_side;
	struct leat_source timer; /* until a step has to be done */
	int64_t deadline_ms;
	struct leat_live live;
};

/*
 * Make one, find its servers, and start its first side. What fails makes it
 * LEAT_UP_FAILED, with a message.
 *
 * @return  NULL if there is no memory, with a message.
 */
struct leat_up_link *leat_up_link_create(const struct leat_up_shared *shared,
					 const struct leat_plan_link *plan);

/* Go on, if there is something to go on with. */
void leat_up_link_step(struct leat_up_link *link);

/* It is to end: LEAT_UP_ENDING until it was asked, and is gone. */
void leat_up_link_end(struct leat_up_link *link);

/* Ask the sides of one that is to end. */
void leat_up_link_ask(struct leat_up_link *link);

/* Whether it is as far as it gets. */
bool leat_up_link_is_settled(const struct leat_up_link *link);

/* How it is, in a few words. */
void leat_up_link_text(const struct leat_up_link *link, char *text,
		       size_t text_bytes);

/* It must be gone or have failed. */
void leat_up_link_destroy(struct leat_up_link *link);

#endif
