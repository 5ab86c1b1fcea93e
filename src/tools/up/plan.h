/* SPDX-License-Identifier: MIT */
/* The links that there are to be: of leat.conf, and of the command line. */
#ifndef LEAT_TOOLS_PLAN_H
#define LEAT_TOOLS_PLAN_H

#include "tools/common/console.h"
#include "tools/config/config.h"
#include "up_options.h"

#include <limits.h>

struct leat_plan_link {
	char name[LEAT_LINK_NAME_BYTES];
	struct leat_settings settings; /* in force for it */
};

struct leat_plan {
	char path[PATH_MAX];	       /* of leat.conf; "": there is none */
	struct leat_settings settings; /* of the whole program */
	struct leat_plan_link link[LEAT_CONFIG_LINKS_MAX];
	unsigned n_links;
};

/* The first mistake that was told, or "". */
struct leat_plan_why {
	char text[512];
};

/*
 * Make it: the links that the command line names, else those of the file, else
 * one. What the command line sets overrides the file.
 *
 * @return  A plan, which is the caller's; or NULL with messages, and the exit
 *          status that calls for.
 */
struct leat_plan *leat_plan_make(const struct leat_up_options *options,
				 struct leat_console *console, int *status,
				 struct leat_plan_why *why);

/* The link of this name, or NULL. */
const struct leat_plan_link *leat_plan_find(const struct leat_plan *plan,
					    const char *name);

/* Channels of all links both ways together. */
uint32_t leat_plan_channels(const struct leat_plan *plan);

void leat_plan_destroy(struct leat_plan *plan);

#endif
