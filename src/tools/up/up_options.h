/* SPDX-License-Identifier: MIT */
/* The command line of leat-up. */
#ifndef LEAT_TOOLS_UP_OPTIONS_H
#define LEAT_TOOLS_UP_OPTIONS_H

#include "cli/latency.h"

#include <stdbool.h>
#include <stdint.h>

/* Options passed on to one side, at most, with their values. */
#define LEAT_UP_PASSED_MAX 280

/* Words of the command line that a side gets. */
struct leat_up_passed {
	const char *arg[LEAT_UP_PASSED_MAX];
	unsigned n_args;
};

struct leat_up_options {
	const char *link;
	const char *server; /* NULL: the usual one */
	const char *remote; /* NULL: the usual one */
	struct leat_up_passed to_jack_side;
	struct leat_up_passed to_pipewire_side;
	uint32_t n_to_pipewire, n_to_jack; /* channels */
	uint32_t n_map;			   /* positions named, 0: none */

	struct leat_latency_options latency;
	uint32_t rate_hz; /* of a private JACK server; 0: PipeWire's */
	uint32_t period;  /* of a private JACK server */
	bool no_private;
	bool quiet;
	int64_t duration_ms; /* 0: no end */
	int64_t interval_ms; /* 0: as the output needs it */
	const char *demo;    /* a file to be played, or NULL */
};

/* Read it. What is wrong ends the program with one sentence and status 2. */
void leat_up_options_parse(struct leat_up_options *options, int argc,
			   char **argv);

#endif
