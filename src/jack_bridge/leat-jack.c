/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include "cli/log.h"
#include "cli/options.h"
#include "cli/side_options.h"
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

const char *argp_program_version = "leat-jack " LEAT_VERSION;

struct options {
	struct leat_side_options side;
	struct leat_jack_options link;
	const char *server;
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

/* All but those of this program are told apart by their names. */
static const char *name_of(int key)
{
	const struct argp_option *option = option_table;

	while (option->name && option->key != key)
		option++;
	return option->name;
}

static void set_option(struct argp_state *state, int key, const char *arg)
{
	struct options *options = state->input;
	struct leat_error error;

	if (leat_jack_options_set(&options->link, name_of(key), arg, &error) <
	    0)
		argp_error(state, "%s", error.text);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 's':
		options->server = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->side;
		return 0;
	default:
		if (!name_of(key))
			return ARGP_ERR_UNKNOWN;
		set_option(state, key, arg);
		return 0;
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

/* Before JACK makes threads: they inherit the mask. */
static int watch_signals(struct leat_error *error)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return leat_error_set(error, -errno,
				      "cannot watch for events: %s",
				      leat_errno_text(errno));
	return fd;
}

/* Until one of the signals comes. */
static int run(struct leat_jack_bridge_setup *setup, struct leat_error *error)
{
	struct leat_jack_bridge *bridge = NULL;
	int res = watch_signals(error);

	if (res < 0)
		return res;
	setup->stop_fd = res;
	res = leat_jack_bridge_create(&bridge, setup, error);
	if (res == 0)
		leat_jack_bridge_loop(bridge);
	leat_jack_bridge_destroy(bridge);
	close(setup->stop_fd);
	return res;
}

int main(int argc, char **argv)
{
	struct options options = { .side = LEAT_SIDE_OPTIONS_NONE };
	struct leat_jack_bridge_setup setup = { 0 };
	struct leat_error error;
	int res;

	signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = LEAT_EXIT_USAGE;
	leat_jack_options_init(&options.link, "--");
	argp_parse(&parser, argc, argv, 0, NULL, &options);
	if (options.side.probe)
		return probe(options.server);
	options.link.link_name = options.side.link_name;
	setup.client.server = options.server;
	setup.client.rt_guard = options.side.rt_guard;
	setup.wait = options.side.wait;
	setup.ready_fd = options.side.ready_fd;
	if (leat_jack_options_apply(&options.link, &setup, &error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_USAGE;
	}
	res = run(&setup, &error);
	if (res < 0)
		leat_log("%s", error.text);
	return res < 0 ? LEAT_EXIT_FAILED : 0;
}
