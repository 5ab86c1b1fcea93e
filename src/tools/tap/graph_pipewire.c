/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include "tools/pipewire/context.h"

#include <leat/positions.h>

#include <spa/param/audio/format-utils.h>
#include <spa/param/audio/type-info.h>

#include <pipewire/pipewire.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the process thread has is below; the rest is under the loop's lock. */
struct graph {
	struct pw_thread_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_stream *stream;
	struct spa_hook stream_listener;
	char name[64];
	char text[128]; /* what went wrong */
	atomic_bool failed;
	/* The process thread's. */
	struct player *player;
	uint32_t rate_hz;
	uint32_t n_channels;
	_Atomic(struct spa_io_position *) position;
	uint64_t n_played;
	char links_clock[64]; /* the name of the link's own, when it drives */
	struct leat_rt_guard *guard;
};

/* ---- the data loop ---- */

/* What of a buffer is to be filled; 0 if it is of no use. */
static uint32_t room_of(const struct graph *graph,
			const struct pw_buffer *buffer)
{
	uint32_t n = PLAYER_CYCLE_MAX;

	if (buffer->buffer->n_datas < graph->n_channels)
		return 0;
	for (uint32_t c = 0; c < graph->n_channels; c++) {
		const struct spa_data *data = &buffer->buffer->datas[c];
		uint32_t room = data->maxsize / (uint32_t)sizeof(float);

		if (!data->data)
			return 0;
		n = room < n ? room : n;
	}
	if (buffer->requested > 0 && buffer->requested < n)
		n = (uint32_t)buffer->requested;
	return n;
}

/*
 * The driver's own count of frames knows of cycles that were left out. Where
 * it is at another rate, what was played is as near as can be.
 */
static uint64_t frame_of(const struct graph *graph,
			 const struct spa_io_clock *clock)
{
	return clock->rate.denom == graph->rate_hz ? clock->position
						   : graph->n_played;
}

/*
 * In follow mode leat-pipewire drives the graph, names its clock after the link
 * and has it count the ring's indices (pw_bridge/clock.h).
 */
static bool is_links(const struct graph *graph,
		     const struct spa_io_clock *clock)
{
	return clock->rate.denom == graph->rate_hz &&
	       strncmp(clock->name, graph->links_clock, sizeof(clock->name)) ==
		       0;
}

static void play(struct graph *graph, const struct pw_buffer *buffer,
		 uint32_t n_frames)
{
	const struct spa_io_position *position = atomic_load(&graph->position);
	float *planes[LEAT_CHANNELS_MAX];
	struct player_cycle cycle = { .n_frames = n_frames };

	for (uint32_t c = 0; c < graph->n_channels; c++) {
		struct spa_data *data = &buffer->buffer->datas[c];

		planes[c] = data->data;
		data->chunk->offset = 0;
		data->chunk->stride = sizeof(float);
		data->chunk->size = n_frames * (uint32_t)sizeof(float);
	}
	if (position) {
		cycle.clock_id = position->clock.id;
		cycle.frame = frame_of(graph, &position->clock);
		cycle.time_ns = position->clock.nsec;
		cycle.counts = is_links(graph, &position->clock);
		player_cycle(graph->player, &cycle, planes);
	} else {
		for (uint32_t c = 0; c < graph->n_channels; c++)
			memset(planes[c], 0, n_frames * sizeof(float));
	}
	graph->n_played += n_frames;
}

static void run_cycle(struct graph *graph)
{
	struct pw_buffer *buffer = pw_stream_dequeue_buffer(graph->stream);
	uint32_t n_frames;

	if (!buffer)
		return;
	n_frames = room_of(graph, buffer);
	if (n_frames > 0)
		play(graph, buffer, n_frames);
	pw_stream_queue_buffer(graph->stream, buffer);
}

static void on_process(void *user)
{
	struct graph *graph = user;

	leat_rt_guard_begin(graph->guard);
	run_cycle(graph);
	leat_rt_guard_end(graph->guard);
}

/* ---- the control loop ---- */

static void fail(struct graph *graph, const char *text)
{
	if (atomic_load(&graph->failed))
		return;
	snprintf(graph->text, sizeof(graph->text), "%s", text);
	atomic_store(&graph->failed, true);
}

static void on_io(void *user, uint32_t id, void *area, uint32_t size)
{
	struct graph *graph = user;

	if (id == SPA_IO_Position)
		atomic_store(&graph->position,
			     size >= sizeof(struct spa_io_position) ? area
								    : NULL);
}

static void on_state(void *user, enum pw_stream_state old,
		     enum pw_stream_state state, const char *error)
{
	(void)old;
	if (state == PW_STREAM_STATE_ERROR)
		fail(user, error ? error : "PipeWire refused the client");
}

static void on_core_error(void *user, uint32_t id, int seq, int res,
			  const char *message)
{
	(void)seq;
	(void)message;
	if (id == PW_ID_CORE && res == -EPIPE)
		fail(user, "the PipeWire daemon went away");
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.state_changed = on_state,
	.io_changed = on_io,
	.process = on_process,
};

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.error = on_core_error,
};

/* ---- making ---- */

static int connect_daemon(struct graph *graph,
			  const struct graph_config *config,
			  struct leat_error *error)
{
	struct pw_properties *props = NULL;

	graph->loop = pw_thread_loop_new("leat-tap", NULL);
	if (!graph->loop)
		return leat_error_set(error, -ENOMEM, "out of memory");
	graph->context =
		pipewire_context_new(pw_thread_loop_get_loop(graph->loop));
	if (!graph->context)
		return leat_error_set(error, -EIO,
				      "PipeWire's library does not start: is "
				      "pipewire-bin installed?");
	if (config->server)
		props = pw_properties_new(PW_KEY_REMOTE_NAME, config->server,
					  NULL);
	graph->core = pw_context_connect(graph->context, props, 0);
	if (!graph->core)
		return leat_error_set(error, -ECONNREFUSED,
				      "no PipeWire daemon%s%s answers: start "
				      "it, or name another with --server",
				      config->server ? " " : "",
				      config->server ? config->server : "");
	pw_core_add_listener(graph->core, &graph->core_listener, &core_events,
			     graph);
	return 0;
}

static uint32_t spa_channel(uint8_t position)
{
	const char *name = leat_position_name(position);
	const struct spa_type_info *info = spa_type_audio_channel;

	for (; name && info->name; info++) {
		const char *dot = strrchr(info->name, ':');

		if (dot && strcmp(dot + 1, name) == 0)
			return info->type;
	}
	return SPA_AUDIO_CHANNEL_UNKNOWN;
}

static struct pw_properties *make_properties(struct graph *graph,
					     const struct graph_config *config)
{
	struct pw_properties *props = pw_properties_new(
		PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Playback",
		PW_KEY_MEDIA_CLASS, "Stream/Output/Audio", PW_KEY_NODE_NAME,
		graph->name, "adapter.auto-port-config",
		"{ mode = dsp monitor = false position = preserve }", NULL);

	if (!props)
		return NULL;
	pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION, "Tap of JACK (%s)",
			   config->link_name);
	pw_properties_set(props, PW_KEY_APP_ICON_NAME, "leat");
	if (config->target)
		pw_properties_set(props, "target.object", config->target);
	return props;
}

static int make_stream(struct graph *graph, const struct graph_config *config,
		       struct leat_error *error)
{
	uint8_t memory[2048];
	struct spa_pod_builder builder =
		SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	struct spa_audio_info_raw info = {
		.format = SPA_AUDIO_FORMAT_F32P,
		.rate = config->rate_hz,
		.channels = config->n_channels,
	};
	enum pw_stream_flags flags = PW_STREAM_FLAG_MAP_BUFFERS |
				     PW_STREAM_FLAG_RT_PROCESS;
	const struct spa_pod *params[1];

	for (uint32_t c = 0; c < info.channels; c++)
		info.position[c] = spa_channel(config->positions[c]);
	if (config->connect)
		flags |= PW_STREAM_FLAG_AUTOCONNECT;
	graph->stream = pw_stream_new(graph->core, graph->name,
				      make_properties(graph, config));
	if (!graph->stream)
		return leat_error_set(error, -ENOMEM, "out of memory");
	pw_stream_add_listener(graph->stream, &graph->stream_listener,
			       &stream_events, graph);
	params[0] = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat,
					       &info);
	if (pw_stream_connect(graph->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
			      flags, params, 1) < 0)
		return leat_error_set(error, -EIO,
				      "PipeWire does not take the client");
	return 0;
}

static int make_player(struct graph *graph, const struct graph_config *config,
		       struct leat_error *error)
{
	const struct player_config player = {
		.rate_hz = config->rate_hz,
		.graph_rate_hz = config->rate_hz,
		.n_channels = config->n_channels,
		.latency = config->latency,
	};
	int res = player_create(&graph->player, &player);

	graph->rate_hz = config->rate_hz;
	graph->n_channels = config->n_channels;
	graph->guard = config->guard;
	snprintf(graph->links_clock, sizeof(graph->links_clock), "leat.%s",
		 config->link_name);
	snprintf(graph->name, sizeof(graph->name), "leat-tap.%s",
		 config->link_name);
	if (res < 0)
		return leat_error_set(error, res, "cannot play: %s",
				      strerror(-res));
	return 0;
}

static void close_graph(struct graph *graph)
{
	if (!graph)
		return;
	if (graph->loop)
		pw_thread_loop_stop(graph->loop);
	if (graph->stream)
		pw_stream_destroy(graph->stream);
	if (graph->core)
		pw_core_disconnect(graph->core);
	if (graph->context)
		pw_context_destroy(graph->context);
	if (graph->loop)
		pw_thread_loop_destroy(graph->loop);
	player_destroy(graph->player);
	free(graph);
	pw_deinit();
}

static int open_graph(struct graph **out, const struct graph_config *config,
		      struct leat_error *error)
{
	struct graph *graph = calloc(1, sizeof(*graph));
	int res;

	if (!graph)
		return leat_error_set(error, -ENOMEM, "out of memory");
	pw_init(NULL, NULL);
	res = make_player(graph, config, error);
	if (res == 0)
		res = connect_daemon(graph, config, error);
	if (res == 0)
		res = make_stream(graph, config, error);
	if (res == 0 && pw_thread_loop_start(graph->loop) < 0)
		res = leat_error_set(error, -ENOMEM, "out of memory");
	if (res < 0)
		close_graph(graph);
	else
		*out = graph;
	return res;
}

static struct player *player_of(struct graph *graph)
{
	return graph->player;
}

static const char *failure_of(struct graph *graph)
{
	return atomic_load(&graph->failed) ? graph->text : NULL;
}

static const char *client_of(struct graph *graph)
{
	return graph->name;
}

const struct graph_backend graph_pipewire = {
	"PipeWire", true,	open_graph, close_graph,
	player_of,  failure_of, client_of,
};
