/* SPDX-License-Identifier: MIT */
/* A real guest, and a host that says what it likes. */
#include <leat/link.h>

#include "peers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

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
		       { LEAT_MESSAGE_ACCEPT, 3 }, { LEAT_MESSAGE_STATUS, 1 },
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

/* An offer of which one part will do. */
static void expect_offer_refused(bool first_is_good)
{
	struct leat_link_spec spec = node_spec();
	struct leat_message message;
	struct guest_test test;
	struct leat_wire *wire;
	int event_fd;

	guest_open(&test);
	event_fd = eventfd(0, EFD_CLOEXEC);
	say_spec(&test, &spec);
	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	CU_ASSERT_FATAL(leat_wire_create(&wire, &spec, &message.body.wire,
					 LEAT_TO_PIPEWIRE) == 0);
	say(test.fd, &message,
	    (int[]){ first_is_good ? leat_frames_producer_fd(wire->out)
				   : event_fd,
		     first_is_good ? event_fd
				   : leat_frames_consumer_fd(wire->in),
		     event_fd },
	    3);
	leat_wire_destroy(wire);
	close(event_fd);
	guest_settle(&test);
	expect_host_gone(&test, "protocol");
	guest_close(&test);
}

static void test_guest_gets_one_part(void)
{
	expect_offer_refused(true);
	expect_offer_refused(false);
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

static void test_guest_reads_some(void)
{
	struct leat_link_spec spec = node_spec();
	struct leat_message message;
	struct guest_test test;
	unsigned n;

	guest_open(&test);
	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, &spec);
	n = fill(test.fd, &message, NULL, 0);
	CU_ASSERT_TRUE(n > 16);
	leat_guest_dispatch(test.guest.guest);
	CU_ASSERT_TRUE(test.guest.n_specs > 0);
	CU_ASSERT_TRUE(test.guest.n_specs <= 16);
	guest_settle(&test);
	CU_ASSERT_EQUAL(test.guest.n_specs, n);
	CU_ASSERT_EQUAL(test.guest.n_gone, 0);
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

/* An older host's spec ends before the word; it would not know the question. */
static void test_guest_of_an_older_host(void)
{
	struct leat_link_spec spec = node_spec();
	struct guest_test test;

	guest_open(&test);
	say_spec(&test, &spec);
	CU_ASSERT_EQUAL(test.guest.spec.capacity_max, 0);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 256), 0);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 257), -ENOTSUP);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	spec.capacity_max = 1024;
	say_spec(&test, &spec);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 257), 0);
	expect_hear(test.fd, LEAT_MESSAGE_ROOM);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 1024), 0);
	expect_hear(test.fd, LEAT_MESSAGE_ROOM);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 1025), -ERANGE);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	CU_ASSERT_EQUAL(test.guest.n_gone, 0);
	guest_close(&test);
}

/* What one host said of its link is not true of the next one's. */
static void test_guest_forgets_the_spec(void)
{
	struct leat_link_spec spec = node_spec();
	struct leat_error error;
	struct guest_test test;

	guest_open(&test);
	spec.capacity_max = 1024;
	say_spec(&test, &spec);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 1024), 0);
	expect_hear(test.fd, LEAT_MESSAGE_ROOM);
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
	/* Nor is what was asked of it. */
	close(test.fd);
	CU_ASSERT_EQUAL(leat_guest_connect(test.guest.guest, &error), 0);
	test.fd = leat_accept(&test.listener);
	expect_hear(test.fd, LEAT_MESSAGE_HELLO);
	say_spec(&test, &spec);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 257), 0);
	expect_hear(test.fd, LEAT_MESSAGE_ROOM);
	guest_close(&test);
}

/* It has no link, and so no room, before it has said so. */
static void test_guest_asks_too_early(void)
{
	struct leat_link_spec spec = node_spec();
	struct guest_test test;

	guest_open(&test);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 1), -ENOTCONN);
	spec.capacity_max = 1024;
	say_spec(&test, &spec);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 1), 0);
	close(test.fd);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 257), -EPIPE);
	CU_ASSERT_EQUAL(test.guest.n_gone, 0);
	guest_settle(&test);
	CU_ASSERT_EQUAL(test.guest.n_gone, 1);
	CU_ASSERT_EQUAL(leat_guest_ask_room(test.guest.guest, 1), -ENOTCONN);
	test.fd = -1;
	guest_close(&test);
}

/* Nobody sleeps on that ring: the signal for it is closed at once. */
static void test_guest_raises_no_signal(void)
{
	struct leat_link_spec spec = node_spec();
	struct guest_test test;
	int pair[2];
	char byte;

	CU_ASSERT_FATAL(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	guest_open(&test);
	test.n_fds -= 2;
	spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_POLL | LEAT_RING_TIMED;
	say_spec(&test, &spec);
	say_offer_with(&test, &spec, pair[1]);
	CU_ASSERT_EQUAL(test.guest.n_wires, 1);
	CU_ASSERT_EQUAL(recv(pair[0], &byte, 1, MSG_DONTWAIT), 0);
	expect_hear(test.fd, LEAT_MESSAGE_ACCEPT);
	close(pair[0]);
	guest_close(&test);
}

static const struct unit_test tests[] = {
	{ "hosts", "noise", test_guest_hears_noise },
	{ "hosts", "wrong words", test_guest_hears_what_no_host_says },
	{ "hosts", "offer too early", test_guest_gets_an_offer_too_early },
	{ "hosts", "no parts", test_guest_gets_no_parts },
	{ "hosts", "no signal", test_guest_gets_no_signal },
	{ "hosts", "one part", test_guest_gets_one_part },
	{ "hosts", "another link", test_guest_hears_of_another_link },
	{ "hosts", "messages without end", test_guest_reads_some },
	{ "hosts", "told why", test_guest_is_told_why },
	{ "hosts", "spec forgotten", test_guest_forgets_the_spec },
	{ "hosts", "an older one", test_guest_of_an_older_host },
	{ "hosts", "room asked for too early", test_guest_asks_too_early },
	{ "hosts", "no signal wanted", test_guest_raises_no_signal },
};

UNIT_MAIN(tests)
