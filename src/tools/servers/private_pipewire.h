/* SPDX-License-Identifier: MIT */
/* A PipeWire daemon of our own, with one sink, for want of another. */
#ifndef LEAT_TOOLS_PRIVATE_PIPEWIRE_H
#define LEAT_TOOLS_PRIVATE_PIPEWIRE_H

#include "private_dir.h"
#include "service.h"

#include <limits.h>

struct leat_private_pipewire {
	struct leat_service service;
	struct leat_private_dir dir;
	char path[PATH_MAX];			   /* of pipewire */
	char template_path[PATH_MAX];		   /* of its configuration */
	char config[LEAT_PRIVATE_DIR_BYTES + 16];  /* made from it */
	char runtime[LEAT_PRIVATE_DIR_BYTES + 32]; /* environment */
	char xdg_runtime[LEAT_PRIVATE_DIR_BYTES + 32];
};

/* Look for what it needs: 0, or 1 with a message. */
int leat_private_pipewire_find(struct leat_private_pipewire *pipewire,
			       struct leat_console *console);

/*
 * Start what was found, at a rate and quantum.
 *
 * @return  0, or 1 with a message.
 */
int leat_private_pipewire_start(struct leat_private_pipewire *pipewire,
				struct leat_loop *loop,
				struct leat_console *console, uint32_t rate_hz,
				uint32_t quantum);

/* Have a command find this daemon, and links where they always are. */
void leat_private_pipewire_env(struct leat_private_pipewire *pipewire,
			       struct leat_command *command);

/* Remove its folder. It must have ended. */
void leat_private_pipewire_clean(struct leat_private_pipewire *pipewire);

#endif
