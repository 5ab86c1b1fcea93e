/* SPDX-License-Identifier: MIT */
/* The command line of leat-xrun. */
#ifndef LEAT_XRUN_OPTIONS_H
#define LEAT_XRUN_OPTIONS_H

#include "result.h"

#include <leat/link.h>

#include <stdbool.h>
#include <stdint.h>

#define XRUN_LOADS_MAX 16

/* A load that was asked for. */
struct xrun_load_option {
	enum xrun_load load;
	uint32_t level;
	bool has_level; /* else it is usual, or looked for */
};

/* Where a delay is planted. */
enum xrun_plant_place {
	XRUN_PLANT_NONE,
	XRUN_PLANT_JACK,
	XRUN_PLANT_PIPEWIRE,
	XRUN_PLANT_MACHINE
};

struct xrun_plant_option {
	enum xrun_plant_place place;
	uint32_t delay_us, every_ms;
};

struct xrun_options {
	const char *server; /* a running JACK server; NULL: a private one */
	const char *remote; /* a running PipeWire; NULL: a private one */
	uint32_t rate_hz, period;
	const char *mode;      /* of leat's bridge; NULL: auto */
	const char *sync_wait; /* likewise; NULL: none */
	const char *compare;   /* a command, "none", or NULL */
	enum xrun_plan plan;
	bool quick;
	uint32_t n_loads;
	struct xrun_load_option load[XRUN_LOADS_MAX];
	uint32_t duration_ms; /* of each step */
	uint32_t n_rounds;
	struct xrun_plant_option plant;
	bool json, quiet;
	const char *html;		   /* a file, or NULL */
	char command[4 * XRUN_TEXT_BYTES]; /* as it was typed */
};

/* The least and the most that a load's level can be, and the usual one. */
uint32_t xrun_load_level_min(enum xrun_load load);
uint32_t xrun_load_level_max(enum xrun_load load);
uint32_t xrun_load_level_usual(enum xrun_load load);

/* "jack:50" or "jack"; false with a sentence if it is none. */
bool xrun_load_parse(struct xrun_load_option *option, const char *text,
		     struct leat_error *error);

/* "jack:8000:50"; likewise. */
bool xrun_plant_parse(struct xrun_plant_option *option, const char *text,
		      struct leat_error *error);

/* Read it. What is wrong ends the program with one sentence and status 2. */
void xrun_options_parse(struct xrun_options *options, int argc, char **argv);

#endif
