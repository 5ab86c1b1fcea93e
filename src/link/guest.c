/* SPDX-License-Identifier: MIT */
#include <leat/link.h>

#include "latency.h"
#include "load_part.h"
#include "side.h"
#include "socket.h"
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Handled in one go. */
#define EVENTS_MAX 4

struct leat_guest {
	char link_name[LEAT_LINK_NAME_BYTES];
	int epoll_fd; /* lives as long as the guest */
	int fd;	      /* the host, or -1 */
	int pidfd;
	struct leat_shm status; /* own */
	struct leat_shm load;	/* own */
	struct leat_link_spec spec;
	bool have_spec;
	uint32_t asked; /* frames of room, of this host */
	uint32_t host_features;
	struct leat_link_latency latency; /* beyond the nodes */
	const struct leat_link_events *events;
	void *user;
};

int leat_guest_create(struct leat_guest **guest, const char *link_name,
		      const struct leat_link_events *events, void *user,
		      struct leat_error *error)
{
	const struct leat_shm none = LEAT_SHM_NONE;
	struct leat_guest *self;
	int res = leat_link_name_check(link_name, error);

	*guest = NULL;
	if (res < 0)
		return res;
	self = calloc(1, sizeof(*self));
	if (!self)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	strcpy(self->link_name, link_name);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		self->latency.added[d] = LEAT_LATENCY_FOLLOW;
	self->events = events;
	self->user = user;
	self->fd = self->pidfd = -1;
	self->status = self->load = none;
	self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (self->epoll_fd < 0) {
		res = leat_error_set(error, -errno, "cannot make an epoll: %s",
				     leat_errno_text(errno));
		free(self);
		return res;
	}
	res = leat_side_create(&self->status);
	if (res == 0)
		res = leat_load_part_create(&self->load);
	if (res < 0) {
		leat_error_set(error, res, "cannot make shared memory: %s",
			       leat_errno_text(res));
		leat_guest_destroy(self);
		return res;
	}
	*guest = self;
	return 0;
}

static void disconnect(struct leat_guest *guest)
{
	if (guest->fd >= 0)
		close(guest->fd);
	if (guest->pidfd >= 0)
		close(guest->pidfd);
	guest->fd = guest->pidfd = -1;
	guest->have_spec = false;
	guest->asked = 0;
	guest->host_features = 0;
}

void leat_guest_destroy(struct leat_guest *guest)
{
	if (!guest)
		return;
	disconnect(guest);
	leat_shm_finish(&guest->status);
	leat_shm_finish(&guest->load);
	close(guest->epoll_fd);
	free(guest);
}

struct leat_side_words *leat_guest_status(struct leat_guest *guest)
{
	return leat_side(&guest->status);
}

struct leat_load_words *leat_guest_load(struct leat_guest *guest)
{
	return leat_load_part_own(&guest->load);
}

bool leat_guest_connected(const struct leat_guest *guest)
{
	return guest->fd >= 0;
}

int leat_guest_fd(const struct leat_guest *guest)
{
	return guest->epoll_fd;
}

static int watch(struct leat_guest *guest, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(guest->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0
		       ? -errno
		       : 0;
}

int leat_guest_connect(struct leat_guest *guest, struct leat_error *error)
{
	struct leat_message message;
	int res;

	disconnect(guest);
	guest->fd = leat_connect(guest->link_name, error);
	if (guest->fd < 0) {
		res = guest->fd;
		guest->fd = -1;
		return res;
	}
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_PIPEWIRE;
	message.body.hello.features = LEAT_FEATURE_LATENCY;
	res = leat_message_send(guest->fd, &message, &guest->status.fd, 1);
	if (res == 0)
		res = watch(guest, guest->fd);
	if (res < 0) {
		disconnect(guest);
		return leat_error_set(error, res, "cannot join the link: %s",
				      leat_errno_text(res));
	}
	guest->pidfd = leat_peer_pidfd(guest->fd);
	if (guest->pidfd >= 0)
		(void)watch(guest, guest->pidfd);
	return 0;
}

static void host_gone(struct leat_guest *guest, const char *text)
{
	disconnect(guest);
	guest->events->peer_gone(guest->user, text);
}

/* What this side sleeps on; the other end is for the host. */
static int make_signal(int *wait_fd, int *given_fd)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	*wait_fd = pair[0];
	*given_fd = pair[1];
	return 0;
}

static void close_fds(const int *fds, uint32_t n_fds)
{
	for (uint32_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

/* Connect the own half of a wire to the one that is offered. Takes all over. */
static int connect_wire(struct leat_guest *guest, struct leat_wire *wire,
			const int *fds, int wait_fd)
{
	int raise_fd = fds[2];
	int res, res2;

	if (guest->spec.ring_flags[LEAT_TO_JACK] & LEAT_RING_POLL) {
		close(raise_fd);
		raise_fd = -1;
	}
	res = leat_frames_consumer_connect(wire->in, fds[0], wait_fd);
	res2 = leat_frames_producer_connect(wire->out, fds[1], raise_fd);
	return res < 0 ? res : res2;
}

/* Make the own half of the wire that is offered, and connect the other. */
static int make_wire(struct leat_guest *guest, struct leat_wire **wire,
		     const struct leat_message *offer, const int *fds,
		     int *given_fd)
{
	int res = -EPROTO, wait_fd = -1;

	if (guest->have_spec && leat_is_signal(fds[2]))
		res = leat_wire_create(wire, &guest->spec, &offer->body.wire,
				       LEAT_TO_JACK);
	if (res == 0)
		res = make_signal(&wait_fd, given_fd);
	if (res < 0) {
		close_fds(fds, 3);
		return res;
	}
	return connect_wire(guest, *wire, fds, wait_fd);
}

static int take_offer(struct leat_guest *guest,
		      const struct leat_message *offer, const int *fds)
{
	struct leat_message message;
	struct leat_wire *wire = NULL;
	int given_fd = -1;
	int res = make_wire(guest, &wire, offer, fds, &given_fd);

	if (res == 0) {
		leat_message_init(&message, LEAT_MESSAGE_ACCEPT);
		message.body.wire = offer->body.wire;
		res = leat_message_send(
			guest->fd, &message,
			(int[]){ leat_frames_consumer_fd(wire->in),
				 leat_frames_producer_fd(wire->out), given_fd },
			3);
	}
	if (given_fd >= 0)
		close(given_fd);
	if (res < 0) {
		leat_wire_destroy(wire);
		return res;
	}
	guest->events->wire_up(guest->user, wire);
	return 0;
}

/* Of no host, or of one that the owner has left meanwhile, nothing is known. */
static int send_latency(struct leat_guest *guest)
{
	struct leat_message message;

	if (!(guest->host_features & LEAT_FEATURE_LATENCY))
		return 0;
	leat_message_init(&message, LEAT_MESSAGE_LATENCY);
	leat_latency_pack(&message.body.latency, &guest->latency);
	return leat_message_send(guest->fd, &message, NULL, 0);
}

static int send_load(struct leat_guest *guest)
{
	struct leat_message message;

	if (!(guest->host_features & LEAT_FEATURE_LOAD))
		return 0;
	leat_message_init(&message, LEAT_MESSAGE_LOAD);
	return leat_message_send(guest->fd, &message, &guest->load.fd, 1);
}

static int take_latency(struct leat_guest *guest,
			const struct leat_latency_message *message)
{
	struct leat_link_latency latency;
	int res = leat_latency_unpack(&latency, message);

	if (res < 0 || !guest->have_spec)
		return -EPROTO;
	leat_latency_limit(&latency, guest->spec.rate_hz);
	if (guest->events->latency)
		guest->events->latency(guest->user, &latency);
	return 0;
}

static int take_spec(struct leat_guest *guest,
		     const struct leat_spec_message *message)
{
	bool first = !guest->have_spec;
	int res = leat_spec_unpack(&guest->spec, message);

	if (res < 0)
		return res;
	if (strcmp(guest->spec.link_name, guest->link_name) != 0)
		return -EPROTO;
	guest->have_spec = true;
	guest->host_features = message->features;
	guest->events->spec(guest->user, &guest->spec);
	res = first ? send_load(guest) : 0;
	return first && res == 0 ? send_latency(guest) : res;
}

static int handle(struct leat_guest *guest, const struct leat_message *message,
		  const int *fds)
{
	switch (message->type) {
	case LEAT_MESSAGE_SPEC:
		return take_spec(guest, &message->body.spec);
	case LEAT_MESSAGE_OFFER:
		return take_offer(guest, message, fds);
	case LEAT_MESSAGE_LATENCY:
		return take_latency(guest, &message->body.latency);
	case LEAT_MESSAGE_BYE:
		host_gone(guest, message->body.bye.text);
		return 0;
	default:
		close_fds(fds, message->n_fds);
		return -EPROTO;
	}
}

static void read_host(struct leat_guest *guest, int n_max)
{
	struct leat_message message;
	struct leat_error error;
	int fds[LEAT_PROTO_FDS_MAX];

	for (int i = 0; i < n_max && guest->fd >= 0; i++) {
		int res = leat_message_recv(guest->fd, &message, fds);

		if (res == -EAGAIN)
			return;
		if (res == 0)
			res = handle(guest, &message, fds);
		if (res < 0 && guest->fd >= 0) {
			host_gone(guest, leat_gone_text(&error, res));
			return;
		}
	}
}

void leat_guest_dispatch(struct leat_guest *guest)
{
	struct epoll_event event;

	/* One at a time: handling one event may close what another is of. */
	for (int i = 0; i < EVENTS_MAX; i++) {
		int fd;

		if (epoll_wait(guest->epoll_fd, &event, 1, 0) <= 0)
			return;
		fd = event.data.fd;
		/* What it said before it died comes first. */
		read_host(guest, fd == guest->pidfd ? LEAT_LAST_MESSAGES_MAX
						    : LEAT_MESSAGES_MAX);
		if (fd == guest->pidfd && guest->fd >= 0)
			host_gone(guest, "");
	}
}

int leat_guest_ask_room(struct leat_guest *guest, uint32_t n_frames)
{
	uint32_t most = guest->spec.capacity_max;
	struct leat_message message;
	int res = 0;

	if (!guest->have_spec)
		return -ENOTCONN;
	if (n_frames <= guest->spec.capacity)
		return 0;
	if (most == 0)
		return -ENOTSUP;
	leat_message_init(&message, LEAT_MESSAGE_ROOM);
	message.body.room.n_frames = n_frames < most ? n_frames : most;
	if (message.body.room.n_frames > guest->asked)
		res = leat_message_send(guest->fd, &message, NULL, 0);
	if (res < 0)
		return res;
	guest->asked = message.body.room.n_frames;
	return n_frames > most ? -ERANGE : 0;
}

void leat_guest_leave(struct leat_guest *guest, const char *text)
{
	struct leat_message message;

	if (guest->fd < 0)
		return;
	leat_message_bye(&message, text);
	(void)leat_message_send(guest->fd, &message, NULL, 0);
	disconnect(guest);
}

void leat_guest_set_latency(struct leat_guest *guest,
			    const struct leat_link_latency *latency)
{
	struct leat_link_latency wanted = *latency;
	struct leat_error error;
	int res;

	leat_latency_limit(&wanted, guest->have_spec ? guest->spec.rate_hz
						     : LEAT_RATE_MAX_HZ);
	if (leat_latency_same(&wanted, &guest->latency))
		return;
	guest->latency = wanted;
	res = send_latency(guest);
	/* That the host has left, and why, is for dispatch to find. */
	if (res < 0 && res != -EPIPE && res != -ECONNRESET)
		host_gone(guest, leat_gone_text(&error, res));
}
