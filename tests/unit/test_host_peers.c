/* SPDX-License-Identifier: MIT */
/* A real host, and peers that say what they like. */
#include <leat/link.h>

#include "peers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- to a host ---- */

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
	message.version = LEAT_PROTO_VERSION + 1;
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
		       { LEAT_MESSAGE_ACCEPT, 3 },
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
	int fds[LEAT_PROTO_FDS_MAX];

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

/* One part that will do, and one that will not. */
static void expect_half_refused(bool first_is_good)
{
	struct leat_wire *wire = half(1);
	int event_fd = eventfd(0, EFD_CLOEXEC);
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	say_accept(&test, 1,
		   (int[]){ first_is_good ? leat_frames_consumer_fd(wire->in)
					  : event_fd,
			    first_is_good
				    ? event_fd
				    : leat_frames_producer_fd(wire->out) });
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_EQUAL(test.host.n_wires, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(test.host.text, "protocol"));
	host_close(&test);
	leat_wire_destroy(wire);
	close(event_fd);
}

static void test_host_gets_one_part(void)
{
	expect_half_refused(true);
	expect_half_refused(false);
}

/* What the guest could make a write to wait is no signal. */
static void test_host_gets_no_signal(void)
{
	for (int i = 0; i < 3; i++) {
		struct leat_wire *wire = half(1);
		struct host_test test;
		int pipe_fds[2], fd;

		host_open(&test);
		say_hello(&test);
		CU_ASSERT_FATAL(pipe(pipe_fds) == 0);
		fd = i == 0   ? eventfd(0, EFD_CLOEXEC)
		     : i == 1 ? dup(pipe_fds[1])
			      : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		say_accept_with(&test, 1,
				(int[]){ leat_frames_consumer_fd(wire->in),
					 leat_frames_producer_fd(wire->out) },
				fd);
		CU_ASSERT_EQUAL(test.host.n_gone, 1);
		CU_ASSERT_EQUAL(test.host.n_wires, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(test.host.text, "protocol"));
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		host_close(&test);
		leat_wire_destroy(wire);
	}
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

/* So it does where the host notices by what it has to say itself. */
static void expect_last_word(bool unread)
{
	struct leat_link_spec spec = node_spec();
	struct leat_message message;
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	if (!unread) {
		expect_hear(test.fd, LEAT_MESSAGE_SPEC);
		expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	}
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	strcpy(message.body.bye.text, "the last word");
	say(test.fd, &message, NULL, 0);
	close(test.fd);
	spec.rate_hz = 44100;
	leat_host_update(test.host.host, &spec);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(test.host.text, "the last word");
	/* And it is free for the next one. */
	test.fd = leat_connect(NODE_LINK, NULL);
	host_settle(&test);
	say_hello(&test);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	host_close(&test);
}

static void test_host_hears_it_while_speaking(void)
{
	expect_last_word(false);
	/* The kernel reports what was not read as another error. */
	expect_last_word(true);
}

/* What is too long for a message is cut, and ends. */
static void test_long_last_words(void)
{
	struct leat_message message;
	struct host_test test;
	struct guest_test other;
	char text[1000];
	int fds[LEAT_PROTO_FDS_MAX];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	host_open(&test);
	say_hello(&test);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	leat_host_dismiss(test.host.host, text);
	CU_ASSERT_EQUAL(hear(test.fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_BYE);
	CU_ASSERT_EQUAL(strlen(message.body.bye.text), 383);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	host_close(&test);

	guest_open(&other);
	leat_guest_leave(other.guest.guest, text);
	CU_ASSERT_EQUAL(hear(other.fd, &message, fds), 0);
	CU_ASSERT_EQUAL(strlen(message.body.bye.text), 383);
	CU_ASSERT_FALSE(leat_guest_connected(other.guest.guest));
	expect_closed(other.fd);
	guest_close(&other);
}

/* There is one guest, and who comes second is told so and left alone. */
static void test_host_has_one_guest(void)
{
	struct host_test test;
	int first_fd;

	host_open(&test);
	say_hello(&test);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	first_fd = test.fd;
	test.fd = leat_connect(NODE_LINK, NULL);
	host_settle(&test);
	say_hello(&test);
	expect_bye(test.fd, "another leat-pipewire");
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	CU_ASSERT_FALSE(unit_readable(first_fd, 0));
	close(first_fd);
	host_settle(&test);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	host_close(&test);
}

/* Sixteen may be silent; one more takes the place of the first. */
static void test_host_has_room_for_sixteen(void)
{
	struct host_test test;
	int fds[18];

	host_open(&test);
	fds[0] = test.fd;
	for (int i = 1; i < 18; i++) {
		fds[i] = leat_connect(NODE_LINK, NULL);
		host_settle(&test);
		for (int k = 0; k <= i; k++)
			CU_ASSERT_EQUAL(unit_readable(fds[k], 0), k <= i - 16);
	}
	for (int i = 1; i < 18; i++)
		close(fds[i]);
	host_settle(&test);
	host_close(&test);
}

/* Places are given back: a hundred tools, one after the other. */
static void test_host_has_many_visitors(void)
{
	struct host_test test;

	host_open(&test);
	for (int i = 0; i < 100; i++) {
		say_type(test.fd, LEAT_MESSAGE_HELLO, 0);
		host_settle(&test);
		expect_hear(test.fd, LEAT_MESSAGE_STATUS);
		expect_closed(test.fd);
		close(test.fd);
		test.fd = leat_connect(NODE_LINK, NULL);
		host_settle(&test);
		CU_ASSERT_EQUAL(unit_count_fds(), test.n_fds + 2);
	}
	host_close(&test);
}

/* A spec that no peer would take is neither kept nor sent. */
static void test_host_keeps_its_spec(void)
{
	struct leat_link_spec bad = node_spec(), good = node_spec();
	struct leat_message message;
	struct host_test test;
	int fds[LEAT_PROTO_FDS_MAX];

	host_open(&test);
	say_hello(&test);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	bad.rate_hz = 0;
	leat_host_update(test.host.host, &bad);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	/* The rings are the same, so there is no other offer. */
	good.period = 32;
	leat_host_update(test.host.host, &good);
	CU_ASSERT_EQUAL(hear(test.fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_SPEC);
	CU_ASSERT_EQUAL(message.body.spec.period, 32);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	host_close(&test);
}

static void say_room(struct host_test *test, uint32_t n_frames)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_ROOM);
	message.body.room.n_frames = n_frames;
	say(test->fd, &message, NULL, 0);
	host_settle(test);
}

/* However much and often it asks, the rings grow a few times and no more. */
static void test_host_is_asked_for_room(void)
{
	struct leat_message message;
	struct host_test test;
	int fds[LEAT_PROTO_FDS_MAX];

	host_open(&test);
	say_hello(&test);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	for (uint32_t i = 0; i < 1000; i++)
		say_room(&test, 256 + i % 2 * (i / 2));
	CU_ASSERT_EQUAL(test.host.n_rooms, 2);
	CU_ASSERT_EQUAL(test.host.room, 1024);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(hear(test.fd, &message, fds), 0);
		CU_ASSERT_EQUAL(message.body.spec.capacity, 512u << i);
		expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	}
	for (uint32_t i = 0; i <= 24; i++)
		say_room(&test, 1u << i);
	CU_ASSERT_EQUAL(test.host.n_rooms, 2 + 10);
	CU_ASSERT_EQUAL(test.host.room, 1u << 20);
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	/* What is out of range ends it. */
	say_room(&test, (1u << 24) + 1);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	host_close(&test);
}

/* Where the owner does not care, no guest is told that it may ask. */
static void test_host_grows_nothing(void)
{
	struct leat_link_events events = { 0 };
	struct leat_link_spec spec = node_spec();
	struct leat_message message;
	struct host_test test;
	int fds[LEAT_PROTO_FDS_MAX];

	host_open(&test);
	leat_host_destroy(test.host.host);
	test.host.host = NULL;
	close(test.fd);
	CU_ASSERT_EQUAL_FATAL(leat_host_create(&test.host.host, &spec, &events,
					       &test.host, NULL),
			      0);
	test.fd = leat_connect(NODE_LINK, NULL);
	say_hello(&test);
	CU_ASSERT_EQUAL(hear(test.fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.body.spec.capacity_max, 0);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	say_room(&test, 5000);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	leat_host_destroy(test.host.host);
	test.host.host = NULL;
	close(test.fd);
	leat_shm_finish(&test.status);
	unit_rundir_remove();
}

/* What cannot be a link is refused, and in words. */
static void expect_no_host(const struct leat_link_spec *spec, const char *word)
{
	static const struct leat_link_events none;
	struct leat_host *host = (void *)&nobody;
	struct leat_error error = { "" };
	unsigned n_fds = unit_count_fds();

	CU_ASSERT_EQUAL(leat_host_create(&host, spec, &none, NULL, &error),
			-EINVAL);
	CU_ASSERT_PTR_NULL(host);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, word));
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_no_such_host(void)
{
	struct leat_link_spec spec = node_spec();

	CU_ASSERT_FATAL(unit_rundir_make());
	strcpy(spec.link_name, "no name");
	expect_no_host(&spec, "link name");
	spec = node_spec();
	spec.capacity = 100;
	expect_no_host(&spec, "out of range");
	unit_rundir_remove();
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

/* Some are read, and then it is somebody else's turn. */
static void test_host_reads_some(void)
{
	struct leat_message message;
	struct host_test test;
	int fd;

	host_open(&test);
	say_hello(&test);
	fd = test.status.fd;
	leat_message_init(&message, LEAT_MESSAGE_ACCEPT);
	message.body.wire.generation = 77;
	CU_ASSERT_TRUE(fill(test.fd, &message, (int[]){ fd, fd, fd }, 3) > 64);
	leat_host_dispatch(test.host.host);
	/* More fit now, but not as many as there were. */
	CU_ASSERT_TRUE(fill(test.fd, &message, (int[]){ fd, fd, fd }, 3) <= 64);
	host_settle(&test);
	CU_ASSERT_FALSE(unit_readable(node_fd(&test.host), 0));
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	host_close(&test);
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
	{ "guests", "no signal", test_host_gets_no_signal },
	{ "guests", "stale acceptance", test_host_gets_a_stale_acceptance },
	{ "guests", "last word", test_host_hears_the_last_word },
	{ "guests", "one part", test_host_gets_one_part },
	{ "guests", "last word, heard late",
	  test_host_hears_it_while_speaking },
	{ "guests", "messages without end", test_host_reads_some },
	{ "guests", "does not read", test_host_is_not_held_up },
	{ "guests", "only one", test_host_has_one_guest },
	{ "guests", "long last words", test_long_last_words },
	{ "clients", "sixteen silent ones", test_host_has_room_for_sixteen },
	{ "clients", "many visitors", test_host_has_many_visitors },
	{ "specs", "a bad one is not kept", test_host_keeps_its_spec },
	{ "specs", "room is asked for", test_host_is_asked_for_room },
	{ "specs", "none is given", test_host_grows_nothing },
	{ "specs", "no such host", test_no_such_host },
};

UNIT_MAIN(tests)
