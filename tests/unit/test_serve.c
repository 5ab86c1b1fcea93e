/* SPDX-License-Identifier: MIT */
/* A page on a local socket, and clients that are slow, many or mad. */
#include "helpers.h"
#include "runner.h"

#include "tools/status/serve.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* More than a socket holds, so that who does not read is waited for. */
#define PAGE_BYTES 1000000

/* How long an honest client may wait, however the others are. */
#define PATIENCE_MS 4000

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static pid_t server_pid;

static char *make_page(void *user, size_t *n_bytes)
{
	char *text = malloc(PAGE_BYTES);

	(void)user;
	if (text)
		memset(text, 'x', PAGE_BYTES);
	*n_bytes = PAGE_BYTES;
	return text;
}

static int serve(void *user)
{
	const struct leat_page page = { "text/x", make_page, NULL };
	struct leat_error error;
	struct leat_loop loop;
	int res;

	(void)user;
	if (leat_loop_init(&loop) < 0)
		return 99;
	res = leat_serve(&loop, address.sun_path, &page, &error);
	leat_loop_finish(&loop);
	return -res;
}

static int try_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int connect_to_it(void)
{
	int64_t end_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	int fd = try_connect();

	while (fd < 0 && unit_now_ms() < end_ms) {
		usleep(1000);
		fd = try_connect();
	}
	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

static void start(void)
{
	server_pid = unit_fork(serve, NULL);
	close(connect_to_it());
}

static void stop(void)
{
	struct stat st;

	CU_ASSERT_EQUAL(kill(server_pid, SIGTERM), 0);
	CU_ASSERT_EQUAL(unit_wait_child(server_pid), 0);
	CU_ASSERT_EQUAL(lstat(address.sun_path, &st), -1);
}

/* Ask, and read to the end: how much it was, and its beginning. */
static size_t ask(const char *request, char *head, size_t head_bytes)
{
	static char bytes[PAGE_BYTES + 4096];
	int fd = connect_to_it();
	size_t n_bytes = 0;
	ssize_t n = -1;

	(void)!write(fd, request, strlen(request));
	while (n_bytes < sizeof(bytes) - 1 &&
	       unit_readable(fd, UNIT_DEADLINE_MS) &&
	       (n = read(fd, bytes + n_bytes, sizeof(bytes) - 1 - n_bytes)) > 0)
		n_bytes += (size_t)n;
	/* It ends, and is not broken off. */
	CU_ASSERT_EQUAL(n, 0);
	close(fd);
	bytes[n_bytes] = 0;
	snprintf(head, head_bytes, "%.255s", bytes);
	return n_bytes;
}

static void expect_page(void)
{
	char head[256];
	int64_t begin_ms = unit_now_ms();
	size_t n = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", head,
		       sizeof(head));
	const char *body = strstr(head, "\r\n\r\n");

	CU_ASSERT_PTR_NOT_NULL_FATAL(body);
	CU_ASSERT_EQUAL(strncmp(head, "HTTP/1.0 200 OK\r\n", 17), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "Content-Length: 1000000\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "Content-Type: text/x\r\n"));
	CU_ASSERT_EQUAL(n, (size_t)(body + 4 - head) + PAGE_BYTES);
	CU_ASSERT(unit_now_ms() - begin_ms < PATIENCE_MS);
}

/* ---- requests ---- */

static void test_parse(void)
{
	CU_ASSERT_EQUAL(leat_request_parse("GET / HTTP/1.0\r\n"),
			LEAT_REQUEST_GET);
	CU_ASSERT_EQUAL(leat_request_parse("GET /metrics?x=1 HTTP/1.1\r\n"),
			LEAT_REQUEST_GET);
	CU_ASSERT_EQUAL(leat_request_parse("HEAD /metrics HTTP/1.1\n"),
			LEAT_REQUEST_HEAD);
	CU_ASSERT_EQUAL(leat_request_parse("GET /metricsx HTTP/1.1\n"),
			LEAT_REQUEST_NOT_FOUND);
	CU_ASSERT_EQUAL(leat_request_parse("POST / HTTP/1.1\n"),
			LEAT_REQUEST_METHOD);
	CU_ASSERT_EQUAL(leat_request_parse("GET / HTTP/2\n"), LEAT_REQUEST_BAD);
	CU_ASSERT_EQUAL(leat_request_parse("GET /\r\n"), LEAT_REQUEST_BAD);
	CU_ASSERT_EQUAL(leat_request_parse(""), LEAT_REQUEST_BAD);
	CU_ASSERT_EQUAL(leat_request_parse("\xff\xff\xff"), LEAT_REQUEST_BAD);
}

static void test_answers(void)
{
	char head[256];

	start();
	expect_page();
	CU_ASSERT(ask("HEAD / HTTP/1.0\r\n\r\n", head, sizeof(head)) < 256);
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "200 OK"));
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "Content-Length: 1000000\r\n"));
	ask("GET /x HTTP/1.0\r\n\r\n", head, sizeof(head));
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "404 Not Found"));
	ask("PUT / HTTP/1.0\r\n\r\n", head, sizeof(head));
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "405 Method"));
	ask("nonsense\n\n", head, sizeof(head));
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "400 Bad"));
	stop();
}

/* What follows the head is not read, and is no error to who sent it. */
static void test_long_request(void)
{
	char request[20000] = "GET / HTTP/1.0\r\n\r\n", head[256];

	memset(request + 18, 'x', sizeof(request) - 19);
	start();
	CU_ASSERT(ask(request, head, sizeof(head)) > PAGE_BYTES);
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "200 OK"));
	/* A head without an end is none. */
	memset(request, 'x', 18);
	ask(request, head, sizeof(head));
	CU_ASSERT_PTR_NOT_NULL(strstr(head, "400 Bad"));
	stop();
}

/* ---- others ---- */

/* Some say nothing, some never end, some do not read. */
static void test_slow(void)
{
	int fds[3 * LEAT_SERVE_CLIENTS_MAX];
	const int n = 3 * LEAT_SERVE_CLIENTS_MAX;

	start();
	for (int i = 0; i < n; i++) {
		const char *text = i % 3 == 0	? "GET / HTTP/1.0\r\n\r\n"
				   : i % 3 == 1 ? "GET / HT"
						: "";

		fds[i] = connect_to_it();
		(void)!send(fds[i], text, strlen(text), MSG_NOSIGNAL);
		if (i == LEAT_SERVE_CLIENTS_MAX / 2)
			expect_page();
	}
	for (int i = 0; i < 5; i++)
		expect_page();
	for (int i = 0; i < n; i++)
		close(fds[i]);
	expect_page();
	stop();
}

/* Connect, all of them, and then ask, all of them: how many are answered. */
static int rush(int n)
{
	static const char request[] = "HEAD / HTTP/1.0\r\n\r\n";
	int fds[2 * LEAT_SERVE_CLIENTS_MAX], n_answers = 0;
	char bytes[512];

	for (int i = 0; i < n; i++)
		fds[i] = connect_to_it();
	/* So that they are all there before the first has asked. */
	usleep(20000);
	for (int i = 0; i < n; i++)
		(void)!send(fds[i], request, sizeof(request) - 1, MSG_NOSIGNAL);
	for (int i = 0; i < n; i++) {
		n_answers += unit_readable(fds[i], UNIT_DEADLINE_MS) &&
			     read(fds[i], bytes, sizeof(bytes)) > 64;
		close(fds[i]);
	}
	return n_answers;
}

/*
 * More at once than there are places: nobody is sent away who is quick. On a
 * machine that stands still for long, somebody may not be.
 */
static void test_rush(void)
{
	const int n = LEAT_SERVE_CLIENTS_MAX + 16;
	int most = 0;

	start();
	for (int i = 0; i < 3 && most < n; i++) {
		int n_answers = rush(n);

		most = n_answers > most ? n_answers : most;
	}
	CU_ASSERT_EQUAL(most, n);
	stop();
}

/* One that stays is shown the door. */
static void test_deadline(void)
{
	char byte;
	int fd;

	start();
	fd = connect_to_it();
	CU_ASSERT_FALSE(unit_readable(fd, LEAT_SERVE_CLIENT_MS / 2));
	CU_ASSERT_TRUE(unit_readable(fd, UNIT_DEADLINE_MS));
	CU_ASSERT_EQUAL(read(fd, &byte, 1), 0);
	close(fd);
	stop();
}

static void test_mad(void)
{
	uint64_t state = 1;
	char bytes[9000];

	start();
	for (int i = 0; i < 500; i++) {
		size_t n = unit_random(&state) % sizeof(bytes);
		int fd = connect_to_it();

		for (size_t k = 0; k < n; k++)
			bytes[k] = (char)unit_random(&state);
		(void)!send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
	}
	expect_page();
	stop();
}

static void test_many(void)
{
	start();
	for (int i = 0; i < 200; i++)
		expect_page();
	stop();
}

/* Nothing that was opened for all of these is left open. */
static unsigned n_open_fds(pid_t pid)
{
	char command[64];
	unsigned n = 0;
	FILE *file;

	snprintf(command, sizeof(command), "ls /proc/%d/fd | wc -l", (int)pid);
	file = popen(command, "r");
	if (file && fscanf(file, "%u", &n) != 1)
		n = 0;
	if (file)
		pclose(file);
	return n;
}

static void test_no_leak(void)
{
	unsigned n_before, n_after = 0;
	char head[256];

	start();
	expect_page();
	n_before = n_open_fds(server_pid);
	for (int i = 0; i < 100; i++) {
		int fd = connect_to_it();

		(void)!send(fd, "GET / HTTP/1.0\r\n\r\n", (size_t)i % 19,
			    MSG_NOSIGNAL);
		close(fd);
		ask("x\n\n", head, sizeof(head));
	}
	for (int i = 0; i < 100 && n_after != n_before; i++) {
		usleep(20000);
		n_after = n_open_fds(server_pid);
	}
	CU_ASSERT_EQUAL(n_after, n_before);
	CU_ASSERT(n_before > 2);
	stop();
}

/* ---- the place ---- */

static void test_owner_only(void)
{
	struct stat st;

	umask(0);
	start();
	CU_ASSERT_EQUAL(lstat(address.sun_path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	stop();
}

static void test_left_behind(void)
{
	start();
	CU_ASSERT_EQUAL(kill(server_pid, SIGKILL), 0);
	unit_wait_child(server_pid);
	CU_ASSERT_EQUAL(access(address.sun_path, F_OK), 0);
	start();
	expect_page();
	/* And one that is served is not taken away. */
	CU_ASSERT_EQUAL(unit_in_child(serve, NULL), EADDRINUSE);
	expect_page();
	stop();
}

static void test_no_socket(void)
{
	int fd = open(address.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	CU_ASSERT_EQUAL(unit_in_child(serve, NULL), EEXIST);
	CU_ASSERT_EQUAL(unlink(address.sun_path), 0);
}

static const struct unit_test tests[] = {
	{ "requests", "first lines", test_parse },
	{ "requests", "answers", test_answers },
	{ "requests", "long ones", test_long_request },
	{ "clients", "slow ones", test_slow },
	{ "clients", "a rush", test_rush },
	{ "clients", "one that stays", test_deadline },
	{ "clients", "mad ones", test_mad },
	{ "clients", "many", test_many },
	{ "clients", "nothing is left open", test_no_leak },
	{ "socket", "its owner's alone", test_owner_only },
	{ "socket", "left behind", test_left_behind },
	{ "socket", "a file that is none", test_no_socket },
};

int main(int argc, char **argv)
{
	int res;

	if (!unit_rundir_make())
		return 1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/metrics",
		 unit_rundir());
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	unit_rundir_remove();
	return res;
}
