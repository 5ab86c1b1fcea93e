/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "cli/log.h"
#include "cli/options.h"

#include <leat/frames.h>

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *argp_program_version = "leat-xrun " LEAT_VERSION;

#define DEFAULT_RATE_HZ 48000
#define DEFAULT_PERIOD 256
#define PERIOD_MIN 16
#define PERIOD_MAX 8192
#define DURATION_MIN_S 0.2
#define DURATION_MAX_S 86400.0
#define ROUNDS_MAX 1000
#define WORKERS_MAX 64

/* Of each step. */
#define HOLD_MS 10000
#define STEP_MS 3000
#define QUICK_MS 4000

/* With more than one bridge, so many turns each. */
#define COMPARE_ROUNDS 3

enum key {
	KEY_COMPARE = 256,
	KEY_DURATION = 'd',
	KEY_HOLD = 257,
	KEY_HTML,
	KEY_JSON,
	KEY_LOAD = 'l',
	KEY_LOG_LEVEL = 260,
	KEY_MATRIX,
	KEY_MODE,
	KEY_PERIOD = 'p',
	KEY_PLANT = 263,
	KEY_QUICK,
	KEY_RAMP,
	KEY_RATE,
	KEY_ROUNDS,
	KEY_SYNC_WAIT,
	KEY_REMOTE = 'r',
	KEY_SERVER = 's',
	KEY_QUIET = 'q'
};

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "The experiment:", 1 },
	{ "load", KEY_LOAD, "KIND[:LEVEL]", 0,
	  "none, jack, pipewire, cpu, memory, io, cache, quota or inversion; "
	  "may be repeated",
	  1 },
	{ "hold", KEY_HOLD, NULL, 0, "Hold each load (the default)", 1 },
	{ "ramp", KEY_RAMP, NULL, 0,
	  "Look for the highest level of a load (jack) that loses nothing", 1 },
	{ "matrix", KEY_MATRIX, NULL, 0,
	  "Each load at each period from 32 to 2048", 1 },
	{ "quick", KEY_QUICK, NULL, 0, "The usual loads in half a minute", 1 },
	{ "duration", KEY_DURATION, "SECONDS", 0,
	  "Of each step (10; 3 of --ramp and --matrix, 4 of --quick)", 1 },
	{ "rounds", KEY_ROUNDS, "N", 0, "Do each step so often (1)", 1 },
	{ "compare", KEY_COMPARE, "COMMAND", 0,
	  "Take turns with another bridge, or with 'none'", 1 },
	{ "plant", KEY_PLANT, "WHERE:US:MS", 0,
	  "Be late on purpose: jack, pipewire or machine; by how much; how "
	  "often",
	  1 },
	{ NULL, 0, NULL, 0, "The servers and the bridge:", 2 },
	{ "server", KEY_SERVER, "NAME", 0,
	  "Experiment on this JACK server, not on a private one", 2 },
	{ "remote", KEY_REMOTE, "NAME", 0,
	  "Experiment on this PipeWire daemon, not on a private one", 2 },
	{ "rate", KEY_RATE, "HZ", 0, "Of private servers (48000)", 2 },
	{ "period", KEY_PERIOD, "FRAMES", 0, "Of private servers (256)", 2 },
	{ "mode", KEY_MODE, "MODE", 0,
	  "Of leat's bridge: auto, follow or adaptive", 2 },
	{ "sync-wait", KEY_SYNC_WAIT, "PERCENT", 0,
	  "Of leat's bridge: JACK waits so long for PipeWire (0)", 2 },
	{ NULL, 0, NULL, 0, "The report:", 3 },
	{ "json", KEY_JSON, NULL, 0, "All that was found, for programs", 3 },
	{ "html", KEY_HTML, "FILE", 0, "A page with pictures", 3 },
	{ "quiet", KEY_QUIET, NULL, 0, "Show no progress", 3 },
	{ "log-level", KEY_LOG_LEVEL, "LEVEL", 0,
	  "Tell what is at least so bad: " LEAT_LOG_LEVELS " (info)", 3 },
	{ NULL, 0, NULL, 0, "Help:", -1 },
	{ 0 },
};

/* ---- loads and delays ---- */

uint32_t xrun_load_level_min(enum xrun_load load)
{
	return load == XRUN_LOAD_NONE ? 0 : 1;
}

uint32_t xrun_load_level_max(enum xrun_load load)
{
	switch (load) {
	case XRUN_LOAD_NONE:
		return 0;
	case XRUN_LOAD_JACK:
	case XRUN_LOAD_PIPEWIRE:
	case XRUN_LOAD_QUOTA:
		return 100;
	case XRUN_LOAD_INVERSION:
		/* The kernel leaves 5 % to others, unless told otherwise. */
		return 90;
	default:
		return WORKERS_MAX;
	}
}

uint32_t xrun_load_level_usual(enum xrun_load load)
{
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	switch (load) {
	case XRUN_LOAD_NONE:
		return 0;
	case XRUN_LOAD_JACK:
	case XRUN_LOAD_PIPEWIRE:
	case XRUN_LOAD_QUOTA:
		return 50;
	case XRUN_LOAD_INVERSION:
		return 10;
	default:
		return n_cpus > 0 && n_cpus < WORKERS_MAX ? (uint32_t)n_cpus
							  : 1;
	}
}

__attribute__((format(printf, 2, 3))) static bool
wrong(struct leat_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return false;
}

static bool find_load(const char *word, size_t length, enum xrun_load *load)
{
	for (int i = 0; i < XRUN_N_LOADS; i++) {
		const char *known = xrun_load_word((enum xrun_load)i);

		if (strlen(known) == length &&
		    strncmp(known, word, length) == 0) {
			*load = (enum xrun_load)i;
			return true;
		}
	}
	return false;
}

bool xrun_load_parse(struct xrun_load_option *option, const char *text,
		     struct leat_error *error)
{
	size_t length = strcspn(text, ":");
	enum xrun_load load;
	uint32_t min, max;

	if (!find_load(text, length, &load))
		return wrong(error,
			     "--load '%.64s' is no kind of load: give none, "
			     "jack, pipewire, cpu, memory, io, cache, quota or "
			     "inversion",
			     text);
	option->load = load;
	option->has_level = text[length] == ':';
	option->level = xrun_load_level_usual(load);
	min = xrun_load_level_min(load);
	max = xrun_load_level_max(load);
	if (!option->has_level ||
	    leat_parse_u32(text + length + 1, min, max, &option->level))
		return true;
	return wrong(error, "--load '%.64s' will not do: %s takes %u to %u%s%s",
		     text, xrun_load_word(load), min, max,
		     xrun_load_unit(load)[0] ? " " : "", xrun_load_unit(load));
}

static bool find_plant(const char *word, enum xrun_plant_place *place)
{
	static const char *const words[] = {
		[XRUN_PLANT_JACK] = "jack",
		[XRUN_PLANT_PIPEWIRE] = "pipewire",
		[XRUN_PLANT_MACHINE] = "machine",
	};

	for (int i = XRUN_PLANT_JACK; i <= XRUN_PLANT_MACHINE; i++)
		if (strcmp(word, words[i]) == 0) {
			*place = (enum xrun_plant_place)i;
			return true;
		}
	return false;
}

bool xrun_plant_parse(struct xrun_plant_option *option, const char *text,
		      struct leat_error *error)
{
	char where[16], delay[16], every[16], end;

	if (sscanf(text, "%15[^:]:%15[^:]:%15[^:]%c", where, delay, every,
		   &end) == 3 &&
	    find_plant(where, &option->place) &&
	    leat_parse_u32(delay, 1, 1000000, &option->delay_us) &&
	    leat_parse_u32(every, 1, 3600000, &option->every_ms) &&
	    option->delay_us < option->every_ms * UINT64_C(1000))
		return true;
	return wrong(error,
		     "--plant '%.64s' will not do: give it as WHERE:US:MS, "
		     "where jack, pipewire or machine is late by US "
		     "microseconds, less than a second, every MS milliseconds",
		     text);
}

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
	uint32_t value;

	if (!leat_parse_u32(arg, min, max, &value))
		refuse("%s '%s' will not do: give a number from %u to %u",
		       option, arg, min, max);
	return value;
}

static uint32_t parse_seconds(const char *option, const char *arg)
{
	int64_t time_ms = 0;

	if (!leat_parse_seconds(arg, DURATION_MIN_S, DURATION_MAX_S, &time_ms))
		refuse("%s '%s' will not do: give seconds from %g to %g",
		       option, arg, DURATION_MIN_S, DURATION_MAX_S);
	return (uint32_t)time_ms;
}

static void add_load(struct xrun_options *options, const char *arg)
{
	struct leat_error error;

	if (options->n_loads == XRUN_LOADS_MAX)
		refuse("--load can be given %d times", XRUN_LOADS_MAX);
	if (!xrun_load_parse(&options->load[options->n_loads++], arg, &error))
		refuse("%s", error.text);
}

static void set_plant(struct xrun_options *options, const char *arg)
{
	struct leat_error error;

	if (!xrun_plant_parse(&options->plant, arg, &error))
		refuse("%s", error.text);
}

static const char *parse_name(const char *option, const char *arg)
{
	if (!arg[0])
		refuse("%s '' will not do: give it a name", option);
	return arg;
}

static const char *parse_mode(const char *arg)
{
	if (strcmp(arg, "auto") != 0 && strcmp(arg, "follow") != 0 &&
	    strcmp(arg, "adaptive") != 0)
		refuse("--mode '%s' will not do: give auto, follow or adaptive",
		       arg);
	return arg;
}

static void set_plan(struct xrun_options *options, bool *has_plan,
		     enum xrun_plan plan)
{
	if (*has_plan && options->plan != plan)
		refuse("--hold, --ramp and --matrix are different "
		       "experiments: give one of them");
	*has_plan = true;
	options->plan = plan;
}

/* What argp hands from option to option. */
struct parsing {
	struct xrun_options *options;
	bool has_plan;
};

static error_t parse_servers(int key, char *arg, struct xrun_options *options)
{
	switch (key) {
	case KEY_SERVER:
		options->server = parse_name("--server", arg);
		return 0;
	case KEY_REMOTE:
		options->remote = parse_name("--remote", arg);
		return 0;
	case KEY_RATE:
		options->rate_hz = parse_number("--rate", arg, LEAT_RATE_MIN_HZ,
						LEAT_RATE_MAX_HZ);
		return 0;
	case KEY_PERIOD:
		options->period =
			parse_number("--period", arg, PERIOD_MIN, PERIOD_MAX);
		return 0;
	case KEY_MODE:
		options->mode = parse_mode(arg);
		return 0;
	case KEY_SYNC_WAIT:
		parse_number("--sync-wait", arg, 0, LEAT_SYNC_WAIT_MAX_PERCENT);
		options->sync_wait = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_report(int key, char *arg, struct xrun_options *options)
{
	switch (key) {
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_HTML:
		options->html = parse_name("--html", arg);
		return 0;
	case KEY_QUIET:
		options->quiet = true;
		return 0;
	case KEY_LOG_LEVEL:
		if (!leat_log_set_level(arg))
			refuse("--log-level '%s' will not do: give "
			       "it " LEAT_LOG_LEVELS,
			       arg);
		return 0;
	default:
		return parse_servers(key, arg, options);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct xrun_options *options = parsing->options;

	switch (key) {
	case KEY_LOAD:
		add_load(options, arg);
		return 0;
	case KEY_HOLD:
		set_plan(options, &parsing->has_plan, XRUN_PLAN_HOLD);
		return 0;
	case KEY_RAMP:
		set_plan(options, &parsing->has_plan, XRUN_PLAN_RAMP);
		return 0;
	case KEY_MATRIX:
		set_plan(options, &parsing->has_plan, XRUN_PLAN_MATRIX);
		return 0;
	case KEY_QUICK:
		options->quick = true;
		return 0;
	case KEY_DURATION:
		options->duration_ms = parse_seconds("--duration", arg);
		return 0;
	case KEY_ROUNDS:
		options->n_rounds =
			parse_number("--rounds", arg, 1, ROUNDS_MAX);
		return 0;
	case KEY_COMPARE:
		options->compare = parse_name("--compare", arg);
		return 0;
	case KEY_PLANT:
		set_plant(options, arg);
		return 0;
	case ARGP_KEY_ARG:
		refuse("'%s' is no option: 'leat help xrun' lists them", arg);
	default:
		return parse_report(key, arg, options);
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.doc = "Find out who is late under load: JACK, PipeWire, the bridge or "
	       "the machine, and which frames were lost where."
	       "\vUnless servers are named, private ones are started, so "
	       "nothing that plays is disturbed but by the load.",
};

/* ---- all together ---- */

static void add_usual(struct xrun_options *options, enum xrun_load load)
{
	options->load[options->n_loads++] = (struct xrun_load_option){
		.load = load,
		.level = xrun_load_level_usual(load),
	};
}

static void set_loads(struct xrun_options *options)
{
	if (options->n_loads > 0)
		return;
	if (options->plan != XRUN_PLAN_RAMP)
		add_usual(options, XRUN_LOAD_NONE);
	if (options->plan == XRUN_PLAN_HOLD && !options->quick)
		return;
	add_usual(options, XRUN_LOAD_JACK);
	if (options->plan == XRUN_PLAN_RAMP)
		return;
	add_usual(options, XRUN_LOAD_PIPEWIRE);
	add_usual(options, XRUN_LOAD_CPU);
}

static void check_ramp(const struct xrun_options *options)
{
	enum xrun_load load = options->n_loads > 0 ? options->load[0].load
						   : XRUN_LOAD_JACK;

	if (options->n_loads > 1)
		refuse("--ramp raises one load: give --load once");
	if (load == XRUN_LOAD_NONE || load == XRUN_LOAD_QUOTA)
		refuse("--ramp cannot raise the load '%s': name another one",
		       xrun_load_word(load));
}

static void check(const struct xrun_options *options)
{
	bool running = options->server || options->remote;

	if (options->quick && options->plan != XRUN_PLAN_HOLD)
		refuse("--quick has a plan of its own: leave out --ramp and "
		       "--matrix, or --quick");
	if (running && options->plan == XRUN_PLAN_MATRIX)
		refuse("--matrix changes the period, which is done to private "
		       "servers only: leave out --server and --remote");
	if (running && options->compare)
		refuse("--compare is done between private servers only: leave "
		       "out --server and --remote");
	if (running && options->plant.place == XRUN_PLANT_MACHINE)
		refuse("--plant machine stops the servers for a moment, which "
		       "is done to private ones only: leave out --server and "
		       "--remote");
	if (options->plan == XRUN_PLAN_RAMP)
		check_ramp(options);
}

static void set_defaults(struct xrun_options *options)
{
	static const uint32_t usual_ms[] = {
		[XRUN_PLAN_HOLD] = HOLD_MS,
		[XRUN_PLAN_RAMP] = STEP_MS,
		[XRUN_PLAN_MATRIX] = STEP_MS,
	};

	if (options->duration_ms == 0)
		options->duration_ms = options->quick ? QUICK_MS
						      : usual_ms[options->plan];
	if (options->n_rounds == 0)
		options->n_rounds = options->compare && !options->quick
					    ? COMPARE_ROUNDS
					    : 1;
}

static void keep_command(struct xrun_options *options, int argc, char **argv)
{
	size_t n = 0, room = sizeof(options->command);

	n = (size_t)snprintf(options->command, room, "leat xrun");
	for (int i = 1; i < argc && n < room; i++)
		n += (size_t)snprintf(options->command + n, room - n,
				      strchr(argv[i], ' ') ? " '%s'" : " %s",
				      argv[i]);
}

void xrun_options_parse(struct xrun_options *options, int argc, char **argv)
{
	struct parsing parsing = { .options = options };

	memset(options, 0, sizeof(*options));
	options->rate_hz = DEFAULT_RATE_HZ;
	options->period = DEFAULT_PERIOD;
	keep_command(options, argc, argv);
	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &parsing) != 0)
		exit(LEAT_EXIT_USAGE);
	check(options);
	set_loads(options);
	set_defaults(options);
}
