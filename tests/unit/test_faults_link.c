/* SPDX-License-Identifier: MIT */
/* Two sides meet, and any one call on the way fails. */
#include <leat/link.h>
#include <leat/load.h>
#include <leat/status.h>

#include "faults.h"
#include "helpers.h"
#include "link/load_part.h"
#include "link/socket.h"
#include "node.h"
#include "peers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* More calls of a kind than there are. */
#define N_CALLS_MAX 100u

/* ---- a link whose calls fail ---- */

/* But for 0, which is given to others. */
static unsigned count_inherited(void)
{
	unsigned n = 0;

	for (int fd = 1; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);

		n += flags >= 0 && !(flags & FD_CLOEXEC);
	}
	return n;
}

/* Nobody waits for what does not come. */
static void check_wires(const struct node *host, const struct node *guest)
{
	if (!leat_guest_connected(guest->guest))
		return;
	CU_ASSERT_PTR_NOT_NULL_FATAL(host->wire);
	CU_ASSERT_PTR_NOT_NULL_FATAL(guest->wire);
	CU_ASSERT_EQUAL(host->wire->generation, guest->wire->generation);
}

/* What cannot be true of a link, whatever fails in it. */
static void check_nodes(const struct node *host, const struct node *guest,
			enum fault_call call, int error)
{
	/* That nothing was there after all is no failure. */
	if (call == FAULT_RECVMSG && error == EAGAIN) {
		CU_ASSERT_EQUAL(host->n_gone + guest->n_gone, 0);
		CU_ASSERT_EQUAL(host->n_wires, 2);
		CU_ASSERT_EQUAL(guest->n_wires, 2);
	}
	/* The reason is given, and it is the true one. */
	if (call == FAULT_SOCKETPAIR && host->n_gone + guest->n_gone > 0)
		CU_ASSERT_TRUE(strstr(host->text, leat_errno_text(error)) ||
			       strstr(guest->text, leat_errno_text(error)));
	if (call == FAULT_SENDMSG) {
		CU_ASSERT_PTR_NULL(strstr(host->text, "protocol"));
		CU_ASSERT_PTR_NULL(strstr(guest->text, "protocol"));
	}
	if (call == FAULT_ANY_DESCRIPTOR)
		CU_ASSERT_EQUAL(host->n_wires + guest->n_wires, 4);
	CU_ASSERT_EQUAL(faults_epoll_waits(), 0);
}

/* The guest is the first to call these, and says why it could not. */
static bool is_of_guest(enum fault_call call)
{
	return call == FAULT_SENDMSG || call == FAULT_EPOLL_CTL ||
	       call == FAULT_SOCKET;
}

/* Meet with a fault on the way; then without, on what is left of it. */
static bool meet(enum fault_call call, unsigned nth, int error)
{
	struct leat_link_spec spec = node_spec();
	struct node host, guest;
	struct leat_error text;
	unsigned n_inherited = count_inherited();
	bool hit;
	int res;

	CU_ASSERT_FATAL(node_host(&host, &spec) == 0);
	CU_ASSERT_FATAL(node_guest(&guest) == 0);
	if (call == FAULT_ANY_DESCRIPTOR)
		faults_free_zero(nth);
	else
		faults_fail(call, nth, error);
	res = leat_guest_connect(guest.guest, &text);
	node_settle(&host, &guest);
	check_wires(&host, &guest);
	spec.capacity *= 2;
	leat_host_update(host.host, &spec);
	node_settle(&host, &guest);
	check_wires(&host, &guest);
	hit = faults_end();
	CU_ASSERT_EQUAL(leat_guest_connected(guest.guest),
			res == 0 && guest.n_gone == 0);
	/* Both know of it, or neither. */
	node_settle(&host, &guest);
	if (hit && nth == 0 && is_of_guest(call))
		CU_ASSERT_EQUAL(res, -error);
	if (hit)
		check_nodes(&host, &guest, call, error);
	CU_ASSERT_EQUAL(leat_guest_connect(guest.guest, &text), 0);
	node_settle(&host, &guest);
	CU_ASSERT_PTR_NOT_NULL(host.wire);
	CU_ASSERT_PTR_NOT_NULL(guest.wire);
	if (host.wire && guest.wire) {
		CU_ASSERT_EQUAL(host.wire->generation, guest.wire->generation);
		CU_ASSERT_TRUE(node_cross(host.wire, guest.wire));
		CU_ASSERT_TRUE(node_cross(guest.wire, host.wire));
	}
	CU_ASSERT_EQUAL(count_inherited(), n_inherited);
	node_close(&guest);
	node_close(&host);
	return hit;
}

static void test_meeting_fails(void)
{
	static const struct {
		enum fault_call call;
		int error;
	} faults[] = {
		{ FAULT_ACCEPT4, EMFILE },	 { FAULT_ALLOC, ENOMEM },
		{ FAULT_CONNECT, ECONNREFUSED }, { FAULT_EPOLL_CTL, ENOSPC },
		{ FAULT_FCNTL, EACCES },	 { FAULT_FSTAT, EIO },
		{ FAULT_FTRUNCATE, EFBIG },	 { FAULT_GETSOCKOPT, EINVAL },
		{ FAULT_MEMFD_CREATE, EMFILE },	 { FAULT_MMAP, ENOMEM },
		{ FAULT_RECVMSG, EAGAIN },	 { FAULT_RECVMSG, EIO },
		{ FAULT_RECVMSG, ECONNRESET },	 { FAULT_SENDMSG, ENOBUFS },
		{ FAULT_SENDMSG, EPIPE },	 { FAULT_SENDMSG, ECONNRESET },
		{ FAULT_SOCKET, EMFILE },	 { FAULT_SOCKETPAIR, EMFILE },
		{ FAULT_SYSCALL, ENOSYS },	 { FAULT_SNPRINTF, EOVERFLOW },
		{ FAULT_LSTAT, EACCES },
	};
	unsigned n_fds, n_blocks = faults_blocks();

	CU_ASSERT_FATAL(unit_rundir_make());
	n_fds = unit_count_fds();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		for (unsigned nth = 0; nth < N_CALLS_MAX; nth++) {
			bool hit = meet(faults[i].call, nth, faults[i].error);

			CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
			CU_ASSERT_EQUAL(faults_blocks(), n_blocks);
			CU_ASSERT_EQUAL(faults_bad_closes(), 0);
			CU_ASSERT_TRUE(hit || nth > 0);
			if (!hit)
				break;
		}
	unit_rundir_remove();
}

/* Silent clients that make room for others are closed once. */
static void test_silent_clients(void)
{
	struct leat_link_spec spec = node_spec();
	struct node host;
	unsigned n_fds;
	int fds[20];

	CU_ASSERT_FATAL(unit_rundir_make());
	n_fds = unit_count_fds();
	CU_ASSERT_FATAL(node_host(&host, &spec) == 0);
	for (int i = 0; i < 20; i++) {
		fds[i] = leat_connect(NODE_LINK, NULL);
		CU_ASSERT_TRUE(fds[i] >= 0);
		node_settle(&host, &nobody);
	}
	node_close(&host);
	for (int i = 0; i < 20; i++)
		close(fds[i]);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	CU_ASSERT_EQUAL(faults_bad_closes(), 0);
	unit_rundir_remove();
}

/* The same where one of all descriptors has the number 0. */
static void test_meeting_at_zero(void)
{
	CU_ASSERT_FATAL(unit_fd_open(0) && unit_rundir_make());
	for (unsigned nth = 0; nth < N_CALLS_MAX; nth++) {
		unsigned n_fds = unit_count_fds();

		if (!meet(FAULT_ANY_DESCRIPTOR, nth, 0))
			break;
		CU_ASSERT_FALSE(unit_fd_open(0));
		CU_ASSERT_EQUAL(faults_bad_closes(), 0);
		CU_ASSERT_EQUAL(open("/dev/null", O_RDWR), 0);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		CU_ASSERT_TRUE(nth < N_CALLS_MAX - 1);
	}
	unit_rundir_remove();
}

/* ---- asking for the status ---- */

static int ask_load(const char *link_name, struct leat_link_status *status)
{
	struct leat_load *load;
	int res = leat_load_open(&load, link_name);

	if (res < 0)
		return load ? 1 : res;
	leat_load_status(load, status);
	leat_load_close(load);
	return res;
}

struct query {
	int (*ask)(const char *link_name, struct leat_link_status *status);
	enum fault_call call;
	unsigned nth;
	int error;
	int res; /* that is expected */
};

static int query_status(void *user)
{
	const struct query *query = user;
	struct leat_link_status status;
	unsigned n_fds = unit_count_fds(), n_blocks = faults_blocks();
	int res;

	if (query->call == FAULT_ANY_DESCRIPTOR) {
		faults_free_zero(query->nth);
		n_fds--;
	} else {
		faults_fail(query->call, query->nth, query->error);
	}
	res = query->ask(NODE_LINK, &status);
	if (res != query->res || faults_end() != (query->call != FAULT_NONE))
		return 1;
	if (n_fds != unit_count_fds() || faults_bad_closes() > 0 ||
	    n_blocks != faults_blocks())
		return 2;
	return res == 0 && status.jack.alive != 1 ? 3 : 0;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       info.si_pid == pid;
}

static void test_status_query_fails(void)
{
	static const struct query queries[] = {
		{ leat_status_query, FAULT_NONE, 0, 0, 0 },
		{ leat_status_query, FAULT_ANY_DESCRIPTOR, 0, 0, 0 },
		{ leat_status_query, FAULT_SOCKET, 0, EMFILE, -EMFILE },
		{ leat_status_query, FAULT_SENDMSG, 0, ENOBUFS, -ENOBUFS },
		{ leat_status_query, FAULT_SENDMSG, 0, EPIPE, -ENOENT },
		{ leat_status_query, FAULT_POLL, 0, EINTR, -EINTR },
		{ leat_status_query, FAULT_RECVMSG, 0, EIO, -EIO },
		{ leat_status_query, FAULT_MMAP, 0, ENOMEM, -ENOMEM },
		{ leat_status_query, FAULT_MMAP, 1, EAGAIN, -ENOMEM },
		{ ask_load, FAULT_NONE, 0, 0, 0 },
		{ ask_load, FAULT_ANY_DESCRIPTOR, 0, 0, 0 },
		{ ask_load, FAULT_SOCKET, 0, EMFILE, -EMFILE },
		{ ask_load, FAULT_RECVMSG, 0, EIO, -EIO },
		{ ask_load, FAULT_ALLOC, 0, ENOMEM, -ENOMEM },
	};
	struct leat_link_spec spec = node_spec();
	struct node host, guest;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(node_host(&host, &spec) == 0);
	CU_ASSERT_FATAL(node_guest(&guest) == 0);
	leat_host_status(host.host)->alive.atomic_value = 1;
	CU_ASSERT_TRUE(node_connect(&guest));
	node_settle(&host, &guest);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct query query = queries[i];
		pid_t pid = unit_fork(query_status, &query);
		int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;

		/* Until it has its answer, or needs none. */
		while (!has_ended(pid) && unit_now_ms() < deadline_ms)
			if (unit_readable(node_fd(&host), 1))
				node_settle(&host, &guest);
		CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	}
	node_close(&guest);
	node_close(&host);
	unit_rundir_remove();
}

static void test_no_memory_for_a_load(void)
{
	struct leat_shm shm;

	faults_fail(FAULT_MEMFD_CREATE, 0, ENFILE);
	CU_ASSERT_EQUAL(leat_load_part_create(&shm), -ENFILE);
	CU_ASSERT_TRUE(faults_end());
}

/* ---- who is told of it ---- */

static void count_trouble(void *user, const char *text)
{
	unsigned *n = user;

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "cannot watch for who joins"));
	++*n;
}

/* Of what is wanting here, and not of what a peer does. */
static void test_trouble_is_told(void)
{
	static const struct {
		int error;
		unsigned n_told;
	} cases[] = {
		{ EMFILE, 1 }, { ENFILE, 1 }, { ENOBUFS, 1 }, { ENOMEM, 1 },
		{ ENOSPC, 1 }, { EPERM, 0 },  { EINVAL, 0 },
	};
	const struct leat_link_events events = { .trouble = count_trouble };
	struct leat_link_spec spec = node_spec();
	struct node host = { 0 };
	struct leat_error error;
	unsigned n_told = 0;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(leat_host_create(&host.host, &spec, &events, &n_told,
					 &error) == 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = leat_connect(NODE_LINK, NULL);

		n_told = 0;
		faults_fail(FAULT_EPOLL_CTL, 0, cases[i].error);
		node_settle(&host, &nobody);
		CU_ASSERT_TRUE(faults_end());
		CU_ASSERT_EQUAL(n_told, cases[i].n_told);
		close(fd);
	}
	node_close(&host);
	unit_rundir_remove();
}

/* Then the guest has no link, whatever else it could send. */
static void test_a_load_that_cannot_be_sent(void)
{
	struct leat_link_spec spec = node_spec();
	struct leat_message message;
	struct guest_test test;

	guest_open(&test);
	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, &spec);
	message.body.spec.features = LEAT_FEATURE_LOAD;
	say(test.fd, &message, NULL, 0);
	faults_fail(FAULT_SENDMSG, 0, ENOBUFS);
	guest_settle(&test);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(test.guest.n_gone, 1);
	guest_close(&test);
}

/* ---- no descriptor for a peer ---- */

/*
 * Whether the one that waits is turned away if it cannot be accepted. Else the
 * listener stays readable, and its owner must not spin over it.
 */
static bool turned_away(struct leat_listener *listener, int error)
{
	int fd = leat_connect(NODE_LINK, NULL), far_fd;
	int64_t since_ms;
	char byte;
	bool away;

	CU_ASSERT_FATAL(fd >= 0);
	faults_fail(FAULT_ACCEPT4, 0, error);
	since_ms = unit_now_ms();
	CU_ASSERT_EQUAL(leat_accept(listener), -error);
	CU_ASSERT_TRUE(faults_end());
	away = recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
	CU_ASSERT_TRUE(away || unit_now_ms() - since_ms >=
				       LEAT_ACCEPT_PAUSE_NS / 1000000 - 1);
	far_fd = leat_accept(listener);
	CU_ASSERT_EQUAL(far_fd >= 0, !away);
	if (far_fd >= 0)
		close(far_fd);
	close(fd);
	return away;
}

/* Else the listener is readable, and nobody can do anything about it. */
static void test_peers_are_turned_away(void)
{
	struct leat_listener listener;
	unsigned n_fds;

	CU_ASSERT_FATAL(unit_rundir_make());
	n_fds = unit_count_fds();
	CU_ASSERT_EQUAL_FATAL(leat_listen(&listener, NODE_LINK, NULL), 0);
	CU_ASSERT_TRUE(listener.spare_fd > 2);
	CU_ASSERT_TRUE(turned_away(&listener, EMFILE));
	CU_ASSERT_TRUE(listener.spare_fd > 2);
	CU_ASSERT_TRUE(turned_away(&listener, ENFILE));
	CU_ASSERT_FALSE(turned_away(&listener, ENOMEM));
	close(listener.spare_fd);
	listener.spare_fd = -1;
	CU_ASSERT_FALSE(turned_away(&listener, EMFILE));
	leat_listener_finish(&listener);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

/* It rests only where its listener would stay readable. */
static void test_who_accepts_does_not_rest(void)
{
	static const int errors[] = { EAGAIN, ECONNABORTED };
	struct leat_listener listener;
	unsigned n_naps = faults_naps();
	int fd, far_fd;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL_FATAL(leat_listen(&listener, NODE_LINK, NULL), 0);
	for (int i = 0; i < 2; i++) {
		faults_fail(FAULT_ACCEPT4, 0, errors[i]);
		CU_ASSERT_EQUAL(leat_accept(&listener), -errors[i]);
	}
	fd = leat_connect(NODE_LINK, NULL);
	far_fd = leat_accept(&listener);
	CU_ASSERT_TRUE(far_fd >= 0);
	CU_ASSERT_EQUAL(faults_naps(), n_naps);
	faults_fail(FAULT_ACCEPT4, 0, ENOMEM);
	CU_ASSERT_EQUAL(leat_accept(&listener), -ENOMEM);
	CU_ASSERT_EQUAL(faults_naps(), n_naps + 1);
	close(far_fd);
	close(fd);
	leat_listener_finish(&listener);
	unit_rundir_remove();
}

/* What comes with a message has no place here; the message is none then. */
static void test_no_descriptor_left(void)
{
	int fds[LEAT_PROTO_FDS_MAX], pair[2], all[64], n = 0;
	struct rlimit before, less;
	struct leat_message message;

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				   pair) == 0);
	say_type(pair[0], LEAT_MESSAGE_TAP, 2);
	CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &before) == 0);
	less = before;
	less.rlim_cur = 64;
	CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, &less) == 0);
	while (n < 64 && (all[n] = dup(0)) >= 0)
		n++;
	CU_ASSERT_EQUAL(hear(pair[1], &message, fds), -EMFILE);
	while (n > 0)
		close(all[--n]);
	CU_ASSERT(setrlimit(RLIMIT_NOFILE, &before) == 0);
	close(pair[0]);
	close(pair[1]);
}

static const struct unit_test tests[] = {
	{ "link", "meeting fails and succeeds", test_meeting_fails },
	{ "link", "silent clients", test_silent_clients },
	{ "link", "meeting with descriptor 0", test_meeting_at_zero },
	{ "link", "peers without a descriptor", test_peers_are_turned_away },
	{ "link", "rests", test_who_accepts_does_not_rest },
	{ "link", "no descriptor left", test_no_descriptor_left },
	{ "link", "trouble is told", test_trouble_is_told },
	{ "link", "a load not sent", test_a_load_that_cannot_be_sent },
	{ "status", "asking fails", test_status_query_fails },
	{ "status", "no memory for a load", test_no_memory_for_a_load },
};

UNIT_MAIN(tests)
