/* SPDX-License-Identifier: MIT */
#include "bridge_state.h"

#include "cli/log.h"
#include <leat/inline/atomics.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often what is away is looked for. */
#define RETRY_NS (50 * SPA_NSEC_PER_MSEC)
/* After somebody whom it costs much to have listened to. */
#define RETRY_COSTLY_S 1

bool leat_pw_bridge_may_give_up(const struct leat_pw_bridge *self)
{
	return !self->was_up && !self->setup->patient;
}

void leat_pw_bridge_give_up(struct leat_pw_bridge *self, int res)
{
	self->res = res;
	pw_main_loop_quit(self->main_loop);
}

void leat_pw_bridge_retry_later(struct leat_pw_bridge *self)
{
	struct timespec when = { 0, RETRY_NS };

	pw_loop_update_timer(self->loop, self->retry_timer, &when, NULL, false);
}

/* ---- the link ---- */

static void leave_and_return(struct leat_pw_bridge *self, const char *text);

/* Whoever is like that will be so in a moment. */
static void leave_for_a_while(struct leat_pw_bridge *self, const char *text)
{
	struct timespec when = { RETRY_COSTLY_S, 0 };

	leave_and_return(self, text);
	pw_loop_update_timer(self->loop, self->retry_timer, &when, NULL, false);
}

/* In another's process there is not as much memory to be had as in our own. */
static bool is_too_large(const struct leat_pw_bridge *self,
			 const struct leat_link_spec *spec)
{
	uint64_t n_channels = 0;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		n_channels += spec->n_channels[d];
	return self->setup->most_bytes > 0 &&
	       n_channels * spec->capacity * sizeof(float) >
		       self->setup->most_bytes;
}

static void leave_large(struct leat_pw_bridge *self)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "its rings are of more memory than the %u MiB that they may "
		 "have here: start leat-jack with a shorter --history",
		 (unsigned)(self->setup->most_bytes >> 20));
	leave_for_a_while(self, text);
}

static void on_spec(void *user, const struct leat_link_spec *spec)
{
	struct leat_pw_bridge *self = user;

	if (self->have_spec && self->spec.jack_alive && !spec->jack_alive)
		leat_log_limited(&self->peer_log,
				 "%s: the JACK server is gone, or freewheels; "
				 "silence until it is back",
				 spec->link_name);
	if (is_too_large(self, spec)) {
		leave_large(self);
		return;
	}
	self->spec = *spec;
	self->have_spec = true;
	leat_pw_bridge_settle(self);
}

static int use_wire(struct leat_pw_bridge *self, struct leat_wire *wire)
{
	struct leat_wire *old = self->wire;
	int res;

	self->wire = wire;
	res = leat_pw_process_set_wire(&self->process, wire);
	leat_wire_destroy(old);
	leat_pw_bridge_refresh_status(self);
	return res;
}

static void on_wire_up(void *user, struct leat_wire *wire)
{
	struct leat_pw_bridge *self = user;
	struct leat_error error;
	int res = use_wire(self, wire);

	self->told_rests = false;
	if (res < 0) {
		leat_error_set(&error, res,
			       "PipeWire's data loop cannot watch for JACK: %s",
			       leat_errno_text(res));
		leave_and_return(self, error.text);
		return;
	}
	leat_rights_look_at_memory(&self->rights, self->setup->link_name, wire);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_word_set(&self->status->n_channels[d],
			      self->spec.n_channels[d]);
		leat_word_set(&self->status->capacity[d], self->spec.capacity);
	}
	leat_pw_bridge_look_at_targets(self);
	leat_pw_bridge_nodes_changed(self);
}

static void on_peer_gone(void *user, const char *text)
{
	struct leat_pw_bridge *self = user;

	if (leat_pw_bridge_may_give_up(self) && text[0]) {
		leat_error_set(self->error, -EBUSY,
			       "cannot join the link '%s': %s",
			       self->setup->link_name, text);
		leat_pw_bridge_give_up(self, -EBUSY);
		return;
	}
	/* Tried again and again, and told once. */
	if (self->have_spec || strcmp(text, self->gone_text) != 0)
		leat_log_limited(
			&self->peer_log,
			"%s: leat-jack is gone%s%s; silence until it is back",
			self->setup->link_name, text[0] ? ": " : "", text);
	snprintf(self->gone_text, sizeof(self->gone_text), "%s", text);
	self->have_spec = false;
	(void)use_wire(self, NULL);
	leat_pw_bridge_latency_heard(self, NULL);
	leat_pw_bridge_settle(self);
	leat_pw_bridge_retry_later(self);
}

static void on_latency(void *user, const struct leat_link_latency *latency)
{
	leat_pw_bridge_latency_heard(user, latency);
}

/* The host's ring is of no use any more: ask for another. */
static void leave_and_return(struct leat_pw_bridge *self, const char *text)
{
	leat_guest_leave(self->guest, text);
	on_peer_gone(self, text);
}

/*
 * The graph runs at a rate that the nodes do not. If it was to be expected, they
 * change now; else they do if the graph stays at it.
 */
static bool look_at_rate(struct leat_pw_bridge *self)
{
	struct leat_pw_process *process = &self->process;
	const struct leat_pw_clocks *clocks = &self->nodes.clocks;
	uint32_t rate_hz =
		__atomic_load_n(&process->other_rate_hz, __ATOMIC_SEQ_CST);
	bool stays =
		__atomic_load_n(&process->other_rate_stays, __ATOMIC_SEQ_CST);

	if (rate_hz == 0 || !self->nodes.made)
		return false;
	if (!stays && (clocks->follows || rate_hz != clocks->rate_hz))
		return false;
	if (clocks->adapts && rate_hz != clocks->rate_hz) {
		self->seen_rate_hz = rate_hz;
		leat_pw_bridge_settle(self);
	}
	leat_pw_nodes_rest(&self->nodes);
	return true;
}

static void look_at_guard(struct leat_pw_bridge *self)
{
	char text[192];

	if (self->guard_told || !self->process.guard ||
	    leat_rt_guard_tell(&self->guard, text, sizeof(text)))
		return;
	self->guard_told = true;
	leat_pw_bridge_tell_guard(self);
}

/* Of each peer once: the status has how often. */
static void look_at_rests(struct leat_pw_bridge *self)
{
	uint64_t n_rests = leat_word_peek(&self->status->rests);

	if (n_rests == self->n_rests)
		return;
	self->n_rests = n_rests;
	if (self->told_rests)
		return;
	self->told_rests = true;
	leat_log_limited(&self->peer_log,
			 "%s: JACK's side keeps PipeWire's audio thread from "
			 "sleeping: it rests for a moment now and then",
			 self->setup->link_name);
}

static void on_process_changed(void *user, uint64_t count)
{
	struct leat_pw_bridge *self = user;

	(void)count;
	look_at_guard(self);
	look_at_rests(self);
	if (__atomic_load_n(&self->process.poisoned, __ATOMIC_SEQ_CST)) {
		leave_and_return(self, "it wrote an index that cannot be");
		return;
	}
	if (__atomic_load_n(&self->process.races, __ATOMIC_SEQ_CST)) {
		leave_for_a_while(self, "it goes faster than any JACK server");
		return;
	}
	leat_pw_nodes_look_at_driver(&self->nodes);
	leat_pw_bridge_look_at_targets(self);
	leat_pw_bridge_latency_changed(self);
	if (look_at_rate(self))
		return;
	if (self->nodes.made && self->nodes.clocks.adapts)
		leat_pw_bridge_tell_mode(self);
	else if (self->nodes.drives && leat_pw_bridge_other_driver(self))
		leat_log_limited(
			&self->server_log,
			"%s: PipeWire runs on another driver's clock now; "
			"silence until it is ours again",
			self->spec.link_name);
	leat_pw_bridge_refresh_status(self);
}

static const struct leat_link_events link_events = {
	.spec = on_spec,
	.wire_up = on_wire_up,
	.peer_gone = on_peer_gone,
	.latency = on_latency,
};

static void on_guest(void *user, int fd, uint32_t mask)
{
	struct leat_pw_bridge *self = user;

	(void)fd;
	(void)mask;
	leat_guest_dispatch(self->guest);
}

/* ---- the daemon ---- */

static void on_graph_ready(void *user)
{
	struct leat_pw_bridge *self = user;

	if (self->was_lost)
		leat_word_add(&self->status->reconnects, 1);
	self->was_lost = false;
	leat_pw_bridge_settle(self);
	(void)look_at_rate(self);
}

static void on_graph_lost(void *user)
{
	struct leat_pw_bridge *self = user;

	leat_log_limited(
		&self->server_log,
		"%s: the PipeWire daemon is gone; waiting for it to come back",
		self->setup->link_name);
	leat_pw_bridge_drop_nodes(self);
	leat_pw_graph_disconnect(&self->graph);
	self->was_lost = true;
	leat_pw_bridge_refresh_status(self);
	leat_pw_bridge_retry_later(self);
}

static const struct leat_pw_graph_events graph_events = {
	.ready = on_graph_ready,
	.lost = on_graph_lost,
};

/* ---- what is away is looked for ---- */

/* That it is not there is known; what else keeps us from it is told once. */
static void tell_trouble(struct leat_pw_bridge *self, int res,
			 const struct leat_error *error)
{
	if (res == 0 || res == -ENOENT ||
	    strcmp(error->text, self->trouble_text) == 0)
		return;
	leat_log_limited(&self->peer_log, "%s: %s; trying again",
			 self->setup->link_name, error->text);
	snprintf(self->trouble_text, sizeof(self->trouble_text), "%s",
		 error->text);
}

static void on_retry(void *user, uint64_t count)
{
	struct leat_pw_bridge *self = user;
	struct leat_error error;
	int res = 0;

	(void)count;
	if (self->nodes.failed || self->unmade) {
		self->unmade = false;
		leat_pw_bridge_drop_nodes(self);
		leat_pw_bridge_settle(self);
	}
	if (!self->graph.core)
		res = leat_pw_graph_connect(&self->graph, &error);
	tell_trouble(self, res, &error);
	res = 0;
	if (!leat_guest_connected(self->guest))
		res = leat_guest_connect(self->guest, &error);
	tell_trouble(self, res, &error);
	if (res < 0 || !self->graph.core)
		leat_pw_bridge_retry_later(self);
}

/* ---- start and end ---- */

static void on_signal(void *user, int signal_number)
{
	struct leat_pw_bridge *self = user;

	(void)signal_number;
	pw_main_loop_quit(self->main_loop);
}

static void on_stop(void *user, int fd, uint32_t mask)
{
	struct leat_pw_bridge *self = user;

	(void)fd;
	(void)mask;
	pw_main_loop_quit(self->main_loop);
}

static int watch_signals(struct leat_pw_bridge *self)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < SPA_N_ELEMENTS(signals); i++)
		if (!pw_loop_add_signal(self->loop, signals[i], on_signal,
					self))
			return -errno;
	return 0;
}

/* Its sources end with the loop. */
static int watch_end(struct leat_pw_bridge *self)
{
	int fd = self->setup->stop_fd;

	if (fd < 0)
		return watch_signals(self);
	return pw_loop_add_io(self->loop, fd, SPA_IO_IN, false, on_stop, self)
		       ? 0
		       : -errno;
}

static int make_loop(struct leat_pw_bridge *self)
{
	int res;

	self->main_loop = pw_main_loop_new(NULL);
	if (!self->main_loop)
		return -errno;
	self->loop = pw_main_loop_get_loop(self->main_loop);
	res = watch_end(self);
	if (res < 0)
		return res;
	self->retry_timer = pw_loop_add_timer(self->loop, on_retry, self);
	return self->retry_timer ? leat_pw_bridge_latency_init(self) : -errno;
}

static int watch_guest(struct leat_pw_bridge *self)
{
	self->guest_source = pw_loop_add_io(self->loop,
					    leat_guest_fd(self->guest),
					    SPA_IO_IN, false, on_guest, self);
	return self->guest_source ? 0 : -errno;
}

static int make_parts(struct leat_pw_bridge *self)
{
	int res = make_loop(self);

	if (res == 0)
		res = watch_guest(self);
	if (res == 0)
		res = leat_pw_graph_init(&self->graph, self->loop,
					 self->setup->remote, &graph_events,
					 self);
	if (res == 0)
		res = leat_pw_process_init(&self->process, self->graph.context,
					   self->loop, self->status,
					   self->setup->link_name,
					   on_process_changed, self);
	if (res < 0)
		res = leat_pw_graph_cause(res);
	if (res < 0)
		return leat_error_set(self->error, res,
				      "cannot set up libpipewire: %s",
				      leat_errno_text(res));
	self->process.load.words = leat_guest_load(self->guest);
	self->guard.found = leat_pw_process_found;
	self->guard.user = &self->process;
	self->process.guard = self->setup->rt_guard ? &self->guard : NULL;
	leat_pw_nodes_init(&self->nodes, &self->process,
			   leat_pw_bridge_nodes_changed, self);
	return 0;
}

static bool may_wait(const struct leat_pw_bridge *self, int res, bool usual)
{
	return self->setup->patient || (res == -ENOENT && usual);
}

/* What is not there is waited for; what is wrong is told as well. */
static void tell_wait(struct leat_pw_bridge *self, int res, const char *what)
{
	tell_trouble(self, res, self->error);
	if (res == -ENOENT)
		leat_log_at(LEAT_LOG_INFO, "%s: waiting for %s",
			    self->setup->link_name, what);
}

static int join(struct leat_pw_bridge *self)
{
	int res = leat_pw_graph_connect(&self->graph, self->error);

	if (res < 0 && !may_wait(self, res, self->setup->wait))
		return res;
	if (res < 0)
		tell_wait(self, res, "a PipeWire daemon");
	res = leat_guest_connect(self->guest, self->error);
	if (res < 0 && !may_wait(self, res, true))
		return res;
	if (res < 0)
		tell_wait(self, res, "leat-jack");
	if (!self->graph.core || res < 0)
		leat_pw_bridge_retry_later(self);
	return 0;
}

static int start(struct leat_pw_bridge *self)
{
	const struct leat_pw_bridge_setup *setup = self->setup;
	int res = setup->rt_guard ? leat_rt_guard_check(self->error) : 0;

	if (res == 0)
		res = leat_guest_create(&self->guest, setup->link_name,
					&link_events, self, self->error);
	if (res < 0)
		return res;
	self->status = leat_guest_status(self->guest);
	res = make_parts(self);
	leat_pw_bridge_init_status(self);
	return res;
}

int leat_pw_bridge_create(struct leat_pw_bridge **bridge,
			  const struct leat_pw_bridge_setup *setup,
			  struct leat_error *error)
{
	struct leat_pw_bridge *self = calloc(1, sizeof(*self));
	int res;

	*bridge = NULL;
	if (!self)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	pw_init(NULL, NULL);
	self->setup = setup;
	self->ready_fd = setup->ready_fd;
	self->error = error;
	leat_pw_bridge_tell_useless(self);
	res = start(self);
	if (res == 0)
		*bridge = self;
	else
		leat_pw_bridge_destroy(self);
	return res;
}

int leat_pw_bridge_loop(struct leat_pw_bridge *self)
{
	int res = join(self);

	if (res < 0)
		return res;
	pw_main_loop_run(self->main_loop);
	self->ended = self->res == 0;
	return self->res;
}

void leat_pw_bridge_destroy(struct leat_pw_bridge *self)
{
	if (!self)
		return;
	if (self->process.data_loop)
		(void)use_wire(self, NULL);
	leat_pw_peers_forget(&self->latency.peers);
	leat_pw_nodes_destroy(&self->nodes);
	leat_pw_process_finish(&self->process);
	leat_pw_graph_finish(&self->graph);
	if (self->main_loop)
		pw_main_loop_destroy(self->main_loop);
	leat_guest_destroy(self->guest);
	if (self->ended && self->setup->rt_guard)
		leat_pw_bridge_tell_guard(self);
	free(self);
	pw_deinit();
}
