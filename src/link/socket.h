/* SPDX-License-Identifier: MIT */
/* The socket of a link: listening, connecting, and passing messages. */
#ifndef LEAT_LINK_SOCKET_H
#define LEAT_LINK_SOCKET_H

#include "proto.h"

#include <sys/types.h>
#include <sys/un.h>

/*
 * Messages read in one go, so that whoever else there is comes round; the rest
 * is for the next one. Of a peer that has died, or cannot be told something, all
 * is read that a socket may hold, and more.
 */
#define LEAT_MESSAGES_MAX 4
#define LEAT_LAST_MESSAGES_MAX 4096

/* A socket that this process alone listens on. */
struct leat_listener {
	int fd;
	int lock_fd;  /* held while the link is hosted */
	int spare_fd; /* given up to turn a connection away; or -1 */
	struct sockaddr_un address;
};

int leat_listen(struct leat_listener *listener, const char *link_name,
		struct leat_error *error);
void leat_listener_finish(struct leat_listener *listener);

/* After a connection that can neither be taken nor turned away. */
#define LEAT_ACCEPT_PAUSE_NS 10000000

/*
 * A new connection of this user's, or a negative errno. One for which there is
 * no descriptor left is closed at once, and where even that cannot be, a pause
 * is made: the listener would be readable for ever.
 */
int leat_accept(struct leat_listener *listener);

/* A connection to a link, or a negative errno (-ENOENT: nobody hosts it). */
int leat_connect(const char *link_name, struct leat_error *error);

/* Refers to the process at the other end; -1 if the kernel cannot. */
int leat_peer_pidfd(int fd);

/*
 * Whether what a peer gave can be raised without waiting for it: each send on a
 * stream of sockets says not to. A peer could make writing to an eventfd, a pipe
 * or a terminal wait.
 */
bool leat_is_signal(int fd);

/* What to say of a peer that such an error ended; "" if it just left. */
const char *leat_gone_text(struct leat_error *error, int res);

/* Send one message without waiting. 0 or a negative errno. */
int leat_message_send(int fd, struct leat_message *message, const int *fds,
		      uint32_t n_fds);

/*
 * Receive one message without waiting, checked.
 *
 * The descriptors that came with it are in fds, and theirs is the caller.
 * -EAGAIN: none is there. -EPIPE: the other end is closed. -EPROTO, -ENOTSUP:
 * as leat_message_check(); whatever came is closed.
 */
int leat_message_recv(int fd, struct leat_message *message,
		      int fds[LEAT_PROTO_FDS_MAX]);

#endif
