/* SPDX-License-Identifier: MIT */
/*
 * The nodes live as long as their daemon does, and keep their links: what
 * changes is whose clock they run on, and the rate of the format that they
 * offer. PipeWire pauses its nodes to change the graph's rate. In that pause a
 * node offers the new rate, and when it is started it runs at that; so nobody
 * but us ever resamples.
 */
#include "nodes_retune.h"

#include "graph.h"

#include <spa/param/audio/format-utils.h>

#include <errno.h>
#include <stdio.h>

/*
 * Above every device, so that our group is driven by us, and the source above
 * the sink: it plays the block in the very call that triggers the graph.
 */
#define DRIVER_PRIORITY 30000

struct leat_pw_node *leat_pw_nodes_driver(struct leat_pw_nodes *self)
{
	enum leat_direction d = self->spec.n_channels[LEAT_TO_PIPEWIRE] > 0
					? LEAT_TO_PIPEWIRE
					: LEAT_TO_JACK;

	return &self->node[d];
}

/* ---- who drives ---- */

static void add_item(struct leat_pw_node_clock *clock, const char *key,
		     const char *value)
{
	clock->items[clock->dict.n_items++] = SPA_DICT_ITEM_INIT(key, value);
}

/*
 * Where the graph runs on us, at JACK's period and rate. Else it runs on any
 * driver, at what it likes, and does not stop when links come and go.
 */
void leat_pw_node_clock_properties(const struct leat_pw_node *node,
				   struct leat_pw_node_clock *clock)
{
	const struct leat_link_spec *spec = &node->nodes->spec;
	bool follows = node->nodes->clocks.follows;
	bool source = node->direction == LEAT_TO_PIPEWIRE;

	clock->dict = SPA_DICT_INIT(clock->items, 0);
	snprintf(clock->priority, sizeof(clock->priority), "%d",
		 follows ? DRIVER_PRIORITY + source : 0);
	snprintf(clock->quantum, sizeof(clock->quantum), "%u",
		 follows ? spec->period : 0);
	snprintf(clock->rate, sizeof(clock->rate), "%u",
		 follows ? spec->rate_hz : 0);
	add_item(clock, PW_KEY_PRIORITY_DRIVER, clock->priority);
	add_item(clock, "node.force-quantum", clock->quantum);
	add_item(clock, "node.force-rate", clock->rate);
	add_item(clock, "node.always-process", follows ? "false" : "true");
	add_item(clock, "node.want-driver", follows ? "false" : "true");
}

static void update_clock(struct leat_pw_node *node, bool drives)
{
	struct leat_pw_node_clock clock;

	if (!node->stream)
		return;
	leat_pw_node_clock_properties(node, &clock);
	if (node == leat_pw_nodes_driver(node->nodes))
		add_item(&clock, PW_KEY_NODE_DRIVER, drives ? "true" : "false");
	pw_stream_update_properties(node->stream, &clock.dict);
}

bool leat_pw_node_is_driven(const struct leat_pw_node *node)
{
	return node->clock && node->position &&
	       node->position->clock.id != node->clock->id;
}

/*
 * From PipeWire 1.2 on, a stream that is told to drive believes at once that it
 * does: check_properties() in impl-node.c. It hears that another driver keeps
 * the graph only with the next change of drivers; until then it calls none of
 * those that it has to call in that driver's cycles. A pause is such a change,
 * for where it is still wrong after the daemon has answered.
 */
static void correct_driver(struct leat_pw_nodes *self)
{
	struct leat_pw_node *node = leat_pw_nodes_driver(self);

	if (self->drives && self->told_seq == 0 && leat_pw_node_up(node) &&
	    leat_pw_node_is_driven(node) && pw_stream_is_driving(node->stream))
		leat_pw_node_rest(node);
}

void leat_pw_node_streams(struct leat_pw_node *node)
{
	correct_driver(node->nodes);
}

static void on_done(void *user, uint32_t id, int seq)
{
	struct leat_pw_nodes *self = user;

	if (id != PW_ID_CORE || seq != self->told_seq)
		return;
	self->told_seq = 0;
	correct_driver(self);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
};

void leat_pw_nodes_listen(struct leat_pw_nodes *self,
			  const struct leat_pw_graph *graph)
{
	self->core = graph->core;
	self->registry = graph->registry;
	pw_core_add_listener(self->core, &self->core_listener, &core_events,
			     self);
}

static void told_driver(struct leat_pw_nodes *self, bool drives)
{
	self->drives = drives;
	if (drives)
		self->told_seq = pw_core_sync(self->core, PW_ID_CORE, 0);
}

static void update_clocks(struct leat_pw_nodes *self, bool drives)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		update_clock(&self->node[d], drives);
	told_driver(self, drives);
}

void leat_pw_nodes_look_at_driver(struct leat_pw_nodes *self)
{
	struct leat_pw_node *node = leat_pw_nodes_driver(self);
	bool drives = self->wants_driver && self->clocks.follows;
	struct spa_dict_item item = SPA_DICT_ITEM_INIT(
		PW_KEY_NODE_DRIVER, drives ? "true" : "false");

	if (!self->made || self->drives == drives)
		return;
	/* There is nothing to leave to another driver which has it already. */
	if (!drives && leat_pw_node_is_driven(node))
		return;
	pw_stream_update_properties(node->stream, &SPA_DICT_INIT(&item, 1));
	told_driver(self, drives);
}

void leat_pw_nodes_set_driver(struct leat_pw_nodes *self, bool driver)
{
	self->wants_driver = driver;
	leat_pw_nodes_look_at_driver(self);
}

/* ---- the rate ---- */

/*
 * The rate that another driver has come to. Our own clock says nothing: what it
 * has is of when it ran last, or what the daemon would have it be.
 */
static uint32_t rate_seen(const struct leat_pw_node *node)
{
	const struct spa_io_clock *own =
		leat_pw_nodes_driver(node->nodes)->clock;

	if (!node->position || !own || node->position->clock.id == own->id)
		return 0;
	return node->position->clock.rate.denom;
}

/*
 * What was to be expected; else what the graph has come to already, before
 * anybody has told of it.
 */
static uint32_t rate_wanted(const struct leat_pw_node *node)
{
	uint32_t rate_hz = node->nodes->clocks.rate_hz;
	uint32_t seen_hz = rate_seen(node);

	return rate_hz == node->format_hz && seen_hz > 0 ? seen_hz : rate_hz;
}

static void offer(struct leat_pw_node *node)
{
	uint32_t rate_hz = rate_wanted(node);
	uint8_t memory[1024];
	struct spa_pod_builder builder =
		SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	const struct spa_pod *params[1];

	if (!node->stream || node->offered_hz == rate_hz)
		return;
	node->offered_hz = rate_hz;
	params[0] = leat_pw_node_format(node, &builder, rate_hz);
	pw_stream_update_params(node->stream, params, 1);
}

void leat_pw_node_paused(struct leat_pw_node *node)
{
	offer(node);
	if (node->resting && !node->watched)
		leat_pw_node_go_on(node);
}

void leat_pw_node_negotiates(struct leat_pw_node *node)
{
	offer(node);
}

void leat_pw_nodes_rest(struct leat_pw_nodes *self)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		struct leat_pw_node *node = &self->node[d];

		if (node->format_hz != self->clocks.rate_hz)
			leat_pw_node_rest(node);
	}
}

/* ---- what the data loop does ---- */

int leat_pw_nodes_make_adaptive(const struct leat_pw_nodes *self,
				struct leat_pw_adaptive **adaptive,
				struct leat_error *error)
{
	const struct leat_link_spec *spec = &self->spec;
	struct leat_pw_adaptive_config config = {
		.jack_rate_hz = spec->rate_hz,
		.pw_rate_hz = self->format_hz,
		.period = spec->period,
		.latency = self->latency,
	};
	int res;

	*adaptive = NULL;
	if (!self->clocks.adapts)
		return 0;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		config.n_channels[d] = spec->n_channels[d];
	res = leat_pw_adaptive_create(adaptive, &config, self->process->status);
	if (res != -EINVAL)
		return res;
	return leat_pw_rates_apart(config.jack_rate_hz, config.pw_rate_hz,
				   error);
}

struct leat_pw_streams leat_pw_nodes_streams(struct leat_pw_nodes *self)
{
	struct leat_pw_streams streams = {
		.adaptive = self->adaptive,
		.rate_hz = self->format_hz,
		.follow_rate_hz = self->spec.rate_hz,
	};

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		streams.stream[d] = self->node[d].stream;
		streams.n_channels[d] = self->spec.n_channels[d];
	}
	if (self->clocks.follows)
		streams.driver = leat_pw_nodes_driver(self)->stream;
	return streams;
}

/* Let the data loop work with the rates and the driver as they are now. */
static int refit(struct leat_pw_nodes *self, struct leat_error *error)
{
	struct leat_pw_adaptive *old = self->adaptive;
	int res = leat_pw_nodes_make_adaptive(self, &self->adaptive, error);
	struct leat_pw_streams streams = leat_pw_nodes_streams(self);

	leat_pw_process_retune(self->process, &streams);
	leat_pw_adaptive_destroy(old);
	return res;
}

void leat_pw_node_formatted(struct leat_pw_node *node, uint32_t rate_hz)
{
	struct leat_pw_nodes *self = node->nodes;
	struct leat_error error;

	node->format_hz = rate_hz;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (self->node[d].stream && self->node[d].format_hz != rate_hz)
			return;
	if (rate_hz == self->format_hz)
		return;
	self->format_hz = rate_hz;
	(void)refit(self, &error);
}

int leat_pw_nodes_retune(struct leat_pw_nodes *self,
			 const struct leat_link_spec *spec,
			 const struct leat_pw_clocks *clocks,
			 struct leat_error *error)
{
	bool turns = self->clocks.follows != clocks->follows;
	bool other_jack = self->spec.rate_hz != spec->rate_hz;
	int res = 0;

	if (!turns && !other_jack && self->clocks.rate_hz == clocks->rate_hz)
		return 0;
	self->spec = *spec;
	self->clocks = *clocks;
	if (turns || other_jack)
		res = refit(self, error);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (self->node[d].state == PW_STREAM_STATE_PAUSED)
			offer(&self->node[d]);
	if (turns || (clocks->follows && other_jack))
		update_clocks(self, clocks->follows);
	return res;
}
