/* SPDX-License-Identifier: MIT */
/* The links that are named on a command line. */
#ifndef LEAT_TOOLS_NAMED_H
#define LEAT_TOOLS_NAMED_H

#include <argp.h>
#include <stdbool.h>

struct leat_named {
	const char **links; /* room for all arguments */
	unsigned n_links;   /* 0: all that there are */
};

/* Make room for the arguments; false where there is no memory. */
bool leat_named_init(struct leat_named *named, int argc);
void leat_named_finish(struct leat_named *named);

/* One more; the program ends with a sentence if it cannot be. */
void leat_named_add(struct leat_named *named, struct argp_state *state,
		    const char *name);

#endif
