/* SPDX-License-Identifier: MIT */
/* One real side of a link, and one that says what it likes. */
#ifndef LEAT_UNIT_PEERS_H
#define LEAT_UNIT_PEERS_H

#include <leat/link.h>

#include "helpers.h"
#include "link/part.h"
#include "link/side.h"
#include "link/socket.h"
#include "link/wire.h"
#include "node.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* The other side where there is no real one. */
static struct node nobody;

/* A message of a type to a socket, with copies of descriptors. */
static inline void say(int fd, struct leat_message *message, const int *fds,
		       uint32_t n_fds)
{
	CU_ASSERT_EQUAL(leat_message_send(fd, message, fds, n_fds), 0);
}

static inline void say_type(int fd, enum leat_message_type type, uint32_t n_fds)
{
	struct leat_message message;
	int event_fd = eventfd(0, EFD_CLOEXEC);

	leat_message_init(&message, type);
	if (type == LEAT_MESSAGE_HELLO)
		message.body.hello.role = n_fds > 0 ? LEAT_ROLE_PIPEWIRE
						    : LEAT_ROLE_TOOL;
	say(fd, &message, (int[]){ event_fd, event_fd, event_fd }, n_fds);
	close(event_fd);
}

/* The next message, whose descriptors are the caller's, or an error. */
static inline int hear(int fd, struct leat_message *message,
		       int fds[LEAT_PROTO_FDS_MAX])
{
	for (int i = 0; i < (int)LEAT_PROTO_FDS_MAX; i++)
		fds[i] = -1;
	return leat_message_recv(fd, message, fds);
}

/* Messages without end: how many fit, if nobody reads. */
static inline unsigned fill(int fd, struct leat_message *message,
			    const int *fds, uint32_t n_fds)
{
	unsigned n = 0;

	while (leat_message_send(fd, message, fds, n_fds) == 0)
		n++;
	return n;
}

static inline void close_all(const int fds[LEAT_PROTO_FDS_MAX])
{
	for (int i = 0; i < (int)LEAT_PROTO_FDS_MAX; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Hear a message of a type, without keeping what came with it. */
static inline void expect_hear(int fd, enum leat_message_type type)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];

	CU_ASSERT_EQUAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, type);
	close_all(fds);
}

/* Hear a sentence with a word in it, and then the end. */
static inline void expect_bye(int fd, const char *word)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];

	CU_ASSERT_EQUAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_BYE);
	CU_ASSERT_PTR_NOT_NULL(strstr(message.body.bye.text, word));
	CU_ASSERT_EQUAL(hear(fd, &message, fds), -EPIPE);
}

static inline void expect_closed(int fd)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];

	CU_ASSERT_EQUAL(hear(fd, &message, fds), -EPIPE);
}

/* ---- to a host ---- */

/* A host, and a connection to it that is not a guest's yet. */
struct host_test {
	struct node host;
	int fd;
	struct leat_shm status;
	unsigned n_fds; /* of the host alone */
};

static inline void host_open(struct host_test *test)
{
	struct leat_link_spec spec = node_spec();

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(leat_side_create(&test->status) == 0);
	CU_ASSERT_FATAL(node_host(&test->host, &spec) == 0);
	test->n_fds = unit_count_fds();
	test->fd = leat_connect(NODE_LINK, NULL);
	CU_ASSERT_FATAL(test->fd >= 0);
	node_settle(&test->host, &nobody);
}

static inline void host_settle(struct host_test *test)
{
	node_settle(&test->host, &nobody);
}

/* Hang up; the host has kept nothing of it. */
static inline void host_close(struct host_test *test)
{
	close(test->fd);
	host_settle(test);
	leat_wire_destroy(test->host.wire);
	test->host.wire = NULL;
	CU_ASSERT_EQUAL(unit_count_fds(), test->n_fds);
	node_close(&test->host);
	leat_shm_finish(&test->status);
	unit_rundir_remove();
}

static inline void say_hello(struct host_test *test)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_PIPEWIRE;
	say(test->fd, &message, &test->status.fd, 1);
	host_settle(test);
}

/* A signal whose other end is closed. */
static inline int a_signal(void)
{
	int pair[2];

	CU_ASSERT_FATAL(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	close(pair[0]);
	return pair[1];
}

/* Accept with a generation, these parts and a signal, which is taken over. */
static inline void say_accept_with(struct host_test *test, uint64_t generation,
				   const int fds[2], int signal_fd)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_ACCEPT);
	message.body.wire.generation = generation;
	message.body.wire.first_index = node_spec().first_index;
	say(test->fd, &message, (int[]){ fds[0], fds[1], signal_fd }, 3);
	close(signal_fd);
	host_settle(test);
}

static inline void say_accept(struct host_test *test, uint64_t generation,
			      const int fds[2])
{
	say_accept_with(test, generation, fds, a_signal());
}

/* The guest's half of a wire. */
static inline struct leat_wire *half(uint64_t generation)
{
	struct leat_wire_message message = { generation,
					     node_spec().first_index };
	struct leat_link_spec spec = node_spec();
	struct leat_wire *wire = NULL;

	CU_ASSERT_FATAL(
		leat_wire_create(&wire, &spec, &message, LEAT_TO_JACK) == 0);
	return wire;
}

static inline void accept_half(struct host_test *test, uint64_t generation,
			       const struct leat_wire *wire)
{
	say_accept(test, generation,
		   (int[]){ leat_frames_consumer_fd(wire->in),
			    leat_frames_producer_fd(wire->out) });
}

/* ---- to a guest ---- */

/* A guest, and the connection at which it waits for its host to speak. */
struct guest_test {
	struct leat_listener listener;
	struct node guest;
	int fd;
	unsigned n_fds;
};

static inline void guest_open(struct guest_test *test)
{
	struct leat_error error;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(leat_listen(&test->listener, NODE_LINK, NULL) == 0);
	CU_ASSERT_FATAL(node_guest(&test->guest) == 0);
	test->n_fds = unit_count_fds();
	CU_ASSERT_EQUAL(leat_guest_connect(test->guest.guest, &error), 0);
	test->fd = leat_accept(&test->listener);
	CU_ASSERT_FATAL(test->fd >= 0);
	expect_hear(test->fd, LEAT_MESSAGE_HELLO);
}

static inline void guest_settle(struct guest_test *test)
{
	node_settle(&test->guest, &nobody);
}

static inline void guest_close(struct guest_test *test)
{
	close(test->fd);
	guest_settle(test);
	leat_wire_destroy(test->guest.wire);
	test->guest.wire = NULL;
	CU_ASSERT_EQUAL(unit_count_fds(), test->n_fds);
	node_close(&test->guest);
	leat_listener_finish(&test->listener);
	unit_rundir_remove();
}

static inline void say_spec(struct guest_test *test,
			    const struct leat_link_spec *spec)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, spec);
	say(test->fd, &message, NULL, 0);
	guest_settle(test);
}

static inline void expect_host_gone(struct guest_test *test, const char *word)
{
	CU_ASSERT_EQUAL(test->guest.n_gone, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(test->guest.text, word));
	CU_ASSERT_EQUAL(test->guest.n_wires, 0);
	CU_ASSERT_FALSE(leat_guest_connected(test->guest.guest));
	expect_closed(test->fd);
}

/* Two parts that would do, if only their spec had come before, and a signal. */
static inline void say_offer_with(struct guest_test *test,
				  const struct leat_link_spec *spec,
				  int signal_fd)
{
	struct leat_message message;
	struct leat_wire *wire;

	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	message.body.wire.generation = 1;
	CU_ASSERT_FATAL(leat_wire_create(&wire, spec, &message.body.wire,
					 LEAT_TO_PIPEWIRE) == 0);
	say(test->fd, &message,
	    (int[]){ leat_frames_producer_fd(wire->out),
		     leat_frames_consumer_fd(wire->in), signal_fd },
	    3);
	leat_wire_destroy(wire);
	close(signal_fd);
	guest_settle(test);
}

static inline void say_offer(struct guest_test *test,
			     const struct leat_link_spec *spec)
{
	say_offer_with(test, spec, a_signal());
}

#endif
