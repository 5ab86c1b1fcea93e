/* SPDX-License-Identifier: MIT */
/* A hostile peer at the other end of a link's socket: what it can send. */
#ifndef LEAT_FUZZ_PEER_H
#define LEAT_FUZZ_PEER_H

#include "fuzz.h"

#include "link/proto.h"

#define PEER_LINK "fuzz"

/* What the peer knows of the link, to be right where it wants to be. */
struct peer {
	struct leat_link_spec spec;
	uint64_t generation;
	enum leat_direction out; /* the direction it writes */
};

/* What can travel with a message. */
enum peer_kind {
	PEER_STATUS,
	PEER_PRODUCER,
	PEER_CONSUMER,
	PEER_SIGNAL,
	PEER_DATAGRAMS,
	PEER_EVENTFD,
	PEER_UNSEALED,
	PEER_OWN_END,
	PEER_TO_PIPEWIRE, /* the producers' parts, as a tap is given them */
	PEER_TO_JACK,
	PEER_LOAD,
	N_PEER_KINDS
};

/* A spec that will do, with small rings. */
struct leat_link_spec peer_spec(void);

/* A change of it, which may be out of range. */
void peer_change_spec(struct leat_link_spec *spec, struct fuzz_input *input);

/*
 * Send a packet: a message that is right, some bytes of it changed, of any
 * length, with any descriptors.
 */
void peer_say(const struct peer *peer, int fd, struct fuzz_input *input);

/* Take what came, which must be messages; note its generation. */
void peer_hear(struct peer *peer, int fd);

/* Bytes for peer_say(): a message of a type that is right altogether. */
void peer_put_message(struct fuzz_seed *seed, enum leat_message_type type);

#endif
