/* SPDX-License-Identifier: MIT */
/*
 * Each side in a process of its own, and one of them dies. A child is forked
 * before the parent opens anything, so that nothing is held open by it.
 */
#include <leat/link.h>

#include "helpers.h"
#include "link/side.h"
#include "link/socket.h"
#include "node.h"
#include <leat/inline/atomics.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a guest that sends back what it gets ---- */

#define BLOCK_MAX 256u

struct block {
	float samples[BLOCK_MAX];
	uint32_t n_frames;
};

static void take(void *user, const struct leat_frames_view *view)
{
	struct block *block = user;

	memcpy(block->samples + view->n_before, leat_frames_view_plane(view, 0),
	       view->n_frames * sizeof(float));
	block->n_frames = view->n_before + view->n_frames;
}

static void give(void *user, const struct leat_frames_room *room)
{
	const struct block *block = user;

	memcpy(leat_frames_room_plane(room, 0), block->samples + room->n_before,
	       room->n_frames * sizeof(float));
}

/* All that is there; the other side takes care that there is room. */
static bool echo(struct leat_wire *wire)
{
	struct block block = { .n_frames = 0 };
	uint32_t n = leat_frames_recv(wire->in, BLOCK_MAX, take, &block);

	return leat_frames_send(wire->out, n, give, &block) == n;
}

/* Sleep until there is a frame to send back, or a message. */
static bool sleep_on_both(struct node *guest)
{
	struct pollfd fds[2] = {
		{ .fd = node_fd(guest), .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	if (guest->wire) {
		fds[1].fd = leat_frames_wait_fd(guest->wire->in);
		if (leat_frames_prepare_wait(guest->wire->in, 1))
			return true;
	}
	return poll(fds, 2, UNIT_DEADLINE_MS) > 0;
}

static int run_guest(struct node *guest)
{
	while (guest->n_gone == 0) {
		if (!sleep_on_both(guest))
			return 3;
		leat_guest_dispatch(guest->guest);
		if (guest->wire && !echo(guest->wire))
			return 4;
	}
	return 0;
}

static int guest_in_child(void *user)
{
	struct node guest;
	int code;

	(void)user;
	if (node_guest(&guest) < 0)
		return 1;
	if (!node_connect(&guest))
		return 2;
	code = run_guest(&guest);
	node_close(&guest);
	return code;
}

static pid_t start_guest(void)
{
	return unit_fork(guest_in_child, NULL);
}

/* ---- a host that listens to what comes back ---- */

static void host_open(struct node *host)
{
	struct leat_link_spec spec = node_spec();

	CU_ASSERT_FATAL(node_host(host, &spec) == 0);
}

/* Send a block and wait until all of it is back. */
static bool ping(struct leat_wire *wire, uint32_t n, float first)
{
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	struct block sent = { .n_frames = n }, got = { .n_frames = 0 };
	uint32_t n_back = 0;

	for (uint32_t i = 0; i < n; i++)
		sent.samples[i] = first + (float)i;
	if (leat_frames_send(wire->out, n, give, &sent) != n)
		return false;
	while (n_back < n && unit_now_ms() < deadline_ms) {
		uint32_t n_got =
			leat_frames_recv(wire->in, n - n_back, take, &got);

		if (memcmp(got.samples, sent.samples + n_back,
			   n_got * sizeof(float)) != 0)
			return false;
		n_back += n_got;
		if (n_got == 0)
			sched_yield();
	}
	return n_back == n;
}

static void expect_echo(struct leat_wire *wire)
{
	bool good = true;

	for (uint32_t i = 0; i < 200 && good; i++)
		good = ping(wire, 1 + i, (float)(i * 1000));
	CU_ASSERT_TRUE(good);
}

static void test_frames_cross_both_ways(void)
{
	struct node host;
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	pid = start_guest();
	host_open(&host);
	CU_ASSERT_TRUE_FATAL(node_wait(&host, &host.n_wires, 1));
	expect_echo(host.wire);
	/* Its owner going away is all that the guest needs to leave. */
	leat_host_destroy(host.host);
	host.host = NULL;
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	node_close(&host);
	unit_rundir_remove();
}

static void test_new_rate(void)
{
	struct leat_link_spec spec = node_spec();
	struct node host;
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	pid = start_guest();
	host_open(&host);
	CU_ASSERT_TRUE_FATAL(node_wait(&host, &host.n_wires, 1));
	expect_echo(host.wire);
	spec.rate_hz = 96000;
	spec.capacity = 512;
	leat_host_update(host.host, &spec);
	CU_ASSERT_TRUE_FATAL(node_wait(&host, &host.n_wires, 2));
	CU_ASSERT_EQUAL(host.wire->generation, 2);
	expect_echo(host.wire);
	CU_ASSERT_EQUAL(host.n_gone, 0);
	leat_host_destroy(host.host);
	host.host = NULL;
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	node_close(&host);
	unit_rundir_remove();
}

static void expect_killed(pid_t pid)
{
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(unit_wait_child(pid), UNIT_CHILD_KILLED + SIGKILL);
}

/* The guest dies, another one comes; again and again. */
static void test_guest_is_killed(void)
{
	unsigned n_fds = 0;
	struct node host;
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	pid = start_guest();
	host_open(&host);
	for (unsigned i = 1; i <= 10; i++) {
		CU_ASSERT_TRUE_FATAL(node_wait(&host, &host.n_wires, i));
		CU_ASSERT_TRUE(ping(host.wire, 100, 1));
		if (i == 1)
			n_fds = unit_count_fds();
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		expect_killed(pid);
		CU_ASSERT_TRUE(node_wait(&host, &host.n_gone, i));
		CU_ASSERT_STRING_EQUAL(host.text, "");
		pid = i < 10 ? start_guest() : 0;
	}
	node_close(&host);
	unit_rundir_remove();
}

/* ---- death that the socket does not tell of ---- */

/* A child that keeps all sockets open until the test is through, or dead. */
static void hold_open(const int hold_fds[2])
{
	char byte = 1;

	if (fork() != 0)
		return;
	close(hold_fds[0]);
	if (write(hold_fds[1], &byte, 1) == 1)
		unit_readable(hold_fds[1], -1);
	_exit(0);
}

/* A guest whose own child keeps its socket open, as a careless one might. */
static int guest_with_a_child(void *user)
{
	const int *hold_fds = user;
	struct node guest;

	if (node_guest(&guest) < 0)
		return 1;
	if (!node_connect(&guest))
		return 2;
	hold_open(hold_fds);
	return run_guest(&guest);
}

static void test_guest_dies_with_its_socket_open(void)
{
	struct node host;
	int hold_fds[2];
	pid_t pid;

	if (!unit_has_pidfds())
		return;
	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, hold_fds) == 0);
	pid = unit_fork(guest_with_a_child, hold_fds);
	host_open(&host);
	CU_ASSERT_TRUE_FATAL(node_wait(&host, &host.n_wires, 1));
	CU_ASSERT_TRUE(ping(host.wire, 100, 1));
	expect_killed(pid);
	CU_ASSERT_TRUE(node_wait(&host, &host.n_gone, 1));
	CU_ASSERT_FALSE(unit_readable(node_fd(&host), 0));
	shutdown(hold_fds[0], SHUT_RDWR);
	close(hold_fds[0]);
	close(hold_fds[1]);
	node_close(&host);
	unit_rundir_remove();
}

/* ---- the host dies ---- */

/* Host a link, with such a child if told to. */
static int host_in_child(void *user)
{
	struct leat_link_spec spec = node_spec();
	const int *hold_fds = user;
	bool held = false;
	struct node host;

	if (node_host(&host, &spec) < 0)
		return 1;
	for (;;) {
		if (!unit_readable(node_fd(&host), UNIT_DEADLINE_MS))
			return 2;
		leat_host_dispatch(host.host);
		if (hold_fds && host.n_wires > 0 && !held) {
			held = true;
			hold_open(hold_fds);
		}
	}
}

static void test_host_is_killed(void)
{
	struct node guest;
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	for (int i = 0; i < 3; i++) {
		pid = unit_fork(host_in_child, NULL);
		CU_ASSERT_FATAL(node_guest(&guest) == 0);
		CU_ASSERT_TRUE_FATAL(node_connect(&guest));
		CU_ASSERT_TRUE(node_wait(&guest, &guest.n_wires, 1));
		expect_killed(pid);
		CU_ASSERT_TRUE(node_wait(&guest, &guest.n_gone, 1));
		CU_ASSERT_STRING_EQUAL(guest.text, "");
		CU_ASSERT_FALSE(leat_guest_connected(guest.guest));
		/* The socket it left behind is nobody's: come back later. */
		CU_ASSERT_EQUAL(leat_guest_connect(guest.guest, NULL), -ENOENT);
		node_close(&guest);
	}
	unit_rundir_remove();
}

static void test_host_comes_back(void)
{
	struct node guest;
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	pid = unit_fork(host_in_child, NULL);
	CU_ASSERT_FATAL(node_guest(&guest) == 0);
	CU_ASSERT_TRUE_FATAL(node_connect(&guest));
	CU_ASSERT_TRUE(node_wait(&guest, &guest.n_wires, 1));
	expect_killed(pid);
	CU_ASSERT_TRUE(node_wait(&guest, &guest.n_gone, 1));
	pid = unit_fork(host_in_child, NULL);
	CU_ASSERT_TRUE_FATAL(node_connect(&guest));
	CU_ASSERT_TRUE(node_wait(&guest, &guest.n_wires, 2));
	CU_ASSERT_EQUAL(guest.n_gone, 1);
	expect_killed(pid);
	node_close(&guest);
	unit_rundir_remove();
}

static void test_host_dies_with_its_socket_open(void)
{
	struct node guest;
	int hold_fds[2];
	pid_t pid;

	if (!unit_has_pidfds())
		return;
	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, hold_fds) == 0);
	pid = unit_fork(host_in_child, hold_fds);
	CU_ASSERT_FATAL(node_guest(&guest) == 0);
	CU_ASSERT_TRUE_FATAL(node_connect(&guest));
	CU_ASSERT_TRUE(node_wait(&guest, &guest.n_wires, 1));
	CU_ASSERT_TRUE(unit_readable(hold_fds[0], UNIT_DEADLINE_MS));
	expect_killed(pid);
	CU_ASSERT_TRUE(node_wait(&guest, &guest.n_gone, 1));
	shutdown(hold_fds[0], SHUT_RDWR);
	close(hold_fds[0]);
	close(hold_fds[1]);
	node_close(&guest);
	unit_rundir_remove();
}

/* ---- the last word of the dead ---- */

/* Join a link, and hand over the connection: who dies is this process. */
static int guest_without_a_socket(void *user)
{
	const int *fds = user;
	struct leat_message message;
	struct leat_shm status;
	int fd = leat_connect(NODE_LINK, NULL);

	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_PIPEWIRE;
	if (leat_side_create(&status) < 0 ||
	    leat_message_send(fd, &message, &status.fd, 1) < 0 ||
	    !unit_send_fd(fds[1], fd))
		return 1;
	poll(NULL, 0, UNIT_DEADLINE_MS);
	return 0;
}

/* Host one, as far as that. */
static int host_without_a_socket(void *user)
{
	const int *fds = user;
	struct leat_listener listener;

	if (leat_listen(&listener, NODE_LINK, NULL) < 0 ||
	    !unit_readable(listener.fd, UNIT_DEADLINE_MS) ||
	    !unit_send_fd(fds[1], leat_accept(&listener)))
		return 1;
	poll(NULL, 0, UNIT_DEADLINE_MS);
	return 0;
}

/*
 * The process is dead, which is noticed first, and then its connection, which
 * lives on elsewhere, says why: the reason counts, and is told once.
 */
static void expect_last_word(struct node *node, pid_t pid, const int fds[2])
{
	static struct node nobody;
	struct leat_message message;
	int fd = unit_recv_fd(fds[0]);

	CU_ASSERT_TRUE(fd >= 0);
	node_settle(node, &nobody);
	expect_killed(pid);
	CU_ASSERT_TRUE(unit_readable(node_fd(node), UNIT_DEADLINE_MS));
	leat_message_init(&message, LEAT_MESSAGE_BYE);
	strcpy(message.body.bye.text, "the last word");
	CU_ASSERT_EQUAL(leat_message_send(fd, &message, NULL, 0), 0);
	node_settle(node, &nobody);
	CU_ASSERT_EQUAL(node->n_gone, 1);
	CU_ASSERT_STRING_EQUAL(node->text, "the last word");
	close(fd);
	close(fds[0]);
	close(fds[1]);
	node_close(node);
	unit_rundir_remove();
}

static void test_last_word_of_a_dead_guest(void)
{
	struct node host;
	pid_t pid;
	int fds[2];

	if (!unit_has_pidfds())
		return;
	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	host_open(&host);
	pid = unit_fork(guest_without_a_socket, fds);
	expect_last_word(&host, pid, fds);
}

static void test_last_word_of_a_dead_host(void)
{
	struct node guest;
	pid_t pid;
	int fds[2];

	if (!unit_has_pidfds())
		return;
	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	pid = unit_fork(host_without_a_socket, fds);
	CU_ASSERT_FATAL(node_guest(&guest) == 0);
	CU_ASSERT_TRUE_FATAL(node_connect(&guest));
	expect_last_word(&guest, pid, fds);
}

/* ---- the status, as a tool sees it ---- */

/* What a tool is to find; exits with the number of what is wrong. */
struct query {
	bool guest;
	int res;
};

static int query_in_child(void *user)
{
	const struct query *query = user;
	unsigned n_fds = unit_count_fds();
	struct leat_link_status status;
	int res = leat_status_query(NODE_LINK, &status);

	if (unit_count_fds() != n_fds)
		return 7;
	if (res != query->res)
		return 1;
	if (res < 0)
		return 0;
	if (!status.jack.present || status.jack.alive != 1 ||
	    status.jack.rate_hz != 48000 || status.jack.xruns != LEAT_UNKNOWN)
		return 2;
	if (status.pipewire.present != query->guest)
		return 3;
	if (status.direction[LEAT_TO_JACK].wakeups !=
	    (query->guest ? 77 : LEAT_UNKNOWN))
		return 4;
	if (status.pipewire.pid !=
	    (query->guest ? (uint64_t)getppid() : LEAT_UNKNOWN))
		return 5;
	return status.jack.pid == (uint64_t)getppid() ? 0 : 6;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       info.si_pid == pid;
}

/* Dispatch until a tool has got its answer. */
static void expect_answer(struct node *host, bool guest)
{
	struct query query = { guest, 0 };
	pid_t pid = unit_fork(query_in_child, &query);
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;

	while (!has_ended(pid) && unit_now_ms() < deadline_ms)
		if (unit_readable(node_fd(host), 1))
			leat_host_dispatch(host->host);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
}

static void test_query(void)
{
	struct node host, guest;
	struct leat_error error;

	CU_ASSERT_FATAL(unit_rundir_make());
	host_open(&host);
	leat_word_set(&leat_host_status(host.host)->alive, 1);
	leat_word_set(&leat_host_status(host.host)->rate_hz, 48000);
	expect_answer(&host, false);
	CU_ASSERT_FATAL(node_guest(&guest) == 0);
	CU_ASSERT_EQUAL(leat_guest_connect(guest.guest, &error), 0);
	node_settle(&host, &guest);
	leat_word_set(&leat_guest_status(guest.guest)
			       ->direction[LEAT_TO_JACK]
			       .wakeups,
		      77);
	expect_answer(&host, true);
	leat_guest_leave(guest.guest, "");
	node_settle(&host, &guest);
	expect_answer(&host, false);
	node_close(&guest);
	node_close(&host);
	unit_rundir_remove();
}

/* Not waited for: the host is frozen as long as it is not dispatched. */
static void test_ask(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_link_status status;
	static struct node nobody;
	struct node host;
	int fd;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL(leat_status_ask(NODE_LINK), -ENOENT);
	host_open(&host);
	leat_word_set(&leat_host_status(host.host)->rate_hz, 48000);
	fd = leat_status_ask(NODE_LINK);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(leat_status_answer(fd, &status), -EAGAIN);
	CU_ASSERT_FALSE(unit_readable(fd, 0));
	node_settle(&host, &nobody);
	CU_ASSERT_TRUE(unit_readable(fd, 0));
	CU_ASSERT_EQUAL(leat_status_answer(fd, &status), 0);
	CU_ASSERT_EQUAL(status.jack.rate_hz, 48000);
	fd = leat_status_ask(NODE_LINK);
	CU_ASSERT_FATAL(fd >= 0);
	node_close(&host);
	CU_ASSERT_EQUAL(leat_status_answer(fd, &status), -ENOENT);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

static void test_query_of_nobody(void)
{
	struct query query = { false, -ENOENT };
	unsigned n_fds = unit_count_fds();
	struct leat_link_status status;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL(unit_in_child(query_in_child, &query), 0);
	CU_ASSERT_EQUAL(leat_status_query("no such link", &status), -EINVAL);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

/* Somebody listens there who is not a link's host, and says something. */
static void expect_query(int (*answer)(int fd), int res)
{
	struct query query = { false, res };
	struct leat_listener listener;
	pid_t pid;
	int fd;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(leat_listen(&listener, NODE_LINK, NULL) == 0);
	pid = unit_fork(query_in_child, &query);
	CU_ASSERT_TRUE(unit_readable(listener.fd, UNIT_DEADLINE_MS));
	fd = leat_accept(&listener);
	CU_ASSERT_TRUE(fd >= 0);
	CU_ASSERT_EQUAL(answer(fd), 0);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	close(fd);
	leat_listener_finish(&listener);
	unit_rundir_remove();
}

static int answer_noise(int fd)
{
	return send(fd, "HTTP/1.1 400", 12, MSG_NOSIGNAL) == 12 ? 0 : -errno;
}

static int answer_bye(int fd)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_BYE);
	return leat_message_send(fd, &message, NULL, 0);
}

/* What comes with a message that nobody wants is closed. */
static int answer_offer(int fd)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	return leat_message_send(fd, &message, (int[]){ fd, fd, fd }, 3);
}

static int answer_no_parts(int fd)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_STATUS);
	return leat_message_send(fd, &message, (int[]){ 0, 0 }, 2);
}

static int answer_nothing(int fd)
{
	(void)fd;
	return 0;
}

static int answer_by_hanging_up(int fd)
{
	/* Only once it has asked, so that what it sends does not fail. */
	return unit_readable(fd, UNIT_DEADLINE_MS) ? shutdown(fd, SHUT_RDWR)
						   : -ETIMEDOUT;
}

static void test_query_of_strangers(void)
{
	expect_query(answer_noise, -EPROTO);
	expect_query(answer_bye, -EPROTO);
	expect_query(answer_offer, -EPROTO);
	expect_query(answer_no_parts, -EPROTO);
	expect_query(answer_by_hanging_up, -ENOENT);
	expect_query(answer_nothing, -ETIMEDOUT);
}

static const struct unit_test tests[] = {
	{ "frames", "both ways", test_frames_cross_both_ways },
	{ "frames", "new rate", test_new_rate },
	{ "death", "of the guest", test_guest_is_killed },
	{ "death", "of the guest, socket open",
	  test_guest_dies_with_its_socket_open },
	{ "death", "of the host", test_host_is_killed },
	{ "death", "of the host, and back", test_host_comes_back },
	{ "death", "of the host, socket open",
	  test_host_dies_with_its_socket_open },
	{ "death", "of the guest, last word", test_last_word_of_a_dead_guest },
	{ "death", "of the host, last word", test_last_word_of_a_dead_host },
	{ "query", "of a link", test_query },
	{ "query", "asked, and not waited for", test_ask },
	{ "query", "of nobody", test_query_of_nobody },
	{ "query", "of strangers", test_query_of_strangers },
};

UNIT_MAIN(tests)
