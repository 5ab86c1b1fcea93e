/* SPDX-License-Identifier: MIT */
/* Each system call and each allocation fails once: what is told, and left. */
#include <leat/fdring.h>
#include <leat/link.h>
#include <leat/shm.h>

#include "faults.h"
#include "helpers.h"
#include "link/rundir.h"
#include "link/side.h"
#include "link/socket.h"
#include "link/wire.h"
#include "node.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* More calls of a kind than any operation makes. */
#define N_CALLS_MAX 100u

/* What an operation that failed has said. */
static struct leat_error said;

/* ---- operations: each leaves nothing behind, and returns 0 or an error ---- */

static const char constant[] = "some bytes, longer than a short write";

static int create_shm(void)
{
	struct leat_shm shm;
	int res;

	memset(&shm, 0x55, sizeof(shm));
	res = leat_shm_create(&shm, "unit", 5000);
	CU_ASSERT_EQUAL(shm.addr != NULL, res == 0);
	CU_ASSERT_EQUAL(shm.fd >= 0, res == 0);
	leat_shm_finish(&shm);
	return res;
}

static int create_constant(void)
{
	struct leat_shm shm;
	int res;

	memset(&shm, 0x55, sizeof(shm));
	res = leat_shm_create_constant(&shm, "unit", constant,
				       sizeof(constant));
	CU_ASSERT_EQUAL(shm.addr != NULL, res == 0);
	if (res == 0)
		CU_ASSERT_EQUAL(memcmp(shm.addr, constant, sizeof(constant)),
				0);
	leat_shm_finish(&shm);
	return res;
}

/* The fault is for attaching: creating has calls of its own. */
static int sealed_fd(size_t size_bytes)
{
	int fd = memfd_create("unit", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FATAL(ftruncate(fd, (off_t)size_bytes) == 0);
	CU_ASSERT_FATAL(fcntl(fd, F_ADD_SEALS,
			      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
				      F_SEAL_SEAL) == 0);
	return fd;
}

static int attached_fd;

static int attach_shm(void)
{
	struct leat_shm shm;
	int res;

	memset(&shm, 0x55, sizeof(shm));
	res = leat_shm_attach(&shm, dup(attached_fd), 4096);
	CU_ASSERT_EQUAL(shm.fd >= 0, res == 0);
	leat_shm_finish(&shm);
	return res;
}

static int init_signal(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	struct leat_signal signal;
	int res = leat_signal_init(&signal, fd);

	close(fd);
	return res;
}

static const struct leat_frames_format format = {
	.n_channels = 2,
	.capacity = 64,
	.rate_hz = 48000,
};

static int create_frames(void)
{
	struct leat_frames_producer *producer = (void *)&said;
	struct leat_frames_consumer *consumer = (void *)&said;
	int res = leat_frames_producer_create(&producer, &format);

	CU_ASSERT_EQUAL(producer != NULL, res == 0);
	if (res < 0)
		return res;
	res = leat_frames_consumer_create(&consumer, &format);
	CU_ASSERT_EQUAL(consumer != NULL, res == 0);
	leat_frames_producer_destroy(producer);
	leat_frames_consumer_destroy(consumer);
	return res;
}

static int create_wire(void)
{
	const struct leat_wire_message message = { .generation = 1 };
	struct leat_link_spec spec = node_spec();
	struct leat_wire *wire = (void *)&said;
	int res = leat_wire_create(&wire, &spec, &message, LEAT_TO_JACK);

	CU_ASSERT_EQUAL(wire != NULL, res == 0);
	leat_wire_destroy(wire);
	return res;
}

static int create_side(void)
{
	struct leat_shm shm;
	int res = leat_side_create(&shm);

	leat_shm_finish(&shm);
	return res;
}

static const struct leat_link_events no_events;

static int create_host(void)
{
	struct leat_link_spec spec = node_spec();
	struct leat_host *host = (void *)&said;
	int res = leat_host_create(&host, &spec, &no_events, NULL, &said);

	CU_ASSERT_EQUAL(host != NULL, res == 0);
	leat_host_destroy(host);
	return res;
}

static int create_guest(void)
{
	struct leat_guest *guest = (void *)&said;
	int res = leat_guest_create(&guest, NODE_LINK, &no_events, NULL, &said);

	CU_ASSERT_EQUAL(guest != NULL, res == 0);
	leat_guest_destroy(guest);
	return res;
}

static int listen_on(void)
{
	struct leat_listener listener;
	int res = leat_listen(&listener, NODE_LINK, &said);

	CU_ASSERT_EQUAL(listener.fd >= 0, res == 0);
	CU_ASSERT_EQUAL(listener.lock_fd >= 0, res == 0);
	leat_listener_finish(&listener);
	CU_ASSERT_EQUAL(listener.fd, -1);
	CU_ASSERT_EQUAL(listener.lock_fd, -1);
	return res;
}

static int runtime_dir(void)
{
	char path[108];

	return leat_runtime_dir(path, sizeof(path), false, &said);
}

static int make_runtime_dir(void)
{
	char path[108];

	return leat_runtime_dir(path, sizeof(path), true, &said);
}

/* Of a link that somebody hosts. */
static struct leat_listener listening;

static int connect_socket(void)
{
	int fd = leat_connect(NODE_LINK, &said);
	int far_fd = fd < 0 ? -1 : leat_accept(&listening);

	if (fd >= 0)
		close(fd);
	if (far_fd >= 0)
		close(far_fd);
	return fd < 0 ? fd : far_fd < 0 ? far_fd : 0;
}

static int pass_message(void)
{
	struct leat_message message, got;
	int fds[LEAT_PROTO_FDS_MAX], pair[2], res;

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				   pair) == 0);
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TOOL;
	res = leat_message_send(pair[0], &message, NULL, 0);
	if (res == 0)
		res = leat_message_recv(pair[1], &got, fds);
	if (res == 0)
		CU_ASSERT_EQUAL(memcmp(&message, &got, sizeof(got)), 0);
	close(pair[0]);
	close(pair[1]);
	return res;
}

/* ---- what is told ---- */

static const struct {
	int (*run)(void);
	enum fault_call call;
	int error;
	int res;    /* of the operation */
	bool words; /* it says so too */
} cases[] = {
	{ create_shm, FAULT_MEMFD_CREATE, EMFILE, -EMFILE, false },
	{ create_shm, FAULT_FTRUNCATE, EFBIG, -EFBIG, false },
	{ create_shm, FAULT_MMAP, ENOMEM, -ENOMEM, false },
	{ create_shm, FAULT_FCNTL, EBUSY, -EBUSY, false },
	{ create_shm, FAULT_MLOCK, ENOMEM, 0, false },
	{ create_shm, FAULT_MADVISE, EINVAL, 0, false }, /* an older kernel */
	{ create_shm, FAULT_MADVISE, EFAULT, -ENOMEM, false },
	{ create_shm, FAULT_MADVISE, EIO, -EIO, false },
	{ attach_shm, FAULT_MADVISE, EINVAL, 0, false },
	{ create_constant, FAULT_MEMFD_CREATE, EMFILE, -EMFILE, false },
	{ create_constant, FAULT_WRITE, ENOSPC, -ENOSPC, false },
	{ create_constant, FAULT_WRITE, EINTR, 0, false },
	{ create_constant, FAULT_FCNTL, EBUSY, -EBUSY, false },
	{ create_constant, FAULT_MMAP, ENOMEM, -ENOMEM, false },
	{ attach_shm, FAULT_FCNTL, EINVAL, -EPROTO, false },
	{ attach_shm, FAULT_FSTAT, EIO, -EIO, false },
	{ attach_shm, FAULT_MMAP, EAGAIN, -EAGAIN, false },
	{ init_signal, FAULT_FSTAT, EIO, -EIO, false },
	{ init_signal, FAULT_FCNTL, EACCES, -EACCES, false },
	{ create_frames, FAULT_ALLOC, ENOMEM, -ENOMEM, false },
	{ create_frames, FAULT_MEMFD_CREATE, ENFILE, -ENFILE, false },
	{ create_wire, FAULT_ALLOC, ENOMEM, -ENOMEM, false },
	{ create_wire, FAULT_MEMFD_CREATE, ENFILE, -ENFILE, false },
	{ create_side, FAULT_MEMFD_CREATE, ENFILE, -ENFILE, false },
	{ create_host, FAULT_ALLOC, ENOMEM, -ENOMEM, true },
	{ create_host, FAULT_EPOLL_CREATE1, EMFILE, -EMFILE, true },
	{ create_host, FAULT_EPOLL_CTL, ENOSPC, -ENOSPC, true },
	{ create_host, FAULT_MEMFD_CREATE, EMFILE, -EMFILE, true },
	{ create_host, FAULT_SOCKET, EMFILE, -EMFILE, true },
	{ create_guest, FAULT_ALLOC, ENOMEM, -ENOMEM, true },
	{ create_guest, FAULT_EPOLL_CREATE1, EMFILE, -EMFILE, true },
	{ create_guest, FAULT_MEMFD_CREATE, EMFILE, -EMFILE, true },
	{ listen_on, FAULT_OPEN, EACCES, -EACCES, true },
	{ listen_on, FAULT_FLOCK, EWOULDBLOCK, -EADDRINUSE, true },
	{ listen_on, FAULT_OPEN, EINTR, 0, false }, /* looks again */
	{ listen_on, FAULT_FLOCK, ENOLCK, -ENOLCK, true },
	{ listen_on, FAULT_FSTAT, EIO, -EIO, true },
	{ listen_on, FAULT_STAT, ENOENT, 0, false }, /* looks again */
	{ listen_on, FAULT_STAT, ENOMEM, -ENOMEM, true },
	{ listen_on, FAULT_FTRUNCATE, EIO, -EIO, true },
	{ listen_on, FAULT_DPRINTF, ENOSPC, -ENOSPC, true },
	{ listen_on, FAULT_SOCKET, EMFILE, -EMFILE, true },
	{ listen_on, FAULT_BIND, EACCES, -EACCES, true },
	{ listen_on, FAULT_LISTEN, EADDRINUSE, -EADDRINUSE, true },
	{ listen_on, FAULT_MKDIR, EROFS, -EROFS, true },
	{ runtime_dir, FAULT_LSTAT, EACCES, -EACCES, true },
	{ runtime_dir, FAULT_ACCESS, ENOENT, -ENOENT, false },
	{ runtime_dir, FAULT_ACCESS, EACCES, 0, false },
	{ runtime_dir, FAULT_SNPRINTF, EOVERFLOW, -ENAMETOOLONG, true },
	{ make_runtime_dir, FAULT_MKDIR, EROFS, -EROFS, true },
	{ connect_socket, FAULT_SOCKET, EMFILE, -EMFILE, true },
	{ connect_socket, FAULT_CONNECT, ECONNREFUSED, -ENOENT, true },
	{ connect_socket, FAULT_CONNECT, EAGAIN, -EAGAIN, true },
	{ connect_socket, FAULT_ACCEPT4, EMFILE, -EMFILE, false },
	{ connect_socket, FAULT_GETSOCKOPT, EINVAL, -EINVAL, false },
	{ connect_socket, FAULT_SNPRINTF, EOVERFLOW, -ENAMETOOLONG, true },
	{ pass_message, FAULT_SENDMSG, EINTR, 0, false },
	{ pass_message, FAULT_SENDMSG, EPIPE, -EPIPE, false },
	{ pass_message, FAULT_RECVMSG, EINTR, 0, false },
	{ pass_message, FAULT_RECVMSG, ECONNRESET, 0, false },
	{ pass_message, FAULT_RECVMSG, EIO, -EIO, false },
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

/* The first call fails, then the second, until there is none so far on. */
static void fail_each(size_t i)
{
	unsigned n_fds = unit_count_fds(), n_blocks = faults_blocks();

	for (unsigned nth = 0; nth < N_CALLS_MAX; nth++) {
		int res;

		memset(&said, 0, sizeof(said));
		faults_fail(cases[i].call, nth, cases[i].error);
		res = cases[i].run();
		if (!faults_end()) {
			CU_ASSERT_EQUAL(res, 0);
			CU_ASSERT_TRUE(nth > 0);
			return;
		}
		CU_ASSERT_EQUAL(res, cases[i].res);
		if (cases[i].words)
			CU_ASSERT_TRUE(strlen(said.text) > 10);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		CU_ASSERT_EQUAL(faults_blocks(), n_blocks);
		CU_ASSERT_EQUAL(faults_bad_closes(), 0);
	}
	CU_FAIL("it does not end");
}

/* What the operations need around them. */
static void set_up(bool hosted)
{
	CU_ASSERT_FATAL(unit_rundir_make());
	attached_fd = sealed_fd(4096);
	if (hosted)
		CU_ASSERT_FATAL(leat_listen(&listening, NODE_LINK, NULL) == 0);
}

static void tear_down(bool hosted)
{
	if (hosted)
		leat_listener_finish(&listening);
	close(attached_fd);
	unit_rundir_remove();
}

static bool needs_host(size_t i)
{
	return cases[i].run == connect_socket || cases[i].run == runtime_dir;
}

static void test_each_call_fails(void)
{
	unsigned n_fds = unit_count_fds();

	for (size_t i = 0; i < N_CASES; i++) {
		set_up(needs_host(i));
		fail_each(i);
		tear_down(needs_host(i));
	}
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* A descriptor of number 0 is as good as any: each is it in turn. */
static void zero_each(size_t i)
{
	for (unsigned nth = 0; nth < N_CALLS_MAX; nth++) {
		unsigned n_fds = unit_count_fds();

		faults_free_zero(nth);
		CU_ASSERT_EQUAL(cases[i].run(), 0);
		if (!faults_end())
			return;
		/* It is closed, and once. */
		CU_ASSERT_FALSE(unit_fd_open(0));
		CU_ASSERT_EQUAL(faults_bad_closes(), 0);
		CU_ASSERT_EQUAL(open("/dev/null", O_RDWR), 0);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	}
	CU_FAIL("it does not end");
}

static void test_descriptor_zero(void)
{
	CU_ASSERT_TRUE(unit_fd_open(0));
	for (size_t i = 0; i < N_CASES; i++) {
		if (i > 0 && cases[i].run == cases[i - 1].run)
			continue;
		set_up(needs_host(i));
		zero_each(i);
		tear_down(needs_host(i));
	}
}

/*
 * The name of the lock cannot be made: nobody listens then, and what cannot be
 * removed is removed by the next one.
 */
static void test_lock_without_a_name(void)
{
	unsigned n_refused = 0, n_fds = unit_count_fds();
	bool hit = true;

	CU_ASSERT_FATAL(unit_rundir_make());
	for (unsigned nth = 0; hit; nth++) {
		int res;

		memset(&said, 0, sizeof(said));
		faults_fail(FAULT_SNPRINTF, nth, EOVERFLOW);
		res = listen_on();
		hit = faults_end();
		CU_ASSERT_TRUE(res == 0 || res == -ENAMETOOLONG);
		CU_ASSERT_EQUAL(strlen(said.text) > 10, res < 0);
		n_refused += res < 0;
	}
	CU_ASSERT_EQUAL(n_refused, 4);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

/* Between opening and locking it, another host has come and gone. */
static void replace_lock(void)
{
	char path[108], other[108];
	int fd;

	snprintf(path, sizeof(path), "%s/leat/.%s.lock", unit_rundir(),
		 NODE_LINK);
	snprintf(other, sizeof(other), "%s/leat/other", unit_rundir());
	fd = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_TRUE(fd >= 0);
	close(fd);
	CU_ASSERT_EQUAL(rename(other, path), 0);
}

static void test_lock_is_replaced(void)
{
	struct leat_listener listener, second;
	unsigned n_fds;

	CU_ASSERT_FATAL(unit_rundir_make());
	n_fds = unit_count_fds();
	faults_meanwhile(FAULT_FLOCK, 0, replace_lock);
	CU_ASSERT_EQUAL(leat_listen(&listener, NODE_LINK, &said), 0);
	CU_ASSERT_TRUE(faults_end());
	/* What it holds is the lock that others see. */
	CU_ASSERT_EQUAL(leat_listen(&second, NODE_LINK, &said), -EADDRINUSE);
	leat_listener_finish(&listener);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

/* ---- bytes ---- */

static void test_short_writes(void)
{
	for (unsigned nth = 0; nth < 2; nth++) {
		faults_shorten(FAULT_WRITE, nth, 5);
		CU_ASSERT_EQUAL(create_constant(), 0);
		CU_ASSERT_EQUAL(faults_end(), nth == 0);
	}
}

static void test_unlocked_memory(void)
{
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 1) == 0);
	CU_ASSERT_TRUE(shm.locked);
	leat_shm_finish(&shm);
	faults_fail(FAULT_MLOCK, 0, ENOMEM);
	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 1) == 0);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_FALSE(shm.locked);
	leat_shm_finish(&shm);
}

static int create_huge(int error)
{
	const struct leat_shm_config config = {
		.size_bytes = 1,
		.flags = LEAT_SHM_HUGE,
	};
	struct leat_shm shm;
	int res;

	faults_fail(FAULT_MEMFD_CREATE, 0, error);
	res = leat_shm_create_with(&shm, "unit", &config);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_TRUE(res < 0);
	leat_shm_finish(&shm);
	return res;
}

/* As kernels put it that have no huge pages; other errors are others. */
static void test_no_huge_pages(void)
{
	CU_ASSERT_EQUAL(create_huge(ENOSYS), -ENOSPC);
	CU_ASSERT_EQUAL(create_huge(ENODEV), -ENOSPC);
	CU_ASSERT_EQUAL(create_huge(ENOENT), -ENOSPC);
	CU_ASSERT_EQUAL(create_huge(EMFILE), -EMFILE);
	faults_fail(FAULT_MEMFD_CREATE, 0, ENOENT);
	CU_ASSERT_EQUAL(create_shm(), -ENOENT);
	CU_ASSERT_TRUE(faults_end());
	faults_fail(FAULT_MEMFD_CREATE, 0, ENOSYS);
	CU_ASSERT_EQUAL(leat_shm_page_bytes(LEAT_SHM_HUGE), 0);
	faults_fail(FAULT_MEMFD_CREATE, 0, ENOSYS);
	CU_ASSERT_EQUAL(leat_shm_page_bytes(LEAT_SHM_HUGE_IF_ANY), 4096);
	CU_ASSERT_TRUE(faults_end());
}

/* Nothing at all, and nothing in it. */
/* A signal that cannot be used is closed at once, and forgotten. */
static void test_unusable_signal(void)
{
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
	unsigned n_fds;
	int fds[2];

	CU_ASSERT_FATAL(leat_frames_producer_create(&producer, &format) == 0);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &format) == 0);
	n_fds = unit_count_fds();
	CU_ASSERT_FATAL(pipe(fds) == 0);
	faults_fail(FAULT_FCNTL, 0, EACCES);
	CU_ASSERT_EQUAL(leat_frames_producer_connect(
				producer,
				dup(leat_frames_consumer_fd(consumer)), fds[1]),
			-EACCES);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds + 1);
	faults_fail(FAULT_FCNTL, 0, EACCES);
	CU_ASSERT_EQUAL(leat_frames_consumer_connect(
				consumer,
				dup(leat_frames_producer_fd(producer)), fds[0]),
			-EACCES);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	leat_frames_producer_destroy(producer);
	leat_frames_consumer_destroy(consumer);
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
}

static void test_attaching_nothing(void)
{
	int fd = sealed_fd(0);
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_shm_attach(&shm, -1, 4096), -EPROTO);
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
	CU_ASSERT_EQUAL(leat_shm_attach(&shm, fd, 0), -EPROTO);
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
}

static const struct unit_test tests[] = {
	{ "calls", "each call fails in turn", test_each_call_fails },
	{ "calls", "all of it with descriptor 0", test_descriptor_zero },
	{ "calls", "a lock without a name", test_lock_without_a_name },
	{ "calls", "a lock is replaced", test_lock_is_replaced },
	{ "memory", "short writes", test_short_writes },
	{ "memory", "memory that cannot be locked", test_unlocked_memory },
	{ "memory", "no huge pages", test_no_huge_pages },
	{ "memory", "attaching nothing", test_attaching_nothing },
	{ "memory", "unusable signal", test_unusable_signal },
};

UNIT_MAIN(tests)
