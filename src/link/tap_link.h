/* SPDX-License-Identifier: MIT */
/*
 * A tap's connection to its link: made when there is a link, and again when
 * there is one again. Thread: the tap's.
 */
#ifndef LEAT_LINK_TAP_LINK_H
#define LEAT_LINK_TAP_LINK_H

#include "socket.h"

/* How often to look for a link that is not there, or has no room. */
#define LEAT_TAP_RETRY_MS 50
#define LEAT_TAP_REFUSED_MS 1000

struct leat_tap_link {
	char name[LEAT_LINK_NAME_BYTES];
	int epoll_fd;	      /* that the connection is added to */
	int fd;		      /* or -1 */
	bool answered;	      /* it has said something */
	unsigned n_silent;    /* times in a row that it said nothing */
	uint64_t retry_at_ns; /* while there is no connection */
	char text[384];	      /* why there is none, or empty */
};

/* What the link says. */
enum leat_tap_news {
	LEAT_TAP_NO_NEWS,
	LEAT_TAP_WIRE,	  /* message and fds: there is a wire */
	LEAT_TAP_NO_WIRE, /* there is none */
	LEAT_TAP_GONE	  /* the link is gone; *error is 0 if it just left */
};

/* CLOCK_MONOTONIC. */
uint64_t leat_tap_now_ns(void);

/*
 * Hear what is new, connecting first if it is time for that. Descriptors of
 * LEAT_TAP_WIRE are the caller's.
 */
enum leat_tap_news leat_tap_link_hear(struct leat_tap_link *link,
				      uint64_t now_ns,
				      struct leat_message *message,
				      int fds[LEAT_PROTO_FDS_MAX], int *error);

/* Try to connect. 0, or why not: -ENOENT: nobody hosts the link. */
int leat_tap_link_connect(struct leat_tap_link *link, uint64_t now_ns,
			  struct leat_error *error);

/* Leave, and come back after a while; text says why. */
void leat_tap_link_leave(struct leat_tap_link *link, uint64_t now_ns,
			 const char *text);

#endif
