/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include "cli/latency.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/side_options.h"
#include "graph.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "leat-pipewire " LEAT_VERSION;

struct options {
	struct leat_side_options side;
	const char *remote;
	const char *description;
	enum leat_pw_mode mode;
	struct leat_latency_options latency;
	bool make_default;
};

enum {
	OPTION_DESCRIPTION = 256,
	OPTION_DEFAULT,
	OPTION_MODE,
	OPTION_LATENCY,
	OPTION_LATENCY_MIN,
	OPTION_LATENCY_MAX
};

static const struct argp_option option_table[] = {
	{ "remote", 'r', "NAME", 0, "The PipeWire daemon (PIPEWIRE_REMOTE)",
	  0 },
	{ "description", OPTION_DESCRIPTION, "TEXT", 0,
	  "What desktop programs call the two devices", 0 },
	{ "default", OPTION_DEFAULT, NULL, 0,
	  "Be a candidate for the default device", 0 },
	{ "mode", OPTION_MODE, "MODE", 0,
	  "Whose clock PipeWire runs on: auto, follow (JACK's) or adaptive "
	  "(its own)",
	  0 },
	{ "latency", OPTION_LATENCY, "FRAMES", 0,
	  "Fix the latency each way in adaptive mode, in JACK's frames", 0 },
	{ "latency-min", OPTION_LATENCY_MIN, "FRAMES", 0,
	  "The least that it may become by itself", 0 },
	{ "latency-max", OPTION_LATENCY_MAX, "FRAMES", 0,
	  "The most that it may become by itself", 0 },
	{ 0 }
};

static void set_mode(struct argp_state *state, const char *arg)
{
	struct options *options = state->input;

	if (!leat_pw_mode_parse(&options->mode, arg))
		argp_error(state,
			   "--mode '%s' will not do: give it " LEAT_PW_MODES,
			   arg);
}

static void set_latency(struct argp_state *state, uint32_t *frames,
			const char *option, const char *arg)
{
	struct leat_error error;

	if (leat_latency_parse(frames, option, arg, &error) < 0)
		argp_error(state, "%s", error.text);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'r':
		options->remote = arg;
		return 0;
	case OPTION_DESCRIPTION:
		options->description = arg;
		return 0;
	case OPTION_DEFAULT:
		options->make_default = true;
		return 0;
	case OPTION_MODE:
		set_mode(state, arg);
		return 0;
	case OPTION_LATENCY:
		set_latency(state, &options->latency.fixed, "--latency", arg);
		return 0;
	case OPTION_LATENCY_MIN:
		set_latency(state, &options->latency.min, "--latency-min", arg);
		return 0;
	case OPTION_LATENCY_MAX:
		set_latency(state, &options->latency.max, "--latency-max", arg);
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
	.doc = "The PipeWire side of a bridge between JACK and PipeWire."
	       "\vLINK names the bridge; it is 'main' if none is given. "
	       "leat-jack is the other side, and 'leat up' starts both.",
};

static int bridge(const struct leat_pw_bridge_setup *setup,
		  struct leat_error *error)
{
	struct leat_pw_bridge *bridge;
	int res = leat_pw_bridge_create(&bridge, setup, error);

	if (res < 0)
		return res;
	res = leat_pw_bridge_loop(bridge);
	leat_pw_bridge_destroy(bridge);
	return res;
}

int main(int argc, char **argv)
{
	struct options options = { .side = LEAT_SIDE_OPTIONS_NONE };
	struct leat_pw_bridge_setup setup = { 0 };
	struct leat_error error;
	int res;

	signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = LEAT_EXIT_USAGE;
	argp_parse(&parser, argc, argv, 0, NULL, &options);
	setup.link_name = options.side.link_name;
	setup.remote = options.remote;
	setup.nodes.description = options.description;
	setup.nodes.make_default = options.make_default;
	setup.nodes.latency.fixed = options.latency.fixed;
	setup.nodes.latency.min = options.latency.min;
	setup.nodes.latency.max = options.latency.max;
	setup.mode = options.mode;
	setup.wait = options.side.wait;
	setup.rt_guard = options.side.rt_guard;
	setup.ready_fd = options.side.ready_fd;
	setup.stop_fd = -1;
	setup.dashes = "--";
	if (leat_link_name_check(setup.link_name, &error) < 0 ||
	    leat_latency_check(&options.latency, &error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_USAGE;
	}
	res = options.side.probe ? leat_pw_bridge_probe(options.remote, &error)
				 : bridge(&setup, &error);
	if (res < 0)
		leat_log("%s", error.text);
	if (options.side.probe && leat_pw_graph_is_ours(res))
		return LEAT_EXIT_UNKNOWN;
	return res < 0 ? LEAT_EXIT_FAILED : 0;
}
