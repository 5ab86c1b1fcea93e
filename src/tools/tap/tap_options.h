/* SPDX-License-Identifier: MIT */
/* The options that all verbs of leat-tap have. */
#ifndef LEAT_TAP_OPTIONS_H
#define LEAT_TAP_OPTIONS_H

#include <leat/frames.h>

#include <argp.h>
#include <stdbool.h>

struct tap_options {
	const char *link_name;
	uint32_t n_directions;
	enum leat_direction direction[LEAT_N_DIRECTIONS];
	bool wait; /* for a link that is not there */
};

#define TAP_OPTIONS_NONE                                                       \
	{                                                                      \
		.link_name = LEAT_DEFAULT_LINK, .n_directions = 1,             \
		.direction = {                                                 \
			LEAT_TO_PIPEWIRE,                                      \
			LEAT_TO_JACK                                           \
		}                                                              \
	}

/* The one child of each verb's parser; its input is a struct tap_options. */
extern const struct argp_child tap_options_children[];

/* End the program for wrong usage, with one sentence. */
__attribute__((format(printf, 1, 2), noreturn)) void
tap_options_refuse(const char *format, ...);

/* The argument LINK. */
void tap_options_link(struct tap_options *options, const char *arg);
/* The same where there is no other argument. */
void tap_options_only_link(struct tap_options *options, const char *arg,
			   const struct argp_state *state);

/* A time, at least least_ns; ends the program with a sentence if it is none. */
int64_t tap_options_time(const char *option, const char *arg, int64_t least_ns);

#endif
