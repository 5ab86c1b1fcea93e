/* SPDX-License-Identifier: MIT */
#include "up_options.h"

#include "cli/log.h"
#include "cli/options.h"

#include <leat/link.h>

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "leat-up " LEAT_VERSION;

#define DURATION_MIN_S 0.1
#define DURATION_MAX_S 31536000.0 /* a year */

/* The keys of settings that have no short option come one after the other. */
#define KEY_OF(setting) (256 + (int)(setting))

enum key {
	KEY_CONFIG = KEY_OF(LEAT_N_SETTINGS),
	KEY_DEMO,
	KEY_DURATION,
	KEY_NO_CONFIG
};

#define FLAG "true|false", OPTION_ARG_OPTIONAL

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "The servers:", 1 },
	{ "server", 's', "NAME", 0, "Bridge this JACK server", 1 },
	{ "remote", 'r', "NAME", 0, "Bridge this PipeWire daemon", 1 },
	{ "no-private", KEY_OF(LEAT_SET_NO_PRIVATE), FLAG,
	  "Fail if a server is missing, start none", 1 },
	{ "wait", KEY_OF(LEAT_SET_WAIT), FLAG,
	  "Wait for a server that is missing, start none", 1 },
	{ "rate", KEY_OF(LEAT_SET_RATE), "HZ", 0,
	  "Sample rate of a private JACK server (PipeWire's, else 48000)", 1 },
	{ "period", KEY_OF(LEAT_SET_PERIOD), "FRAMES", 0,
	  "Period of a private JACK server (256)", 1 },
	{ NULL, 0, NULL, 0, "The bridge:", 2 },
	{ "channels", KEY_OF(LEAT_SET_CHANNELS), "N", 0,
	  "Channels each way, 0 to 64 (2)", 2 },
	{ "to-pipewire", KEY_OF(LEAT_SET_TO_PIPEWIRE), "N", 0,
	  "Channels from JACK to PipeWire", 2 },
	{ "to-jack", KEY_OF(LEAT_SET_TO_JACK), "N", 0,
	  "Channels from PipeWire to JACK", 2 },
	{ "map", KEY_OF(LEAT_SET_MAP), "POSITIONS", 0,
	  "Names of the channels, as in FL,FR,FC", 2 },
	{ "mode", KEY_OF(LEAT_SET_MODE), "MODE", 0,
	  "Whose clock PipeWire runs on: auto, follow (JACK's) or adaptive "
	  "(its own)",
	  2 },
	{ "sync-wait", KEY_OF(LEAT_SET_SYNC_WAIT), "PERCENT", 0,
	  "Let JACK wait for PipeWire, at most that share of a period (0 to "
	  "90, 0)",
	  2 },
	{ "history", KEY_OF(LEAT_SET_HISTORY), "SECONDS", 0,
	  "What the bridge keeps for taps, 0 to 300 (2)", 2 },
	{ "latency", KEY_OF(LEAT_SET_LATENCY), "FRAMES", 0,
	  "Fix the latency each way in adaptive mode, in JACK's frames", 2 },
	{ "latency-min", KEY_OF(LEAT_SET_LATENCY_MIN), "FRAMES", 0,
	  "The least that it may become by itself", 2 },
	{ "latency-max", KEY_OF(LEAT_SET_LATENCY_MAX), "FRAMES", 0,
	  "The most that it may become by itself", 2 },
	{ "latency-trim-in", KEY_OF(LEAT_SET_LATENCY_TRIM_IN), "FRAMES", 0,
	  "Add to the latency that JACK hears of PipeWire's recording devices",
	  2 },
	{ "latency-trim-out", KEY_OF(LEAT_SET_LATENCY_TRIM_OUT), "FRAMES", 0,
	  "Add to the latency that JACK hears of PipeWire's playing devices",
	  2 },
	{ "connect", 'c', "WHAT", 0,
	  "Connect in JACK: 'physical', or OURS=OTHER; may be repeated", 2 },
	{ "rt-guard", KEY_OF(LEAT_SET_RT_GUARD), FLAG,
	  "Count the system calls and page faults of the realtime threads", 2 },
	{ "description", KEY_OF(LEAT_SET_DESCRIPTION), "TEXT", 0,
	  "Name of the devices in PipeWire", 2 },
	{ "default", KEY_OF(LEAT_SET_DEFAULT), FLAG,
	  "Become PipeWire's default devices", 2 },
	{ NULL, 0, NULL, 0, "This program:", 3 },
	{ "config", KEY_CONFIG, "FILE", 0,
	  "Read this instead of ~/.config/leat/leat.conf", 3 },
	{ "no-config", KEY_NO_CONFIG, NULL, 0, "Read no leat.conf", 3 },
	{ "duration", KEY_DURATION, "SECONDS", 0, "End after this time", 3 },
	{ "interval", KEY_OF(LEAT_SET_INTERVAL), "SECONDS", 0,
	  "Time between live lines (0.5 on a terminal, else 5)", 3 },
	{ "log-level", KEY_OF(LEAT_SET_LOG_LEVEL), "LEVEL", 0,
	  "Tell what is at least so bad: " LEAT_LOG_LEVELS " (info)", 3 },
	{ "quiet", 'q', FLAG, "Print only what is wrong", 3 },
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

static int64_t parse_duration(const char *arg)
{
	int64_t time_ms = 0;

	if (!leat_parse_seconds(arg, DURATION_MIN_S, DURATION_MAX_S, &time_ms))
		refuse("--duration '%s' will not do: give it a number of "
		       "seconds from %g to %.0f",
		       arg, DURATION_MIN_S, DURATION_MAX_S);
	return time_ms;
}

static void set_link(struct leat_up_options *options, const char *arg)
{
	struct leat_error error;

	if (leat_link_name_check(arg, &error) < 0)
		refuse("%s", error.text);
	for (unsigned i = 0; i < options->n_links; i++)
		if (strcmp(options->link[i], arg) == 0)
			refuse("the link '%s' is named twice: once will do",
			       arg);
	if (options->n_links == LEAT_CONFIG_LINKS_MAX)
		refuse("there are more than %d links", LEAT_CONFIG_LINKS_MAX);
	options->link[options->n_links++] = arg;
}

static enum leat_setting setting_of(int key)
{
	switch (key) {
	case 'c':
		return LEAT_SET_CONNECT;
	case 'q':
		return LEAT_SET_QUIET;
	case 'r':
		return LEAT_SET_REMOTE;
	case 's':
		return LEAT_SET_SERVER;
	default:
		if (key >= KEY_OF(0) && key < KEY_OF(LEAT_N_SETTINGS))
			return (enum leat_setting)(key - KEY_OF(0));
		return LEAT_N_SETTINGS;
	}
}

/* A later one replaces an earlier one; connections are all wanted. */
static int keep(struct leat_settings *settings, enum leat_setting setting,
		const char *arg)
{
	struct leat_settings one = { .value = { NULL } };
	int res;

	if (leat_setting_about(setting)->kind == LEAT_VALUE_CONNECTS)
		return leat_settings_add(settings, setting, arg);
	if (setting == LEAT_SET_LATENCY || setting == LEAT_SET_LATENCY_MIN ||
	    setting == LEAT_SET_LATENCY_MAX)
		return leat_settings_put(settings, setting, arg);
	res = leat_settings_put(&one, setting, arg);
	if (res == 0)
		res = leat_settings_lay(settings, &one);
	leat_settings_clear(&one);
	return res;
}

static void set(struct leat_up_options *options, enum leat_setting setting,
		const char *arg)
{
	const char *name = leat_setting_about(setting)->name;
	struct leat_error error;
	int res;

	if (!arg)
		arg = "true";
	if (leat_setting_check(setting, arg, &error) < 0)
		refuse("--%s %s", name, error.text);
	res = keep(&options->settings, setting, arg);
	if (res < 0)
		refuse("%s", leat_errno_text(res));
}

/* ---- the command line ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct leat_up_options *options = state->input;
	enum leat_setting setting = setting_of(key);

	if (setting != LEAT_N_SETTINGS) {
		set(options, setting, arg);
		return 0;
	}
	switch (key) {
	case KEY_CONFIG:
		options->config = arg;
		return 0;
	case KEY_NO_CONFIG:
		options->no_config = true;
		return 0;
	case KEY_DURATION:
		options->duration_ms = parse_duration(arg);
		return 0;
	case KEY_DEMO:
		options->demo = arg;
		return 0;
	case ARGP_KEY_ARG:
		set_link(options, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "[LINK...]",
	.doc = "Bridge JACK and PipeWire, and show it live until Ctrl-C."
	       "\vWithout LINK it is every link of leat.conf, or one that is "
	       "called 'main'. Where no JACK server or no PipeWire daemon "
	       "runs, "
	       "a private one is started and ended with the bridge.",
};

void leat_up_options_parse(struct leat_up_options *options, int argc,
			   char **argv)
{
	struct leat_error error;

	memset(options, 0, sizeof(*options));
	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, options) != 0)
		exit(LEAT_EXIT_USAGE);
	if (leat_settings_check(&options->settings, "--", &error) < 0)
		refuse("%s", error.text);
	if (options->demo && options->n_links > 1)
		refuse("--demo plays through one link: name one");
	if (options->config && options->no_config)
		refuse("--config names a file and --no-config wants none: "
		       "give one of them");
}
