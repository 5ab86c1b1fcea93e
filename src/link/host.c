/* SPDX-License-Identifier: MIT */
#include <leat/link.h>

#include "host_taps.h"
#include "latency.h"
#include "load_part.h"
#include "side.h"
#include "socket.h"
#include "wire.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections that have not said yet who they are, and tools; taps are apart. */
#define CLIENTS_MAX 16

struct client {
	int fd;		/* -1: this slot is free */
	uint64_t since; /* order of arrival */
};

struct leat_host {
	struct leat_listener listener;
	int epoll_fd;
	struct client clients[CLIENTS_MAX];
	uint64_t n_accepted;
	int guest_fd; /* the PipeWire side, or -1 */
	int guest_pidfd;
	uint32_t guest_features;
	struct leat_link_latency latency; /* beyond JACK's ports */
	struct leat_shm status;		  /* own */
	struct leat_shm guest_status;
	struct leat_shm load; /* own */
	struct leat_shm guest_load;
	struct leat_link_spec spec;
	struct leat_wire *offered; /* not accepted yet */
	int wait_fd;		   /* of the offered wire */
	uint64_t generation;
	struct leat_host_taps taps;
	const struct leat_link_events *events;
	void *user;
};

static int watch(struct leat_host *host, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(host->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno
									: 0;
}

static void set_spec(struct leat_host *host, const struct leat_link_spec *spec)
{
	host->spec = *spec;
	host->spec.capacity_max =
		host->events->room ? leat_spec_capacity_max(spec) : 0;
}

static void tell_n_taps(struct leat_host *host)
{
	leat_word_set(&leat_load_part_own(&host->load)->n_taps,
		      host->taps.n_fds);
}

int leat_host_create(struct leat_host **host, const struct leat_link_spec *spec,
		     const struct leat_link_events *events, void *user,
		     struct leat_error *error)
{
	const struct leat_shm none = LEAT_SHM_NONE;
	struct leat_host *self = calloc(1, sizeof(*self));
	int res;

	*host = NULL;
	if (!self)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	res = leat_link_name_check(spec->link_name, error);
	if (res < 0) {
		free(self);
		return res;
	}
	if (leat_spec_check(spec) < 0) {
		free(self);
		return leat_error_set(error, -EINVAL,
				      "the link's rate, period, channels or "
				      "capacity are out of range");
	}
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		self->latency.added[d] = LEAT_LATENCY_FOLLOW;
	self->events = events;
	self->user = user;
	set_spec(self, spec);
	self->guest_fd = self->guest_pidfd = self->wait_fd = -1;
	self->status = self->guest_status = none;
	self->load = self->guest_load = none;
	leat_host_taps_init(&self->taps);
	for (int i = 0; i < CLIENTS_MAX; i++)
		self->clients[i].fd = -1;
	self->listener.fd = self->listener.lock_fd = -1;
	self->listener.spare_fd = -1;
	self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (self->epoll_fd < 0) {
		res = leat_error_set(error, -errno, "cannot make an epoll: %s",
				     leat_errno_text(errno));
		goto fail;
	}
	res = leat_listen(&self->listener, spec->link_name, error);
	if (res < 0)
		goto fail;
	res = leat_side_create(&self->status);
	if (res == 0)
		res = leat_load_part_create(&self->load);
	if (res < 0) {
		leat_error_set(error, res, "cannot make shared memory: %s",
			       leat_errno_text(res));
		goto fail;
	}
	res = watch(self, self->listener.fd);
	if (res < 0) {
		leat_error_set(error, res, "cannot watch the link: %s",
			       leat_errno_text(res));
		goto fail;
	}
	tell_n_taps(self);
	*host = self;
	return 0;
fail:
	leat_host_destroy(self);
	return res;
}

static void drop_offer(struct leat_host *host)
{
	leat_wire_destroy(host->offered);
	host->offered = NULL;
	if (host->wait_fd >= 0)
		close(host->wait_fd);
	host->wait_fd = -1;
}

static void close_guest(struct leat_host *host)
{
	drop_offer(host);
	if (host->guest_fd >= 0)
		close(host->guest_fd);
	if (host->guest_pidfd >= 0)
		close(host->guest_pidfd);
	host->guest_fd = host->guest_pidfd = -1;
	leat_shm_finish(&host->guest_status);
	leat_shm_finish(&host->guest_load);
}

void leat_host_destroy(struct leat_host *host)
{
	if (!host)
		return;
	close_guest(host);
	leat_host_taps_finish(&host->taps);
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (host->clients[i].fd >= 0)
			close(host->clients[i].fd);
	leat_listener_finish(&host->listener);
	leat_shm_finish(&host->status);
	leat_shm_finish(&host->load);
	if (host->epoll_fd >= 0)
		close(host->epoll_fd);
	free(host);
}

void leat_host_withdraw(struct leat_host *host)
{
	leat_listener_finish(&host->listener);
}

struct leat_side_words *leat_host_status(struct leat_host *host)
{
	return leat_side(&host->status);
}

struct leat_load_words *leat_host_load(struct leat_host *host)
{
	return leat_load_part_own(&host->load);
}

int leat_host_fd(const struct leat_host *host)
{
	return host->epoll_fd;
}

/* ---- the guest ---- */

static void guest_gone(struct leat_host *host, const char *text)
{
	close_guest(host);
	leat_host_taps_down(&host->taps);
	host->events->peer_gone(host->user, text);
}

static int send_spec(struct leat_host *host)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, &host->spec);
	message.body.spec.features = LEAT_FEATURE_LATENCY | LEAT_FEATURE_LOAD;
	return leat_message_send(host->guest_fd, &message, NULL, 0);
}

static int send_latency(struct leat_host *host)
{
	struct leat_message message;

	if (!(host->guest_features & LEAT_FEATURE_LATENCY))
		return 0;
	leat_message_init(&message, LEAT_MESSAGE_LATENCY);
	leat_latency_pack(&message.body.latency, &host->latency);
	return leat_message_send(host->guest_fd, &message, NULL, 0);
}

/* Make the own half of a new wire and hand it over. */
static int send_offer(struct leat_host *host)
{
	struct leat_message message;
	int pair[2], res;

	drop_offer(host);
	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	message.body.wire.generation = ++host->generation;
	message.body.wire.first_index = host->spec.first_index;
	res = leat_wire_create(&host->offered, &host->spec, &message.body.wire,
			       LEAT_TO_PIPEWIRE);
	if (res < 0)
		return res;
	/*
	 * Who reads a signal makes it: one that holds both ends could hold
	 * the lock of the end that we read. A socket pair and not an eventfd,
	 * of which there is one end, and that can be made to block.
	 */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	host->wait_fd = pair[0];
	res = leat_message_send(
		host->guest_fd, &message,
		(int[]){ leat_frames_producer_fd(host->offered->out),
			 leat_frames_consumer_fd(host->offered->in), pair[1] },
		3);
	close(pair[1]);
	return res;
}

static void close_fds(const int *fds, uint32_t n_fds)
{
	for (uint32_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

/* What both producers write is for taps to read. */
static void tell_taps(struct leat_host *host, const struct leat_wire *wire,
		      int guest_part_fd)
{
	const struct leat_frames_format *format =
		leat_frames_producer_format(wire->out);
	struct leat_wire_message about = { format->generation,
					   format->first_index };
	struct leat_tap_message tap;

	leat_tap_pack(&tap, &host->spec, &about);
	leat_host_taps_up(
		&host->taps, &tap,
		(int[]){ leat_frames_producer_fd(wire->out), guest_part_fd });
}

/* The guest's half came: connect both. */
static int accept_wire(struct leat_host *host,
		       const struct leat_message *message, const int *fds)
{
	struct leat_wire *wire = host->offered;
	int wait_fd = -1;
	int res, res2;

	if (!wire || message->body.wire.generation != wire->generation) {
		/* Of an offer that a newer one has replaced meanwhile. */
		close_fds(fds, 3);
		return 0;
	}
	if (!leat_is_signal(fds[2])) {
		close_fds(fds, 3);
		return -EPROTO;
	}
	host->offered = NULL;
	if (!(host->spec.ring_flags[LEAT_TO_JACK] & LEAT_RING_POLL)) {
		wait_fd = host->wait_fd;
		host->wait_fd = -1;
	}
	drop_offer(host);
	res = leat_frames_producer_connect(wire->out, fds[0], fds[2]);
	res2 = leat_frames_consumer_connect(wire->in, fds[1], wait_fd);
	if (res < 0 || res2 < 0) {
		leat_wire_destroy(wire);
		return res < 0 ? res : res2;
	}
	/* What was the guest's descriptor is kept with the part. */
	tell_taps(host, wire, fds[1]);
	host->events->wire_up(host->user, wire);
	return 0;
}

/* The owner answers with leat_host_update(), or not at all. */
static void ask_for_room(struct leat_host *host, uint32_t n_frames)
{
	uint32_t capacity = leat_spec_grown(&host->spec, n_frames);

	if (capacity > host->spec.capacity && host->events->room)
		host->events->room(host->user, capacity);
}

static int take_latency(struct leat_host *host,
			const struct leat_latency_message *message)
{
	struct leat_link_latency latency;
	int res = leat_latency_unpack(&latency, message);

	if (res < 0)
		return res;
	leat_latency_limit(&latency, host->spec.rate_hz);
	if (host->events->latency)
		host->events->latency(host->user, &latency);
	return 0;
}

static int take_load(struct leat_host *host, int fd)
{
	if (!host->guest_load.addr)
		return leat_load_part_attach(&host->guest_load, fd);
	close(fd);
	return -EPROTO;
}

static int handle_guest(struct leat_host *host,
			const struct leat_message *message, const int *fds)
{
	switch (message->type) {
	case LEAT_MESSAGE_ACCEPT:
		return accept_wire(host, message, fds);
	case LEAT_MESSAGE_ROOM:
		ask_for_room(host, message->body.room.n_frames);
		return 0;
	case LEAT_MESSAGE_LATENCY:
		return take_latency(host, &message->body.latency);
	case LEAT_MESSAGE_LOAD:
		return take_load(host, fds[0]);
	case LEAT_MESSAGE_BYE:
		guest_gone(host, message->body.bye.text);
		return 0;
	default:
		close_fds(fds, message->n_fds);
		return -EPROTO;
	}
}

static void read_guest(struct leat_host *host, int n_max)
{
	struct leat_message message;
	struct leat_error error;
	int fds[LEAT_PROTO_FDS_MAX];

	for (int i = 0; i < n_max && host->guest_fd >= 0; i++) {
		int res = leat_message_recv(host->guest_fd, &message, fds);

		if (res == -EAGAIN)
			return;
		if (res == 0)
			res = handle_guest(host, &message, fds);
		if (res < 0) {
			guest_gone(host, leat_gone_text(&error, res));
			return;
		}
	}
}

/* It cannot be told. What it said before it left comes first. */
static void send_failed(struct leat_host *host, int res)
{
	struct leat_error error;

	if (res == -EPIPE || res == -ECONNRESET)
		read_guest(host, LEAT_LAST_MESSAGES_MAX);
	if (host->guest_fd >= 0)
		guest_gone(host, leat_gone_text(&error, res));
}

/* ---- clients: those who have not said who they are ---- */

static void close_client(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

static void send_bye(int fd, const char *text)
{
	struct leat_message message;

	leat_message_bye(&message, text);
	(void)leat_message_send(fd, &message, NULL, 0);
}

static void answer_tool(struct leat_host *host, int fd, uint32_t features)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX] = { host->status.fd };
	uint32_t n_fds = 1;

	leat_message_init(&message, LEAT_MESSAGE_STATUS);
	if (host->guest_status.addr)
		fds[n_fds++] = host->guest_status.fd;
	if (features & LEAT_FEATURE_LOAD) {
		message.body.status.loads = LEAT_STATUS_JACK_LOAD;
		fds[n_fds++] = host->load.fd;
	}
	if (features & LEAT_FEATURE_LOAD && host->guest_load.addr) {
		message.body.status.loads |= LEAT_STATUS_PIPEWIRE_LOAD;
		fds[n_fds++] = host->guest_load.fd;
	}
	(void)leat_message_send(fd, &message, fds, n_fds);
}

/* What a peer does is no trouble of ours. */
static bool is_ours(int res)
{
	return res == -EMFILE || res == -ENFILE || res == -ENOBUFS ||
	       res == -ENOMEM || res == -ENOSPC;
}

static void tell_trouble(struct leat_host *host, int res)
{
	struct leat_error error;

	if (!host->events->trouble || !is_ours(res))
		return;
	leat_error_set(&error, res, "cannot watch for who joins: %s",
		       leat_errno_text(res));
	host->events->trouble(host->user, error.text);
}

static void adopt_guest(struct leat_host *host, struct client *client,
			const struct leat_hello *hello, int status_fd)
{
	int res;

	if (host->guest_fd >= 0) {
		close(status_fd);
		send_bye(client->fd,
			 "another leat-pipewire serves this link already: "
			 "stop that one or choose another link name");
		close_client(client);
		return;
	}
	res = leat_side_attach(&host->guest_status, status_fd);
	if (res < 0) {
		send_bye(client->fd,
			 is_ours(res) ? "leat-jack cannot take it in"
				      : "its status part is not acceptable");
		close_client(client);
		tell_trouble(host, res);
		return;
	}
	host->guest_fd = client->fd;
	host->guest_features = hello->features;
	client->fd = -1;
	host->guest_pidfd = leat_peer_pidfd(host->guest_fd);
	if (host->guest_pidfd >= 0)
		(void)watch(host, host->guest_pidfd);
	res = send_spec(host);
	if (res == 0)
		res = send_offer(host);
	if (res == 0)
		res = send_latency(host);
	if (res < 0)
		send_failed(host, res);
}

static void adopt_tap(struct leat_host *host, struct client *client)
{
	const char *text;

	if (leat_host_taps_add(&host->taps, client->fd, &text) == 0) {
		client->fd = -1;
		return;
	}
	send_bye(client->fd, text);
	close_client(client);
}

static void read_client(struct leat_host *host, struct client *client)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];
	int res = leat_message_recv(client->fd, &message, fds);

	if (res == -EAGAIN)
		return;
	if (res == -ENOTSUP)
		send_bye(client->fd, "this link speaks another version of "
				     "leat's protocol: update both sides");
	if (res < 0) {
		close_client(client);
		tell_trouble(host, res);
		return;
	}
	if (message.type != LEAT_MESSAGE_HELLO) {
		close_fds(fds, message.n_fds);
		close_client(client);
	} else if (message.body.hello.role == LEAT_ROLE_PIPEWIRE) {
		adopt_guest(host, client, &message.body.hello, fds[0]);
	} else if (message.body.hello.role == LEAT_ROLE_TAP) {
		adopt_tap(host, client);
	} else {
		answer_tool(host, client->fd, message.body.hello.features);
		close_client(client);
	}
}

/* A free slot; the longest silent client makes room if there is none. */
static struct client *client_slot(struct leat_host *host)
{
	struct client *oldest = &host->clients[0];

	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &host->clients[i];

		if (client->fd < 0)
			return client;
		if (client->since < oldest->since)
			oldest = client;
	}
	close_client(oldest);
	return oldest;
}

static void accept_client(struct leat_host *host)
{
	int fd = leat_accept(&host->listener);
	struct client *client;
	int res;

	if (fd < 0) {
		tell_trouble(host, fd);
		return;
	}
	client = client_slot(host);
	client->fd = fd;
	client->since = host->n_accepted++;
	res = watch(host, fd);
	if (res < 0) {
		close_client(client);
		tell_trouble(host, res);
	}
}

static void dispatch_fd(struct leat_host *host, int fd)
{
	if (fd == host->listener.fd) {
		accept_client(host);
		return;
	}
	if (fd == host->guest_fd) {
		read_guest(host, LEAT_MESSAGES_MAX);
		return;
	}
	if (fd == host->guest_pidfd) {
		/* What it said before it died comes first. */
		read_guest(host, LEAT_LAST_MESSAGES_MAX);
		if (host->guest_fd >= 0)
			guest_gone(host, "");
		return;
	}
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (host->clients[i].fd == fd) {
			read_client(host, &host->clients[i]);
			return;
		}
	(void)leat_host_taps_heard(&host->taps, fd);
}

void leat_host_dispatch(struct leat_host *host)
{
	struct epoll_event event;

	/* One at a time: handling one event may close what another is of. */
	for (int i = 0; i < CLIENTS_MAX; i++) {
		if (epoll_wait(host->epoll_fd, &event, 1, 0) <= 0)
			break;
		dispatch_fd(host, event.data.fd);
	}
	tell_n_taps(host);
}

void leat_host_dismiss(struct leat_host *host, const char *text)
{
	if (host->guest_fd < 0)
		return;
	send_bye(host->guest_fd, text);
	guest_gone(host, text);
}

void leat_host_update(struct leat_host *host, const struct leat_link_spec *spec)
{
	bool same = leat_spec_same_rings(&host->spec, spec);
	int res;

	/* What no peer would accept is not offered. */
	if (leat_spec_check(spec) < 0)
		return;
	set_spec(host, spec);
	if (host->guest_fd < 0)
		return;
	res = send_spec(host);
	if (res == 0 && !same)
		res = send_offer(host);
	if (res < 0)
		send_failed(host, res);
}

void leat_host_set_latency(struct leat_host *host,
			   const struct leat_link_latency *latency)
{
	struct leat_link_latency wanted = *latency;
	int res;

	leat_latency_limit(&wanted, host->spec.rate_hz);
	if (leat_latency_same(&wanted, &host->latency))
		return;
	host->latency = wanted;
	if (host->guest_fd < 0)
		return;
	res = send_latency(host);
	if (res < 0)
		send_failed(host, res);
}
