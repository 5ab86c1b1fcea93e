/* SPDX-License-Identifier: MIT */
/* leat-config: look through leat.conf, and show what is in force. */
#include "file.h"
#include "show.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "leat-config " LEAT_VERSION;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **file = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*file)
			argp_error(state, "'%s' is one argument too many", arg);
		*file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "[FILE]",
	.doc = "Look through leat.conf, or print what it has in force."
	       "\vWithout FILE it is the one that 'leat up' reads.",
};

/* ---- mistakes, in order of their places ---- */

#define MISTAKES_MAX 100

struct mistakes {
	struct leat_config_mistake mistake[MISTAKES_MAX];
	unsigned n;
};

static void keep(void *user, const struct leat_config_mistake *mistake)
{
	struct mistakes *mistakes = user;

	if (mistakes->n < MISTAKES_MAX)
		mistakes->mistake[mistakes->n++] = *mistake;
}

static int compare(const void *a, const void *b)
{
	const struct leat_config_mistake *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

/* As compilers write them, so that editors find the place. */
static void print_mistakes(struct mistakes *mistakes, const char *path)
{
	qsort(mistakes->mistake, mistakes->n, sizeof(mistakes->mistake[0]),
	      compare);
	for (unsigned i = 0; i < mistakes->n; i++)
		leat_log("%s:%u:%u: %s", path, mistakes->mistake[i].line,
			 mistakes->mistake[i].column,
			 mistakes->mistake[i].what.text);
}

/* ---- the two verbs ---- */

static int report(const struct leat_config_file *file,
		  const struct leat_config *config, const char *verb)
{
	if (strcmp(verb, "check") == 0) {
		printf("%s: %u link%s, no mistakes\n", file->path,
		       config->n_links, config->n_links == 1 ? "" : "s");
		return 0;
	}
	printf("# %s\n", file->path);
	return leat_config_show(stdout, config);
}

static int look_through(const struct leat_config_file *file, const char *verb)
{
	struct mistakes *mistakes = calloc(1, sizeof(*mistakes));
	struct leat_config *config = calloc(1, sizeof(*config));
	struct leat_config_listener listener = { keep, mistakes };
	int res = -ENOMEM;

	if (mistakes && config)
		res = leat_config_read(config, file->text, file->n_bytes,
				       &listener);
	if (res == 0)
		res = report(file, config, verb);
	else if (mistakes)
		print_mistakes(mistakes, file->path);
	if (res == -ENOMEM)
		leat_log("%s", leat_errno_text(res));
	if (config)
		leat_config_finish(config);
	free(config);
	free(mistakes);
	return res;
}

/* What either verb does: file is NULL where none is named. */
static int run(const char *verb, const char *named)
{
	struct leat_config_file file;
	struct leat_error error;
	int res = leat_config_file_read(&file, named, &error);

	if (res < 0)
		leat_log("%s", error.text);
	else if (!file.path[0])
		puts("# There is no leat.conf: 'leat up' bridges one link, "
		     "'main'.");
	else
		res = look_through(&file, verb);
	leat_config_file_finish(&file);
	if (!leat_output_close())
		return LEAT_EXIT_FAILED;
	return res < 0 ? LEAT_EXIT_FAILED : 0;
}

static int print_help(void)
{
	puts("Usage: leat config VERB [FILE]\n\n"
	     "Look after leat.conf, which says what 'leat up' bridges.\n\n"
	     "Verbs:\n"
	     "  check  name the line and the column of each mistake\n"
	     "  show   print what is in force for each link");
	return leat_output_close() ? 0 : LEAT_EXIT_FAILED;
}

static int print_version(void)
{
	puts(argp_program_version);
	return leat_output_close() ? 0 : LEAT_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const char *file = NULL;
	char title[32];

	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-?") == 0)
		return print_help();
	if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0)
		return print_version();
	if (strcmp(verb, "check") != 0 && strcmp(verb, "show") != 0) {
		leat_log("say what to do: check or show; 'leat config --help' "
			 "tells more");
		return LEAT_EXIT_USAGE;
	}
	snprintf(title, sizeof(title), "leat config %.8s", verb);
	argv[1] = title;
	argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &file);
	return run(title + strlen("leat config "), file);
}
