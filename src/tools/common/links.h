/* SPDX-License-Identifier: MIT */
/* All links that there are, or those that were named, asked at once. */
#ifndef LEAT_TOOLS_LINKS_H
#define LEAT_TOOLS_LINKS_H

#include "load.h"

#include <leat/link.h>
#include <leat/status.h>

/* Any more are left out, which is said. */
#define LEAT_LINKS_MAX 256

/* How long all of them together may take to answer. */
#define LEAT_LINKS_ANSWER_MS 1000

struct leat_link_answer {
	char name[LEAT_LINK_NAME_BYTES];
	int fd;	 /* -1: nothing is waited for */
	int res; /* 0, or -errno as of leat_status_query() */
	struct leat_link_status status; /* nothing is known, if it is not 0 */
	struct leat_link_load *load;	/* NULL if it is not known */
};

struct leat_links {
	struct leat_link_answer *answer; /* in order of their names */
	unsigned n_links;
	unsigned n_left_out;
};

/*
 * Ask the links named, or where none is, all that there are: one that is gone
 * when it is asked is none of these.
 *
 * @return  0, or -errno and a sentence.
 */
LEAT_MUST_CHECK int leat_links_ask(struct leat_links *links,
				   const char *const *names, unsigned n_names,
				   int timeout_ms, struct leat_error *error);

void leat_links_finish(struct leat_links *links);

/* What a link does: as of leat_link_status_state(), "down" or "unknown". */
const char *leat_link_answer_state(const struct leat_link_answer *answer);

#endif
