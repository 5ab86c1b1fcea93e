/* SPDX-License-Identifier: MIT */
#include "up_options.h"

#include "cli/log.h"
#include "cli/options.h"

#include <leat/frames.h>
#include <leat/link.h>

#include <argp.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "leat-up " LEAT_VERSION;

#define DEFAULT_CHANNELS 2
#define DEFAULT_PERIOD 256
#define PERIOD_MIN 16
#define PERIOD_MAX 8192
#define INTERVAL_MIN_S 0.05
#define INTERVAL_MAX_S 3600.0
#define DURATION_MIN_S 0.1
#define DURATION_MAX_S 31536000.0 /* a year */

enum key {
	KEY_CHANNELS = 256,
	KEY_CONNECT = 'c',
	KEY_DEFAULT = 257,
	KEY_DEMO,
	KEY_DESCRIPTION,
	KEY_DURATION,
	KEY_HISTORY,
	KEY_INTERVAL,
	KEY_LATENCY,
	KEY_LOG_LEVEL,
	KEY_LATENCY_MAX,
	KEY_LATENCY_MIN,
	KEY_MAP,
	KEY_MODE,
	KEY_SYNC_WAIT,
	KEY_RT_GUARD,
	KEY_NO_PRIVATE,
	KEY_PERIOD,
	KEY_RATE,
	KEY_REMOTE = 'r',
	KEY_SERVER = 's',
	KEY_QUIET = 'q',
	KEY_TO_JACK = 300,
	KEY_TO_PIPEWIRE,
	KEY_TRIM_IN,
	KEY_TRIM_OUT
};

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "The servers:", 1 },
	{ "server", KEY_SERVER, "NAME", 0, "Bridge this JACK server", 1 },
	{ "remote", KEY_REMOTE, "NAME", 0, "Bridge this PipeWire daemon", 1 },
	{ "no-private", KEY_NO_PRIVATE, NULL, 0,
	  "Fail if a server is missing, start none", 1 },
	{ "rate", KEY_RATE, "HZ", 0,
	  "Sample rate of a private JACK server (PipeWire's, else 48000)", 1 },
	{ "period", KEY_PERIOD, "FRAMES", 0,
	  "Period of a private JACK server (256)", 1 },
	{ NULL, 0, NULL, 0, "The bridge:", 2 },
	{ "channels", KEY_CHANNELS, "N", 0, "Channels each way, 0 to 64 (2)",
	  2 },
	{ "to-pipewire", KEY_TO_PIPEWIRE, "N", 0,
	  "Channels from JACK to PipeWire", 2 },
	{ "to-jack", KEY_TO_JACK, "N", 0, "Channels from PipeWire to JACK", 2 },
	{ "map", KEY_MAP, "POSITIONS", 0,
	  "Names of the channels, as in FL,FR,FC", 2 },
	{ "mode", KEY_MODE, "MODE", 0,
	  "Whose clock PipeWire runs on: auto, follow (JACK's) or adaptive "
	  "(its own)",
	  2 },
	{ "sync-wait", KEY_SYNC_WAIT, "PERCENT", 0,
	  "Let JACK wait for PipeWire, at most that share of a period (0 to "
	  "90, 0)",
	  2 },
	{ "history", KEY_HISTORY, "SECONDS", 0,
	  "What the bridge keeps for taps, 0 to 300 (2)", 2 },
	{ "latency", KEY_LATENCY, "FRAMES", 0,
	  "Fix the latency each way in adaptive mode, in JACK's frames", 2 },
	{ "latency-min", KEY_LATENCY_MIN, "FRAMES", 0,
	  "The least that it may become by itself", 2 },
	{ "latency-max", KEY_LATENCY_MAX, "FRAMES", 0,
	  "The most that it may become by itself", 2 },
	{ "latency-trim-in", KEY_TRIM_IN, "FRAMES", 0,
	  "Add to the latency that JACK hears of PipeWire's recording devices",
	  2 },
	{ "latency-trim-out", KEY_TRIM_OUT, "FRAMES", 0,
	  "Add to the latency that JACK hears of PipeWire's playing devices",
	  2 },
	{ "connect", KEY_CONNECT, "WHAT", 0,
	  "Connect in JACK: 'physical', or OURS=OTHER; may be repeated", 2 },
	{ "rt-guard", KEY_RT_GUARD, NULL, 0,
	  "Count the system calls and page faults of the realtime threads", 2 },
	{ "description", KEY_DESCRIPTION, "TEXT", 0,
	  "Name of the devices in PipeWire", 2 },
	{ "default", KEY_DEFAULT, NULL, 0, "Become PipeWire's default devices",
	  2 },
	{ NULL, 0, NULL, 0, "This program:", 3 },
	{ "duration", KEY_DURATION, "SECONDS", 0, "End after this time", 3 },
	{ "interval", KEY_INTERVAL, "SECONDS", 0,
	  "Time between live lines (0.5 on a terminal, else 5)", 3 },
	{ "log-level", KEY_LOG_LEVEL, "LEVEL", 0,
	  "Tell what is at least so bad: " LEAT_LOG_LEVELS " (info)", 3 },
	{ "quiet", KEY_QUIET, NULL, 0, "Print only what is wrong", 3 },
	{ "demo", KEY_DEMO, "FILE", 0,
	  "Play FILE through private servers and compare every sample", 3 },
	{ NULL, 0, NULL, 0, "Help:", -1 },
	{ 0 },
};

/* ---- one option ---- */

__attribute__((format(printf, 1, 2), noreturn)) static void
refuse(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	leat_log("%s", text);
	exit(LEAT_EXIT_USAGE);
}

static uint32_t parse_number(const char *option, const char *arg, uint32_t min,
			     uint32_t max)
{
	uint32_t value = 0;

	if (!leat_parse_u32(arg, min, max, &value))
		refuse("%s '%s' will not do: give it a whole number from %u "
		       "to %u",
		       option, arg, min, max);
	return value;
}

static int64_t parse_seconds(const char *option, const char *arg, double min,
			     double max)
{
	char *end;
	double seconds = strtod(arg, &end);

	/* Written so that not-a-number is refused as well. */
	if (end == arg || *end || !(seconds >= min && seconds <= max))
		refuse("%s '%s' will not do: give it a number of seconds from "
		       "%g to %.0f",
		       option, arg, min, max);
	return llround(seconds * 1000);
}

static void pass(struct leat_up_passed *passed, const char *option,
		 const char *value)
{
	if (passed->n_args + 2 > LEAT_UP_PASSED_MAX)
		refuse("there are too many options: give at most %d for one "
		       "side",
		       LEAT_UP_PASSED_MAX / 2);
	passed->arg[passed->n_args++] = option;
	if (value)
		passed->arg[passed->n_args++] = value;
}

static void set_channels(struct leat_up_options *options, const char *option,
			 const char *arg)
{
	uint32_t n = parse_number(option, arg, 0, LEAT_CHANNELS_MAX);

	if (strcmp(option, "--to-jack") != 0)
		options->n_to_pipewire = n;
	if (strcmp(option, "--to-pipewire") != 0)
		options->n_to_jack = n;
	pass(&options->to_jack_side, option, arg);
}

static void set_map(struct leat_up_options *options, const char *arg)
{
	uint8_t positions[LEAT_CHANNELS_MAX];
	char error[128];

	options->n_map =
		leat_parse_positions(arg, positions, error, sizeof(error));
	if (options->n_map == 0)
		refuse("--map '%s' will not do: %s", arg, error);
	pass(&options->to_jack_side, "--map", arg);
}

static void set_connect(struct leat_up_options *options, const char *arg)
{
	if (strcmp(arg, "physical") != 0 && !strchr(arg, '='))
		refuse("--connect '%s' will not do: give it 'physical' or "
		       "OURS=OTHER",
		       arg);
	pass(&options->to_jack_side, "--connect", arg);
}

static void set_mode(struct leat_up_options *options, const char *arg)
{
	if (strcmp(arg, "auto") != 0 && strcmp(arg, "follow") != 0 &&
	    strcmp(arg, "adaptive") != 0)
		refuse("--mode '%s' will not do: give it auto, follow or "
		       "adaptive",
		       arg);
	pass(&options->to_pipewire_side, "--mode", arg);
}

static void set_sync_wait(struct leat_up_options *options, const char *arg)
{
	(void)parse_number("--sync-wait", arg, 0, LEAT_SYNC_WAIT_MAX_PERCENT);
	pass(&options->to_jack_side, "--sync-wait", arg);
}

static void set_history(struct leat_up_options *options, const char *arg)
{
	(void)parse_seconds("--history", arg, 0, LEAT_HISTORY_MAX_S);
	pass(&options->to_jack_side, "--history", arg);
}

static void set_latency(struct leat_up_options *options, uint32_t *frames,
			const char *option, const char *arg)
{
	struct leat_error error;

	if (leat_latency_parse(frames, option, arg, &error) < 0)
		refuse("%s", error.text);
	pass(&options->to_pipewire_side, option, arg);
}

static void set_trim(struct leat_up_options *options, const char *option,
		     const char *arg)
{
	int32_t trim;

	if (!leat_parse_i32(arg, -LEAT_LATENCY_TRIM_MAX, LEAT_LATENCY_TRIM_MAX,
			    &trim))
		refuse("%s '%s' will not do: give it a whole number of frames "
		       "from -%d to %d",
		       option, arg, LEAT_LATENCY_TRIM_MAX,
		       LEAT_LATENCY_TRIM_MAX);
	pass(&options->to_jack_side, option, arg);
}

static void set_name(const char **name, struct leat_up_passed *passed,
		     const char *option, const char *arg)
{
	if (!arg[0])
		refuse("%s wants a name that is not empty", option);
	*name = arg;
	pass(passed, option, arg);
}

static void set_link(struct leat_up_options *options, const char *arg)
{
	struct leat_error error;

	if (options->link)
		refuse("'%s' is one argument too many: name one link", arg);
	if (leat_link_name_check(arg, &error) < 0)
		refuse("%s", error.text);
	options->link = arg;
}

/* ---- the command line ---- */

static error_t parse_bridge(int key, char *arg, struct leat_up_options *options)
{
	switch (key) {
	case KEY_CHANNELS:
		set_channels(options, "--channels", arg);
		return 0;
	case KEY_TO_PIPEWIRE:
		set_channels(options, "--to-pipewire", arg);
		return 0;
	case KEY_TO_JACK:
		set_channels(options, "--to-jack", arg);
		return 0;
	case KEY_MAP:
		set_map(options, arg);
		return 0;
	case KEY_CONNECT:
		set_connect(options, arg);
		return 0;
	case KEY_MODE:
		set_mode(options, arg);
		return 0;
	case KEY_SYNC_WAIT:
		set_sync_wait(options, arg);
		return 0;
	case KEY_HISTORY:
		set_history(options, arg);
		return 0;
	case KEY_RT_GUARD:
		pass(&options->to_jack_side, "--rt-guard", NULL);
		pass(&options->to_pipewire_side, "--rt-guard", NULL);
		return 0;
	case KEY_LATENCY:
		set_latency(options, &options->latency.fixed, "--latency", arg);
		return 0;
	case KEY_LATENCY_MIN:
		set_latency(options, &options->latency.min, "--latency-min",
			    arg);
		return 0;
	case KEY_LATENCY_MAX:
		set_latency(options, &options->latency.max, "--latency-max",
			    arg);
		return 0;
	case KEY_TRIM_IN:
		set_trim(options, "--latency-trim-in", arg);
		return 0;
	case KEY_TRIM_OUT:
		set_trim(options, "--latency-trim-out", arg);
		return 0;
	case KEY_DESCRIPTION:
		pass(&options->to_pipewire_side, "--description", arg);
		return 0;
	case KEY_DEFAULT:
		pass(&options->to_pipewire_side, "--default", NULL);
		return 0;
	case ARGP_KEY_ARG:
		set_link(options, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_server(int key, char *arg, struct leat_up_options *options)
{
	switch (key) {
	case KEY_SERVER:
		set_name(&options->server, &options->to_jack_side, "--server",
			 arg);
		return 0;
	case KEY_REMOTE:
		set_name(&options->remote, &options->to_pipewire_side,
			 "--remote", arg);
		return 0;
	case KEY_NO_PRIVATE:
		options->no_private = true;
		return 0;
	case KEY_RATE:
		options->rate_hz = parse_number("--rate", arg, LEAT_RATE_MIN_HZ,
						LEAT_RATE_MAX_HZ);
		return 0;
	case KEY_PERIOD:
		options->period =
			parse_number("--period", arg, PERIOD_MIN, PERIOD_MAX);
		return 0;
	default:
		return parse_bridge(key, arg, options);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct leat_up_options *options = state->input;

	switch (key) {
	case KEY_DURATION:
		options->duration_ms = parse_seconds(
			"--duration", arg, DURATION_MIN_S, DURATION_MAX_S);
		return 0;
	case KEY_INTERVAL:
		options->interval_ms = parse_seconds(
			"--interval", arg, INTERVAL_MIN_S, INTERVAL_MAX_S);
		return 0;
	case KEY_LOG_LEVEL:
		if (!leat_log_set_level(arg))
			refuse("--log-level '%s' will not do: give "
			       "it " LEAT_LOG_LEVELS,
			       arg);
		return 0;
	case KEY_QUIET:
		options->quiet = true;
		return 0;
	case KEY_DEMO:
		options->demo = arg;
		return 0;
	default:
		return parse_server(key, arg, options);
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "[LINK]",
	.doc = "Bridge JACK and PipeWire, and show it live until Ctrl-C."
	       "\vLINK names the bridge; it is 'main' if none is given. Where "
	       "no JACK server or no PipeWire daemon runs, a private one is "
	       "started and ended with the bridge.",
};

/* With no count given, leat-jack takes as many channels as the map names. */
static void check_map(const struct leat_up_options *options)
{
	const uint32_t n[] = { options->n_to_pipewire, options->n_to_jack };

	for (int i = 0; i < 2 && options->n_map > 0; i++)
		if (n[i] != UINT32_MAX && n[i] > options->n_map)
			refuse("--map names %u channels but %u are asked for: "
			       "name them all",
			       options->n_map, n[i]);
}

static void check_latency(const struct leat_up_options *options)
{
	struct leat_error error;

	if (leat_latency_check(&options->latency, &error) < 0)
		refuse("%s", error.text);
}

static void set_defaults(struct leat_up_options *options)
{
	uint32_t n = options->n_map > 0 ? options->n_map : DEFAULT_CHANNELS;

	if (options->n_to_pipewire == UINT32_MAX)
		options->n_to_pipewire = n;
	if (options->n_to_jack == UINT32_MAX)
		options->n_to_jack = n;
	if (!options->link)
		options->link = LEAT_DEFAULT_LINK;
}

void leat_up_options_parse(struct leat_up_options *options, int argc,
			   char **argv)
{
	memset(options, 0, sizeof(*options));
	options->n_to_pipewire = UINT32_MAX;
	options->n_to_jack = UINT32_MAX;
	options->period = DEFAULT_PERIOD;
	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, options) != 0)
		exit(LEAT_EXIT_USAGE);
	check_map(options);
	check_latency(options);
	set_defaults(options);
}
