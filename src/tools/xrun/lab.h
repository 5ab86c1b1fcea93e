/* SPDX-License-Identifier: MIT */
/*
 * Where an experiment takes place: the servers, private ones unless some were
 * named, and a bridge between them: leat's own, another one, or none.
 */
#ifndef LEAT_XRUN_LAB_H
#define LEAT_XRUN_LAB_H

#include "options.h"

#include "tools/servers/private_jack.h"
#include "tools/servers/private_pipewire.h"
#include "tools/servers/probe.h"

#include <limits.h>

struct xrun_lab {
	const struct xrun_options *options;
	struct leat_loop *loop;
	struct leat_console *console;
	char link[LEAT_LINK_NAME_BYTES];
	char jack_path[PATH_MAX], pipewire_path[PATH_MAX];
	struct leat_private_jack private_jack;
	struct leat_private_pipewire private_pipewire;
	struct leat_probe jack_probe, pipewire_probe;
	struct leat_service jack_side, pipewire_side, other;
};

/* Nothing is there yet. */
void xrun_lab_init(struct xrun_lab *lab);

/* Find or start the servers: 0, or 1 with a message, or -1: interrupted. */
int xrun_lab_start(struct xrun_lab *lab, const struct xrun_options *options,
		   struct leat_loop *loop, struct leat_console *console);

/* End all of it. */
void xrun_lab_finish(struct xrun_lab *lab);

/* The JACK server's name. */
const char *xrun_lab_server(const struct xrun_lab *lab);

/* Start leat's bridge, or a command (not "none"): as xrun_lab_start(). */
int xrun_lab_start_leat(struct xrun_lab *lab);
int xrun_lab_start_other(struct xrun_lab *lab, const char *command);
void xrun_lab_stop_bridge(struct xrun_lab *lab);

/* What ended that should not have, or NULL. */
const struct leat_service *xrun_lab_ended(const struct xrun_lab *lab);

/* Processes of servers and bridge that were started here. */
#define XRUN_LAB_PIDS_MAX 5
unsigned xrun_lab_pids(const struct xrun_lab *lab,
		       pid_t pids[XRUN_LAB_PIDS_MAX]);

#endif
