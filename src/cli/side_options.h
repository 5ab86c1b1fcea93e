/* SPDX-License-Identifier: MIT */
/* The options that leat-jack and leat-pipewire have in common. */
#ifndef LEAT_CLI_SIDE_OPTIONS_H
#define LEAT_CLI_SIDE_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

struct leat_side_options {
	const char *link_name;
	int ready_fd; /* -1: nobody waits to be told */
	bool probe;
	bool wait;
	bool rt_guard;
};

#define LEAT_SIDE_OPTIONS_NONE                                                 \
	{                                                                      \
		LEAT_DEFAULT_LINK, -1, false, false, false                     \
	}

/* A child parser; its input is a struct leat_side_options. */
extern const struct argp leat_side_argp;

#endif
