/* SPDX-License-Identifier: MIT */
/* leat-tap: listens to a link without taking part in it. */
#include "verbs_tap.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

const char *argp_program_version = "leat-tap " LEAT_VERSION;

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	char title[24]; /* as the user wrote it, for usage */
	const char *text;
} verbs[] = {
	{ "record", record_main, "leat tap record",
	  "record to a file, also what was before now" },
	{ "meter", meter_main, "leat tap meter",
	  "peaks and loudness, live or for programs" },
	{ "pipe", pipe_main, "leat tap pipe",
	  "samples or WAV to standard output" },
	{ "play", play_main, "leat tap play",
	  "into a JACK or PipeWire client of its own" },
	{ "wait", wait_main, "leat tap wait",
	  "until signal, silence, a clip or an xrun is seen" },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int print_help(void)
{
	puts("Usage: leat tap VERB [OPTION...] [ARGUMENT...]\n"
	     "       leat tap VERB --help\n\n"
	     "Listen to a link between JACK and PipeWire without taking part "
	     "in it.\n\nVerbs:");
	for (size_t i = 0; i < N_VERBS; i++)
		printf("  %-8s %s\n", verbs[i].name, verbs[i].text);
	return leat_output_close() ? 0 : LEAT_EXIT_FAILED;
}

static int print_version(void)
{
	puts(argp_program_version);
	return leat_output_close() ? 0 : LEAT_EXIT_FAILED;
}

static int run(const char *verb, int argc, char **argv)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		char title[sizeof(verbs[i].title)];

		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		memcpy(title, verbs[i].title, sizeof(title));
		argv[0] = title;
		return verbs[i].main(argc, argv);
	}
	leat_log("there is no verb '%s': there are record, meter, pipe, play "
		 "and wait",
		 verb);
	return LEAT_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-?") == 0)
		return print_help();
	if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0)
		return print_version();
	if (verb[0] && verb[0] != '-')
		return run(verb, argc - 1, argv + 1);
	leat_log("say what to do: record, meter, pipe, play or wait; 'leat "
		 "tap --help' tells more");
	return LEAT_EXIT_USAGE;
}
