/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include "capacity.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/side_options.h"
#include "ports.h"

#include <leat/positions.h>

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MAX 128

const char *argp_program_version = "leat-jack " LEAT_VERSION;

struct options {
	struct leat_side_options side;
	const char *server;
	const char *map;
	uint32_t n_channels[LEAT_N_DIRECTIONS]; /* UINT32_MAX: not given */
	const char *connect[CONNECT_MAX];
	uint32_t n_connect;
	uint32_t sync_wait_percent;
	uint32_t history_ms; /* UINT32_MAX: not given */
	int32_t latency_trim[LEAT_N_DIRECTIONS];
	uint64_t first_index;
};

enum {
	OPTION_CHANNELS = 256,
	OPTION_TO_PIPEWIRE,
	OPTION_TO_JACK,
	OPTION_MAP,
	OPTION_SYNC_WAIT,
	OPTION_HISTORY,
	OPTION_TRIM_IN,
	OPTION_TRIM_OUT,
	OPTION_FIRST_INDEX
};

static const struct argp_option option_table[] = {
	{ "server", 's', "NAME", 0, "The JACK server (JACK_DEFAULT_SERVER)",
	  0 },
	{ "channels", OPTION_CHANNELS, "N", 0, "Channels each way, 0 to 64 (2)",
	  0 },
	{ "to-pipewire", OPTION_TO_PIPEWIRE, "N", 0,
	  "Channels from JACK to PipeWire, 0 to 64", 0 },
	{ "to-jack", OPTION_TO_JACK, "N", 0,
	  "Channels from PipeWire to JACK, 0 to 64", 0 },
	{ "map", OPTION_MAP, "POSITIONS", 0,
	  "Names of the channels, as in FL,FR,FC", 0 },
	{ "connect", 'c', "WHAT", 0,
	  "Connect in JACK: 'physical', or OURS=OTHER as in "
	  "from_pipewire_FL=system:playback_1; may be repeated",
	  0 },
	{ "sync-wait", OPTION_SYNC_WAIT, "PERCENT", 0,
	  "Let JACK wait for PipeWire, at most that share of a period (0 to "
	  "90, 0); then the way back takes no period",
	  0 },
	{ "history", OPTION_HISTORY, "SECONDS", 0,
	  "What the rings keep for taps, 0 to 300 (2)", 0 },
	{ "latency-trim-in", OPTION_TRIM_IN, "FRAMES", 0,
	  "Add to the latency reported in JACK of what PipeWire's devices "
	  "record, -65536 to 65536 (0)",
	  0 },
	{ "latency-trim-out", OPTION_TRIM_OUT, "FRAMES", 0,
	  "Add to the latency reported in JACK of what PipeWire's devices "
	  "play, -65536 to 65536 (0)",
	  0 },
	/* So that a test need not wait for years until an index wraps. */
	{ "first-index", OPTION_FIRST_INDEX, "N", OPTION_HIDDEN,
	  "Where the rings begin", 0 },
	{ 0 }
};

static void parse_number(struct argp_state *state, const char *option,
			 const char *arg, uint32_t max, uint32_t *value)
{
	if (!leat_parse_u32(arg, 0, max, value))
		argp_error(state, "%s wants a number from 0 to %u, not '%s'",
			   option, max, arg);
}

static void parse_trim(struct argp_state *state, const char *option,
		       const char *arg, int32_t *trim)
{
	if (!leat_parse_i32(arg, -LEAT_LATENCY_TRIM_MAX, LEAT_LATENCY_TRIM_MAX,
			    trim))
		argp_error(state,
			   "%s wants a number of frames from -%d to %d, not "
			   "'%s'",
			   option, LEAT_LATENCY_TRIM_MAX, LEAT_LATENCY_TRIM_MAX,
			   arg);
}

static void parse_history(struct argp_state *state, const char *arg,
			  uint32_t *ms)
{
	char *end;
	double seconds = strtod(arg, &end);

	/* Written so that not-a-number is refused as well. */
	if (end == arg || *end ||
	    !(seconds >= 0 && seconds <= LEAT_HISTORY_MAX_S))
		argp_error(state,
			   "--history wants a number of seconds from 0 to %d, "
			   "not '%s'",
			   LEAT_HISTORY_MAX_S, arg);
	*ms = (uint32_t)(seconds * 1000 + 0.5);
}

static void parse_index(struct argp_state *state, const char *arg,
			uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(arg, &end, 10);
	if (arg[0] < '0' || arg[0] > '9' || errno != 0 || *end != 0)
		argp_error(state, "--first-index wants a number, not '%s'",
			   arg);
}

static void add_connect(struct argp_state *state, struct options *options,
			const char *arg)
{
	if (options->n_connect == CONNECT_MAX)
		argp_error(state, "more than %d times --connect", CONNECT_MAX);
	else
		options->connect[options->n_connect++] = arg;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	uint32_t *n = options->n_channels;

	switch (key) {
	case 's':
		options->server = arg;
		return 0;
	case 'c':
		add_connect(state, options, arg);
		return 0;
	case OPTION_CHANNELS:
		parse_number(state, "--channels", arg, LEAT_CHANNELS_MAX,
			     &n[0]);
		n[1] = n[0];
		return 0;
	case OPTION_TO_PIPEWIRE:
		parse_number(state, "--to-pipewire", arg, LEAT_CHANNELS_MAX,
			     &n[LEAT_TO_PIPEWIRE]);
		return 0;
	case OPTION_TO_JACK:
		parse_number(state, "--to-jack", arg, LEAT_CHANNELS_MAX,
			     &n[LEAT_TO_JACK]);
		return 0;
	case OPTION_MAP:
		options->map = arg;
		return 0;
	case OPTION_SYNC_WAIT:
		parse_number(state, "--sync-wait", arg,
			     LEAT_SYNC_WAIT_MAX_PERCENT,
			     &options->sync_wait_percent);
		return 0;
	case OPTION_HISTORY:
		parse_history(state, arg, &options->history_ms);
		return 0;
	case OPTION_TRIM_IN:
		parse_trim(state, "--latency-trim-in", arg,
			   &options->latency_trim[LEAT_TO_JACK]);
		return 0;
	case OPTION_TRIM_OUT:
		parse_trim(state, "--latency-trim-out", arg,
			   &options->latency_trim[LEAT_TO_PIPEWIRE]);
		return 0;
	case OPTION_FIRST_INDEX:
		parse_index(state, arg, &options->first_index);
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->side;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &leat_side_argp, 0, NULL, 0 },
					      { 0 } };

static const struct argp parser = {
	.children = children,
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[LINK]",
	.doc = "The JACK side of a bridge between JACK and PipeWire."
	       "\vLINK names the bridge; it is 'main' if none is given. "
	       "leat-pipewire is the other side, and 'leat up' starts both.",
};

/* How many channels, and what they are called. */
static int choose_channels(struct leat_jack_client_setup *setup,
			   const struct options *options,
			   struct leat_error *error)
{
	uint8_t map[LEAT_CHANNELS_MAX];
	char text[128];
	uint32_t n_map = 0;

	if (options->map) {
		n_map = leat_parse_positions(options->map, map, text,
					     sizeof(text));
		if (n_map == 0)
			return leat_error_set(error, -EINVAL, "--map: %s",
					      text);
	}
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		uint32_t n = options->n_channels[d];

		if (n == UINT32_MAX)
			n = n_map ? n_map : 2;
		if (n_map && n > n_map)
			return leat_error_set(error, -EINVAL,
					      "--map names %u channels but %u "
					      "are asked for: name them all",
					      n_map, n);
		setup->n_channels[d] = n;
		if (n_map)
			memcpy(setup->position[d], map, n);
		else
			leat_positions_default(setup->position[d], n);
	}
	if (setup->n_channels[0] == 0 && setup->n_channels[1] == 0)
		return leat_error_set(error, -EINVAL,
				      "no channels are asked for in either "
				      "direction: give at least one");
	return 0;
}

/* Whether text begins with the name of one of our ports and '='. */
static bool names_a_port(const struct leat_jack_client_setup *setup,
			 const char *text)
{
	char name[64];

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		for (uint32_t i = 0; i < setup->n_channels[d]; i++) {
			leat_jack_port_name(name, sizeof(name),
					    (enum leat_direction)d,
					    setup->position[d][i]);
			if (strncmp(text, name, strlen(name)) == 0 &&
			    text[strlen(name)] == '=')
				return true;
		}
	return false;
}

static int check_connects(const struct leat_jack_bridge_setup *setup,
			  struct leat_error *error)
{
	for (uint32_t i = 0; i < setup->n_connect; i++) {
		const char *text = setup->connect[i];

		if (strcmp(text, "physical") != 0 &&
		    (!names_a_port(&setup->client, text) ||
		     !strchr(strchr(text, '='), ':')))
			return leat_error_set(
				error, -EINVAL,
				"--connect %s: say 'physical', or one of our "
				"ports and another as in "
				"from_pipewire_FL=system:playback_1",
				text);
	}
	return 0;
}

/* A history that nobody asked for is not to take what may be locked. */
static void choose_history(struct leat_jack_bridge_setup *setup,
			   const struct options *options)
{
	bool given = options->history_ms != UINT32_MAX;

	setup->history_given = given;
	setup->history_ms = given ? options->history_ms
				  : LEAT_HISTORY_DEFAULT_S * 1000;
	setup->most_bytes = given ? LEAT_JACK_SAMPLES_MAX_BYTES
				  : leat_jack_capacity_lockable_bytes();
}

static int probe(const char *server)
{
	struct leat_error error;
	jack_client_t *client;
	const char *name = leat_jack_server_name(server);

	if (leat_jack_library_check(&error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_WRONG_LIBJACK;
	}
	if (leat_jack_check_room(name, &error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_UNKNOWN;
	}
	client = leat_jack_probe_open(name);
	if (!client) {
		leat_log("no JACK server '%s' is running for this user", name);
		return LEAT_EXIT_FAILED;
	}
	printf("rate=%u period=%u server=%s\n", jack_get_sample_rate(client),
	       jack_get_buffer_size(client), name);
	jack_client_close(client);
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = {
		.side = LEAT_SIDE_OPTIONS_NONE,
		.n_channels = { UINT32_MAX, UINT32_MAX },
		.history_ms = UINT32_MAX,
	};
	struct leat_jack_bridge_setup setup = { 0 };
	struct leat_error error;
	int res;

	signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = LEAT_EXIT_USAGE;
	argp_parse(&parser, argc, argv, 0, NULL, &options);
	if (options.side.probe)
		return probe(options.server);
	setup.link_name = options.side.link_name;
	setup.client.server = options.server;
	setup.client.sync_wait_percent = options.sync_wait_percent;
	memcpy(setup.client.latency_trim, options.latency_trim,
	       sizeof(setup.client.latency_trim));
	setup.first_index = options.first_index;
	choose_history(&setup, &options);
	setup.connect = options.connect;
	setup.n_connect = options.n_connect;
	setup.wait = options.side.wait;
	setup.client.rt_guard = options.side.rt_guard;
	setup.ready_fd = options.side.ready_fd;
	if (leat_link_name_check(setup.link_name, &error) < 0 ||
	    choose_channels(&setup.client, &options, &error) < 0 ||
	    check_connects(&setup, &error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_USAGE;
	}
	res = leat_jack_bridge_run(&setup, &error);
	if (res < 0)
		leat_log("%s", error.text);
	return res < 0 ? LEAT_EXIT_FAILED : 0;
}
