/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include "cli/now.h"

#include <leat/positions.h>

#include <jack/jack.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES 65536u

struct graph {
	jack_client_t *client;
	uint32_t n_channels;
	jack_port_t *ports[LEAT_CHANNELS_MAX];
	struct player *player;
	uint64_t frame; /* JACK's, which wraps, made long */
	bool is_links;	/* the server is the one that the link is on */
	struct leat_rt_guard *guard;
	atomic_bool gone;
};

/* ---- the process thread ---- */

static uint64_t long_frame(struct graph *graph)
{
	jack_nframes_t now = jack_last_frame_time(graph->client);

	graph->frame += (uint32_t)(now - (uint32_t)graph->frame);
	return graph->frame;
}

static void run_cycle(struct graph *graph, jack_nframes_t n_frames)
{
	const struct player_cycle cycle = {
		.clock_id = 1,
		.frame = long_frame(graph),
		.time_ns = leat_now_ns(),
		.n_frames = n_frames,
		.counts = graph->is_links,
	};
	float *planes[LEAT_CHANNELS_MAX];

	for (uint32_t c = 0; c < graph->n_channels; c++)
		planes[c] = jack_port_get_buffer(graph->ports[c], n_frames);
	player_cycle(graph->player, &cycle, planes);
}

static int on_process(jack_nframes_t n_frames, void *arg)
{
	struct graph *graph = arg;

	leat_rt_guard_begin(graph->guard);
	run_cycle(graph, n_frames);
	leat_rt_guard_end(graph->guard);
	return 0;
}

/* Before the first cycle: fault in what libjack's calls take of the stack. */
static void on_thread_init(void *arg)
{
	volatile unsigned char stack[STACK_BYTES];

	(void)arg;
	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 0;
}

static void on_shutdown(void *arg)
{
	struct graph *graph = arg;

	atomic_store(&graph->gone, true);
}

/* ---- making ---- */

/* As libjack chooses it, and as leat-jack names it. */
static const char *server_name(const struct graph_config *config)
{
	const char *name = config->server ? config->server
					  : getenv("JACK_DEFAULT_SERVER");

	return name && name[0] ? name : "default";
}

/* One sentence of our own says it; libjack would add several. */
static void say_nothing(const char *text)
{
	(void)text;
}

static int open_client(struct graph *graph, const struct graph_config *config,
		       struct leat_error *error)
{
	jack_options_t options = JackNoStartServer;
	char name[64];

	if (config->server)
		options |= JackServerName;
	jack_set_error_function(say_nothing);
	jack_set_info_function(say_nothing);
	snprintf(name, sizeof(name), "leat-tap-%s", config->link_name);
	graph->client = jack_client_open(name, options, NULL, config->server);
	if (!graph->client)
		return leat_error_set(
			error, -ECONNREFUSED,
			"no JACK server%s%s answers: start it, or "
			"name another with --server",
			config->server ? " " : "",
			config->server ? config->server : "");
	return 0;
}

static int add_ports(struct graph *graph, const struct graph_config *config,
		     struct leat_error *error)
{
	for (uint32_t c = 0; c < config->n_channels; c++) {
		const char *name = leat_position_name(config->positions[c]);

		graph->ports[c] = jack_port_register(
			graph->client, name ? name : "?",
			JACK_DEFAULT_AUDIO_TYPE,
			JackPortIsOutput | JackPortIsTerminal, 0);
		if (!graph->ports[c])
			return leat_error_set(error, -EIO,
					      "JACK takes no more ports");
	}
	graph->n_channels = config->n_channels;
	return 0;
}

/* In order; where there is one channel only, to a pair. What fails stays open. */
static void connect_to(struct graph *graph, const struct graph_config *config)
{
	char pattern[128] = "";
	const char **names;

	if (config->target)
		snprintf(pattern, sizeof(pattern), "^%s:", config->target);
	names = jack_get_ports(
		graph->client, pattern, JACK_DEFAULT_AUDIO_TYPE,
		JackPortIsInput | (config->target ? 0u : JackPortIsPhysical));
	for (uint32_t i = 0; names && names[i]; i++) {
		uint32_t c = graph->n_channels == 1 && i < 2 ? 0 : i;

		if (c < graph->n_channels)
			jack_connect(graph->client,
				     jack_port_name(graph->ports[c]), names[i]);
	}
	jack_free(names);
}

static int start(struct graph *graph, const struct graph_config *config,
		 struct leat_error *error)
{
	const struct player_config player = {
		.rate_hz = config->rate_hz,
		.graph_rate_hz = jack_get_sample_rate(graph->client),
		.n_channels = config->n_channels,
		.latency = config->latency,
	};
	int res = player_create(&graph->player, &player);

	graph->guard = config->guard;
	graph->is_links = player.graph_rate_hz == player.rate_hz &&
			  strcmp(server_name(config), config->link_server) == 0;
	if (res < 0)
		return leat_error_set(error, res,
				      "cannot play %u Hz into a graph of %u "
				      "Hz: %s",
				      player.rate_hz, player.graph_rate_hz,
				      strerror(-res));
	jack_set_thread_init_callback(graph->client, on_thread_init, graph);
	jack_set_process_callback(graph->client, on_process, graph);
	jack_on_shutdown(graph->client, on_shutdown, graph);
	if (jack_activate(graph->client) != 0)
		return leat_error_set(error, -EIO,
				      "JACK does not take the client");
	if (config->connect)
		connect_to(graph, config);
	return 0;
}

static void close_graph(struct graph *graph)
{
	if (!graph)
		return;
	if (graph->client)
		jack_client_close(graph->client);
	player_destroy(graph->player);
	free(graph);
}

static int open_graph(struct graph **out, const struct graph_config *config,
		      struct leat_error *error)
{
	struct graph *graph = calloc(1, sizeof(*graph));
	int res;

	if (!graph)
		return leat_error_set(error, -ENOMEM, "out of memory");
	res = open_client(graph, config, error);
	if (res == 0)
		res = add_ports(graph, config, error);
	if (res == 0)
		res = start(graph, config, error);
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
	return atomic_load(&graph->gone) ? "the JACK server went away" : NULL;
}

static const char *client_of(struct graph *graph)
{
	return jack_get_client_name(graph->client);
}

const struct graph_backend graph_jack = {
	"JACK",	   false,      open_graph, close_graph,
	player_of, failure_of, client_of,
};
