/* SPDX-License-Identifier: MIT */
/* Descriptors of every kind as signals: what is raised, and taken back. */
#include <leat/fdring.h>

#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- raising ---- */

static int saturate_and_raise(void *user)
{
	const uint64_t most = UINT64_MAX - 1;
	struct leat_signal signal;
	int fd = *(int *)user;

	if (leat_signal_init(&signal, fd) < 0)
		return 1;
	/* An eventfd takes one such write, the others until they are full. */
	for (int i = 0; i < 1000000; i++)
		if (send(fd, &most, 8, MSG_DONTWAIT) < 0 &&
		    (errno != ENOTSOCK || write(fd, &most, 8) < 0))
			break;
	for (int i = 0; i < 3; i++)
		leat_signal_raise(&signal);
	/* In vain, and yet calls. */
	return signal.n_raised != 0 || signal.n_calls != 3;
}

static void expect_no_blocking(int fd, int read_fd)
{
	struct leat_signal signal;

	CU_ASSERT_EQUAL(unit_in_child(saturate_and_raise, &fd), 0);
	CU_ASSERT_TRUE(unit_readable(read_fd, 0));
	/* Bounded, and so perhaps in several goes, it can be cleared again. */
	CU_ASSERT_EQUAL(leat_signal_init(&signal, read_fd), 0);
	for (int i = 0; i < 100000 && unit_readable(read_fd, 0); i++)
		leat_signal_clear(&signal);
	CU_ASSERT_FALSE(unit_readable(read_fd, 0));
}

static void test_saturated_eventfd_does_not_block(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	expect_no_blocking(fd, fd);
	close(fd);
}

static void test_full_pipe_does_not_block(void)
{
	int fds[2];

	CU_ASSERT_FATAL(pipe(fds) == 0);
	expect_no_blocking(fds[1], fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void test_full_socket_does_not_block(void)
{
	int fds[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	expect_no_blocking(fds[1], fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void test_blocking_pipe_is_made_nonblocking(void)
{
	struct leat_signal signals[2];
	int fds[2];

	CU_ASSERT_FATAL(pipe(fds) == 0);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_FALSE(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
		CU_ASSERT_EQUAL(leat_signal_init(&signals[i], fds[i]), 0);
		CU_ASSERT_TRUE(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
	}
	/* Other flags stay as they were. */
	CU_ASSERT_EQUAL(fcntl(fds[1], F_GETFL) & O_ACCMODE, O_WRONLY);
	leat_signal_clear(&signals[0]);
	leat_signal_raise(&signals[1]);
	CU_ASSERT_TRUE(unit_readable(fds[0], 0));
	leat_signal_clear(&signals[0]);
	CU_ASSERT_FALSE(unit_readable(fds[0], 0));
	close(fds[0]);
	close(fds[1]);
}

/* A socket is left as it is: its flags may be another process's business. */
static void test_socket_is_left_alone(void)
{
	struct leat_signal signals[2];
	int fds[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(leat_signal_init(&signals[i], fds[i]), 0);
		CU_ASSERT_TRUE(signals[i].is_socket);
		CU_ASSERT_FALSE(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
	}
	leat_signal_clear(&signals[0]);
	for (int i = 0; i < 100; i++)
		leat_signal_raise(&signals[1]);
	CU_ASSERT_TRUE(unit_readable(fds[0], 0));
	leat_signal_clear(&signals[0]);
	CU_ASSERT_FALSE(unit_readable(fds[0], 0));
	/* A peer that has gone is no reason to die (of SIGPIPE). */
	close(fds[0]);
	errno = 77;
	leat_signal_raise(&signals[1]);
	CU_ASSERT_EQUAL(errno, 77);
	/* Nobody was woken by it, so it does not count. */
	CU_ASSERT_EQUAL(signals[1].n_raised, 100);
	close(fds[1]);
}

/* ---- clearing ---- */

/* Each raise is a packet of its own. */
static void test_packets_are_cleared(void)
{
	static const int types[] = { SOCK_DGRAM, SOCK_SEQPACKET };

	for (int i = 0; i < 2; i++) {
		struct leat_signal signals[2];
		int fds[2];

		CU_ASSERT_FATAL(socketpair(AF_UNIX, types[i], 0, fds) == 0);
		CU_ASSERT_EQUAL(leat_signal_init(&signals[0], fds[0]), 0);
		CU_ASSERT_EQUAL(leat_signal_init(&signals[1], fds[1]), 0);
		leat_signal_raise(&signals[0]);
		leat_signal_raise(&signals[0]);
		leat_signal_clear(&signals[1]);
		CU_ASSERT_FALSE(unit_readable(fds[1], 0));
		close(fds[0]);
		close(fds[1]);
	}
}

/* Bytes, and a descriptor with the last of them. */
static void send_with_fd(int to_fd)
{
	CU_ASSERT_EQUAL(send(to_fd, "1234", 4, 0), 4);
	CU_ASSERT_TRUE(unit_send_fd(to_fd, to_fd));
}

/* As where the kernel cannot be told to let no descriptors in. */
static void let_descriptors_in(struct leat_signal *signal)
{
	const int yes = 1;

	/* SO_PASSRIGHTS, which not every kernel has. */
	(void)setsockopt(signal->fd, SOL_SOCKET, 83, &yes, sizeof(yes));
	signal->may_bring_fds = true;
}

/* It is not taken in, and nobody is woken by it again and again. */
static void test_descriptors_are_not_taken(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };

	for (int i = 0; i < 2; i++) {
		struct leat_signal signal;
		struct pollfd pfd = { .events = POLLIN };
		int fds[2], queued;

		CU_ASSERT_FATAL(socketpair(AF_UNIX, types[i], 0, fds) == 0);
		CU_ASSERT_EQUAL(leat_signal_init(&signal, fds[0]), 0);
		if (!signal.may_bring_fds)
			CU_ASSERT_FALSE(unit_send_fd(fds[1], fds[1]));
		let_descriptors_in(&signal);
		send_with_fd(fds[1]);
		leat_signal_clear(&signal);
		leat_signal_clear(&signal);
		pfd.fd = fds[0];
		CU_ASSERT_EQUAL(poll(&pfd, 1, 0), 1);
		CU_ASSERT_TRUE(pfd.revents & POLLHUP);
		/* It is there still, and closed with the socket. */
		CU_ASSERT_EQUAL(ioctl(fds[0], FIONREAD, &queued), 0);
		CU_ASSERT_TRUE(queued > 0);
		close(fds[0]);
		close(fds[1]);
	}
}

/* A packet may be empty but for a descriptor. */
static void test_descriptor_in_an_empty_packet(void)
{
	struct pollfd pfd = { .events = POLLIN };
	struct leat_signal signal;
	int fds[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	CU_ASSERT_EQUAL(leat_signal_init(&signal, fds[0]), 0);
	let_descriptors_in(&signal);
	CU_ASSERT_TRUE(unit_send_only_fd(fds[1], fds[1]));
	leat_signal_clear(&signal);
	pfd.fd = fds[0];
	CU_ASSERT_EQUAL(poll(&pfd, 1, 0), 1);
	CU_ASSERT_TRUE(pfd.revents & POLLHUP);
	close(fds[0]);
	close(fds[1]);
}

/* One that is quite empty is a signal as well, and no end of them. */
static void test_empty_packet_is_a_signal(void)
{
	for (int bring = 0; bring < 2; bring++) {
		struct leat_signal signal;
		int fds[2];

		CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) ==
				0);
		CU_ASSERT_EQUAL(leat_signal_init(&signal, fds[0]), 0);
		if (bring)
			let_descriptors_in(&signal);
		CU_ASSERT_EQUAL(send(fds[1], "", 0, 0), 0);
		CU_ASSERT_TRUE(unit_readable(fds[0], 0));
		leat_signal_clear(&signal);
		CU_ASSERT_FALSE(unit_readable(fds[0], 0));
		CU_ASSERT_EQUAL(send(fds[1], "1", 1, MSG_NOSIGNAL), 1);
		CU_ASSERT_TRUE(unit_readable(fds[0], 0));
		/* And clearing what is clear waits for nothing. */
		leat_signal_clear(&signal);
		leat_signal_clear(&signal);
		CU_ASSERT_FALSE(unit_readable(fds[0], 0));
		close(fds[0]);
		close(fds[1]);
	}
}

/* Where the kernel lets itself be told to let none in, no look is needed. */
static void test_descriptors_are_refused(void)
{
	const int no = 0;
	struct leat_signal signal;
	int fds[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	CU_ASSERT_EQUAL(leat_signal_init(&signal, fds[0]), 0);
	CU_ASSERT_EQUAL(signal.may_bring_fds, setsockopt(fds[0], SOL_SOCKET, 83,
							 &no, sizeof(no)) < 0);
	close(fds[0]);
	close(fds[1]);
}

/* Half closed, it would be readable for ever without a word of hanging up. */
static void test_half_closed_is_hung_up(void)
{
	struct pollfd pfd = { .events = POLLIN };
	struct leat_signal signal;
	int fds[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	CU_ASSERT_EQUAL(leat_signal_init(&signal, fds[0]), 0);
	CU_ASSERT_EQUAL(send(fds[1], "1234", 4, 0), 4);
	CU_ASSERT_EQUAL(shutdown(fds[1], SHUT_WR), 0);
	pfd.fd = fds[0];
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(poll(&pfd, 1, 0), 1);
		CU_ASSERT_FALSE(pfd.revents & POLLHUP);
		leat_signal_clear(&signal);
	}
	CU_ASSERT_EQUAL(poll(&pfd, 1, 0), 1);
	CU_ASSERT_TRUE(pfd.revents & POLLHUP);
	close(fds[0]);
	close(fds[1]);
}

static void test_no_descriptor_is_no_signal(void)
{
	struct leat_signal signal;

	CU_ASSERT_EQUAL(leat_signal_init(&signal, -1), 0);
	leat_signal_raise(&signal);
	leat_signal_clear(&signal);
	CU_ASSERT_EQUAL(signal.n_raised, 0);
	CU_ASSERT_EQUAL(signal.n_calls, 0);
	CU_ASSERT_EQUAL(leat_signal_init(&signal, 9999), -EBADF);
}

static void test_errno_is_kept(void)
{
	struct leat_signal signal;
	int fd = eventfd(0, EFD_CLOEXEC);

	CU_ASSERT_EQUAL(leat_signal_init(&signal, fd), 0);
	errno = 77;
	leat_signal_clear(&signal);
	CU_ASSERT_EQUAL(errno, 77);
	close(fd);
	leat_signal_raise(&signal);
	CU_ASSERT_EQUAL(errno, 77);
}

static const struct unit_test tests[] = {
	{ "raising", "saturated eventfd",
	  test_saturated_eventfd_does_not_block },
	{ "raising", "full pipe", test_full_pipe_does_not_block },
	{ "raising", "full socket", test_full_socket_does_not_block },
	{ "raising", "blocking pipe", test_blocking_pipe_is_made_nonblocking },
	{ "raising", "socket", test_socket_is_left_alone },
	{ "raising", "none", test_no_descriptor_is_no_signal },
	{ "raising", "errno", test_errno_is_kept },
	{ "clearing", "packets", test_packets_are_cleared },
	{ "clearing", "empty packet", test_empty_packet_is_a_signal },
	{ "clearing", "descriptors", test_descriptors_are_not_taken },
	{ "clearing", "descriptors refused", test_descriptors_are_refused },
	{ "clearing", "descriptor alone", test_descriptor_in_an_empty_packet },
	{ "clearing", "half closed", test_half_closed_is_hung_up },
};

UNIT_MAIN(tests)
