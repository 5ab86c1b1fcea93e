/* SPDX-License-Identifier: MIT */
#include "tap_options.h"

#include "duration.h"

#include "cli/log.h"
#include "cli/options.h"

#include <leat/link.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct argp_option option_table[] = {
	{ "direction", 'd', "WHICH", 0,
	  "to_pipewire (what JACK sends), to_jack, or both", 10 },
	{ "wait", 'w', NULL, 0, "Wait for a link that is not there yet", 10 },
	{ 0 },
};

void tap_options_refuse(const char *format, ...)
{
	char text[384];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	leat_log("%s", text);
	exit(LEAT_EXIT_USAGE);
}

static void take_direction(struct tap_options *options, const char *arg)
{
	bool both = strcmp(arg, "both") == 0;
	bool to_jack = strcmp(arg, "to_jack") == 0;

	if (!both && !to_jack && strcmp(arg, "to_pipewire") != 0)
		tap_options_refuse("--direction is to_pipewire, to_jack or "
				   "both, not '%s'",
				   arg);
	options->n_directions = both ? 2 : 1;
	options->direction[0] = to_jack ? LEAT_TO_JACK : LEAT_TO_PIPEWIRE;
	options->direction[1] = LEAT_TO_JACK;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tap_options *options = state->input;

	switch (key) {
	case 'd':
		take_direction(options, arg);
		return 0;
	case 'w':
		options->wait = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
};

const struct argp_child tap_options_children[] = {
	{ &argp, 0, NULL, 0 },
	{ 0 },
};

void tap_options_link(struct tap_options *options, const char *arg)
{
	struct leat_error error;

	if (leat_link_name_check(arg, &error) < 0)
		tap_options_refuse("%s", error.text);
	options->link_name = arg;
}

void tap_options_only_link(struct tap_options *options, const char *arg,
			   const struct argp_state *state)
{
	if (state->arg_num > 0)
		tap_options_refuse("one link at a time");
	tap_options_link(options, arg);
}

int64_t tap_options_time(const char *option, const char *arg, int64_t least_ns)
{
	int64_t time_ns;

	if (!duration_parse(arg, &time_ns))
		tap_options_refuse("%s is a time as " DURATION_FORMS
				   ", not '%s'",
				   option, arg);
	if (time_ns < least_ns)
		tap_options_refuse("%s is at least %lld ms, not '%s'", option,
				   (long long)(least_ns / 1000000), arg);
	return time_ns;
}
