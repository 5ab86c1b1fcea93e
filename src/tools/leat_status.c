/* SPDX-License-Identifier: MIT */
/* leat-status: what the links do and have counted. */
#include "output.h"
#include "status_text.h"

#include "cli/log.h"
#include "cli/options.h"

#include <leat/link.h>

#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "leat-status " LEAT_VERSION;

struct options {
	bool json;
	const char **links; /* room for all arguments */
	int n_links;	    /* 0: all there are */
};

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "Print JSON for programs", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	struct leat_error error;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (leat_link_name_check(arg, &error) < 0) {
			leat_log("%s", error.text);
			exit(LEAT_EXIT_USAGE);
		}
		options->links[options->n_links++] = arg;
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

/* What is printed so far. */
struct report {
	bool json;
	bool failed;
	unsigned n_printed;
};

static void print_link(struct report *report, const char *name,
		       const struct leat_link_status *status)
{
	if (report->json) {
		if (report->n_printed > 0)
			putchar(',');
		leat_status_print_json(stdout, name, status);
	} else {
		if (report->n_printed > 0)
			putchar('\n');
		leat_status_print(stdout, name, status);
	}
	report->n_printed++;
}

static void complain(struct report *report, const char *name, int res)
{
	report->failed = true;
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
		leat_log("cannot ask the link '%s': %s", name, strerror(-res));
}

static void report_link(struct report *report, const char *name,
			bool may_be_missing)
{
	struct leat_link_status status;
	int res = leat_status_query(name, &status);

	if (res == 0)
		print_link(report, name, &status);
	else if (res != -ENOENT || !may_be_missing)
		complain(report, name, res);
}

/* Sockets; where the kind is not told, asking the link shows what it is. */
static int is_link(const struct dirent *entry)
{
	struct leat_error error;

	return (entry->d_type == DT_SOCK || entry->d_type == DT_UNKNOWN) &&
	       leat_link_name_check(entry->d_name, &error) == 0;
}

static void report_all(struct report *report, const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_link, alphasort);

	if (n < 0) {
		leat_log("cannot read %s: %s", dir, strerror(errno));
		report->failed = true;
		return;
	}
	for (int i = 0; i < n; i++) {
		report_link(report, entries[i]->d_name, true);
		free(entries[i]);
	}
	free(entries);
}

static void report_links(struct report *report, const struct options *options)
{
	struct leat_error error;
	char dir[4096];
	int res = leat_runtime_dir(dir, sizeof(dir), false, &error);

	if (res < 0 && res != -ENOENT) {
		leat_log("%s", error.text);
		report->failed = true;
		return;
	}
	for (int i = 0; i < options->n_links; i++)
		report_link(report, options->links[i], false);
	if (options->n_links == 0 && res == 0)
		report_all(report, dir);
	if (report->n_printed == 0 && !report->failed && !report->json)
		puts("There are no links: 'leat up' makes one.");
}

static bool report_to_stdout(const struct options *options)
{
	struct report report = { .json = options->json };

	if (options->json)
		fputs("{\"links\":[", stdout);
	report_links(&report, options);
	if (options->json)
		puts("]}");
	return leat_output_close() && !report.failed;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	bool done;

	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	options.links = calloc((size_t)argc + 1, sizeof(*options.links));
	if (!options.links) {
		leat_log("out of memory");
		return LEAT_EXIT_FAILED;
	}
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return LEAT_EXIT_USAGE;
	done = report_to_stdout(&options);
	free(options.links);
	return done ? 0 : LEAT_EXIT_FAILED;
}
