/* SPDX-License-Identifier: MIT */
/* leat-status: what the links do and have counted. */
#include "metrics.h"
#include "serve.h"
#include "watch.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/links.h"
#include "tools/common/named.h"
#include "tools/common/output.h"
#include "tools/common/status_text.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "leat-status " LEAT_VERSION;

#define INTERVAL_MIN_S 0.05
#define INTERVAL_MAX_S 3600.0
#define INTERVAL_MS 1000

/* A scraper is not to wait long for a link that is frozen. */
#define SCRAPE_MS 300

struct options {
	bool json;
	bool prometheus;
	const char *socket;  /* of --prometheus; NULL: standard output */
	int64_t interval_ms; /* of --watch; 0: only once */
	struct leat_named named;
};

enum { OPTION_PROMETHEUS = 256 };

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "Print JSON for programs", 0 },
	{ "watch", 'w', "SECONDS", OPTION_ARG_OPTIONAL,
	  "Again every so many seconds (1), until Ctrl-C", 0 },
	{ "prometheus", OPTION_PROMETHEUS, "SOCKET", OPTION_ARG_OPTIONAL,
	  "Print metrics for Prometheus, or serve them on a local socket", 0 },
	{ 0 },
};

static void set_interval(struct argp_state *state, const char *arg)
{
	struct options *options = state->input;

	options->interval_ms = INTERVAL_MS;
	if (arg && !leat_parse_seconds(arg, INTERVAL_MIN_S, INTERVAL_MAX_S,
				       &options->interval_ms))
		argp_error(state,
			   "--watch '%s' will not do: give it a number of "
			   "seconds from %g to %g, as in --watch=0.5",
			   arg, INTERVAL_MIN_S, INTERVAL_MAX_S);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'w':
		set_interval(state, arg);
		return 0;
	case OPTION_PROMETHEUS:
		options->prometheus = true;
		options->socket = arg;
		return 0;
	case ARGP_KEY_ARG:
		leat_named_add(&options->named, state, arg);
		return 0;
	case ARGP_KEY_END:
		if (options->prometheus &&
		    (options->json || options->interval_ms > 0))
			argp_error(state, "--prometheus goes with neither "
					  "--json nor --watch");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "[LINK...]",
	.doc = "Show what links between JACK and PipeWire do and have "
	       "counted: those named, or all.",
};

/* ---- once ---- */

static void print_link(const struct leat_link_answer *answer, bool json,
		       unsigned n_printed)
{
	if (json) {
		if (n_printed > 0)
			putchar(',');
		leat_status_print_json(stdout, answer->name,
				       leat_link_answer_state(answer),
				       &answer->status, answer->load);
	} else {
		if (n_printed > 0)
			putchar('\n');
		leat_status_print(stdout, answer->name, &answer->status,
				  answer->load);
	}
}

static void complain(const char *name, int res)
{
	if (res == -ENOENT)
		leat_log("there is no link '%s': 'leat status' shows those "
			 "there are, 'leat up %s' makes it",
			 name, name);
	else if (res == -EAGAIN || res == -ETIMEDOUT)
		leat_log("the link '%s' does not answer: its leat-jack is "
			 "stopped or too busy",
			 name);
	else if (res == -EPROTO)
		leat_log("what answers as the link '%s' is not leat, or of "
			 "another version: stop it and start it anew",
			 name);
	else
		leat_log("cannot ask the link '%s': %s", name,
			 leat_errno_text(res));
}

/* True if all that was asked for could be shown. */
static bool print_links(const struct leat_links *links, bool json)
{
	unsigned n_printed = 0;

	for (unsigned i = 0; i < links->n_links; i++) {
		const struct leat_link_answer *answer = &links->answer[i];

		if (answer->res == 0)
			print_link(answer, json, n_printed++);
		else
			complain(answer->name, answer->res);
	}
	if (links->n_left_out > 0)
		leat_log("%u links are left out: name those you want",
			 links->n_left_out);
	if (links->n_links == 0 && !json)
		puts("There are no links: 'leat up' makes one.");
	return n_printed == links->n_links && links->n_left_out == 0;
}

static bool print_once(const struct options *options)
{
	struct leat_links links;
	struct leat_error error;
	bool done = false;

	if (options->json)
		fputs("{\"links\":[", stdout);
	if (leat_links_ask(&links, options->named.links, options->named.n_links,
			   LEAT_LINKS_ANSWER_MS, &error) == 0) {
		done = print_links(&links, options->json);
		leat_links_finish(&links);
	} else {
		leat_log("%s", error.text);
	}
	if (options->json)
		puts("]}");
	return done;
}

/* ---- metrics ---- */

/* Links that do not answer are told of in the metrics. */
static bool print_metrics(FILE *file, const struct options *options,
			  int timeout_ms)
{
	struct leat_links links;
	struct leat_error error;

	if (leat_links_ask(&links, options->named.links, options->named.n_links,
			   timeout_ms, &error) < 0) {
		leat_log("%s", error.text);
		return false;
	}
	leat_metrics_print(file, &links);
	leat_links_finish(&links);
	return true;
}

static char *make_page(void *user, size_t *n_bytes)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, n_bytes);
	bool done = file && print_metrics(file, user, SCRAPE_MS);

	if (file && fclose(file) == 0 && done)
		return text;
	free(text);
	return NULL;
}

/* ---- until a signal ---- */

static bool run_in_loop(struct options *options)
{
	const struct leat_page page = { LEAT_METRICS_TYPE, make_page, options };
	const struct leat_watch watch = { options->named.links,
					  options->named.n_links,
					  options->interval_ms, options->json };
	struct leat_error error;
	struct leat_loop loop;
	int res = leat_loop_init(&loop);

	if (res < 0) {
		leat_log("cannot wait for signals: %s", leat_errno_text(res));
		return false;
	}
	/* A reader that has seen enough ends us, as it does any filter. */
	signal(SIGPIPE, SIG_DFL);
	if (options->socket)
		res = leat_serve(&loop, options->socket, &page, &error);
	else
		res = leat_watch_run(&watch, &loop, &error);
	leat_loop_finish(&loop);
	if (res < 0)
		leat_log("%s", error.text);
	return res == 0;
}

static bool run(struct options *options)
{
	if (options->socket || options->interval_ms > 0)
		return run_in_loop(options);
	if (options->prometheus)
		return print_metrics(stdout, options, LEAT_LINKS_ANSWER_MS);
	return print_once(options);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	bool done;

	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	if (!leat_named_init(&options.named, argc))
		return LEAT_EXIT_FAILED;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return LEAT_EXIT_USAGE;
	done = run(&options);
	leat_named_finish(&options.named);
	return leat_output_close() && done ? 0 : LEAT_EXIT_FAILED;
}
