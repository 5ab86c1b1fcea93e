/* SPDX-License-Identifier: MIT */
/*
 * Latency on PipeWire's side: what the nodes report is what the bridge adds and
 * what lies beyond JACK's ports; what the host is told is what the bridge adds
 * and what lies beyond the nodes' ports.
 */
#include "bridge_state.h"

#include "cli/now.h"
#include <leat/inline/atomics.h>

#include <errno.h>

/* PipeWire's quantum, in its own frames. */
static uint32_t quantum(const struct leat_pw_bridge *self)
{
	uint64_t n = leat_word_peek(&self->status->period);

	if (n != LEAT_UNKNOWN && n > 0 && n <= LEAT_PW_ADAPTIVE_QUANTUM_MAX)
		return (uint32_t)n;
	return leat_latency_scale(self->spec.period, self->spec.rate_hz,
				  self->nodes.clocks.rate_hz);
}

/* The least of a direction, without the margin. */
static uint32_t base(const struct leat_pw_bridge *self,
		     enum leat_direction direction)
{
	const struct leat_link_spec *spec = &self->spec;
	uint32_t rate_hz = self->nodes.clocks.rate_hz;
	uint32_t half = leat_resampler_half_taps(
		self->nodes.adaptive->way[direction].resampler);

	if (direction == LEAT_TO_JACK)
		return leat_target_base_to_jack(spec->period, half,
						spec->rate_hz, rate_hz);
	return leat_target_base_to_pipewire(quantum(self), half, spec->rate_hz,
					    rate_hz);
}

/* What adaptive mode begins with, before there was a cycle. */
static uint32_t first_target(const struct leat_pw_bridge *self,
			     enum leat_direction direction)
{
	const struct leat_pw_latency *wanted = &self->nodes.latency;
	struct leat_target_config config = {
		.rate_hz = self->spec.rate_hz,
		.fixed_frames = wanted->fixed,
		.min_frames = wanted->min,
		.max_frames = wanted->max,
	};
	struct leat_target target;

	if (!self->nodes.adaptive)
		return self->spec.period;
	config.base_frames = base(self, direction);
	if (leat_target_init(&target, &config) < 0)
		return config.base_frames;
	return (uint32_t)leat_target_frames(&target);
}

static uint32_t added(const struct leat_pw_bridge *self,
		      enum leat_direction direction)
{
	uint64_t target =
		leat_word_peek(&self->status->direction[direction].target);

	if (leat_pw_bridge_mode(self) == LEAT_MODE_FOLLOW)
		return LEAT_LATENCY_FOLLOW;
	if (target != LEAT_UNKNOWN && target > 0 && target < UINT32_MAX)
		return (uint32_t)target;
	return first_target(self, direction);
}

/* ---- to PipeWire ---- */

/* A period to JACK, unless JACK's side says that it waits for us. */
static uint32_t follow_adds(const struct leat_pw_bridge *self,
			    enum leat_direction direction)
{
	uint32_t n = self->latency.jack.added[direction];

	if (n != LEAT_LATENCY_FOLLOW)
		return n;
	return direction == LEAT_TO_JACK ? self->spec.period : 0;
}

static void report(struct leat_pw_bridge *self, enum leat_direction direction,
		   uint32_t n_added)
{
	const struct leat_link_spec *spec = &self->spec;
	uint32_t rate_hz = self->nodes.clocks.rate_hz;
	struct leat_pw_reported reported;

	if (n_added == LEAT_LATENCY_FOLLOW)
		n_added = follow_adds(self, direction);
	reported.whole = leat_latency_sum(n_added,
					  self->latency.jack.beyond[direction],
					  0, spec->rate_hz);
	reported.whole.min =
		leat_latency_scale(reported.whole.min, spec->rate_hz, rate_hz);
	reported.whole.max =
		leat_latency_scale(reported.whole.max, spec->rate_hz, rate_hz);
	reported.added = leat_latency_scale(n_added, spec->rate_hz, rate_hz);
	leat_pw_nodes_report(&self->nodes, direction, &reported);
}

/*
 * The clock's distance from JACK's devices, positive for those that record: the
 * source drives, or the sink if there is no source.
 */
static int64_t clock_delay(const struct leat_pw_bridge *self)
{
	const struct leat_link_latency *jack = &self->latency.jack;

	if (self->spec.n_channels[LEAT_TO_PIPEWIRE] > 0)
		return jack->beyond[LEAT_TO_PIPEWIRE].max;
	return -(int64_t)leat_latency_sum(follow_adds(self, LEAT_TO_JACK),
					  jack->beyond[LEAT_TO_JACK], 0,
					  self->spec.rate_hz)
			.max;
}

static void report_all(struct leat_pw_bridge *self,
		       const struct leat_link_latency *latency)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		report(self, (enum leat_direction)d, latency->added[d]);
	leat_pw_process_set_delay(&self->process, clock_delay(self));
}

/* ---- to the host ---- */

static void listen_to(struct leat_pw_bridge *self,
		      struct leat_link_latency *latency)
{
	const struct leat_latency_graph graph = {
		.quantum = quantum(self),
		.rate_hz = self->nodes.clocks.rate_hz,
		.jack_rate_hz = self->spec.rate_hz,
	};

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		uint32_t told = self->latency.told.added[d];

		latency->beyond[d] = leat_pw_peers_beyond(
			&self->latency.peers, (enum leat_direction)d, &graph);
		latency->added[d] = added(self, (enum leat_direction)d);
		if (told != LEAT_LATENCY_FOLLOW &&
		    latency->added[d] != LEAT_LATENCY_FOLLOW)
			latency->added[d] =
				leat_latency_keep(told, latency->added[d]);
	}
}

static void look_again(struct leat_pw_bridge *self, int64_t wait_ms)
{
	struct timespec when = { wait_ms / 1000,
				 wait_ms % 1000 * SPA_NSEC_PER_MSEC };

	pw_loop_update_timer(self->loop, self->latency.timer, &when, NULL,
			     false);
}

/* Tell the host, or do it later. */
static void tell(struct leat_pw_bridge *self,
		 const struct leat_link_latency *latency)
{
	struct leat_pw_bridge_latency *own = &self->latency;
	int64_t now = leat_now_ms(), wait_ms;
	bool rises = leat_latency_rises(&own->told, latency);

	if (leat_latency_same(&own->told, latency))
		return;
	wait_ms = leat_latency_wait_ms(&own->tell_pace, rises, now);
	if (wait_ms > 0) {
		look_again(self, wait_ms);
		return;
	}
	own->told = *latency;
	leat_latency_told(&own->tell_pace, rises, now);
	leat_guest_set_latency(self->guest, latency);
}

/* For `leat status`; while there are no nodes nothing is known. */
static void show(struct leat_pw_bridge *self)
{
	bool known = self->nodes.made && self->have_spec;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_word_set(&self->status->direction[d].beyond,
			      known ? leat_latency_beyond(
					      self->latency.told.beyond[d])
				    : LEAT_UNKNOWN);
}

/* ---- whenever something has changed ---- */

/* A node's number is known once it is up. */
static void watch_ports(struct leat_pw_bridge *self)
{
	uint32_t ids[LEAT_N_DIRECTIONS];

	if (self->latency.peers.registry || !self->nodes.made ||
	    !self->graph.core)
		return;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		struct leat_pw_node *node = &self->nodes.node[d];

		ids[d] = SPA_ID_INVALID;
		if (!node->stream)
			continue;
		if (!leat_pw_node_up(node))
			return;
		ids[d] = pw_stream_get_node_id(node->stream);
	}
	(void)leat_pw_peers_watch(&self->latency.peers, self->graph.core, ids);
}

static void look(struct leat_pw_bridge *self)
{
	struct leat_pw_bridge_latency *own = &self->latency;
	struct leat_link_latency latency = own->told;
	int64_t now = leat_now_ms();
	int64_t wait_ms = leat_latency_wait_ms(&own->look_pace, true, now);

	if (wait_ms > 0) {
		look_again(self, wait_ms);
		return;
	}
	leat_latency_told(&own->look_pace, true, now);
	watch_ports(self);
	if (self->nodes.made && self->have_spec) {
		listen_to(self, &latency);
		report_all(self, &latency);
	} else {
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
			latency.beyond[d] = (struct leat_latency_range){ 0, 0 };
			latency.added[d] = LEAT_LATENCY_FOLLOW;
		}
	}
	tell(self, &latency);
	show(self);
}

static void on_timer(void *user, uint64_t count)
{
	(void)count;
	look(user);
}

static void on_peers_changed(void *user)
{
	leat_pw_bridge_latency_changed(user);
}

void leat_pw_bridge_latency_changed(struct leat_pw_bridge *self)
{
	int64_t wait_ms = leat_latency_wait_ms(&self->latency.look_pace, true,
					       leat_now_ms());

	/* Never at once: it may be one of the nodes' own events. */
	look_again(self, wait_ms > 0 ? wait_ms : 1);
}

void leat_pw_bridge_latency_heard(struct leat_pw_bridge *self,
				  const struct leat_link_latency *jack)
{
	const struct leat_link_latency nothing = {
		.added = { LEAT_LATENCY_FOLLOW, LEAT_LATENCY_FOLLOW },
	};

	self->latency.jack = jack ? *jack : nothing;
	leat_pw_bridge_latency_changed(self);
}

int leat_pw_bridge_latency_init(struct leat_pw_bridge *self)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		self->latency.told.added[d] = self->latency.jack.added[d] =
			LEAT_LATENCY_FOLLOW;
	leat_pw_peers_init(&self->latency.peers, on_peers_changed, self);
	self->latency.timer = pw_loop_add_timer(self->loop, on_timer, self);
	return self->latency.timer ? 0 : -errno;
}

void leat_pw_bridge_latency_forget(struct leat_pw_bridge *self)
{
	leat_pw_peers_forget(&self->latency.peers);
	if (self->latency.timer)
		leat_pw_bridge_latency_changed(self);
}
