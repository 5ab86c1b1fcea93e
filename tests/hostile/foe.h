/* SPDX-License-Identifier: MIT */
/* A hostile peer: it can say anything, and make memory of any kind. */
#ifndef LEAT_HOSTILE_FOE_H
#define LEAT_HOSTILE_FOE_H

#include "honest.h"

#include "link/part.h"
#include "link/side.h"
#include "link/socket.h"

#include <leat/shm.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

/* Descriptors that can travel in one packet: the kernel's SCM_MAX_FD. */
#define FOE_FDS_MAX 253u

/* Send a packet of any length with any descriptors. 0 or a negative errno. */
int foe_send(int fd, const void *bytes, size_t n_bytes, const int *fds,
	     unsigned n_fds);

/* Wait for a message: 0, -EPIPE when hung up, -ETIMEDOUT, or as recv. */
int foe_hear(int fd, struct leat_message *message, int fds[LEAT_PROTO_FDS_MAX]);

void foe_close(const int *fds, unsigned n_fds);

/* Whether the other end hangs up, whatever it says before. */
bool foe_is_dropped(int fd);

/* Whether it says goodbye with a word in it, and hangs up. */
bool foe_is_told(int fd, const char *word);

/* ---- memory ---- */

#define FOE_SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define FOE_SEALS (FOE_SIZE_SEALS | F_SEAL_FUTURE_WRITE)

/* Memory of its own, mapped writable before any seal. */
struct foe_memory {
	int fd;
	void *addr;
	size_t size_bytes;
};

/* seals: none (0) leaves it open to more. */
bool foe_memory_make(struct foe_memory *memory, size_t size_bytes,
		     unsigned memfd_flags);
bool foe_memory_seal(const struct foe_memory *memory, int seals);
void foe_memory_free(struct foe_memory *memory);

/* ---- kinds of descriptors that are no sealed memory ---- */

struct foe_kind {
	const char *name;
	int (*open)(void); /* or -1: not on this machine */
};

extern const struct foe_kind foe_kinds[];
extern const unsigned foe_n_kinds;

/* ---- one side of a meeting ---- */

struct foe {
	int fd;			       /* the connection */
	struct leat_listener listener; /* of a hostile host */
	struct leat_link_spec spec;    /* what was agreed on */
	struct leat_wire_message wire; /* likewise */
	enum leat_direction out;       /* the direction it writes */
	/* What came with OFFER or ACCEPT; the last one wakes the honest side. */
	int peer_fds[LEAT_PROTO_FDS_MAX];
	struct foe_memory status, producer, consumer; /* its own parts */
	int signal_fd; /* where the honest side raises */
	int given_fd;  /* its other end, to be handed over */
};

/* Nothing is open. */
void foe_init(struct foe *foe);

/* Prepare parts that are right in every way. seals: of all of them. */
bool foe_make_status(struct foe *foe, int seals);
bool foe_make_parts(struct foe *foe, int seals);
bool foe_seal_parts(struct foe *foe, int seals);

/* As a guest: connect; then say HELLO and hear SPEC and OFFER. */
bool foe_connect(struct foe *foe);
bool foe_hello(struct foe *foe);
/* Answer with parts as they are. */
bool foe_accept(struct foe *foe);
/* All of that. */
bool foe_join(struct foe *foe);

/* As a host: listen; then take a guest in, hear HELLO and say SPEC. */
bool foe_listen(struct foe *foe);
bool foe_meet(struct foe *foe);
bool foe_say_spec(struct foe *foe, const struct leat_link_spec *spec);
bool foe_offer(struct foe *foe);
/* Hear ACCEPT. */
bool foe_taken(struct foe *foe);
/* All of that. */
bool foe_host(struct foe *foe);

/* Hang up and free what there is; the socket of a hostile host stays. */
void foe_leave(struct foe *foe);
void foe_finish(struct foe *foe);

/* Its parts, as they are laid out. */
static inline struct leat_producer_part *foe_producer(const struct foe *foe)
{
	return foe->producer.addr;
}

static inline struct leat_consumer_part *foe_consumer(const struct foe *foe)
{
	return foe->consumer.addr;
}

/* ---- values ---- */

/*
 * What a word is tried with: 0, 1, the largest, one more than it was, one
 * less, misaligned, the sign bit, and as many random ones again.
 */
#define FOE_N_VALUES 12u

uint64_t foe_value(unsigned i, uint64_t right, unsigned n_bits);

#endif
