/* SPDX-License-Identifier: MIT */
/* All links of leat-up, brought from what there is to what is planned. */
#ifndef LEAT_TOOLS_UP_LINKS_H
#define LEAT_TOOLS_UP_LINKS_H

#include "link.h"

#define LEAT_UP_LINKS_TEXT_BYTES 1024

struct leat_up_links {
	struct leat_up_shared shared;
	const struct leat_plan *plan;
	struct leat_up_link *first;
	bool news;			      /* a link has to be looked at */
	bool no_memory;			      /* one could not be made */
	char shown[LEAT_UP_LINKS_TEXT_BYTES]; /* the text last asked for */
};

void leat_up_links_init(struct leat_up_links *links,
			struct leat_up_servers *servers,
			struct leat_view *view);

/*
 * From now on it is this plan, which has to stay. A link that is as it is
 * planned is not touched; one that has failed is tried again.
 */
void leat_up_links_plan(struct leat_up_links *links,
			const struct leat_plan *plan);

/* Take all links on. */
void leat_up_links_step(struct leat_up_links *links);

/* Whether all are there and as far as they get. */
bool leat_up_links_are_settled(const struct leat_up_links *links);

/* The same, and at least one is bridged. */
bool leat_up_links_are_ready(const struct leat_up_links *links);

/* The exit status that the first failure calls for if all failed, or 0. */
int leat_up_links_failure(const struct leat_up_links *links);

/* How they are, in a line; false if that was asked for before. */
bool leat_up_links_news(struct leat_up_links *links, char *text,
			size_t text_bytes);

/* End all of them, and wait for it. */
void leat_up_links_finish(struct leat_up_links *links, struct leat_loop *loop);

#endif
