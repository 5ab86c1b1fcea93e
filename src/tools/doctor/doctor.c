/* SPDX-License-Identifier: MIT */
/* leat-doctor: what keeps this machine from low latency, and what cures it. */
#include "checks.h"
#include "live.h"
#include "print.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *argp_program_version = "leat-doctor " LEAT_VERSION;

#define COLUMNS 80
#define COLUMNS_MIN 60
#define COLUMNS_MAX 100

struct options {
	bool json;
	const char *server;
	const char *remote;
	const char *root; /* NULL: this machine */
};

enum { OPTION_ROOT = 256 };

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "Print JSON for programs", 0 },
	{ "server", 's', "NAME", 0, "The JACK server (JACK_DEFAULT_SERVER)",
	  0 },
	{ "remote", 'r', "NAME", 0, "The PipeWire daemon (PIPEWIRE_REMOTE)",
	  0 },
	/* For tests: what these files show, and nothing that runs. */
	{ "root", OPTION_ROOT, "DIR", OPTION_HIDDEN,
	  "Read /proc, /sys and /etc below this folder", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 's':
		options->server = arg;
		return 0;
	case 'r':
		options->remote = arg;
		return 0;
	case OPTION_ROOT:
		options->root = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much: there are only options",
			   arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.doc = "Check what makes or breaks low latency on this machine, and "
	       "say what cures it. Nothing is changed.",
};

static const char *server_name(const char *server)
{
	const char *name = server ? server : getenv("JACK_DEFAULT_SERVER");

	return name && name[0] ? name : "default";
}

static void look(struct leat_report *report, const struct options *options)
{
	const char *server = server_name(options->server);

	if (options->root) {
		leat_check_system(report, options->root, server, -1);
		return;
	}
	leat_check_system(report, "", server, leat_live_realtime());
	leat_check_live(report, server, options->remote);
}

static unsigned n_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return COLUMNS;
	if (size.ws_col < COLUMNS_MIN)
		return COLUMNS_MIN;
	return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

/* NO_COLOR, if it is not empty, forbids it: https://no-color.org/ */
static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) && term &&
	       term[0] && strcmp(term, "dumb") != 0;
}

int main(int argc, char **argv)
{
	static struct leat_report report;
	struct options options = { 0 };

	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return LEAT_EXIT_USAGE;
	look(&report, &options);
	if (options.json)
		leat_report_print_json(stdout, &report);
	else
		leat_report_print(stdout, &report, n_columns(), wants_colour());
	if (!leat_output_close())
		return LEAT_EXIT_FAILED;
	return leat_report_count(&report, LEAT_VERDICT_FAIL) > 0
		       ? LEAT_EXIT_FAILED
		       : 0;
}
