/* SPDX-License-Identifier: MIT */
/*
 * The arguments of the PipeWire module: SPA-JSON, as they stand in a file of
 * PipeWire's configuration. Nothing that cannot be meant is passed over: it is
 * refused, in a sentence.
 */
#ifndef LEAT_PW_ARGS_H
#define LEAT_PW_ARGS_H

#include "channels.h"
#include "cli/latency.h"
#include "dict.h"
#include "mode.h"

#include <leat/link.h>

/* What stands before the names of latency's settings: leat.latency, ... */
#define LEAT_PW_ARGS_DASHES "leat."

struct leat_pw_args {
	char link_name[LEAT_LINK_NAME_BYTES];
	char remote[256];    /* "": the daemon that loads the module */
	char node_name[128]; /* "": made from the link's name */
	enum leat_pw_mode mode;
	struct leat_latency_options latency;
	bool make_default;
	struct leat_pw_channels channels[LEAT_N_DIRECTIONS];
	struct leat_pw_dict props[LEAT_N_DIRECTIONS]; /* of the nodes */
};

/*
 * Read them; no text, NULL, is all as usual. -EINVAL, -ENOSPC or -ENOMEM, with
 * why; then nothing is kept.
 */
LEAT_MUST_CHECK int leat_pw_args_read(struct leat_pw_args *args,
				      const char *text,
				      struct leat_error *error);
void leat_pw_args_finish(struct leat_pw_args *args);

#endif
