/* SPDX-License-Identifier: MIT */
#include "link/socket.h"

#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- who listens ---- */

static void listen_on(struct leat_listener *listener, const char *name)
{
	struct leat_error error = { "" };

	CU_ASSERT_EQUAL_FATAL(leat_listen(listener, name, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
}

static bool exists(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/leat/%s", unit_rundir(), name);
	return lstat(path, &st) == 0;
}

static void test_listen_and_connect(void)
{
	struct leat_listener listener;
	unsigned n_fds = unit_count_fds();
	int near_fd, far_fd;
	struct stat st;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL(leat_connect("main", NULL), -ENOENT);
	listen_on(&listener, "main");
	CU_ASSERT_EQUAL(leat_accept(&listener), -EAGAIN);
	CU_ASSERT_EQUAL(leat_connect("other", NULL), -ENOENT);
	CU_ASSERT_EQUAL(fstat(listener.lock_fd, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	near_fd = leat_connect("main", NULL);
	CU_ASSERT_TRUE(near_fd >= 0);
	far_fd = leat_accept(&listener);
	CU_ASSERT_TRUE(far_fd >= 0);
	CU_ASSERT_TRUE(fcntl(near_fd, F_GETFD) & FD_CLOEXEC);
	CU_ASSERT_TRUE(fcntl(far_fd, F_GETFD) & FD_CLOEXEC);
	CU_ASSERT_TRUE(fcntl(near_fd, F_GETFL) & O_NONBLOCK);
	CU_ASSERT_TRUE(fcntl(far_fd, F_GETFL) & O_NONBLOCK);
	CU_ASSERT_TRUE(fcntl(listener.fd, F_GETFD) & FD_CLOEXEC);
	CU_ASSERT_TRUE(fcntl(listener.lock_fd, F_GETFD) & FD_CLOEXEC);
	close(near_fd);
	close(far_fd);
	leat_listener_finish(&listener);
	/* Nothing is left, in the process or in the directory. */
	CU_ASSERT_FALSE(exists("main"));
	CU_ASSERT_FALSE(exists(".main.lock"));
	leat_listener_finish(&listener);
	CU_ASSERT_EQUAL(leat_connect("main", NULL), -ENOENT);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

/* The address fills what a socket's has room for; the lock's path is longer. */
static void test_longest_path(void)
{
	const char *name = "12345678901234567890123456789012";
	struct leat_listener listener;
	char base[100], lock[160];
	size_t n = 107 - strlen("/leat/") - strlen(name);

	CU_ASSERT_FATAL(unit_rundir_make());
	memset(base, 'x', n);
	base[n] = 0;
	memcpy(base, unit_rundir(), strlen(unit_rundir()));
	base[strlen(unit_rundir())] = '/';
	CU_ASSERT_FATAL(mkdir(base, 0700) == 0);
	setenv("XDG_RUNTIME_DIR", base, 1);
	listen_on(&listener, name);
	CU_ASSERT_EQUAL(strlen(listener.address.sun_path), 107);
	snprintf(lock, sizeof(lock), "%s/leat/.%s.lock", base, name);
	CU_ASSERT_EQUAL(access(lock, F_OK), 0);
	leat_listener_finish(&listener);
	CU_ASSERT_NOT_EQUAL(access(lock, F_OK), 0);
	unit_rundir_remove();
}

static void expect_in_use(const char *name, pid_t pid)
{
	struct leat_error error = { "" };
	struct leat_listener listener;
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "process %d:", (int)pid);
	CU_ASSERT_EQUAL(leat_listen(&listener, name, &error), -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, wanted));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, name));
	leat_listener_finish(&listener);
}

static void test_second_listener_here(void)
{
	struct leat_listener listener, other;
	unsigned n_fds = unit_count_fds();
	int fd;

	CU_ASSERT_FATAL(unit_rundir_make());
	listen_on(&listener, "main");
	expect_in_use("main", getpid());
	expect_in_use("main", getpid());
	/* The first one is still there, and another name is free. */
	CU_ASSERT_TRUE(exists("main"));
	CU_ASSERT_TRUE(exists(".main.lock"));
	fd = leat_connect("main", NULL);
	CU_ASSERT_TRUE(fd >= 0);
	close(fd);
	listen_on(&other, "main2");
	leat_listener_finish(&other);
	leat_listener_finish(&listener);
	listen_on(&listener, "main");
	leat_listener_finish(&listener);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

/* Listen, say so, and stay or go without a word. */
static int listen_in_child(void *user)
{
	const int *fds = user;
	struct leat_listener listener;
	char byte = 1;

	if (leat_listen(&listener, "main", NULL) < 0 ||
	    write(fds[1], &byte, 1) != 1)
		return 1;
	/* Until the parent hangs up. */
	return unit_readable(fds[1], UNIT_DEADLINE_MS) ? 0 : 2;
}

static pid_t start_listener(int fds[2])
{
	char byte;
	pid_t pid;

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	pid = unit_fork(listen_in_child, fds);
	CU_ASSERT_FATAL(unit_readable(fds[0], UNIT_DEADLINE_MS));
	CU_ASSERT_EQUAL(read(fds[0], &byte, 1), 1);
	return pid;
}

static void test_second_listener_elsewhere(void)
{
	struct leat_listener listener;
	int fds[2];
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	pid = start_listener(fds);
	expect_in_use("main", pid);
	shutdown(fds[0], SHUT_RDWR);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	listen_on(&listener, "main");
	leat_listener_finish(&listener);
	close(fds[0]);
	close(fds[1]);
	unit_rundir_remove();
}

/* Whoever holds the lock may have written anything to it. */
static void test_strange_lock(void)
{
	struct leat_error error = { "" };
	struct leat_listener listener;
	char path[128];
	int fd;

	CU_ASSERT_FATAL(unit_rundir_make());
	listen_on(&listener, "main");
	leat_listener_finish(&listener);
	snprintf(path, sizeof(path), "%s/leat/.main.lock", unit_rundir());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_FATAL(flock(fd, LOCK_EX) == 0);
	CU_ASSERT_EQUAL(leat_listen(&listener, "main", &error), -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "process ?:"));
	CU_ASSERT_EQUAL(pwrite(fd, "01234567890123456789", 20, 0), 20);
	CU_ASSERT_EQUAL(leat_listen(&listener, "main", &error), -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "process 012345678901234:"));
	CU_ASSERT_EQUAL(pwrite(fd, "7\n", 2, 0), 2);
	CU_ASSERT_EQUAL(leat_listen(&listener, "main", &error), -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "process 7:"));
	close(fd);
	unit_rundir_remove();
}

static void test_stale_socket_is_replaced(void)
{
	struct leat_listener listener;
	int fds[2], fd;
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	pid = start_listener(fds);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(unit_wait_child(pid), UNIT_CHILD_KILLED + SIGKILL);
	CU_ASSERT_TRUE(exists("main"));
	CU_ASSERT_TRUE(exists(".main.lock"));
	CU_ASSERT_EQUAL(leat_connect("main", NULL), -ENOENT);
	listen_on(&listener, "main");
	fd = leat_connect("main", NULL);
	CU_ASSERT_TRUE(fd >= 0);
	close(fd);
	leat_listener_finish(&listener);
	close(fds[0]);
	close(fds[1]);
	unit_rundir_remove();
}

/* No link has a name that would be another one's lock. */
static void test_lock_is_no_link(void)
{
	struct leat_listener listener, other;

	CU_ASSERT_FATAL(unit_rundir_make());
	listen_on(&listener, "main");
	listen_on(&other, "main.lock");
	leat_listener_finish(&other);
	expect_in_use("main", getpid());
	leat_listener_finish(&listener);
	unit_rundir_remove();
}

/* What is in the way and cannot be removed is told of in a sentence. */
static void test_something_in_the_way(void)
{
	struct leat_error error = { "" };
	struct leat_listener listener;
	unsigned n_fds = unit_count_fds();
	char path[128];

	CU_ASSERT_FATAL(unit_rundir_make());
	listen_on(&listener, "main");
	leat_listener_finish(&listener);
	snprintf(path, sizeof(path), "%s/leat/main", unit_rundir());
	CU_ASSERT_FATAL(mkdir(path, 0700) == 0);
	CU_ASSERT_TRUE(leat_listen(&listener, "main", &error) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
	CU_ASSERT_FALSE(exists(".main.lock"));
	rmdir(path);
	/* A lock that is a link would have another file truncated. */
	snprintf(path, sizeof(path), "%s/leat/.main.lock", unit_rundir());
	CU_ASSERT_FATAL(symlink("/dev/null", path) == 0);
	CU_ASSERT_EQUAL(leat_listen(&listener, "main", &error), -ELOOP);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

/* Connect as somebody else, and see how the other end hangs up. */
static int connect_as_another(void *user)
{
	const struct leat_listener *listener = user;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	char byte;

	if (setuid(12345) < 0 ||
	    connect(fd, (const struct sockaddr *)&listener->address,
		    sizeof(listener->address)) < 0)
		return 1;
	if (!unit_readable(fd, UNIT_DEADLINE_MS))
		return 2;
	return read(fd, &byte, 1) == 0 ? 0 : 3;
}

/* Were the directory's mode ever changed: other users are still refused. */
static void test_other_users_are_refused(void)
{
	struct leat_listener listener;
	char path[128];
	pid_t pid;

	if (geteuid() != 0)
		return;
	CU_ASSERT_FATAL(unit_rundir_make());
	listen_on(&listener, "main");
	snprintf(path, sizeof(path), "%s/leat", unit_rundir());
	CU_ASSERT_EQUAL(chmod(unit_rundir(), 0711), 0);
	CU_ASSERT_EQUAL(chmod(path, 0711), 0);
	CU_ASSERT_EQUAL(chmod(listener.address.sun_path, 0777), 0);
	pid = unit_fork(connect_as_another, &listener);
	CU_ASSERT_TRUE(unit_readable(listener.fd, UNIT_DEADLINE_MS));
	CU_ASSERT_EQUAL(leat_accept(&listener), -EPERM);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	leat_listener_finish(&listener);
	unit_rundir_remove();
}

/* Binds where it is told to, as another user. */
static int listen_as_another(void *user)
{
	const struct sockaddr_un *address = user;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	int near_fd;

	/* Once it is there, the directory may be closed to this user. */
	umask(0);
	if (setuid(12345) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
	    listen(fd, 1) < 0)
		return 1;
	/* It is looked at and left. */
	near_fd = unit_readable(fd, UNIT_DEADLINE_MS) ? accept(fd, NULL, NULL)
						      : -1;
	return near_fd < 0 || !unit_readable(near_fd, UNIT_DEADLINE_MS);
}

static void test_host_of_another_user(void)
{
	struct leat_error error = { "" };
	struct leat_listener listener;
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	unsigned n_fds;
	char path[128];
	pid_t pid;
	int res;

	if (geteuid() != 0)
		return;
	CU_ASSERT_FATAL(unit_rundir_make());
	listen_on(&listener, "main");
	leat_listener_finish(&listener);
	n_fds = unit_count_fds();
	/* A directory that was once open to all, and is not any more. */
	snprintf(path, sizeof(path), "%s/leat", unit_rundir());
	CU_ASSERT_EQUAL(chmod(unit_rundir(), 0711), 0);
	CU_ASSERT_EQUAL(chmod(path, 0777), 0);
	pid = unit_fork(listen_as_another, &listener.address);
	while (!exists("main") && unit_now_ms() < deadline_ms)
		poll(NULL, 0, 1);
	CU_ASSERT_EQUAL(chmod(path, 0700), 0);
	/* -ENOENT: it is bound and does not listen yet. */
	do
		res = leat_connect("main", &error);
	while (res == -ENOENT && unit_now_ms() < deadline_ms);
	CU_ASSERT_EQUAL(res, -EPERM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another user"));
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

static void test_pidfd_of_the_peer(void)
{
	int fds[2], pidfd;

	if (!unit_has_pidfds())
		return;
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	pidfd = leat_peer_pidfd(fds[0]);
	CU_ASSERT_TRUE(pidfd >= 0);
	CU_ASSERT_TRUE(fcntl(pidfd, F_GETFD) & FD_CLOEXEC);
	/* Readable once the process is dead, which this one is not. */
	CU_ASSERT_FALSE(unit_readable(pidfd, 0));
	close(pidfd);
	close(fds[0]);
	close(fds[1]);
	CU_ASSERT_EQUAL(leat_peer_pidfd(-1), -1);
}

/* ---- messages ---- */

struct channel {
	int fds[2];
	unsigned n_fds; /* open ones, before */
};

static void channel_open(struct channel *channel)
{
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				   channel->fds) == 0);
	channel->n_fds = unit_count_fds();
}

/* Close it; nothing that was sent may be open still. */
static void channel_close(struct channel *channel)
{
	CU_ASSERT_EQUAL(unit_count_fds(), channel->n_fds);
	close(channel->fds[0]);
	close(channel->fds[1]);
}

/* Send whatever bytes and descriptors, as a peer of ill will might. */
static void send_raw(struct channel *channel, const void *bytes, size_t n_bytes,
		     uint32_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
	} control = { 0 };
	struct leat_message copy[2];
	struct iovec iov = { copy, n_bytes };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[16];

	memcpy(copy, bytes, n_bytes < sizeof(copy) ? n_bytes : sizeof(copy));
	for (uint32_t i = 0; i < n_fds; i++)
		fds[i] = eventfd(0, EFD_CLOEXEC);
	if (n_fds > 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n_fds);
	}
	CU_ASSERT_EQUAL(sendmsg(channel->fds[0], &header, 0), (ssize_t)n_bytes);
	for (uint32_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

static int receive(struct channel *channel, struct leat_message *message,
		   int fds[LEAT_PROTO_FDS_MAX])
{
	for (unsigned i = 0; i < LEAT_PROTO_FDS_MAX; i++)
		fds[i] = -1;
	return leat_message_recv(channel->fds[1], message, fds);
}

static void test_message_with_descriptors(void)
{
	struct leat_message message, got;
	struct channel channel;
	int fds[3], got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	for (int i = 0; i < 3; i++)
		fds[i] = eventfd(10 + (unsigned)i, EFD_NONBLOCK);
	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	message.body.wire.generation = 77;
	CU_ASSERT_EQUAL(leat_message_send(channel.fds[0], &message, fds, 3), 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), 0);
	CU_ASSERT_EQUAL(got.type, LEAT_MESSAGE_OFFER);
	CU_ASSERT_EQUAL(got.n_fds, 3);
	CU_ASSERT_EQUAL(got.body.wire.generation, 77);
	for (int i = 0; i < 3; i++) {
		uint64_t value = 0;

		CU_ASSERT_EQUAL(read(got_fds[i], &value, 8), 8);
		CU_ASSERT_EQUAL(value, 10 + (uint64_t)i);
		CU_ASSERT_TRUE(fcntl(got_fds[i], F_GETFD) & FD_CLOEXEC);
		close(got_fds[i]);
	}
	channel_close(&channel);
}

static void test_message_without_descriptors(void)
{
	struct leat_message message, got;
	struct channel channel;
	int got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), -EAGAIN);
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	strcpy(message.body.bye.text, "because");
	CU_ASSERT_EQUAL(leat_message_send(channel.fds[0], &message, NULL, 0),
			0);
	CU_ASSERT_EQUAL(leat_message_send(channel.fds[0], &message, NULL, 0),
			0);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), 0);
	CU_ASSERT_STRING_EQUAL(got.body.bye.text, "because");
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), 0);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), -EAGAIN);
	channel_close(&channel);
}

/* Neither does a full socket block, nor a closed one kill. */
static void test_send_never_waits(void)
{
	struct leat_message message, got;
	struct channel channel;
	int res = 0, got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	for (int i = 0; i < 100000 && res == 0; i++)
		res = leat_message_send(channel.fds[0], &message, NULL, 0);
	CU_ASSERT_EQUAL(res, -EAGAIN);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), 0);
	CU_ASSERT_EQUAL(leat_message_send(channel.fds[0], &message, NULL, 0),
			0);
	channel_close(&channel);
	channel_open(&channel);
	shutdown(channel.fds[1], SHUT_RDWR);
	CU_ASSERT_EQUAL(leat_message_send(channel.fds[0], &message, NULL, 0),
			-EPIPE);
	channel_close(&channel);
}

static void test_closed_socket(void)
{
	struct leat_message message, got;
	struct channel channel;
	int got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	CU_ASSERT_EQUAL(leat_message_send(channel.fds[0], &message, NULL, 0),
			0);
	shutdown(channel.fds[0], SHUT_RDWR);
	/* What was sent before comes before the end. */
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), 0);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), -EPIPE);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), -EPIPE);
	channel_close(&channel);
}

/* The peer has died with something of ours unread: a reset is an end. */
static void test_reset_socket(void)
{
	struct leat_message message, got;
	int fds[2], got_fds[LEAT_PROTO_FDS_MAX];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	CU_ASSERT_EQUAL(leat_message_send(fds[1], &message, NULL, 0), 0);
	close(fds[0]);
	CU_ASSERT_EQUAL(leat_message_recv(fds[1], &got, got_fds), -EPIPE);
	close(fds[1]);
}

/* A message of an offer, in n_bytes, claiming and bringing descriptors. */
static void expect_raw(size_t n_bytes, uint32_t n_claimed, uint32_t n_sent,
		       int res)
{
	struct leat_message messages[2], got;
	struct channel channel;
	int got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	memset(messages, 0, sizeof(messages));
	leat_message_init(&messages[0], LEAT_MESSAGE_OFFER);
	messages[0].n_fds = n_claimed;
	send_raw(&channel, messages, n_bytes, n_sent);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), res);
	if (res == 0)
		for (uint32_t i = 0; i < got.n_fds; i++)
			close(got_fds[i]);
	channel_close(&channel);
}

static void test_sizes_that_are_refused(void)
{
	expect_raw(512, 3, 3, 0);
	expect_raw(1, 3, 3, -EPROTO);
	expect_raw(16, 3, 3, -EPROTO);
	expect_raw(511, 3, 3, -EPROTO);
	expect_raw(513, 3, 3, -EPROTO);
	expect_raw(1024, 3, 3, -EPROTO);
	expect_raw(511, 0, 0, -EPROTO);
	expect_raw(513, 0, 0, -EPROTO);
}

static void test_descriptors_that_are_refused(void)
{
	expect_raw(512, 3, 0, -EPROTO);
	expect_raw(512, 3, 1, -EPROTO);
	expect_raw(512, 3, 2, -EPROTO);
	expect_raw(512, 2, 3, -EPROTO);
	expect_raw(512, 2, 2, -EPROTO);
	expect_raw(512, 0, 3, -EPROTO);
	expect_raw(512, 4, 4, -EPROTO);
	expect_raw(512, 5, 5, -EPROTO);
	expect_raw(512, 16, 16, -EPROTO);
	expect_raw(512, UINT32_MAX, 16, -EPROTO);
	expect_raw(512, 3, 5, -EPROTO);
	expect_raw(512, 3, 16, -EPROTO);
}

/*
 * One more than the message says: it is surplus, and so closed, whatever
 * becomes of the message.
 */
static void test_surplus_descriptor_is_closed(void)
{
	struct leat_message message, got;
	struct channel channel;
	int got_fds[LEAT_PROTO_FDS_MAX], res;

	channel_open(&channel);
	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	message.n_fds = 3;
	send_raw(&channel, &message, sizeof(message), 4);
	res = receive(&channel, &got, got_fds);
	CU_ASSERT_TRUE(res == 0 || res == -EPROTO);
	for (int i = 0; res == 0 && i < 3; i++)
		close(got_fds[i]);
	channel_close(&channel);
}

static void test_descriptors_of_an_empty_message(void)
{
	struct leat_message got;
	struct channel channel;
	int got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	send_raw(&channel, "", 0, 3);
	CU_ASSERT_TRUE(receive(&channel, &got, got_fds) < 0);
	channel_close(&channel);
}

/* What else the kernel tells beside a message is nothing to us. */
static void test_credentials_beside_a_message(void)
{
	struct leat_message message, got;
	struct channel channel;
	int yes = 1, got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	CU_ASSERT_EQUAL(setsockopt(channel.fds[1], SOL_SOCKET, SO_PASSCRED,
				   &yes, sizeof(yes)),
			0);
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	CU_ASSERT_EQUAL(leat_message_send(channel.fds[0], &message, NULL, 0),
			0);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), 0);
	CU_ASSERT_EQUAL(got.n_fds, 0);
	channel_close(&channel);
}

static void test_other_versions(void)
{
	struct leat_message message, got;
	struct channel channel;
	int got_fds[LEAT_PROTO_FDS_MAX];

	channel_open(&channel);
	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	message.n_fds = 3;
	message.version = LEAT_PROTO_VERSION + 1;
	send_raw(&channel, &message, sizeof(message), 3);
	CU_ASSERT_EQUAL(receive(&channel, &got, got_fds), -ENOTSUP);
	channel_close(&channel);
}

static void test_why_a_peer_is_gone(void)
{
	struct leat_error error;

	CU_ASSERT_STRING_EQUAL(leat_gone_text(&error, -EPIPE), "");
	CU_ASSERT_PTR_NOT_NULL(
		strstr(leat_gone_text(&error, -EPROTO), "protocol"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(leat_gone_text(&error, -ENOTSUP), "protocol"));
	CU_ASSERT_PTR_NOT_NULL(strstr(leat_gone_text(&error, -ENOMEM),
				      leat_errno_text(ENOMEM)));
}

/* Only to a local stream can everybody write without waiting. */
static void test_signals(void)
{
	static const struct {
		int domain, type;
		bool fits;
	} kinds[] = {
		{ AF_UNIX, SOCK_STREAM, true },
		{ AF_UNIX, SOCK_SEQPACKET, false },
		{ AF_UNIX, SOCK_DGRAM, false },
		{ AF_INET, SOCK_STREAM, false },
	};
	int fds[2];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = socket(kinds[i].domain, kinds[i].type | SOCK_CLOEXEC,
				0);

		CU_ASSERT_FATAL(fd >= 0);
		CU_ASSERT_EQUAL(leat_is_signal(fd), kinds[i].fits);
		close(fd);
	}
	CU_ASSERT_FATAL(pipe(fds) == 0);
	CU_ASSERT_FALSE(leat_is_signal(fds[1]));
	close(fds[0]);
	close(fds[1]);
}

static const struct unit_test tests[] = {
	{ "listen", "and connect", test_listen_and_connect },
	{ "listen", "the longest path", test_longest_path },
	{ "listen", "twice here", test_second_listener_here },
	{ "listen", "twice elsewhere", test_second_listener_elsewhere },
	{ "listen", "stale socket", test_stale_socket_is_replaced },
	{ "listen", "a link named like a lock", test_lock_is_no_link },
	{ "listen", "something in the way", test_something_in_the_way },
	{ "listen", "other users", test_other_users_are_refused },
	{ "listen", "a host of another user", test_host_of_another_user },
	{ "listen", "a strange lock", test_strange_lock },
	{ "listen", "pidfd", test_pidfd_of_the_peer },
	{ "messages", "with descriptors", test_message_with_descriptors },
	{ "messages", "without", test_message_without_descriptors },
	{ "messages", "send never waits", test_send_never_waits },
	{ "messages", "closed", test_closed_socket },
	{ "messages", "reset", test_reset_socket },
	{ "messages", "sizes", test_sizes_that_are_refused },
	{ "messages", "descriptors", test_descriptors_that_are_refused },
	{ "messages", "surplus", test_surplus_descriptor_is_closed },
	{ "messages", "empty", test_descriptors_of_an_empty_message },
	{ "messages", "credentials", test_credentials_beside_a_message },
	{ "messages", "version", test_other_versions },
	{ "messages", "why a peer is gone", test_why_a_peer_is_gone },
	{ "descriptors", "signals", test_signals },
};

UNIT_MAIN(tests)
