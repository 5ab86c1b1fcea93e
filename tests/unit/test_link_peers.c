/* SPDX-License-Identifier: MIT */
/* One real side, and one that says what it likes. */
#include <leat/link.h>

#include "helpers.h"
#include "link/part.h"
#include "link/side.h"
#include "link/socket.h"
#include "link/wire.h"
#include "node.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static struct node nobody;

/* A message of a type to a socket, with copies of descriptors. */
static void say(int fd, struct leat_message *message, const int *fds,
		uint32_t n_fds)
{
	CU_ASSERT_EQUAL(leat_message_send(fd, message, fds, n_fds), 0);
}

static void say_type(int fd, enum leat_message_type type, uint32_t n_fds)
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
static int hear(int fd, struct leat_message *message, int fds[3])
{
	for (int i = 0; i < 3; i++)
		fds[i] = -1;
	return leat_message_recv(fd, message, fds);
}

static void close_all(const int fds[3])
{
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Hear a message of a type, without keeping what came with it. */
static void expect_hear(int fd, enum leat_message_type type)
{
	struct leat_message message;
	int fds[3];

	CU_ASSERT_EQUAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, type);
	close_all(fds);
}

/* Hear a sentence with a word in it, and then the end. */
static void expect_bye(int fd, const char *word)
{
	struct leat_message message;
	int fds[3];

	CU_ASSERT_EQUAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_BYE);
	CU_ASSERT_PTR_NOT_NULL(strstr(message.body.bye.text, word));
	CU_ASSERT_EQUAL(hear(fd, &message, fds), -EPIPE);
}

static void expect_closed(int fd)
{
	struct leat_message message;
	int fds[3];

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

static void host_open(struct host_test *test)
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

static void host_settle(struct host_test *test)
{
	node_settle(&test->host, &nobody);
}

/* Hang up; the host has kept nothing of it. */
static void host_close(struct host_test *test)
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

static void say_hello(struct host_test *test)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_PIPEWIRE;
	say(test->fd, &message, &test->status.fd, 1);
	host_settle(test);
}

static void test_host_hears_noise(void)
{
	struct host_test test;

	host_open(&test);
	CU_ASSERT_EQUAL(send(test.fd, "noise", 5, 0), 5);
	host_settle(&test);
	expect_closed(test.fd);
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	host_close(&test);
}

static void test_host_hears_another_version(void)
{
	struct leat_message message;
	struct host_test test;

	host_open(&test);
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.version = 2;
	say(test.fd, &message, &test.status.fd, 1);
	host_settle(&test);
	expect_bye(test.fd, "version");
	host_close(&test);
}

static void test_host_hears_no_hello(void)
{
	static const struct {
		enum leat_message_type type;
		uint32_t n_fds;
	} others[] = { { LEAT_MESSAGE_OFFER, 3 },
		       { LEAT_MESSAGE_ACCEPT, 2 },
		       { LEAT_MESSAGE_STATUS, 2 },
		       { LEAT_MESSAGE_BYE, 0 } };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct host_test test;

		host_open(&test);
		say_type(test.fd, others[i].type, others[i].n_fds);
		host_settle(&test);
		expect_closed(test.fd);
		CU_ASSERT_EQUAL(test.host.n_gone, 0);
		host_close(&test);
	}
}

static void test_host_gets_no_status_part(void)
{
	struct host_test test;

	host_open(&test);
	say_type(test.fd, LEAT_MESSAGE_HELLO, 1);
	host_settle(&test);
	expect_bye(test.fd, "status part");
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	host_close(&test);
}

static void test_host_answers_a_tool(void)
{
	struct leat_message message;
	struct host_test test;
	int fds[3];

	host_open(&test);
	say_type(test.fd, LEAT_MESSAGE_HELLO, 0);
	host_settle(&test);
	CU_ASSERT_EQUAL(hear(test.fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_STATUS);
	CU_ASSERT_EQUAL(message.n_fds, 1);
	close_all(fds);
	expect_closed(test.fd);
	host_close(&test);
}

/* A guest that has been accepted and then breaks the rules. */
static void expect_gone(enum leat_message_type type, uint32_t n_fds)
{
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	say_type(test.fd, type, n_fds);
	host_settle(&test);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(test.host.text, "protocol"));
	expect_closed(test.fd);
	host_close(&test);
}

static void test_host_hears_what_no_guest_says(void)
{
	expect_gone(LEAT_MESSAGE_HELLO, 1);
	expect_gone(LEAT_MESSAGE_HELLO, 0);
	expect_gone(LEAT_MESSAGE_OFFER, 3);
	expect_gone(LEAT_MESSAGE_STATUS, 2);
}

/* Accept with a generation and these parts. */
static void say_accept(struct host_test *test, uint64_t generation,
		       const int fds[2])
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_ACCEPT);
	message.body.wire.generation = generation;
	message.body.wire.first_index = node_spec().first_index;
	say(test->fd, &message, fds, 2);
	host_settle(test);
}

static void test_host_gets_no_parts(void)
{
	struct host_test test;
	int event_fd = eventfd(0, EFD_CLOEXEC);

	host_open(&test);
	say_hello(&test);
	say_accept(&test, 1, (int[]){ event_fd, event_fd });
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_EQUAL(test.host.n_wires, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(test.host.text, "protocol"));
	host_close(&test);
	close(event_fd);
}

/* The guest's half of a wire. */
static struct leat_wire *half(uint64_t generation)
{
	struct leat_wire_message message = { generation,
					     node_spec().first_index };
	struct leat_link_spec spec = node_spec();
	struct leat_wire *wire = NULL;

	CU_ASSERT_FATAL(
		leat_wire_create(&wire, &spec, &message, LEAT_TO_JACK) == 0);
	return wire;
}

static void accept_half(struct host_test *test, uint64_t generation,
			const struct leat_wire *wire)
{
	say_accept(test, generation,
		   (int[]){ leat_frames_consumer_fd(wire->in),
			    leat_frames_producer_fd(wire->out) });
}

/* Parts in the wrong order, and of another generation. */
static void test_host_gets_wrong_parts(void)
{
	struct leat_wire *wire = half(1);
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	say_accept(&test, 1,
		   (int[]){ leat_frames_producer_fd(wire->out),
			    leat_frames_consumer_fd(wire->in) });
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_EQUAL(test.host.n_wires, 0);
	host_close(&test);
	leat_wire_destroy(wire);
	wire = half(2);
	host_open(&test);
	say_hello(&test);
	accept_half(&test, 1, wire);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_EQUAL(test.host.n_wires, 0);
	host_close(&test);
	leat_wire_destroy(wire);
}

/* Acceptance of what was not offered is nobody's, and does no harm. */
static void test_host_gets_a_stale_acceptance(void)
{
	struct leat_wire *wire = half(1);
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	accept_half(&test, 0, wire);
	accept_half(&test, 2, wire);
	CU_ASSERT_EQUAL(test.host.n_wires, 0);
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	accept_half(&test, 1, wire);
	CU_ASSERT_EQUAL(test.host.n_wires, 1);
	/* The same once more: it is no longer offered. */
	accept_half(&test, 1, wire);
	CU_ASSERT_EQUAL(test.host.n_wires, 1);
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	host_close(&test);
	leat_wire_destroy(wire);
}

/* What a guest said before it hung up comes first. */
static void test_host_hears_the_last_word(void)
{
	struct leat_message message;
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	strcpy(message.body.bye.text, "the last word");
	say(test.fd, &message, NULL, 0);
	shutdown(test.fd, SHUT_RDWR);
	host_settle(&test);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(test.host.text, "the last word");
	host_close(&test);
}

/* A guest that does not read must not hold the host up. */
static void test_host_is_not_held_up(void)
{
	struct leat_link_spec spec = node_spec();
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	for (int i = 0; i < 10000 && test.host.n_gone == 0; i++) {
		spec.rate_hz = i % 2 ? 48000 : 44100;
		leat_host_update(test.host.host, &spec);
	}
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_TRUE(strlen(test.host.text) > 0);
	host_close(&test);
}

/* ---- to a guest ---- */

/* A guest, and the connection at which it waits for its host to speak. */
struct guest_test {
	struct leat_listener listener;
	struct node guest;
	int fd;
	unsigned n_fds;
};

static void guest_open(struct guest_test *test)
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

static void guest_settle(struct guest_test *test)
{
	node_settle(&test->guest, &nobody);
}

static void guest_close(struct guest_test *test)
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

static void say_spec(struct guest_test *test, const struct leat_link_spec *spec)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, spec);
	say(test->fd, &message, NULL, 0);
	guest_settle(test);
}

static void expect_host_gone(struct guest_test *test, const char *word)
{
	CU_ASSERT_EQUAL(test->guest.n_gone, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(test->guest.text, word));
	CU_ASSERT_EQUAL(test->guest.n_wires, 0);
	CU_ASSERT_FALSE(leat_guest_connected(test->guest.guest));
	expect_closed(test->fd);
}

static void test_guest_hears_noise(void)
{
	struct guest_test test;

	guest_open(&test);
	CU_ASSERT_EQUAL(send(test.fd, "noise", 5, 0), 5);
	guest_settle(&test);
	expect_host_gone(&test, "protocol");
	guest_close(&test);
}

static void test_guest_hears_what_no_host_says(void)
{
	static const struct {
		enum leat_message_type type;
		uint32_t n_fds;
	} others[] = { { LEAT_MESSAGE_HELLO, 1 },  { LEAT_MESSAGE_HELLO, 0 },
		       { LEAT_MESSAGE_ACCEPT, 2 }, { LEAT_MESSAGE_STATUS, 1 },
		       { LEAT_MESSAGE_STATUS, 2 }, { LEAT_MESSAGE_SPEC, 0 } };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct guest_test test;

		guest_open(&test);
		say_type(test.fd, others[i].type, others[i].n_fds);
		guest_settle(&test);
		expect_host_gone(&test, "protocol");
		guest_close(&test);
	}
}

static void test_guest_gets_an_offer_too_early(void)
{
	struct guest_test test;

	guest_open(&test);
	say_type(test.fd, LEAT_MESSAGE_OFFER, 3);
	guest_settle(&test);
	expect_host_gone(&test, "protocol");
	guest_close(&test);
}

static void test_guest_gets_no_parts(void)
{
	struct leat_link_spec spec = node_spec();
	struct guest_test test;

	guest_open(&test);
	say_spec(&test, &spec);
	CU_ASSERT_EQUAL(test.guest.n_specs, 1);
	say_type(test.fd, LEAT_MESSAGE_OFFER, 3);
	guest_settle(&test);
	expect_host_gone(&test, "protocol");
	guest_close(&test);
}

static void test_guest_hears_of_another_link(void)
{
	struct leat_link_spec spec = node_spec();
	struct guest_test test;

	guest_open(&test);
	strcpy(spec.link_name, "other");
	say_spec(&test, &spec);
	expect_host_gone(&test, "protocol");
	CU_ASSERT_EQUAL(test.guest.n_specs, 0);
	guest_close(&test);
}

static void test_guest_is_told_why(void)
{
	struct leat_message message;
	struct guest_test test;

	guest_open(&test);
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	strcpy(message.body.bye.text, "no room");
	say(test.fd, &message, NULL, 0);
	/* Hanging up behind it takes nothing away. */
	shutdown(test.fd, SHUT_RDWR);
	guest_settle(&test);
	CU_ASSERT_EQUAL(test.guest.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(test.guest.text, "no room");
	guest_close(&test);
}

/* Two parts that would do, if only their spec had come before, and a signal. */
static void say_offer_with(struct guest_test *test,
			   const struct leat_link_spec *spec, int signal_fd)
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

static void say_offer(struct guest_test *test,
		      const struct leat_link_spec *spec)
{
	int pair[2];

	CU_ASSERT_FATAL(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	close(pair[0]);
	say_offer_with(test, spec, pair[1]);
}

/* What the host could make a read of wait is no signal. */
static void test_guest_gets_no_signal(void)
{
	struct leat_link_spec spec = node_spec();
	int pipe_fds[2];

	CU_ASSERT_FATAL(pipe(pipe_fds) == 0);
	close(pipe_fds[1]);
	for (int i = 0; i < 3; i++) {
		const int signals[] = {
			eventfd(0, EFD_CLOEXEC),
			pipe_fds[0],
			socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		};
		struct guest_test test;

		guest_open(&test);
		say_spec(&test, &spec);
		say_offer_with(&test, &spec, dup(signals[i]));
		expect_host_gone(&test, "protocol");
		guest_close(&test);
		close(signals[0]);
		close(signals[2]);
	}
	close(pipe_fds[0]);
}

/* What one host said of its link is not true of the next one's. */
static void test_guest_forgets_the_spec(void)
{
	struct leat_link_spec spec = node_spec();
	struct leat_error error;
	struct guest_test test;

	guest_open(&test);
	say_spec(&test, &spec);
	say_offer(&test, &spec);
	CU_ASSERT_EQUAL(test.guest.n_wires, 1);
	expect_hear(test.fd, LEAT_MESSAGE_ACCEPT);
	close(test.fd);
	guest_settle(&test);
	CU_ASSERT_EQUAL(test.guest.n_gone, 1);
	CU_ASSERT_EQUAL(leat_guest_connect(test.guest.guest, &error), 0);
	test.fd = leat_accept(&test.listener);
	expect_hear(test.fd, LEAT_MESSAGE_HELLO);
	say_offer(&test, &spec);
	CU_ASSERT_EQUAL(test.guest.n_wires, 1);
	CU_ASSERT_EQUAL(test.guest.n_gone, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(test.guest.text, "protocol"));
	guest_close(&test);
}

static const struct unit_test tests[] = {
	{ "strangers", "noise", test_host_hears_noise },
	{ "strangers", "another version", test_host_hears_another_version },
	{ "strangers", "no hello", test_host_hears_no_hello },
	{ "strangers", "no status part", test_host_gets_no_status_part },
	{ "strangers", "a tool", test_host_answers_a_tool },
	{ "guests", "wrong words", test_host_hears_what_no_guest_says },
	{ "guests", "no parts", test_host_gets_no_parts },
	{ "guests", "wrong parts", test_host_gets_wrong_parts },
	{ "guests", "stale acceptance", test_host_gets_a_stale_acceptance },
	{ "guests", "last word", test_host_hears_the_last_word },
	{ "guests", "does not read", test_host_is_not_held_up },
	{ "hosts", "noise", test_guest_hears_noise },
	{ "hosts", "wrong words", test_guest_hears_what_no_host_says },
	{ "hosts", "offer too early", test_guest_gets_an_offer_too_early },
	{ "hosts", "no parts", test_guest_gets_no_parts },
	{ "hosts", "no signal", test_guest_gets_no_signal },
	{ "hosts", "another link", test_guest_hears_of_another_link },
	{ "hosts", "told why", test_guest_is_told_why },
	{ "hosts", "spec forgotten", test_guest_forgets_the_spec },
};

UNIT_MAIN(tests)
