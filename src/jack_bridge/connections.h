/* SPDX-License-Identifier: MIT */
/*
 * The connections that the bridge's ports should have. Those asked for with
 * --connect are made whenever both ports are there. Those that somebody made
 * since are made again when the server comes back; a client that comes back
 * is left to connect itself as it likes.
 */
#ifndef LEAT_JACK_CONNECTIONS_H
#define LEAT_JACK_CONNECTIONS_H

#include "process.h"

#include <stdbool.h>

/* The most that are remembered. */
#define LEAT_JACK_CONNECTIONS_MAX 512

/* Bytes of a port's full name. */
#define LEAT_JACK_CONNECTION_NAME_BYTES 320

struct leat_jack_connection {
	char own[64]; /* our port, without the client's name */
	char other
		[LEAT_JACK_CONNECTION_NAME_BYTES]; /* the other port, in full */
	bool asked;				   /* with --connect */
	bool pending;	 /* it was there when the server was lost */
	bool made;	 /* it was there when we last looked */
	uint32_t doubts; /* looks since it is gone; 0: it is not */
};

struct leat_jack_connections {
	struct leat_jack_connection
		*list; /* LEAT_JACK_CONNECTIONS_MAX of them */
	uint32_t n;
	bool physical; /* with the physical ports too, once */
};

int leat_jack_connections_init(struct leat_jack_connections *self);
void leat_jack_connections_finish(struct leat_jack_connections *self);

/* Ask for one: "physical" or "OWN=OTHER". -EINVAL if it is neither. */
int leat_jack_connections_want(struct leat_jack_connections *self,
			       const char *text);

/*
 * Learn what is connected now, forget what somebody undid, make the rest.
 *
 * A client or a server that ends undoes connections too, a moment before its
 * ports go or we hear of it. So what is gone is looked at
 * LEAT_JACK_CONNECTION_DOUBTS times. Returns whether to look again soon.
 */
#define LEAT_JACK_CONNECTION_DOUBTS 25
bool leat_jack_connections_update(struct leat_jack_connections *self,
				  const struct leat_jack_process *process);

/* The server is gone: what there was is to be made again. */
void leat_jack_connections_lost(struct leat_jack_connections *self);

#endif
