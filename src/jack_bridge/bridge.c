/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include "capacity.h"
#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"
#include "cli/rights.h"
#include "connections.h"
#include "wires.h"
#include <leat/inline/atomics.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* How often what cannot be waited for is looked at. */
#define TICK_MS 20

/* Ticks between two looks for a server that is away. */
#define TICKS_PER_OPEN 5
/* The same for one that is there, at a rate that cannot be. */
#define TICKS_PER_REFUSAL 50

/* Ticks that a client of our name has to vanish. */
#define TRIES_PER_NAME 50

struct leat_jack_bridge {
	const struct leat_jack_bridge_setup *setup;
	struct leat_jack_client_setup client_setup;
	char client_name[LEAT_LINK_NAME_BYTES + 8];
	char pretty_name[LEAT_LINK_NAME_BYTES + 16];
	struct leat_host *host;
	struct leat_side_words *status; /* the host's */
	struct leat_link_spec spec;
	struct leat_jack_client client;
	struct leat_jack_connections connections;
	bool connections_due;
	bool thread_due;	/* to be looked at, once it has had a cycle */
	uint64_t cycles_before; /* when it was made */
	struct leat_rights rights;
	struct leat_jack_wires wires;
	int epoll_fd;
	int ready_fd;
	uint32_t ticks_to_open;
	bool refused;	       /* it has been said that its rate cannot be */
	int64_t latency_at_ms; /* when to look at latency; 0: at once */
	bool was_open;	       /* there has been a server before this one */
	bool stop;
	char trouble_text[384];		  /* what was said last of it */
	struct leat_log_limit peer_log;	  /* of what the other side does */
	struct leat_log_limit server_log; /* of what JACK does */
};

/* ---- the other side ---- */

static void on_wire_up(void *user, struct leat_wire *wire)
{
	struct leat_jack_bridge *self = user;

	if (!self->wires.current)
		leat_log_limited_at(&self->peer_log, LEAT_LOG_INFO,
				    "%s: leat-pipewire joined",
				    self->spec.link_name);
	self->trouble_text[0] = 0;
	leat_jack_wires_use(&self->wires, wire);
	leat_rights_look_at_memory(&self->rights, self->spec.link_name, wire);
}

static void on_peer_gone(void *user, const char *text)
{
	struct leat_jack_bridge *self = user;

	leat_log_limited(
		&self->peer_log,
		"%s: leat-pipewire is gone%s%s; silence until it is back",
		self->spec.link_name, text[0] ? ": " : "", text);
	leat_jack_wires_use(&self->wires, NULL);
	leat_jack_latency_set_peer(&self->client.latency, NULL);
	self->latency_at_ms = 0;
}

static void on_latency(void *user, const struct leat_link_latency *latency)
{
	struct leat_jack_bridge *self = user;

	leat_jack_latency_set_peer(&self->client.latency, latency);
	self->latency_at_ms = 0;
}

/* ---- what the other side is told ---- */

static void tell_spec(struct leat_jack_bridge *self)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_word_set(&self->status->capacity[d], self->spec.capacity);
	leat_host_update(self->host, &self->spec);
}

/* Its latency does not fit into the rings that our clock asks for. */
static void on_room(void *user, uint32_t capacity)
{
	struct leat_jack_bridge *self = user;

	self->spec.capacity = capacity;
	tell_spec(self);
}

/* It comes again and again, and is told once. */
static void on_trouble(void *user, const char *text)
{
	struct leat_jack_bridge *self = user;

	if (strcmp(text, self->trouble_text) == 0)
		return;
	snprintf(self->trouble_text, sizeof(self->trouble_text), "%s", text);
	leat_log_limited(&self->peer_log, "%s: %s", self->spec.link_name, text);
}

static const struct leat_link_events link_events = {
	.wire_up = on_wire_up,
	.peer_gone = on_peer_gone,
	.room = on_room,
	.latency = on_latency,
	.trouble = on_trouble,
};

static struct leat_jack_capacity
wanted_room(const struct leat_jack_bridge *self, uint32_t rate_hz,
	    uint32_t period)
{
	return (struct leat_jack_capacity){
		.rate_hz = rate_hz,
		.period = period,
		.n_channels = self->client_setup.n_channels[0] +
			      self->client_setup.n_channels[1],
		.history_ms = self->setup->history_ms,
		.most_bytes = self->setup->most_bytes,
	};
}

static uint32_t choose_capacity(const struct leat_jack_bridge *self,
				uint32_t rate_hz, uint32_t period)
{
	struct leat_jack_capacity wanted = wanted_room(self, rate_hz, period);

	return leat_jack_capacity(&wanted);
}

/* What is asked for has a limit; what is usual just ends there. */
static void tell_history(const struct leat_jack_bridge *self)
{
	struct leat_jack_capacity wanted =
		wanted_room(self, self->spec.rate_hz, self->spec.period);
	uint32_t ms =
		leat_jack_capacity_history_ms(&wanted, self->spec.capacity);

	if (self->setup->history_given && ms < self->setup->history_ms)
		leat_log_at(LEAT_LOG_WARNING,
			    "%s: the history is %u.%u s; more does not fit "
			    "into rings of %u frames",
			    self->spec.link_name, ms / 1000, ms % 1000 / 100,
			    self->spec.capacity);
}

static bool freewheels(const struct leat_jack_bridge *self)
{
	return __atomic_load_n(&self->client.process.freewheels,
			       __ATOMIC_SEQ_CST);
}

static void set_clock(struct leat_jack_bridge *self, uint32_t rate_hz,
		      uint32_t period, bool alive)
{
	uint32_t capacity = choose_capacity(self, rate_hz, period);

	self->spec.rate_hz = rate_hz;
	self->spec.period = period;
	/* In freewheel there is nobody to follow. */
	self->spec.jack_alive = alive && !freewheels(self);
	/* Room that is there is kept: a smaller period needs no new rings. */
	if (capacity > self->spec.capacity)
		self->spec.capacity = capacity;
	leat_word_set(&self->status->rate_hz, rate_hz);
	leat_word_set(&self->status->period, period);
	leat_word_set(&self->status->alive, alive);
	leat_word_set(&self->status->running, self->spec.jack_alive);
	tell_spec(self);
}

static void init_spec(struct leat_jack_bridge *self)
{
	const struct leat_jack_client_setup *setup = &self->client_setup;

	strcpy(self->spec.link_name, self->setup->link_name);
	self->spec.first_index = self->setup->first_index;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		self->spec.n_channels[d] = setup->n_channels[d];
		memcpy(self->spec.position[d], setup->position[d],
		       sizeof(self->spec.position[d]));
		self->spec.ring_flags[d] = LEAT_RING_TIMED;
	}
	/*
	 * JACK is called by its server: nobody sleeps on the way back, unless
	 * it was asked for.
	 */
	if (setup->sync_wait_percent == 0)
		self->spec.ring_flags[LEAT_TO_JACK] |= LEAT_RING_POLL;
	/* Not known yet; nobody acts on it while jack_alive is false. */
	self->spec.rate_hz = 48000;
	self->spec.period = 1024;
	self->spec.capacity = choose_capacity(self, 48000, 1024);
}

static void init_status(struct leat_jack_bridge *self)
{
	struct leat_side_words *status = self->status;
	struct leat_direction_words *back = &status->direction[LEAT_TO_JACK];

	strncpy(status->server,
		leat_jack_server_name(self->client_setup.server),
		sizeof(status->server) - 1);
	leat_word_set(&status->alive, 0);
	leat_word_set(&status->running, 0);
	leat_word_set(&status->cycles, 0);
	leat_word_set(&status->xruns, 0);
	leat_word_set(&status->skipped_periods, 0);
	leat_word_set(&status->reconnects, 0);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_word_set(&status->n_channels[d], self->spec.n_channels[d]);
		leat_word_set(&status->direction[d].poisoned, 0);
		leat_word_set(&status->direction[d].trim,
			      (uint64_t)self->client_setup.latency_trim[d]);
	}
	leat_word_set(&status->direction[LEAT_TO_PIPEWIRE].wakeups, 0);
	leat_word_set(&back->frames, 0);
	leat_word_set(&back->underruns, 0);
	leat_word_set(&back->lost, 0);
	leat_word_set(&back->inserted, 0);
	leat_word_set(&back->slips, 0);
}

/* ---- the JACK client ---- */

static bool is_inside(const struct leat_jack_bridge *self)
{
	return self->client_setup.given != NULL;
}

static int open_client(struct leat_jack_bridge *self, struct leat_error *error)
{
	int res = leat_jack_client_open(&self->client, &self->client_setup,
					error);

	if (res < 0)
		return res;
	leat_jack_process_set_wire(&self->client.process, self->wires.current);
	set_clock(self, self->client.rate_hz,
		  leat_jack_client_period(&self->client), true);
	self->connections_due = !is_inside(self);
	/* Inside, the server may end its thread while we look at it. */
	self->thread_due = !is_inside(self);
	self->cycles_before = leat_word_peek(&self->status->cycles);
	self->latency_at_ms = 0;
	leat_log_limited_at(&self->server_log, LEAT_LOG_INFO,
			    "%s: JACK server '%s' runs at %u Hz, period %u",
			    self->spec.link_name,
			    leat_jack_server_name(self->client_setup.server),
			    self->spec.rate_hz, self->spec.period);
	tell_history(self);
	leat_tell_ready(&self->ready_fd);
	return 0;
}

/*
 * The link's name is ours, so a client of our name is most likely one that
 * was killed and that the server has not noticed yet.
 */
static int open_first(struct leat_jack_bridge *self, struct leat_error *error)
{
	int res = open_client(self, error);

	for (int i = 0; i < TRIES_PER_NAME && res == -EEXIST; i++) {
		usleep(TICK_MS * 1000);
		res = open_client(self, error);
	}
	return res;
}

static void server_lost(struct leat_jack_bridge *self)
{
	leat_log_limited(
		&self->server_log,
		"%s: the JACK server is gone; waiting for it to come back",
		self->spec.link_name);
	leat_jack_client_close(&self->client);
	self->latency_at_ms = 0;
	self->was_open = true;
	leat_jack_connections_lost(&self->connections);
	set_clock(self, self->spec.rate_hz, self->spec.period, false);
	self->ticks_to_open = TICKS_PER_OPEN;
}

/* We are a part of it, and end with it. */
static void server_ends(struct leat_jack_bridge *self)
{
	leat_log_at(LEAT_LOG_INFO, "%s: the JACK server ends",
		    self->spec.link_name);
	set_clock(self, self->spec.rate_hz, self->spec.period, false);
}

static void look_for_server(struct leat_jack_bridge *self)
{
	struct leat_error error;
	int res;

	if (self->ticks_to_open > 0) {
		self->ticks_to_open--;
		return;
	}
	self->ticks_to_open = TICKS_PER_OPEN;
	res = open_client(self, &error);
	if (res == 0 && self->was_open)
		leat_word_add(&self->status->reconnects, 1);
	if (res == -ERANGE && !self->refused)
		leat_log_limited(&self->server_log,
				 "%s: %s; silence until then",
				 self->spec.link_name, error.text);
	else if (res < 0 && res != -ENOENT && res != -ERANGE)
		on_trouble(self, error.text);
	if (res == -ERANGE)
		self->ticks_to_open = TICKS_PER_REFUSAL;
	/* It may go, and come back with another. */
	self->refused = self->refused ? res != 0 && res != -ENOENT
				      : res == -ERANGE;
}

static void period_changed(struct leat_jack_bridge *self)
{
	uint32_t period = leat_jack_client_period(&self->client);

	if (period == self->spec.period)
		return;
	leat_log_limited_at(&self->server_log, LEAT_LOG_INFO,
			    "%s: JACK's period is %u now", self->spec.link_name,
			    period);
	set_clock(self, self->spec.rate_hz, period, true);
	self->latency_at_ms = 0;
}

static void tell_guard(const struct leat_jack_bridge *self)
{
	char text[192];

	(void)leat_rt_guard_tell(&self->client.guard, text, sizeof(text));
	leat_log_at(LEAT_LOG_INFO, "%s: %s", self->spec.link_name, text);
}

static void freewheel_changed(struct leat_jack_bridge *self)
{
	bool was = !self->spec.jack_alive;

	if (freewheels(self) == was)
		return;
	leat_log_limited_at(&self->server_log, LEAT_LOG_INFO, "%s: JACK %s",
			    self->spec.link_name,
			    was ? "is back in real time"
				: "freewheels; silence until it does not");
	set_clock(self, self->spec.rate_hz, self->spec.period, true);
}

static void handle_notices(struct leat_jack_bridge *self)
{
	uint32_t notices = leat_jack_client_notices(&self->client);

	if (!self->client.client)
		return;
	if (notices & LEAT_JACK_NOTICE_SHUTDOWN) {
		if (is_inside(self))
			server_ends(self);
		else
			server_lost(self);
		return;
	}
	if (notices & LEAT_JACK_NOTICE_PERIOD)
		period_changed(self);
	if (notices & LEAT_JACK_NOTICE_GUARD)
		tell_guard(self);
	if (notices & LEAT_JACK_NOTICE_FREEWHEEL)
		freewheel_changed(self);
	if (notices & LEAT_JACK_NOTICE_POISONED)
		leat_host_dismiss(self->host,
				  "it wrote an index that cannot be");
	if (notices & LEAT_JACK_NOTICE_CONNECTIONS) {
		self->connections_due = !is_inside(self);
		leat_jack_latency_connected(&self->client.latency);
		self->latency_at_ms = 0;
	}
	if (notices & LEAT_JACK_NOTICE_LATENCY)
		self->latency_at_ms = 0;
}

/* ---- the loop ---- */

/* It asks for its priority as it begins. */
static void look_at_thread(struct leat_jack_bridge *self)
{
	if (leat_word_peek(&self->status->cycles) == self->cycles_before)
		return;
	self->thread_due = false;
	leat_rights_look_at_thread(&self->rights, self->spec.link_name, "JACK",
				   leat_jack_client_policy(&self->client));
}

/* What is looked at now and then, as long as there is need. */
static void tick(struct leat_jack_bridge *self)
{
	if (!self->client.client) {
		look_for_server(self);
		return;
	}
	if (self->thread_due)
		look_at_thread(self);
	if (self->connections_due)
		self->connections_due = leat_jack_connections_update(
			&self->connections, &self->client.process);
}

static void dispatch(struct leat_jack_bridge *self, int fd)
{
	if (fd == self->setup->stop_fd)
		self->stop = true;
	else if (fd == self->client.notice_fd)
		handle_notices(self);
	else
		leat_host_dispatch(self->host);
}

static bool needs_ticks(struct leat_jack_bridge *self)
{
	return self->connections_due || self->thread_due ||
	       !self->client.client || leat_jack_wires_retire(&self->wires);
}

/* For `leat status`; while there is no server nothing is known. */
static void show_latency(struct leat_jack_bridge *self)
{
	const struct leat_jack_latency *latency = &self->client.latency;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_word_set(
			&self->status->direction[d].beyond,
			self->client.client
				? leat_latency_beyond(latency->told.beyond[d])
				: LEAT_UNKNOWN);
}

static void settle_latency(struct leat_jack_bridge *self)
{
	int64_t now = leat_now_ms();
	int wait_ms;

	if (now < self->latency_at_ms)
		return;
	/* What happens meanwhile is for another look. */
	self->latency_at_ms = INT64_MAX;
	wait_ms = leat_jack_latency_settle(
		&self->client.latency, self->client.client, self->host, now);
	show_latency(self);
	if (wait_ms >= 0 && self->latency_at_ms > 0)
		self->latency_at_ms = now + wait_ms;
}

/* How long to sleep, if nothing happens; -1: until something does. */
static int sleep_ms(struct leat_jack_bridge *self, int64_t tick_at_ms)
{
	int64_t until_ms = self->latency_at_ms, now = leat_now_ms();

	if (needs_ticks(self) && tick_at_ms < until_ms)
		until_ms = tick_at_ms;
	if (until_ms == INT64_MAX)
		return -1;
	return until_ms > now ? (int)(until_ms - now) : 0;
}

void leat_jack_bridge_loop(struct leat_jack_bridge *self)
{
	int64_t tick_at = leat_now_ms();

	while (!self->stop) {
		struct epoll_event event;
		int n;

		if (tick_at <= leat_now_ms() && needs_ticks(self)) {
			tick(self);
			tick_at = leat_now_ms() + TICK_MS;
			continue;
		}
		settle_latency(self);
		n = epoll_wait(self->epoll_fd, &event, 1,
			       sleep_ms(self, tick_at));
		if (n > 0)
			dispatch(self, event.data.fd);
	}
}

static int watch(struct leat_jack_bridge *self, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_loop(struct leat_jack_bridge *self, struct leat_error *error)
{
	self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (self->epoll_fd < 0 || watch(self, self->setup->stop_fd) < 0 ||
	    watch(self, self->client.notice_fd) < 0 ||
	    watch(self, leat_host_fd(self->host)) < 0)
		return leat_error_set(error, -errno,
				      "cannot watch for events: %s",
				      leat_errno_text(errno));
	return 0;
}

static int want_connections(struct leat_jack_bridge *self,
			    struct leat_error *error)
{
	int res = 0;

	/* Inside of the server they are made by its threads. */
	if (is_inside(self))
		return 0;
	res = leat_jack_connections_init(&self->connections);
	if (res < 0)
		return leat_error_set(error, res, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	for (uint32_t i = 0; i < self->setup->n_connect; i++)
		if (leat_jack_connections_want(&self->connections,
					       self->setup->connect[i]) < 0)
			return leat_error_set(error, -ENOSPC,
					      "--connect %s: that is too long, "
					      "or one too many",
					      self->setup->connect[i]);
	return 0;
}

static int start(struct leat_jack_bridge *self, struct leat_error *error)
{
	int res = want_connections(self, error);

	if (res == 0 && self->client_setup.rt_guard)
		res = leat_rt_guard_check(error);
	if (res == 0)
		res = leat_jack_library_check(error);
	if (res < 0)
		return res;
	init_spec(self);
	res = leat_host_create(&self->host, &self->spec, &link_events, self,
			       error);
	if (res < 0)
		return res;
	self->status = leat_host_status(self->host);
	init_status(self);
	res = leat_jack_client_init(&self->client, self->status,
				    leat_host_load(self->host));
	if (res < 0)
		return leat_error_set(error, res, "cannot make an eventfd: %s",
				      leat_errno_text(res));
	res = open_loop(self, error);
	if (res < 0)
		return res;
	res = open_first(self, error);
	if (res == -ENOENT && self->setup->wait) {
		leat_log_at(LEAT_LOG_INFO, "%s: waiting for a JACK server",
			    self->spec.link_name);
		return 0;
	}
	return res;
}

int leat_jack_bridge_create(struct leat_jack_bridge **bridge,
			    const struct leat_jack_bridge_setup *setup,
			    struct leat_error *error)
{
	struct leat_jack_bridge *self = calloc(1, sizeof(*self));
	int res;

	*bridge = NULL;
	if (!self)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	self->setup = setup;
	self->wires.client = &self->client;
	self->client_setup = setup->client;
	self->ready_fd = setup->ready_fd;
	self->epoll_fd = self->client.notice_fd = -1;
	snprintf(self->client_name, sizeof(self->client_name), "leat-%s",
		 setup->link_name);
	snprintf(self->pretty_name, sizeof(self->pretty_name), "PipeWire (%s)",
		 setup->link_name);
	self->client_setup.client_name = self->client_name;
	self->client_setup.pretty_name = self->pretty_name;
	self->client_setup.asked =
		(struct leat_jack_asked){ setup->connect, setup->n_connect };
	res = start(self, error);
	if (res == 0)
		*bridge = self;
	else
		leat_jack_bridge_destroy(self);
	return res;
}

void leat_jack_bridge_client_ended(struct leat_jack_bridge *self)
{
	leat_jack_client_ended(&self->client);
}

void leat_jack_bridge_destroy(struct leat_jack_bridge *self)
{
	if (!self)
		return;
	if (self->host)
		leat_host_withdraw(self->host);
	self->client.ends = self->stop;
	leat_jack_client_finish(&self->client);
	leat_jack_wires_use(&self->wires, NULL);
	(void)leat_jack_wires_retire(&self->wires);
	leat_host_destroy(self->host);
	leat_jack_connections_finish(&self->connections);
	if (self->epoll_fd >= 0)
		close(self->epoll_fd);
	if (self->stop && self->client_setup.rt_guard)
		tell_guard(self);
	free(self);
}
