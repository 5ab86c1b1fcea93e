/* SPDX-License-Identifier: MIT */
/* The status again and again: in place on a terminal, in lines elsewhere. */
#ifndef LEAT_TOOLS_WATCH_H
#define LEAT_TOOLS_WATCH_H

#include "tools/common/links.h"
#include "tools/common/loop.h"

#include <stdbool.h>

struct leat_watch {
	const char *const *names; /* none: all links */
	unsigned n_names;
	int64_t interval_ms;
	bool json; /* one object in each line */
};

/*
 * Watch until the loop is stopped or standard output takes no more.
 *
 * @return  0, or -errno and a sentence.
 */
LEAT_MUST_CHECK int leat_watch_run(const struct leat_watch *watch,
				   struct leat_loop *loop,
				   struct leat_error *error);

#endif
