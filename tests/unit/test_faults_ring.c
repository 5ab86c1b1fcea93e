/* SPDX-License-Identifier: MIT */
/* Waking and waiting where system calls fail. */
#include <leat/fdring.h>
#include <leat/frames.h>

#include "faults.h"
#include "frames_ring.h"
#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct leat_frames_format format = {
	.n_channels = 2,
	.capacity = 64,
	.rate_hz = 48000,
};

/* ---- signals ---- */

static void expect_raise(struct leat_signal *signal, enum fault_call call,
			 int error, bool done)
{
	uint64_t n_raised = signal->n_raised;

	faults_fail(call, 0, error);
	errno = EDOM;
	CU_ASSERT_EQUAL(leat_signal_raise(signal), done);
	CU_ASSERT_EQUAL(errno, EDOM);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(signal->n_raised, n_raised);
}

/* What passes by itself is tried again; what is full is signalled already. */
static void expect_raises(int fd, enum fault_call call)
{
	struct leat_signal signal;

	CU_ASSERT_FATAL(leat_signal_init(&signal, fd) == 0);
	expect_raise(&signal, call, ENOBUFS, false);
	expect_raise(&signal, call, ENOMEM, false);
	expect_raise(&signal, call, EINTR, false);
	expect_raise(&signal, call, EAGAIN, true);
	expect_raise(&signal, call, EPIPE, true);
	/* What failed before this call is not its failure. */
	errno = ENOBUFS;
	CU_ASSERT_TRUE(leat_signal_raise(&signal));
	CU_ASSERT_EQUAL(signal.n_raised, 1);
}

static void test_signals_that_fail(void)
{
	int fd = eventfd(0, EFD_CLOEXEC), pair[2];

	expect_raises(fd, FAULT_WRITE);
	close(fd);
	CU_ASSERT_FATAL(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	expect_raises(pair[0], FAULT_SEND);
	close(pair[0]);
	close(pair[1]);
}

/* Whether the nth system call of that kind is made by it; none fails. */
static void nothing(void)
{
}

static bool raise_calls(struct leat_signal *signal, enum fault_call call)
{
	faults_meanwhile(call, 0, nothing);
	CU_ASSERT_TRUE(leat_signal_raise(signal));
	return faults_end();
}

static bool clear_calls(struct leat_signal *signal, enum fault_call call,
			unsigned nth)
{
	faults_meanwhile(call, nth, nothing);
	leat_signal_clear(signal);
	return faults_end();
}

/* Without a descriptor the kernel is left alone. */
static void test_no_descriptor_no_call(void)
{
	struct leat_signal signal;

	CU_ASSERT_FATAL(leat_signal_init(&signal, -1) == 0);
	CU_ASSERT_FALSE(raise_calls(&signal, FAULT_WRITE));
	signal.is_socket = true;
	CU_ASSERT_FALSE(raise_calls(&signal, FAULT_SEND));
	CU_ASSERT_FALSE(clear_calls(&signal, FAULT_RECV, 0));
	signal.is_socket = false;
	CU_ASSERT_FALSE(clear_calls(&signal, FAULT_READ, 0));
}

/* One read empties an eventfd, whether or not it was raised. */
static void test_one_read_clears(void)
{
	struct leat_signal signal;
	int fd = eventfd(0, EFD_CLOEXEC);

	CU_ASSERT_FATAL(leat_signal_init(&signal, fd) == 0);
	CU_ASSERT_FALSE(clear_calls(&signal, FAULT_READ, 1));
	CU_ASSERT_TRUE(leat_signal_raise(&signal));
	CU_ASSERT_FALSE(clear_calls(&signal, FAULT_READ, 1));
	CU_ASSERT_FALSE(unit_readable(fd, 0));
	CU_ASSERT_TRUE(clear_calls(&signal, FAULT_READ, 0));
	close(fd);
}

/* Packets are read one by one, but no more than 64 of them. */
static void test_packets_are_cleared(void)
{
	struct leat_signal signal;
	int pair[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				   pair) == 0);
	CU_ASSERT_FATAL(leat_signal_init(&signal, pair[0]) == 0);
	for (unsigned n = 0; n < 4; n++) {
		for (unsigned i = 0; i < n; i++)
			CU_ASSERT_EQUAL(send(pair[1], "12345678", 8, 0), 8);
		/* The last one finds nothing. */
		CU_ASSERT_EQUAL(clear_calls(&signal, FAULT_RECV, n + 1), false);
		for (unsigned i = 0; i < n; i++)
			CU_ASSERT_EQUAL(send(pair[1], "12345678", 8, 0), 8);
		CU_ASSERT_EQUAL(clear_calls(&signal, FAULT_RECV, n), true);
		CU_ASSERT_FALSE(unit_readable(pair[0], 0));
	}
	for (unsigned i = 0; i < 130; i++)
		CU_ASSERT_EQUAL(send(pair[1], "12345678", 8, MSG_DONTWAIT), 8);
	CU_ASSERT_FALSE(clear_calls(&signal, FAULT_RECV, 64));
	CU_ASSERT_TRUE(clear_calls(&signal, FAULT_RECV, 63));
	close(pair[0]);
	close(pair[1]);
}

/* The flags that a descriptor has are kept. */
static void test_flags_are_kept(void)
{
	struct leat_signal signal;
	int fds[2];

	CU_ASSERT_FATAL(pipe2(fds, O_CLOEXEC) == 0);
	for (int i = 0; i < 2; i++) {
		int flags = i ? O_APPEND | O_ASYNC : 0;

		CU_ASSERT_EQUAL(fcntl(fds[1], F_SETFL, flags), 0);
		CU_ASSERT_EQUAL(leat_signal_init(&signal, fds[1]), 0);
		CU_ASSERT_EQUAL(fcntl(fds[1], F_GETFL),
				O_WRONLY | O_NONBLOCK | flags);
	}
	close(fds[0]);
	close(fds[1]);
}

/* The number 0 is a descriptor. */
static void test_signal_of_number_zero(void)
{
	struct leat_signal signal;
	int kept = dup(0), fd = eventfd(0, EFD_CLOEXEC);

	CU_ASSERT_FATAL(kept >= 0 && dup2(fd, 0) == 0);
	CU_ASSERT_EQUAL(leat_signal_init(&signal, 0), 0);
	CU_ASSERT_TRUE(fcntl(0, F_GETFL) & O_NONBLOCK);
	CU_ASSERT_TRUE(leat_signal_raise(&signal));
	CU_ASSERT_TRUE(unit_readable(fd, 0));
	leat_signal_clear(&signal);
	CU_ASSERT_FALSE(unit_readable(fd, 0));
	CU_ASSERT_EQUAL(dup2(kept, 0), 0);
	close(kept);
	close(fd);
}

/* What cannot be told is taken for the kind that needs more care. */
static void test_socket_of_unknown_kind(void)
{
	struct leat_signal signal;
	int pair[2];

	CU_ASSERT_FATAL(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	CU_ASSERT_EQUAL(leat_signal_init(&signal, pair[0]), 0);
	CU_ASSERT_FALSE(signal.in_packets);
	faults_fail(FAULT_GETSOCKOPT, 0, ENOTSOCK);
	CU_ASSERT_EQUAL(leat_signal_init(&signal, pair[0]), 0);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_TRUE(signal.in_packets);
	close(pair[0]);
	close(pair[1]);
}

/* A wake-up that could not be sent is sent with the next frames. */
static void take_frames(void *user, const struct leat_frames_room *room)
{
	(void)user;
	(void)room;
}

static void test_frames_keep_a_wake_up(void)
{
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
	int fd = eventfd(0, EFD_CLOEXEC);

	CU_ASSERT_FATAL(leat_frames_producer_create(&producer, &format) == 0);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &format) == 0);
	CU_ASSERT_EQUAL(leat_frames_producer_connect(
				producer,
				dup(leat_frames_consumer_fd(consumer)),
				dup(fd)),
			0);
	CU_ASSERT_EQUAL(
		leat_frames_consumer_connect(
			consumer, dup(leat_frames_producer_fd(producer)), fd),
		0);
	CU_ASSERT_FALSE(leat_frames_prepare_wait(consumer, 1));
	faults_fail(FAULT_WRITE, 0, ENOMEM);
	CU_ASSERT_EQUAL(leat_frames_send(producer, 1, take_frames, NULL), 1);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(leat_frames_wakeups(producer), 0);
	CU_ASSERT_FALSE(unit_readable(fd, 0));
	CU_ASSERT_EQUAL(leat_frames_send(producer, 1, take_frames, NULL), 1);
	CU_ASSERT_EQUAL(leat_frames_wakeups(producer), 1);
	CU_ASSERT_TRUE(unit_readable(fd, 0));
	leat_frames_producer_destroy(producer);
	leat_frames_consumer_destroy(consumer);
}

/* An end closes its signal, be its number 0. */
static void test_frames_with_signal_zero(void)
{
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
	int kept = dup(0);

	CU_ASSERT_FATAL(leat_frames_producer_create(&producer, &format) == 0);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &format) == 0);
	close(0);
	CU_ASSERT_FATAL(eventfd(0, EFD_CLOEXEC) == 0);
	CU_ASSERT_EQUAL(
		leat_frames_consumer_connect(
			consumer, dup(leat_frames_producer_fd(producer)), 0),
		0);
	leat_frames_consumer_destroy(consumer);
	CU_ASSERT_FALSE(unit_fd_open(0));
	CU_ASSERT_EQUAL(dup2(kept, 0), 0);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &format) == 0);
	close(0);
	CU_ASSERT_FATAL(eventfd(0, EFD_CLOEXEC) == 0);
	CU_ASSERT_EQUAL(
		leat_frames_producer_connect(
			producer, dup(leat_frames_consumer_fd(consumer)), 0),
		0);
	leat_frames_producer_destroy(producer);
	leat_frames_consumer_destroy(consumer);
	CU_ASSERT_FALSE(unit_fd_open(0));
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
	CU_ASSERT_EQUAL(dup2(kept, 0), 0);
	close(kept);
}

static void test_connecting_frames_fails(void)
{
	static const struct {
		enum fault_call call;
		int error;
	} faults[] = {
		{ FAULT_FSTAT, EIO },
		{ FAULT_FCNTL, EACCES },
		{ FAULT_MMAP, ENOMEM },
	};
	unsigned n_fds = unit_count_fds(), n_blocks = faults_blocks();
	unsigned n_hit = 0;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		for (unsigned nth = 0; nth < 16; nth++) {
			struct leat_frames_producer *producer;
			struct leat_frames_consumer *consumer;
			int fd = eventfd(0, EFD_CLOEXEC), res[2];

			CU_ASSERT_FATAL(leat_frames_producer_create(
						&producer, &format) == 0);
			CU_ASSERT_FATAL(leat_frames_consumer_create(
						&consumer, &format) == 0);
			faults_fail(faults[i].call, nth, faults[i].error);
			res[0] = leat_frames_producer_connect(
				producer,
				dup(leat_frames_consumer_fd(consumer)),
				dup(fd));
			res[1] = leat_frames_consumer_connect(
				consumer,
				dup(leat_frames_producer_fd(producer)), fd);
			CU_ASSERT_EQUAL(res[0] < 0 || res[1] < 0, faults_end());
			n_hit += res[0] < 0 || res[1] < 0;
			leat_frames_producer_destroy(producer);
			leat_frames_consumer_destroy(consumer);
			CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
			CU_ASSERT_EQUAL(faults_blocks(), n_blocks);
			CU_ASSERT_EQUAL(faults_bad_closes(), 0);
		}
	CU_ASSERT_TRUE(n_hit >= 8);
}

/* ---- waiting ---- */

struct pair {
	struct leat_ring_words words[2];
	unsigned char items[4];
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	int to_consumer, to_producer; /* eventfds */
};

static void pair_open(struct pair *pair)
{
	struct leat_fdring_config config = {
		.ring = { .capacity = sizeof(pair->items) },
		.items = pair->items,
		.item_size_bytes = 1,
	};

	pair->to_consumer = eventfd(0, EFD_CLOEXEC);
	pair->to_producer = eventfd(0, EFD_CLOEXEC);
	leat_ring_words_init(&pair->words[0], 7);
	leat_ring_words_init(&pair->words[1], 7);
	config.ring.own = &pair->words[0];
	config.ring.peer = &pair->words[1];
	config.raise_fd = pair->to_consumer;
	config.wait_fd = pair->to_producer;
	CU_ASSERT_FATAL(leat_fd_producer_init(&pair->producer, &config) == 0);
	config.ring.own = &pair->words[1];
	config.ring.peer = &pair->words[0];
	config.raise_fd = pair->to_producer;
	config.wait_fd = pair->to_consumer;
	CU_ASSERT_FATAL(leat_fd_consumer_init(&pair->consumer, &config) == 0);
}

static void pair_close(struct pair *pair)
{
	close(pair->to_consumer);
	close(pair->to_producer);
}

static void send_items(struct pair *pair, uint32_t n_items)
{
	void *items[2];
	uint32_t n_each[2];

	CU_ASSERT_EQUAL(
		leat_fd_producer_begin(&pair->producer, n_items, items, n_each),
		n_items);
	leat_fd_producer_commit(&pair->producer, n_items);
}

static void recv_items(struct pair *pair, uint32_t n_items)
{
	const void *items[2];
	uint32_t n_each[2];

	CU_ASSERT_EQUAL(
		leat_fd_consumer_begin(&pair->consumer, n_items, items, n_each),
		n_items);
	leat_fd_consumer_commit(&pair->consumer, n_items);
}

/* What could not be sent at its crossing is sent at the next commit. */
static void test_ring_keeps_a_wake_up(void)
{
	struct pair pair;

	pair_open(&pair);
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 1));
	faults_fail(FAULT_WRITE, 0, EINTR);
	send_items(&pair, 2);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_FALSE(unit_readable(pair.to_consumer, 0));
	send_items(&pair, 2);
	CU_ASSERT_TRUE(unit_readable(pair.to_consumer, 0));

	CU_ASSERT_FALSE(leat_fd_producer_prepare(&pair.producer, 1));
	faults_fail(FAULT_WRITE, 0, EINTR);
	recv_items(&pair, 2);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_FALSE(unit_readable(pair.to_producer, 0));
	recv_items(&pair, 2);
	CU_ASSERT_TRUE(unit_readable(pair.to_producer, 0));
	pair_close(&pair);
}

/* Who sleeps on what nobody can write to is told so. */
static void test_producer_is_left_alone(void)
{
	struct pair pair;
	int fds[2];

	pair_open(&pair);
	send_items(&pair, 4);
	CU_ASSERT_FATAL(pipe2(fds, O_CLOEXEC) == 0);
	CU_ASSERT_EQUAL(leat_signal_init(&pair.producer.wait, fds[0]), 0);
	/* What was written before it closed is heard. */
	CU_ASSERT_EQUAL(write(fds[1], "x", 1), 1);
	close(fds[1]);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 1, 1000), -EPIPE);
	recv_items(&pair, 1);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 1, 1000), 0);
	close(fds[0]);
	pair_close(&pair);
}

static void test_waiting_fails(void)
{
	struct pair pair;

	pair_open(&pair);
	faults_fail(FAULT_POLL, 0, EINTR);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 1000), -EINTR);
	CU_ASSERT_TRUE(faults_end());
	send_items(&pair, 4);
	faults_fail(FAULT_POLL, 0, ENOMEM);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 1, 1000),
			-ENOMEM);
	CU_ASSERT_TRUE(faults_end());
	/* What is there already needs no look at the descriptor. */
	faults_fail(FAULT_POLL, 0, EINTR);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 4, 1000), 0);
	CU_ASSERT_FALSE(faults_end());
	pair_close(&pair);
}

/* ---- how long is slept ---- */

#define SECOND_NS INT64_C(1000000000)

/* Woken for nothing, an end sleeps for what is left, and then no more. */
static void test_sleeps_for_what_is_left(void)
{
	struct pair pair;

	pair_open(&pair);
	faults_virtual_time(7 * SECOND_NS + 250999999, 15, POLLIN);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 40),
			-ETIMEDOUT);
	CU_ASSERT_EQUAL(faults_polled_ms(), 10);
	faults_virtual_time(7 * SECOND_NS + 990000000, 20, POLLIN);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 30),
			-ETIMEDOUT);
	CU_ASSERT_EQUAL(faults_polled_ms(), 10);
	send_items(&pair, 4);
	faults_virtual_time(7 * SECOND_NS + 250999999, 15, POLLIN);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 1, 40),
			-ETIMEDOUT);
	CU_ASSERT_EQUAL(faults_polled_ms(), 10);
	faults_virtual_time(0, 0, 0);
	pair_close(&pair);
}

/* Long after the deadline it is not slept for ever. */
static void test_late_is_not_for_ever(void)
{
	struct pair pair;

	pair_open(&pair);
	faults_virtual_time(SECOND_NS, 5000, POLLIN);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 1),
			-ETIMEDOUT);
	CU_ASSERT_EQUAL(faults_polled_ms(), 1);
	/* A timeout of 0 does not sleep at all. */
	faults_virtual_time(SECOND_NS, 5000, POLLIN);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 0),
			-ETIMEDOUT);
	CU_ASSERT_EQUAL(faults_polled_ms(), -2);
	faults_virtual_time(0, 0, 0);
	pair_close(&pair);
}

/* For ever is -1 to poll(), and ends when the other end does. */
static void test_for_ever_ends_with_the_peer(void)
{
	struct pair pair;

	pair_open(&pair);
	faults_virtual_time(SECOND_NS, 5, POLLHUP);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, -1), -EPIPE);
	CU_ASSERT_EQUAL(faults_polled_ms(), -1);
	send_items(&pair, 4);
	faults_virtual_time(SECOND_NS, 5, POLLHUP);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 1, -1), -EPIPE);
	CU_ASSERT_EQUAL(faults_polled_ms(), -1);
	faults_virtual_time(0, 0, 0);
	pair_close(&pair);
}

/* Each end knows of its own part and of its peer's, in the order of calls. */
static void test_parts_that_are_not_locked(void)
{
	for (unsigned nth = 0; nth < 5; nth++) {
		struct ring ring;

		faults_fail(FAULT_MLOCK, nth, ENOMEM);
		ring_open(&ring, &plain);
		CU_ASSERT_EQUAL(faults_end(), nth < 4);
		CU_ASSERT_EQUAL(leat_frames_producer_is_locked(ring.producer),
				nth != 0 && nth != 2);
		CU_ASSERT_EQUAL(leat_frames_consumer_is_locked(ring.consumer),
				nth != 1 && nth != 3);
		ring_close(&ring);
	}
}

static const struct unit_test tests[] = {
	{ "signals", "some errors pass, some do not", test_signals_that_fail },
	{ "signals", "a socket of unknown kind", test_socket_of_unknown_kind },
	{ "signals", "a wake-up is kept", test_frames_keep_a_wake_up },
	{ "signals", "a wake-up is kept, plain", test_ring_keeps_a_wake_up },
	{ "signals", "no descriptor, no call", test_no_descriptor_no_call },
	{ "signals", "one read clears", test_one_read_clears },
	{ "signals", "packets are cleared", test_packets_are_cleared },
	{ "signals", "flags are kept", test_flags_are_kept },
	{ "signals", "number 0", test_signal_of_number_zero },
	{ "signals", "nobody can write", test_producer_is_left_alone },
	{ "signals", "waiting fails", test_waiting_fails },
	{ "waiting", "for what is left", test_sleeps_for_what_is_left },
	{ "waiting", "late", test_late_is_not_for_ever },
	{ "waiting", "for ever", test_for_ever_ends_with_the_peer },
	{ "frames", "signal 0", test_frames_with_signal_zero },
	{ "frames", "not locked", test_parts_that_are_not_locked },
	{ "frames", "connecting fails", test_connecting_frames_fails },
};

UNIT_MAIN(tests)
