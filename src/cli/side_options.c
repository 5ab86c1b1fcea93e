/* SPDX-License-Identifier: MIT */
#include "side_options.h"

#include "log.h"
#include "options.h"

enum {
	OPTION_READY_FD = 512,
	OPTION_PROBE,
	OPTION_WAIT,
	OPTION_GUARD,
	OPTION_LOG_LEVEL
};

static const struct argp_option option_table[] = {
	{ "wait", OPTION_WAIT, NULL, 0,
	  "Wait for the server if it is not running", 0 },
	{ "probe", OPTION_PROBE, NULL, 0,
	  "Only say whether a server runs, and how", 0 },
	{ "rt-guard", OPTION_GUARD, NULL, 0,
	  "Count the system calls and page faults of the realtime thread", 0 },
	{ "log-level", OPTION_LOG_LEVEL, "LEVEL", 0,
	  "Tell what is at least so bad: " LEAT_LOG_LEVELS " (info)", 0 },
	{ "ready-fd", OPTION_READY_FD, "FD", 0,
	  "Write a byte to this descriptor once the bridge is up", 0 },
	{ 0 }
};

static void set_ready_fd(struct argp_state *state, const char *arg)
{
	struct leat_side_options *options = state->input;
	uint32_t fd;

	if (leat_parse_u32(arg, 0, 1u << 20, &fd))
		options->ready_fd = (int)fd;
	else
		argp_error(state, "--ready-fd wants a number, not '%s'", arg);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct leat_side_options *options = state->input;

	switch (key) {
	case OPTION_READY_FD:
		set_ready_fd(state, arg);
		return 0;
	case OPTION_LOG_LEVEL:
		if (!leat_log_set_level(arg))
			argp_error(state,
				   "--log-level '%s' will not do: give "
				   "it " LEAT_LOG_LEVELS,
				   arg);
		return 0;
	case OPTION_PROBE:
		options->probe = true;
		return 0;
	case OPTION_GUARD:
		options->rt_guard = true;
		return 0;
	case OPTION_WAIT:
		options->wait = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state,
				   "one link at a time: '%s' is one too many",
				   arg);
		options->link_name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp leat_side_argp = {
	.options = option_table,
	.parser = parse_option,
};
