/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include "cli/log.h"
#include "cli/options.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>

const char *argp_program_version = "leat-pipewire " LEAT_VERSION;

struct options {
	const char *link_name;
	const char *remote;
	const char *description;
	uint32_t ready_fd;
	bool have_ready_fd, make_default, probe, wait;
};

enum {
	OPTION_DESCRIPTION = 256,
	OPTION_DEFAULT,
	OPTION_READY_FD,
	OPTION_PROBE,
	OPTION_WAIT
};

static const struct argp_option option_table[] = {
	{ "remote", 'r', "NAME", 0, "The PipeWire daemon (PIPEWIRE_REMOTE)",
	  0 },
	{ "description", OPTION_DESCRIPTION, "TEXT", 0,
	  "What desktop programs call the two devices", 0 },
	{ "default", OPTION_DEFAULT, NULL, 0,
	  "Be a candidate for the default device", 0 },
	{ "wait", OPTION_WAIT, NULL, 0,
	  "Wait for the daemon if it is not running", 0 },
	{ "probe", OPTION_PROBE, NULL, 0,
	  "Only say whether a daemon runs, and its rate", 0 },
	{ "ready-fd", OPTION_READY_FD, "FD", 0,
	  "Write a byte to this descriptor once the bridge is up", 0 },
	{ 0 }
};

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
	case OPTION_WAIT:
		options->wait = true;
		return 0;
	case OPTION_PROBE:
		options->probe = true;
		return 0;
	case OPTION_READY_FD:
		if (!leat_parse_u32(arg, 0, 1u << 20, &options->ready_fd))
			argp_error(state, "--ready-fd wants a number, not '%s'",
				   arg);
		options->have_ready_fd = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->link_name)
			argp_error(state,
				   "one link at a time: '%s' is one too many",
				   arg);
		options->link_name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[LINK]",
	.doc = "The PipeWire side of a bridge between JACK and PipeWire."
	       "\vLINK names the bridge; it is 'main' if none is given. "
	       "leat-jack is the other side, and 'leat up' starts both.",
};

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct leat_pw_bridge_setup setup = { .ready_fd = -1 };
	struct leat_error error;
	int res;

	signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = LEAT_EXIT_USAGE;
	argp_parse(&parser, argc, argv, 0, NULL, &options);
	setup.link_name = options.link_name ? options.link_name
					    : LEAT_DEFAULT_LINK;
	setup.remote = options.remote;
	setup.nodes.description = options.description;
	setup.nodes.make_default = options.make_default;
	setup.wait = options.wait;
	if (options.have_ready_fd)
		setup.ready_fd = (int)options.ready_fd;
	if (leat_link_name_check(setup.link_name, &error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_USAGE;
	}
	res = options.probe ? leat_pw_bridge_probe(options.remote, &error)
			    : leat_pw_bridge_run(&setup, &error);
	if (res < 0)
		leat_log("%s", error.text);
	return res < 0 ? LEAT_EXIT_FAILED : 0;
}
