/* SPDX-License-Identifier: MIT */
#include "bridge_state.h"

#include "cli/log.h"
#include "cli/options.h"

#include <errno.h>
#include <string.h>

void leat_pw_bridge_drop_nodes(struct leat_pw_bridge *self)
{
	leat_pw_bridge_latency_forget(self);
	leat_pw_nodes_destroy(&self->nodes);
}

static void refuse_rate(struct leat_pw_bridge *self)
{
	if (leat_pw_bridge_may_give_up(self)) {
		leat_guest_leave(self->guest, self->error->text);
		leat_pw_bridge_give_up(self, -EINVAL);
		return;
	}
	if (!self->refused)
		leat_log_limited(&self->peer_log, "%s: %s; silence until then",
				 self->spec.link_name, self->error->text);
	self->refused = true;
	leat_pw_bridge_drop_nodes(self);
}

/* The graph's rate where it is not ours to say. */
static uint32_t graph_rate(const struct leat_pw_bridge *self)
{
	return self->seen_rate_hz ? self->seen_rate_hz : self->set_rate_hz;
}

/* What is seen of the graph holds until its settings change. */
static void note_rate(struct leat_pw_bridge *self)
{
	const struct leat_pw_graph_rates *rates = &self->graph.rates;
	uint32_t rate_hz = rates->force_rate_hz ? rates->force_rate_hz
						: rates->rate_hz;

	if (rate_hz != self->set_rate_hz)
		self->seen_rate_hz = 0;
	self->set_rate_hz = rate_hz;
}

/* Choose whose clocks to run on. -EINVAL if that cannot be. */
static int choose(struct leat_pw_bridge *self, struct leat_pw_clocks *clocks)
{
	enum leat_pw_mode mode = self->setup->mode;
	int res = leat_pw_graph_rate_check(&self->graph.rates,
					   self->spec.rate_hz, self->error);

	note_rate(self);
	if (mode == LEAT_PW_FOLLOW && res < 0)
		return res;
	clocks->adapts = mode != LEAT_PW_FOLLOW;
	clocks->follows = mode == LEAT_PW_FOLLOW ||
			  (mode == LEAT_PW_AUTO && res == 0 &&
			   (self->seen_rate_hz == 0 ||
			    self->seen_rate_hz == self->spec.rate_hz));
	clocks->rate_hz = clocks->follows ? self->spec.rate_hz
					  : graph_rate(self);
	return leat_pw_graph_rates_check(&self->graph, self->spec.rate_hz,
					 clocks->rate_hz, self->error);
}

static void make_nodes(struct leat_pw_bridge *self,
		       const struct leat_pw_clocks *clocks)
{
	int res;

	res = leat_pw_nodes_create(&self->nodes, &self->graph, &self->spec,
				   clocks, &self->setup->nodes, self->error);
	if (res == 0)
		return;
	if (!self->setup->patient) {
		leat_pw_bridge_give_up(self, res);
		return;
	}
	leat_log_limited(&self->server_log, "%s: %s; trying again",
			 self->setup->link_name, self->error->text);
	self->unmade = true;
	leat_pw_bridge_retry_later(self);
}

/* The nodes that are there; what is wrong is said once. */
static void retune_nodes(struct leat_pw_bridge *self,
			 const struct leat_pw_clocks *clocks)
{
	if (leat_pw_nodes_retune(&self->nodes, &self->spec, clocks,
				 self->error) < 0)
		leat_log_limited(&self->peer_log, "%s: %s; silence until then",
				 self->spec.link_name, self->error->text);
	if (self->was_up)
		leat_pw_bridge_tell_mode(self);
}

/* There are no nodes until the channels are those that are asked for. */
static void refuse_channels(struct leat_pw_bridge *self)
{
	if (!self->misfits)
		leat_log_limited(&self->peer_log, "%s: %s; silence until then",
				 self->spec.link_name, self->error->text);
	self->misfits = true;
	leat_pw_bridge_drop_nodes(self);
}

static void fit_nodes(struct leat_pw_bridge *self)
{
	struct leat_pw_clocks clocks;

	if (leat_pw_channels_apply(self->setup->channels, &self->spec,
				   self->error) < 0) {
		refuse_channels(self);
		return;
	}
	self->misfits = false;
	if (choose(self, &clocks) < 0) {
		refuse_rate(self);
		return;
	}
	if (!leat_pw_nodes_fit(&self->nodes, &self->spec, &clocks))
		leat_pw_bridge_drop_nodes(self);
	self->refused = false;
	if (self->nodes.made)
		retune_nodes(self, &clocks);
	else
		make_nodes(self, &clocks);
	leat_pw_nodes_set_period(&self->nodes, self->spec.period);
}

void leat_pw_bridge_settle(struct leat_pw_bridge *self)
{
	bool jack_runs = self->have_spec && self->spec.jack_alive;

	if (self->graph.ready && jack_runs)
		fit_nodes(self);
	/* Without JACK, PipeWire must not wait for us. */
	leat_pw_nodes_set_driver(&self->nodes, jack_runs);
	leat_pw_bridge_refresh_status(self);
	leat_pw_bridge_latency_changed(self);
}

/* Called from the nodes' own events: they are made again later. */
static void nodes_failed(struct leat_pw_bridge *self)
{
	leat_error_set(self->error, -EIO, "PipeWire cannot run the nodes: %s",
		       self->nodes.failure);
	if (leat_pw_bridge_may_give_up(self)) {
		leat_pw_bridge_give_up(self, -EIO);
		return;
	}
	leat_log_limited(&self->server_log, "%s: %s; trying again",
			 self->setup->link_name, self->error->text);
	leat_pw_bridge_retry_later(self);
}

void leat_pw_bridge_nodes_changed(void *user)
{
	struct leat_pw_bridge *self = user;

	leat_pw_bridge_refresh_status(self);
	leat_pw_bridge_latency_changed(self);
	if (self->nodes.failed) {
		nodes_failed(self);
		return;
	}
	if (!self->wire || !self->nodes.made ||
	    !leat_pw_node_up(&self->nodes.node[LEAT_TO_PIPEWIRE]) ||
	    !leat_pw_node_up(&self->nodes.node[LEAT_TO_JACK]))
		return;
	leat_pw_bridge_tell_mode(self);
	if (self->was_up)
		return;
	self->was_up = true;
	leat_rights_look_at_thread(&self->rights, self->setup->link_name,
				   "PipeWire",
				   leat_pw_process_policy(&self->process));
	leat_tell_ready(&self->ready_fd);
}
