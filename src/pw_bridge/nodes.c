/* SPDX-License-Identifier: MIT */
#include "nodes.h"

#include "clock.h"
#include "graph.h"
#include "names.h"
#include "nodes_retune.h"

#include <leat/positions.h>

#include <spa/param/audio/format-utils.h>
#include <spa/param/audio/type-info.h>
#include <spa/node/command.h>
#include <spa/param/latency-utils.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Session managers choose the default device by this. Hardware has some 600
 * to 2000; a bridge is no default unless asked to be.
 */
#define SESSION_PRIORITY 100
#define SESSION_PRIORITY_DEFAULT 3000

/*
 * PW_STREAM_FLAG_RT_TRIGGER_DONE of PipeWire 1.2: or the main thread is woken
 * each cycle to hear that a trigger is done. Older ones do not look at it, and
 * are driven in another way: see run_graph() in follow.c.
 */
#define FLAG_RT_TRIGGER_DONE (1 << 12)

static bool is_source(const struct leat_pw_node *node)
{
	return node->direction == LEAT_TO_PIPEWIRE;
}

/* ---- events ---- */

static void on_state(void *user, enum pw_stream_state old,
		     enum pw_stream_state state, const char *error)
{
	struct leat_pw_node *node = user;

	(void)old;
	node->state = state;
	if (state == PW_STREAM_STATE_ERROR) {
		node->nodes->failed = true;
		snprintf(node->nodes->failure, sizeof(node->nodes->failure),
			 "%s", error ? error : "no reason given");
	}
	leat_pw_process_set_streaming(node->nodes->process, node->direction,
				      state == PW_STREAM_STATE_STREAMING);
	if (state == PW_STREAM_STATE_PAUSED)
		leat_pw_node_paused(node);
	if (state == PW_STREAM_STATE_STREAMING)
		leat_pw_node_streams(node);
	node->nodes->changed(node->nodes->user);
}

static void on_param(void *user, uint32_t id, const struct spa_pod *param)
{
	struct spa_audio_info_raw info = { .rate = 0 };

	if (id == SPA_PARAM_Format && param &&
	    spa_format_audio_raw_parse(param, &info) >= 0)
		leat_pw_node_formatted(user, info.rate);
}

static void aim_clock(struct leat_pw_node *node)
{
	const struct leat_link_spec *spec = &node->nodes->spec;

	if (node->clock && node->nodes->clocks.follows &&
	    node == leat_pw_nodes_driver(node->nodes))
		leat_pw_clock_aim(node->clock, spec->period, spec->rate_hz);
}

static void on_io(void *user, uint32_t id, void *area, uint32_t size)
{
	struct leat_pw_node *node = user;
	struct leat_pw_process *process = node->nodes->process;

	switch (id) {
	case SPA_IO_Clock:
		node->clock = size < sizeof(*node->clock) ? NULL : area;
		aim_clock(node);
		break;
	case SPA_IO_Position:
		if (size < sizeof(struct spa_io_position))
			area = NULL;
		node->position = area;
		break;
	default:
		return;
	}
	leat_pw_process_set_position(process, node->direction, node->position,
				     !leat_pw_node_is_driven(node));
	/* Not from within an event of the stream's. */
	pw_loop_signal_event(process->main_loop, process->changed);
}

/* Fault a new buffer in, so that the data loop need not. */
static void on_add_buffer(void *user, struct pw_buffer *buffer)
{
	struct spa_buffer *spa = buffer->buffer;

	(void)user;
	for (uint32_t i = 0; i < spa->n_datas; i++)
		if (spa->datas[i].data &&
		    spa->datas[i].flags & SPA_DATA_FLAG_WRITABLE)
			memset(spa->datas[i].data, 0, spa->datas[i].maxsize);
}

/* The formats are about to be asked for: the last moment to offer another. */
static void on_command(void *user, const struct spa_command *command)
{
	if (SPA_NODE_COMMAND_ID(command) == SPA_NODE_COMMAND_ParamBegin)
		leat_pw_node_negotiates(user);
}

static void on_source_process(void *user)
{
	struct leat_pw_node *node = user;

	leat_pw_process_source(node->nodes->process);
}

static void on_sink_process(void *user)
{
	struct leat_pw_node *node = user;

	leat_pw_process_sink(node->nodes->process);
}

static const struct pw_stream_events source_events = {
	PW_VERSION_STREAM_EVENTS,     .state_changed = on_state,
	.io_changed = on_io,	      .add_buffer = on_add_buffer,
	.param_changed = on_param,    .command = on_command,
	.process = on_source_process,
};

static const struct pw_stream_events sink_events = {
	PW_VERSION_STREAM_EVENTS,   .state_changed = on_state,
	.io_changed = on_io,	    .add_buffer = on_add_buffer,
	.param_changed = on_param,  .command = on_command,
	.process = on_sink_process,
};

/* ---- making ---- */

static uint32_t spa_channel(uint8_t position)
{
	const char *name = leat_position_name(position);
	const struct spa_type_info *info = spa_type_audio_channel;

	for (; info->name; info++) {
		const char *dot = strrchr(info->name, ':');

		if (dot && strcmp(dot + 1, name) == 0)
			return info->type;
	}
	return SPA_AUDIO_CHANNEL_UNKNOWN;
}

const struct spa_pod *leat_pw_node_format(const struct leat_pw_node *node,
					  struct spa_pod_builder *builder,
					  uint32_t rate_hz)
{
	const struct leat_link_spec *spec = &node->nodes->spec;
	enum leat_direction direction = node->direction;
	struct spa_audio_info_raw info = {
		.format = SPA_AUDIO_FORMAT_F32P,
		.rate = rate_hz,
		.channels = spec->n_channels[direction],
	};

	for (uint32_t i = 0; i < info.channels; i++)
		info.position[i] = spa_channel(spec->position[direction][i]);
	return spa_format_audio_raw_build(builder, SPA_PARAM_EnumFormat, &info);
}

/*
 * Frames at the graph's rate. They are unsigned before PipeWire 1.4 and signed
 * since: hence the casts.
 */
static const struct spa_pod *build_latency(struct spa_pod_builder *builder,
					   const struct leat_pw_node *node)
{
	const struct leat_latency_range *whole = &node->reported.whole;
	struct spa_latency_info info = {
		.direction = is_source(node) ? SPA_DIRECTION_OUTPUT
					     : SPA_DIRECTION_INPUT,
		.min_rate = (__typeof__(info.min_rate))whole->min,
		.max_rate = (__typeof__(info.max_rate))whole->max,
	};

	return spa_latency_build(builder, SPA_PARAM_Latency, &info);
}

/* What the node itself takes of that; not shown for streams before PipeWire 1.4. */
static const struct spa_pod *build_process(struct spa_pod_builder *builder,
					   const struct leat_pw_node *node)
{
	struct spa_process_latency_info info = {
		.rate = (__typeof__(info.rate))node->reported.added,
	};

	return spa_process_latency_build(builder, SPA_PARAM_ProcessLatency,
					 &info);
}

static struct pw_properties *
make_properties(const struct leat_pw_node *node,
		const struct leat_link_spec *spec,
		const struct leat_pw_nodes_setup *setup)
{
	const struct leat_pw_names names = { spec->link_name, setup->name,
					     setup->description };
	struct leat_pw_node_clock clock;
	struct pw_properties *props = pw_properties_new(
		PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CLASS,
		is_source(node) ? "Audio/Source" : "Audio/Sink",
		PW_KEY_NODE_VIRTUAL, "true", PW_KEY_NODE_AUTOCONNECT, "false",
		"adapter.auto-port-config",
		"{ mode = dsp monitor = false position = preserve }", NULL);

	if (!props)
		return NULL;
	leat_pw_names_set_node(props, node->direction, &names);
	pw_properties_setf(props, PW_KEY_NODE_GROUP, "leat.%s",
			   spec->link_name);
	pw_properties_setf(props, PW_KEY_PRIORITY_SESSION, "%d",
			   setup->make_default ? SESSION_PRIORITY_DEFAULT
					       : SESSION_PRIORITY);
	if (setup->props[node->direction])
		pw_properties_update(props, setup->props[node->direction]);
	leat_pw_node_clock_properties(node, &clock);
	pw_properties_update(props, &clock.dict);
	return props;
}

static int connect_stream(struct leat_pw_node *node)
{
	uint8_t memory[2048];
	struct spa_pod_builder builder =
		SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	enum pw_stream_flags flags = PW_STREAM_FLAG_MAP_BUFFERS |
				     PW_STREAM_FLAG_RT_PROCESS;
	const struct spa_pod *params[3];

	node->offered_hz = node->nodes->clocks.rate_hz;
	node->format_hz = 0;
	params[0] = leat_pw_node_format(node, &builder, node->offered_hz);
	params[1] = build_latency(&builder, node);
	params[2] = build_process(&builder, node);
	if (node->nodes->clocks.follows &&
	    node == leat_pw_nodes_driver(node->nodes))
		flags |= PW_STREAM_FLAG_DRIVER | FLAG_RT_TRIGGER_DONE;
	return pw_stream_connect(node->stream,
				 is_source(node) ? PW_DIRECTION_OUTPUT
						 : PW_DIRECTION_INPUT,
				 PW_ID_ANY, flags, params, 3);
}

static int make_stream(struct leat_pw_node *node, struct pw_core *core,
		       const struct leat_link_spec *spec,
		       const struct leat_pw_nodes_setup *setup)
{
	struct pw_properties *props;

	if (spec->n_channels[node->direction] == 0)
		return 0;
	props = make_properties(node, spec, setup);
	if (!props)
		return -ENOMEM;
	node->stream = pw_stream_new(
		core, is_source(node) ? "From JACK" : "To JACK", props);
	if (!node->stream)
		return -errno;
	pw_stream_add_listener(node->stream, &node->listener,
			       is_source(node) ? &source_events : &sink_events,
			       node);
	return 0;
}

void leat_pw_nodes_init(struct leat_pw_nodes *self,
			struct leat_pw_process *process,
			void (*changed)(void *user), void *user)
{
	memset(self, 0, sizeof(*self));
	self->process = process;
	self->changed = changed;
	self->user = user;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		self->node[d].nodes = self;
		self->node[d].direction = (enum leat_direction)d;
	}
}

int leat_pw_nodes_create(struct leat_pw_nodes *self,
			 const struct leat_pw_graph *graph,
			 const struct leat_link_spec *spec,
			 const struct leat_pw_clocks *clocks,
			 const struct leat_pw_nodes_setup *setup,
			 struct leat_error *error)
{
	int res;

	self->spec = *spec;
	self->clocks = *clocks;
	self->latency = setup->latency;
	self->made = true;
	self->drives = clocks->follows;
	leat_pw_nodes_listen(self, graph);
	self->format_hz = clocks->rate_hz;
	res = leat_pw_nodes_make_adaptive(self, &self->adaptive, error);
	if (res == -EINVAL) {
		leat_pw_nodes_destroy(self);
		return res;
	}
	for (int d = 0; d < LEAT_N_DIRECTIONS && res == 0; d++)
		res = make_stream(&self->node[d], graph->core, spec, setup);
	if (res == 0) {
		struct leat_pw_streams streams = leat_pw_nodes_streams(self);

		leat_pw_process_set_streams(self->process, &streams);
	}
	for (int d = 0; d < LEAT_N_DIRECTIONS && res == 0; d++)
		if (self->node[d].stream)
			res = connect_stream(&self->node[d]);
	if (res < 0) {
		res = leat_pw_graph_cause(res);
		leat_pw_nodes_destroy(self);
		return leat_error_set(error, res,
				      "PipeWire refused to make the nodes: %s",
				      leat_errno_text(res));
	}
	return 0;
}

void leat_pw_nodes_destroy(struct leat_pw_nodes *self)
{
	const struct leat_pw_streams none = { .rate_hz = 0 };

	if (!self->made)
		return;
	/* First the data loop forgets them. */
	leat_pw_process_set_streams(self->process, &none);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		struct leat_pw_node *node = &self->node[d];

		if (!node->stream)
			continue;
		leat_pw_node_rested(node);
		spa_hook_remove(&node->listener);
		pw_stream_destroy(node->stream);
		node->stream = NULL;
		node->state = PW_STREAM_STATE_UNCONNECTED;
		node->clock = NULL;
		node->position = NULL;
		memset(&node->reported, 0, sizeof(node->reported));
	}
	spa_hook_remove(&self->core_listener);
	leat_pw_adaptive_destroy(self->adaptive);
	self->adaptive = NULL;
	self->made = false;
	self->failed = false;
}

bool leat_pw_nodes_fit(const struct leat_pw_nodes *self,
		       const struct leat_link_spec *spec,
		       const struct leat_pw_clocks *clocks)
{
	return self->made && self->clocks.adapts == clocks->adapts &&
	       memcmp(self->spec.n_channels, spec->n_channels,
		      sizeof(spec->n_channels)) == 0 &&
	       memcmp(self->spec.position, spec->position,
		      sizeof(spec->position)) == 0;
}

static void update_property(struct leat_pw_node *node, const char *key,
			    const char *value)
{
	struct spa_dict_item item = SPA_DICT_ITEM_INIT(key, value);

	if (node->stream)
		pw_stream_update_properties(node->stream,
					    &SPA_DICT_INIT(&item, 1));
}

static bool same(const struct leat_pw_reported *a,
		 const struct leat_pw_reported *b)
{
	return a->whole.min == b->whole.min && a->whole.max == b->whole.max &&
	       a->added == b->added;
}

void leat_pw_nodes_report(struct leat_pw_nodes *self,
			  enum leat_direction direction,
			  const struct leat_pw_reported *reported)
{
	struct leat_pw_node *node = &self->node[direction];
	uint8_t memory[512];
	struct spa_pod_builder builder =
		SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	const struct spa_pod *params[2];

	if (!node->stream || same(reported, &node->reported))
		return;
	node->reported = *reported;
	params[0] = build_latency(&builder, node);
	params[1] = build_process(&builder, node);
	pw_stream_update_params(node->stream, params, 2);
}

bool leat_pw_node_up(const struct leat_pw_node *node)
{
	return !node->stream || node->state == PW_STREAM_STATE_PAUSED ||
	       node->state == PW_STREAM_STATE_STREAMING;
}

void leat_pw_nodes_set_period(struct leat_pw_nodes *self, uint32_t period)
{
	char text[16];

	if (!self->made || self->spec.period == period)
		return;
	self->spec.period = period;
	leat_pw_process_set_period(self->process, period);
	snprintf(text, sizeof(text), "%u", period);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (self->clocks.follows)
			update_property(&self->node[d], "node.force-quantum",
					text);
}

bool leat_pw_nodes_streaming(const struct leat_pw_nodes *self)
{
	bool source = self->node[LEAT_TO_PIPEWIRE].state ==
		      PW_STREAM_STATE_STREAMING;
	bool sink = self->node[LEAT_TO_JACK].state == PW_STREAM_STATE_STREAMING;

	if (!self->clocks.follows)
		return source || sink;
	return self->spec.n_channels[LEAT_TO_PIPEWIRE] > 0 ? source : sink;
}
