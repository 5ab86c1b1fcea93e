/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A request longer than this is none of a scraper's. */
#define REQUEST_BYTES 4096
#define BACKLOG 64

/* Where all places are taken, the oldest client has had its time after this. */
#define PATIENCE_MS 250

/* What is polled: the clients, and then these. */
enum { LISTENER = LEAT_SERVE_CLIENTS_MAX, SIGNALS, N_POLLED };

enum phase { PHASE_READ, PHASE_WRITE, PHASE_END };

struct client {
	int fd; /* -1: this place is free */
	enum phase phase;
	int64_t deadline_ms;
	size_t n_read, n_answer, n_sent;
	char *answer;
	char request[REQUEST_BYTES];
};

struct server {
	int fd;
	const struct leat_page *page;
	struct stat st; /* of the socket, so that we remove no other */
	struct client clients[LEAT_SERVE_CLIENTS_MAX];
};

/* ---- what is asked and answered ---- */

enum leat_request leat_request_parse(const char *text)
{
	char method[16], path[256], version[16];

	if (sscanf(text, "%15[A-Z] %255[^ \r\n] %15[^ \r\n]", method, path,
		   version) != 3 ||
	    strncmp(version, "HTTP/1.", 7) != 0)
		return LEAT_REQUEST_BAD;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return LEAT_REQUEST_METHOD;
	path[strcspn(path, "?")] = 0;
	if (strcmp(path, "/metrics") != 0 && strcmp(path, "/") != 0)
		return LEAT_REQUEST_NOT_FOUND;
	return method[0] == 'G' ? LEAT_REQUEST_GET : LEAT_REQUEST_HEAD;
}

static const char *status_line(enum leat_request request)
{
	static const char *const lines[] = {
		[LEAT_REQUEST_GET] = "200 OK",
		[LEAT_REQUEST_HEAD] = "200 OK",
		[LEAT_REQUEST_NOT_FOUND] = "404 Not Found",
		[LEAT_REQUEST_METHOD] = "405 Method Not Allowed",
		[LEAT_REQUEST_BAD] = "400 Bad Request",
	};

	return lines[request];
}

/* RFC 1945. */
static bool make_answer(struct client *client, const struct leat_page *page,
			enum leat_request request)
{
	bool found = request == LEAT_REQUEST_GET ||
		     request == LEAT_REQUEST_HEAD;
	size_t n_bytes = 0;
	char *text = found ? page->make(page->user, &n_bytes) : NULL;
	FILE *file = NULL;

	if (!found || text)
		file = open_memstream(&client->answer, &client->n_answer);
	if (file) {
		fprintf(file,
			"HTTP/1.0 %s\r\nContent-Type: %s\r\n"
			"Content-Length: %zu\r\nConnection: close\r\n\r\n",
			status_line(request), found ? page->type : "text/plain",
			n_bytes);
		if (request == LEAT_REQUEST_GET)
			fwrite(text, 1, n_bytes, file);
		if (fclose(file) != 0)
			client->n_answer = 0;
	}
	free(text);
	return client->n_answer > 0;
}

/* ---- one client ---- */

static void drop(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->answer);
	client->answer = NULL;
	client->n_answer = 0;
	client->fd = -1;
}

/* A head ends with an empty line; a line that is too long ends it as well. */
static bool is_whole(const struct client *client)
{
	return strstr(client->request, "\r\n\r\n") ||
	       strstr(client->request, "\n\n") ||
	       client->n_read == sizeof(client->request) - 1;
}

static void send_some(struct client *client)
{
	ssize_t n = send(client->fd, client->answer + client->n_sent,
			 client->n_answer - client->n_sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		drop(client);
		return;
	}
	client->n_sent += (size_t)n;
	if (client->n_sent < client->n_answer)
		return;
	/* Closed with something unread, it would be an error over there. */
	shutdown(client->fd, SHUT_WR);
	client->phase = PHASE_END;
}

static void answer(struct client *client, const struct leat_page *page)
{
	if (!make_answer(client, page, leat_request_parse(client->request))) {
		drop(client);
		return;
	}
	client->phase = PHASE_WRITE;
	send_some(client);
}

static void read_some(struct client *client, const struct leat_page *page)
{
	ssize_t n = recv(client->fd, client->request + client->n_read,
			 sizeof(client->request) - 1 - client->n_read,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(client);
		return;
	}
	client->n_read += (size_t)n;
	client->request[client->n_read] = 0;
	if (is_whole(client))
		answer(client, page);
}

static void discard(struct client *client)
{
	char bytes[1024];
	ssize_t n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(client);
}

static void go_on(struct client *client, const struct leat_page *page)
{
	if (client->phase == PHASE_READ)
		read_some(client, page);
	else if (client->phase == PHASE_WRITE)
		send_some(client);
	else
		discard(client);
}

/* ---- all of them ---- */

static int64_t arrival_ms(const struct client *client)
{
	return client->deadline_ms - LEAT_SERVE_CLIENT_MS;
}

/* A free place, or that of the one who has been here for longest. */
static struct client *best_place(struct server *server)
{
	struct client *best = &server->clients[0];

	for (int i = 0; i < LEAT_SERVE_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->fd < 0)
			return client;
		if (client->deadline_ms < best->deadline_ms)
			best = client;
	}
	return best;
}

/* When it may be given to another. */
static int64_t place_due_ms(const struct client *client)
{
	return client->fd < 0 ? 0 : arrival_ms(client) + PATIENCE_MS;
}

static void accept_one(struct server *server)
{
	struct client *client = best_place(server);

	drop(client);
	memset(client, 0, sizeof(*client));
	client->fd =
		accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	client->deadline_ms = leat_now_ms() + LEAT_SERVE_CLIENT_MS;
}

static void fill_client(struct client *client, struct pollfd *pfd,
			int64_t now_ms, int64_t *next_ms)
{
	if (client->fd >= 0 && now_ms >= client->deadline_ms)
		drop(client);
	if (client->fd >= 0 && client->deadline_ms < *next_ms)
		*next_ms = client->deadline_ms;
	pfd->fd = client->fd;
	pfd->events = client->phase == PHASE_WRITE ? POLLOUT : POLLIN;
}

static int fill(struct server *server, const struct leat_loop *loop,
		struct pollfd *pfds)
{
	int64_t now_ms = leat_now_ms(), next_ms = now_ms + 60000, due_ms;

	for (int i = 0; i < LEAT_SERVE_CLIENTS_MAX; i++)
		fill_client(&server->clients[i], &pfds[i], now_ms, &next_ms);
	due_ms = place_due_ms(best_place(server));
	if (due_ms > now_ms && due_ms < next_ms)
		next_ms = due_ms;
	pfds[LISTENER] =
		(struct pollfd){ due_ms > now_ms ? -1 : server->fd, POLLIN, 0 };
	pfds[SIGNALS] = (struct pollfd){ loop->epoll_fd, POLLIN, 0 };
	return (int)(next_ms - now_ms);
}

static void step(struct server *server, struct leat_loop *loop)
{
	struct pollfd pfds[N_POLLED];
	int timeout_ms = fill(server, loop, pfds);

	if (poll(pfds, N_POLLED, timeout_ms) <= 0)
		return;
	for (int i = 0; i < LEAT_SERVE_CLIENTS_MAX; i++)
		if (pfds[i].fd >= 0 && pfds[i].revents)
			go_on(&server->clients[i], server->page);
	if (pfds[LISTENER].revents)
		accept_one(server);
	if (pfds[SIGNALS].revents)
		leat_loop_step(loop, 0);
}

/* ---- the socket ---- */

static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served;

	if (fd < 0)
		return false;
	/* One whose queue is full is served as well. */
	served = connect(fd, (const struct sockaddr *)address,
			 sizeof(*address)) == 0 ||
		 errno == EAGAIN;
	close(fd);
	return served;
}

/* What a server that was killed has left; nothing else. */
static int clear_place(const struct sockaddr_un *address,
		       struct leat_error *error)
{
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return leat_error_set(error, -EEXIST,
				      "%s is there and no socket: name another "
				      "place",
				      address->sun_path);
	if (is_served(address))
		return leat_error_set(error, -EADDRINUSE,
				      "%s is served by another program: name "
				      "another place",
				      address->sun_path);
	unlink(address->sun_path);
	return 0;
}

static int bind_and_listen(struct server *server,
			   const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int res = bind(server->fd, (const struct sockaddr *)address,
		       sizeof(*address));

	umask(mask);
	if (res < 0 || listen(server->fd, BACKLOG) < 0 ||
	    lstat(address->sun_path, &server->st) < 0)
		return -errno;
	return 0;
}

static int open_socket(struct server *server, struct sockaddr_un *address,
		       const char *path, struct leat_error *error)
{
	int res;

	if (strlen(path) >= sizeof(address->sun_path) || !path[0])
		return leat_error_set(error, -ENAMETOOLONG,
				      "'%s' cannot be a socket: give a path of "
				      "1 to %zu bytes",
				      path, sizeof(address->sun_path) - 1);
	strcpy(address->sun_path, path);
	res = clear_place(address, error);
	if (res < 0)
		return res;
	server->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	res = server->fd < 0 ? -errno : bind_and_listen(server, address);
	if (res < 0)
		leat_error_set(error, res, "cannot serve %s: %s", path,
			       leat_errno_text(res));
	return res;
}

static void close_socket(struct server *server, const char *path)
{
	struct stat st;

	if (server->fd < 0)
		return;
	if (server->st.st_ino && lstat(path, &st) == 0 &&
	    st.st_ino == server->st.st_ino && st.st_dev == server->st.st_dev)
		unlink(path);
	close(server->fd);
}

int leat_serve(struct leat_loop *loop, const char *path,
	       const struct leat_page *page, struct leat_error *error)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int res;

	if (!server)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	server->fd = -1;
	server->page = page;
	for (int i = 0; i < LEAT_SERVE_CLIENTS_MAX; i++)
		server->clients[i].fd = -1;
	res = open_socket(server, &address, path, error);
	while (res == 0 && !loop->stopped)
		step(server, loop);
	for (int i = 0; i < LEAT_SERVE_CLIENTS_MAX; i++)
		drop(&server->clients[i]);
	close_socket(server, path);
	free(server);
	return res;
}
