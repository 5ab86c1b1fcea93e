/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include "cli/log.h"
#include "cli/options.h"
#include "graph.h"
#include "process.h"
#include <leat/inline/atomics.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often what is away is looked for. */
#define RETRY_NS (50 * SPA_NSEC_PER_MSEC)

struct bridge {
	const struct leat_pw_bridge_setup *setup;
	struct pw_main_loop *main_loop;
	struct pw_loop *loop;
	struct spa_source *retry_timer;
	struct spa_source *guest_source;
	struct leat_pw_graph graph;
	struct leat_pw_process process;
	struct leat_pw_nodes nodes;
	struct leat_guest *guest;
	struct leat_side_words *status; /* the guest's */
	struct leat_link_spec spec;
	bool have_spec;
	bool drives;	       /* what the nodes were told last */
	bool refused;	       /* the rates differ */
	uint32_t set_rate_hz;  /* of the graph, as the settings had it */
	uint32_t seen_rate_hz; /* of the graph, in its cycles; 0: as set */
	uint64_t told_mode;    /* what the log said last; 0: nothing */
	bool was_up;	       /* everything has been there once */
	bool was_lost;	       /* the daemon went and is not back yet */
	char gone_text[384];   /* what was said last of the other side's end */
	struct leat_wire *wire;
	int ready_fd;
	int res; /* what ended it */
	struct leat_error *error;
};

/* It cannot start: end with the sentence that is in self->error. */
static void give_up(struct bridge *self, int res)
{
	self->res = res;
	pw_main_loop_quit(self->main_loop);
}

static void retry_later(struct bridge *self)
{
	struct timespec when = { 0, RETRY_NS };

	pw_loop_update_timer(self->loop, self->retry_timer, &when, NULL, false);
}

/* ---- status ---- */

static bool other_driver(const struct bridge *self)
{
	return __atomic_load_n(&self->process.other_driver, __ATOMIC_SEQ_CST);
}

static enum leat_mode mode(const struct bridge *self)
{
	const struct leat_pw_clocks *clocks = &self->nodes.clocks;

	if (!self->nodes.made)
		return self->setup->mode == LEAT_PW_ADAPTIVE
			       ? LEAT_MODE_ADAPTIVE
			       : LEAT_MODE_FOLLOW;
	return !clocks->follows || (clocks->adapts && other_driver(self))
		       ? LEAT_MODE_ADAPTIVE
		       : LEAT_MODE_FOLLOW;
}

/* Why the nodes are made as they are. */
static enum leat_reason choice(const struct bridge *self)
{
	if (self->setup->mode == LEAT_PW_ADAPTIVE)
		return LEAT_REASON_CHOSEN;
	if (!self->nodes.clocks.follows)
		return LEAT_REASON_RATES_DIFFER;
	return other_driver(self) ? LEAT_REASON_OTHER_DRIVER
				  : LEAT_REASON_RATES_AGREE;
}

static enum leat_reason reason(const struct bridge *self)
{
	if (self->refused)
		return LEAT_REASON_RATES_DIFFER;
	if (!self->graph.ready)
		return LEAT_REASON_NO_PIPEWIRE;
	if (!leat_pw_nodes_streaming(&self->nodes))
		return LEAT_REASON_NOT_LINKED;
	return choice(self);
}

/* Whether the graph calls the nodes, and they serve it. */
static bool runs(const struct bridge *self)
{
	return self->wire && !self->refused && self->graph.ready &&
	       leat_pw_nodes_streaming(&self->nodes) &&
	       (mode(self) == LEAT_MODE_ADAPTIVE || !other_driver(self));
}

static void refresh_status(struct bridge *self)
{
	struct leat_side_words *status = self->status;
	enum leat_reason why = reason(self);
	bool known = self->nodes.made;

	leat_word_set(&status->alive, self->graph.ready);
	leat_word_set(&status->mode, mode(self));
	leat_word_set(&status->reason, why);
	leat_word_set(&status->running, runs(self));
	leat_word_set(&status->rate_hz,
		      known ? self->nodes.clocks.rate_hz : LEAT_UNKNOWN);
	/* On another driver's clock the data loop says it. */
	if (!known || mode(self) == LEAT_MODE_FOLLOW)
		leat_word_set(&status->period,
			      known ? self->nodes.spec.period : LEAT_UNKNOWN);
}

static void init_status(struct bridge *self)
{
	struct leat_side_words *status = self->status;
	struct leat_direction_words *to_pipewire =
		&status->direction[LEAT_TO_PIPEWIRE];

	strncpy(status->server, leat_pw_graph_remote_name(&self->graph),
		sizeof(status->server) - 1);
	leat_word_set(&status->xruns, 0);
	leat_word_set(&status->cycles, 0);
	leat_word_set(&status->reconnects, 0);
	leat_word_set(&to_pipewire->frames, 0);
	leat_word_set(&to_pipewire->underruns, 0);
	leat_word_set(&to_pipewire->overruns, 0);
	leat_word_set(&to_pipewire->lost, 0);
	leat_word_set(&to_pipewire->inserted, 0);
	leat_word_set(&to_pipewire->slips, 0);
	leat_word_set(&to_pipewire->target, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].overruns, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].lost, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].wakeups, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].slips, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].inserted, 0);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_word_set(&status->direction[d].poisoned, 0);
	refresh_status(self);
}

/* ---- the nodes: made when everything they need is there ---- */

static void drive(struct bridge *self, bool drives)
{
	if (self->nodes.made && self->drives != drives)
		leat_pw_nodes_set_driver(&self->nodes, drives);
	self->drives = drives;
}

static void refuse_rate(struct bridge *self)
{
	if (!self->was_up) {
		leat_guest_leave(self->guest, self->error->text);
		give_up(self, -EINVAL);
		return;
	}
	if (!self->refused)
		leat_log("%s: %s; silence until the rates agree",
			 self->spec.link_name, self->error->text);
	self->refused = true;
	leat_pw_nodes_destroy(&self->nodes);
}

/* The graph's rate where it is not ours to say. */
static uint32_t graph_rate(const struct bridge *self)
{
	return self->seen_rate_hz ? self->seen_rate_hz : self->set_rate_hz;
}

/* What is seen of the graph holds until its settings change. */
static void note_rate(struct bridge *self)
{
	const struct leat_pw_graph_rates *rates = &self->graph.rates;
	uint32_t rate_hz = rates->force_rate_hz ? rates->force_rate_hz
						: rates->rate_hz;

	if (rate_hz != self->set_rate_hz)
		self->seen_rate_hz = 0;
	self->set_rate_hz = rate_hz;
}

/* Choose whose clocks to run on. -EINVAL if that cannot be. */
static int choose(struct bridge *self, struct leat_pw_clocks *clocks)
{
	enum leat_pw_mode mode = self->setup->mode;
	int res = leat_pw_graph_rate_check(&self->graph.rates,
					   self->spec.rate_hz, self->error);

	note_rate(self);
	if (mode == LEAT_PW_FOLLOW && res < 0)
		return res;
	clocks->adapts = mode != LEAT_PW_FOLLOW;
	clocks->follows =
		mode == LEAT_PW_FOLLOW ||
		(mode == LEAT_PW_AUTO && res == 0 && self->seen_rate_hz == 0);
	clocks->rate_hz = clocks->follows ? self->spec.rate_hz
					  : graph_rate(self);
	return 0;
}

static void make_nodes(struct bridge *self, const struct leat_pw_clocks *clocks)
{
	int res;

	self->refused = false;
	self->drives = true;
	res = leat_pw_nodes_create(&self->nodes, self->graph.core, &self->spec,
				   clocks, &self->setup->nodes, self->error);
	if (res < 0)
		give_up(self, res);
}

static void fit_nodes(struct bridge *self)
{
	struct leat_pw_clocks clocks;

	if (choose(self, &clocks) < 0) {
		refuse_rate(self);
		return;
	}
	if (!leat_pw_nodes_fit(&self->nodes, &self->spec, &clocks))
		leat_pw_nodes_destroy(&self->nodes);
	if (!self->nodes.made)
		make_nodes(self, &clocks);
	leat_pw_nodes_set_period(&self->nodes, self->spec.period);
}

/* Bring the nodes to what the spec says, as far as that can be now. */
static void settle(struct bridge *self)
{
	bool jack_runs = self->have_spec && self->spec.jack_alive;

	if (self->graph.ready && jack_runs)
		fit_nodes(self);
	/* Without JACK, PipeWire must not wait for us. */
	drive(self, jack_runs);
	refresh_status(self);
}

static void describe_mode(const struct bridge *self, char *text,
			  size_t text_bytes)
{
	if (mode(self) == LEAT_MODE_FOLLOW)
		snprintf(text, text_bytes,
			 "follow mode, PipeWire runs on JACK's clock");
	else
		snprintf(text, text_bytes,
			 "adaptive mode, PipeWire at %u Hz on its own clock: "
			 "%s",
			 self->nodes.clocks.rate_hz,
			 leat_reason_text(choice(self)));
}

/* The mode, and why; said once the nodes are there, and when it changes. */
static void tell_mode(struct bridge *self)
{
	char text[160];

	if (self->told_mode == mode(self))
		return;
	describe_mode(self, text, sizeof(text));
	if (self->told_mode == 0)
		leat_log("%s: bridged at %u Hz, period %u: %s",
			 self->spec.link_name, self->spec.rate_hz,
			 self->spec.period, text);
	else
		leat_log("%s: %s", self->spec.link_name, text);
	self->told_mode = mode(self);
}

/* Called from the nodes' own events: they are made again later. */
static void nodes_failed(struct bridge *self)
{
	leat_error_set(self->error, -EIO, "PipeWire cannot run the nodes: %s",
		       self->nodes.failure);
	if (!self->was_up) {
		give_up(self, -EIO);
		return;
	}
	leat_log("%s: %s; trying again", self->setup->link_name,
		 self->error->text);
	retry_later(self);
}

static bool node_up(const struct leat_pw_node *node)
{
	return !node->stream || node->state == PW_STREAM_STATE_PAUSED ||
	       node->state == PW_STREAM_STATE_STREAMING;
}

static void on_nodes_changed(void *user)
{
	struct bridge *self = user;

	refresh_status(self);
	if (self->nodes.failed) {
		nodes_failed(self);
		return;
	}
	if (!self->wire || !self->nodes.made ||
	    !node_up(&self->nodes.node[LEAT_TO_PIPEWIRE]) ||
	    !node_up(&self->nodes.node[LEAT_TO_JACK]))
		return;
	tell_mode(self);
	if (self->was_up)
		return;
	self->was_up = true;
	leat_tell_ready(&self->ready_fd);
}

/* ---- the link ---- */

static void on_spec(void *user, const struct leat_link_spec *spec)
{
	struct bridge *self = user;

	if (self->have_spec && self->spec.jack_alive && !spec->jack_alive)
		leat_log("%s: the JACK server is gone; silence until it is "
			 "back",
			 spec->link_name);
	self->spec = *spec;
	self->have_spec = true;
	settle(self);
}

static void use_wire(struct bridge *self, struct leat_wire *wire)
{
	struct leat_wire *old = self->wire;

	self->wire = wire;
	leat_pw_process_set_wire(&self->process, wire);
	leat_wire_destroy(old);
	refresh_status(self);
}

static void on_wire_up(void *user, struct leat_wire *wire)
{
	struct bridge *self = user;

	use_wire(self, wire);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_word_set(&self->status->n_channels[d],
			      self->spec.n_channels[d]);
		leat_word_set(&self->status->capacity[d], self->spec.capacity);
	}
	on_nodes_changed(self);
}

static void on_peer_gone(void *user, const char *text)
{
	struct bridge *self = user;

	if (!self->was_up && text[0]) {
		leat_error_set(self->error, -EBUSY, "%s", text);
		give_up(self, -EBUSY);
		return;
	}
	/* Tried again and again, and told once. */
	if (self->have_spec || strcmp(text, self->gone_text) != 0)
		leat_log("%s: leat-jack is gone%s%s; silence until it is back",
			 self->setup->link_name, text[0] ? ": " : "", text);
	snprintf(self->gone_text, sizeof(self->gone_text), "%s", text);
	self->have_spec = false;
	use_wire(self, NULL);
	settle(self);
	retry_later(self);
}

/* The host's ring is of no use any more: ask for another. */
static void leave_and_return(struct bridge *self, const char *text)
{
	leat_guest_leave(self->guest, text);
	on_peer_gone(self, text);
}

/* The graph runs at a rate that the nodes are not made for. */
static bool look_at_rate(struct bridge *self)
{
	uint32_t rate_hz =
		__atomic_load_n(&self->process.other_rate_hz, __ATOMIC_SEQ_CST);

	if (rate_hz == 0 || rate_hz == self->seen_rate_hz ||
	    !self->nodes.made || !self->nodes.clocks.adapts)
		return false;
	self->seen_rate_hz = rate_hz;
	self->told_mode = 0;
	settle(self);
	return true;
}

static void on_process_changed(void *user, uint64_t count)
{
	struct bridge *self = user;

	(void)count;
	if (__atomic_load_n(&self->process.poisoned, __ATOMIC_SEQ_CST)) {
		leave_and_return(self, "it wrote an index that cannot be");
		return;
	}
	if (look_at_rate(self))
		return;
	if (self->nodes.made && self->nodes.clocks.adapts)
		tell_mode(self);
	else if (self->drives && other_driver(self))
		leat_log("%s: PipeWire runs on another driver's clock now; "
			 "silence until it is ours again",
			 self->spec.link_name);
	refresh_status(self);
}

static const struct leat_link_events link_events = {
	.spec = on_spec,
	.wire_up = on_wire_up,
	.peer_gone = on_peer_gone,
};

static void on_guest(void *user, int fd, uint32_t mask)
{
	struct bridge *self = user;

	(void)fd;
	(void)mask;
	leat_guest_dispatch(self->guest);
}

/* ---- the daemon ---- */

static void on_graph_ready(void *user)
{
	struct bridge *self = user;

	if (self->was_lost)
		leat_word_add(&self->status->reconnects, 1);
	self->was_lost = false;
	settle(self);
}

static void on_graph_lost(void *user)
{
	struct bridge *self = user;

	leat_log("%s: the PipeWire daemon is gone; waiting for it to come back",
		 self->setup->link_name);
	leat_pw_nodes_destroy(&self->nodes);
	leat_pw_graph_disconnect(&self->graph);
	self->was_lost = true;
	refresh_status(self);
	retry_later(self);
}

static const struct leat_pw_graph_events graph_events = {
	.ready = on_graph_ready,
	.lost = on_graph_lost,
};

/* ---- what is away is looked for ---- */

static void on_retry(void *user, uint64_t count)
{
	struct bridge *self = user;
	struct leat_error error;

	(void)count;
	if (self->nodes.failed) {
		leat_pw_nodes_destroy(&self->nodes);
		settle(self);
	}
	if (!self->graph.core)
		(void)leat_pw_graph_connect(&self->graph, &error);
	if ((!leat_guest_connected(self->guest) &&
	     leat_guest_connect(self->guest, &error) < 0) ||
	    !self->graph.core)
		retry_later(self);
}

/* ---- start and end ---- */

static void on_signal(void *user, int signal_number)
{
	struct bridge *self = user;

	(void)signal_number;
	pw_main_loop_quit(self->main_loop);
}

static int make_loop(struct bridge *self)
{
	self->main_loop = pw_main_loop_new(NULL);
	if (!self->main_loop)
		return -errno;
	self->loop = pw_main_loop_get_loop(self->main_loop);
	pw_loop_add_signal(self->loop, SIGINT, on_signal, self);
	pw_loop_add_signal(self->loop, SIGTERM, on_signal, self);
	pw_loop_add_signal(self->loop, SIGHUP, on_signal, self);
	self->retry_timer = pw_loop_add_timer(self->loop, on_retry, self);
	return self->retry_timer ? 0 : -ENOMEM;
}

static int make_parts(struct bridge *self)
{
	int res = make_loop(self);

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
		return leat_error_set(self->error, res,
				      "cannot set up libpipewire: %s",
				      strerror(-res));
	leat_pw_nodes_init(&self->nodes, &self->process, on_nodes_changed,
			   self);
	self->guest_source = pw_loop_add_io(self->loop,
					    leat_guest_fd(self->guest),
					    SPA_IO_IN, false, on_guest, self);
	return 0;
}

static int join(struct bridge *self)
{
	int res = leat_pw_graph_connect(&self->graph, self->error);

	if (res < 0 && !self->setup->wait)
		return res;
	if (res < 0)
		leat_log("%s: waiting for a PipeWire daemon",
			 self->setup->link_name);
	res = leat_guest_connect(self->guest, self->error);
	if (res < 0 && res != -ENOENT)
		return res;
	if (res < 0)
		leat_log("%s: waiting for leat-jack", self->setup->link_name);
	if (!self->graph.core || res < 0)
		retry_later(self);
	return 0;
}

static void finish(struct bridge *self)
{
	if (self->process.data_loop)
		use_wire(self, NULL);
	leat_pw_nodes_destroy(&self->nodes);
	leat_pw_process_finish(&self->process);
	leat_pw_graph_finish(&self->graph);
	if (self->main_loop)
		pw_main_loop_destroy(self->main_loop);
	leat_guest_destroy(self->guest);
}

int leat_pw_bridge_run(const struct leat_pw_bridge_setup *setup,
		       struct leat_error *error)
{
	struct bridge *self = calloc(1, sizeof(*self));
	int res;

	if (!self)
		return leat_error_set(error, -ENOMEM, "out of memory");
	pw_init(NULL, NULL);
	self->setup = setup;
	self->ready_fd = setup->ready_fd;
	self->error = error;
	res = leat_guest_create(&self->guest, setup->link_name, &link_events,
				self, error);
	if (res == 0) {
		self->status = leat_guest_status(self->guest);
		res = make_parts(self);
		init_status(self);
	}
	if (res == 0)
		res = join(self);
	if (res == 0) {
		pw_main_loop_run(self->main_loop);
		res = self->res;
	}
	finish(self);
	free(self);
	pw_deinit();
	return res;
}
