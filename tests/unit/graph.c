/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include "helpers.h"

#include <string.h>

/* ---- what is asked of libpipewire ---- */

bool pw_stream_is_driving(struct pw_stream *stream)
{
	return !stream->graph->other_driver;
}

struct pw_buffer *pw_stream_dequeue_buffer(struct pw_stream *stream)
{
	return &stream->buffer;
}

int pw_stream_queue_buffer(struct pw_stream *stream, struct pw_buffer *buffer)
{
	return buffer == &stream->buffer ? 0 : -1;
}

int pw_stream_trigger_process(struct pw_stream *stream)
{
	struct graph *graph = stream->graph;

	graph->n_triggered++;
	if (graph->meanwhile)
		graph->meanwhile(graph);
	leat_pw_process_source(&graph->process);
	if (!graph->stalled)
		graph_finish(graph);
	return 0;
}

struct pw_loop *pw_data_loop_get_loop(struct pw_data_loop *loop)
{
	return &loop->loop;
}

static int signal_event(void *object, struct spa_source *source)
{
	struct graph *graph = object;

	graph->n_changed += source == &graph->changed;
	graph->n_again += source == &graph->again;
	return 0;
}

static void destroy_source(void *object, struct spa_source *source)
{
	struct graph *graph = object;

	graph->n_destroyed += source == &graph->crossing;
}

static int update_io(void *object, struct spa_source *source, uint32_t mask)
{
	source->mask = mask;
	return object ? 0 : -1;
}

static int update_timer(void *object, struct spa_source *source,
			struct timespec *value, struct timespec *interval,
			bool absolute)
{
	struct graph *graph = object;

	graph->n_timers += source == &graph->rested && value->tv_nsec > 0 &&
			   !interval && !absolute;
	return 0;
}

static const struct spa_loop_utils_methods methods = {
	.version = SPA_VERSION_LOOP_UTILS_METHODS,
	.update_io = update_io,
	.update_timer = update_timer,
	.signal_event = signal_event,
	.destroy_source = destroy_source,
};

/* ---- set-up ---- */

static void open_stream(struct pw_stream *stream, struct graph *graph)
{
	stream->graph = graph;
	stream->buffer.buffer = &stream->spa;
	stream->spa.n_datas = CIRCLE_CHANNELS;
	stream->spa.datas = stream->datas;
	for (uint32_t c = 0; c < CIRCLE_CHANNELS; c++) {
		stream->datas[c].data = stream->samples[c];
		stream->datas[c].maxsize = sizeof(stream->samples[c]);
		stream->datas[c].chunk = &stream->chunks[c];
	}
}

static void open_pw_process(struct graph *graph)
{
	struct leat_pw_process *process = &graph->process;

	process->data_loop = &graph->data_loop;
	process->status = &graph->status;
	process->load.words = &graph->load;
	process->main_loop = &graph->data_loop.loop;
	process->changed = &graph->changed;
	process->again = &graph->again;
	process->crossing = &graph->crossing;
	process->rested = &graph->rested;
	graph->crossing.mask = LEAT_PW_CROSSING;
	process->position = &graph->position;
	process->rate_hz = 48000;
	process->follow_rate_hz = 48000;
	process->wire = &graph->circle.pipewire;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		process->stream[d] = &graph->streams[d];
		process->n_channels[d] = CIRCLE_CHANNELS;
		process->streaming[d] = true;
		process->clock[d] = &graph->position;
	}
	process->driver = process->stream[LEAT_TO_PIPEWIRE];
	process->handled = leat_consumer_newest(
		leat_frames_consumer_ring(process->wire->in));
	leat_fade_init(&process->fade, process->rate_hz);
}

bool graph_open(struct graph *graph)
{
	memset(graph, 0, sizeof(*graph));
	graph->utils.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_LoopUtils,
						SPA_VERSION_LOOP_UTILS,
						&methods, graph);
	graph->data_loop.loop.utils = &graph->utils;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		open_stream(&graph->streams[d], graph);
	if (!circle_open(&graph->circle))
		return false;
	open_pw_process(graph);
	leat_pw_look(&graph->process);
	return true;
}

void graph_close(struct graph *graph)
{
	circle_close(&graph->circle);
}

/* ---- cycles ---- */

void graph_finish(struct graph *graph)
{
	struct pw_stream *source = &graph->streams[LEAT_TO_PIPEWIRE];
	struct pw_stream *sink = &graph->streams[LEAT_TO_JACK];

	memcpy(sink->samples, source->samples, sizeof(sink->samples));
	memcpy(sink->chunks, source->chunks, sizeof(sink->chunks));
	leat_pw_process_sink(&graph->process);
}

void graph_other_cycle(struct graph *graph, uint32_t n_frames, uint64_t time_ns)
{
	struct spa_io_clock *clock = &graph->position.clock;

	clock->id = 9;
	clock->rate = SPA_FRACTION(1, 48000);
	clock->position += clock->duration;
	clock->duration = n_frames;
	clock->nsec = time_ns;
	clock->rate_diff = 1.0;
	leat_pw_process_source(&graph->process);
	graph_finish(graph);
}

void graph_wake(struct graph *graph)
{
	int fd = leat_frames_wait_fd(graph->circle.pipewire.in);

	if (graph->crossing.mask && unit_readable(fd, 0))
		leat_pw_on_crossing(&graph->process, fd, SPA_IO_IN);
}

void graph_cycle(struct graph *graph, uint32_t n_frames)
{
	circle_cycle(&graph->circle, n_frames);
	graph_wake(graph);
}
