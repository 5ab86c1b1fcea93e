/* SPDX-License-Identifier: MIT */
/* The command line of leat-up. */
#ifndef LEAT_TOOLS_UP_OPTIONS_H
#define LEAT_TOOLS_UP_OPTIONS_H

#include "tools/config/config.h"

#include <stdbool.h>
#include <stdint.h>

struct leat_up_options {
	struct leat_settings settings; /* those that are given */
	const char *link[LEAT_CONFIG_LINKS_MAX];
	unsigned n_links;
	const char *config; /* a file; NULL: the usual one */
	bool no_config;
	int64_t duration_ms; /* 0: no end */
	const char *demo;    /* a file to be played, or NULL */
};

/* Read it. What is wrong ends the program with one sentence and status 2. */
void leat_up_options_parse(struct leat_up_options *options, int argc,
			   char **argv);

#endif
