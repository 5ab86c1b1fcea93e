/* SPDX-License-Identifier: MIT */
/* A client of a PipeWire daemon, on one thread, which sees to its links. */
#ifndef LEAT_PIPEWIRE_CLIENT_H
#define LEAT_PIPEWIRE_CLIENT_H

#include "patchbay.h"

#include <leat/link.h>

#include <pipewire/pipewire.h>

/* How long the daemon may take to answer. */
#define PIPEWIRE_ANSWER_MS 3000

/* Zero it. */
struct pipewire_client {
	struct pw_main_loop *main_loop;
	struct pw_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct patchbay *patchbay;
};

/*
 * Connect to a daemon (NULL: the usual one), and hear what it has. What cannot be
 * is closed again by the caller.
 *
 * @param otherwise  What to do if it is not started: "name another with --remote".
 * @return           0, or a negative errno and a sentence.
 */
LEAT_MUST_CHECK int pipewire_client_open(struct pipewire_client *client,
					 const char *remote,
					 const char *otherwise,
					 struct leat_error *error);

/* Nodes of its are to be gone by then. */
void pipewire_client_close(struct pipewire_client *client);

#endif
