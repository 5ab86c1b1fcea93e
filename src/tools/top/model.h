/* SPDX-License-Identifier: MIT */
/* What leat-top knows of the links: their last status, and what came before. */
#ifndef LEAT_TOP_MODEL_H
#define LEAT_TOP_MODEL_H

#include "tools/common/links.h"

/* Looks that are remembered. */
#define LEAT_TOP_HISTORY 120

/* What goes wrong, and the words that count it. */
enum leat_top_cause {
	LEAT_TOP_JACK_XRUNS,
	LEAT_TOP_PIPEWIRE_XRUNS,
	LEAT_TOP_SKIPPED,
	/* Of both directions, one after the other. */
	LEAT_TOP_UNDERRUNS,
	LEAT_TOP_OVERRUNS = LEAT_TOP_UNDERRUNS + LEAT_N_DIRECTIONS,
	LEAT_TOP_SLIPS = LEAT_TOP_OVERRUNS + LEAT_N_DIRECTIONS,
	LEAT_TOP_EVENTS = LEAT_TOP_SLIPS + LEAT_N_DIRECTIONS,
	/* From here on frames are counted, and no events. */
	LEAT_TOP_LOST = LEAT_TOP_EVENTS,
	LEAT_TOP_INSERTED = LEAT_TOP_LOST + LEAT_N_DIRECTIONS,
	LEAT_TOP_CAUSES = LEAT_TOP_INSERTED + LEAT_N_DIRECTIONS
};

struct leat_top_link {
	struct leat_link_answer answer;
	uint64_t last[LEAT_TOP_CAUSES];	 /* as it was read */
	uint64_t total[LEAT_TOP_CAUSES]; /* since it began, or was reset */
	/* Events between two looks, the latest at n_looks - 1, in a ring. */
	unsigned n_looks;
	uint64_t events[LEAT_TOP_HISTORY];
	struct leat_link_load *load;   /* the link's own copy, or NULL */
	struct leat_link_load *before; /* when it was reset; NULL: never */
	bool here;		       /* at the last look */
};

enum leat_top_order {
	LEAT_TOP_BY_NAME,
	LEAT_TOP_BY_XRUNS,   /* the most first */
	LEAT_TOP_BY_LATENCY, /* of both directions, the longest first */
	LEAT_TOP_BY_STATE,
	LEAT_TOP_N_ORDERS
};

struct leat_top_model {
	enum leat_top_order order;
	unsigned n_links;
	struct leat_top_link *link; /* room for LEAT_LINKS_MAX */
};

LEAT_MUST_CHECK int leat_top_model_init(struct leat_top_model *model);
void leat_top_model_finish(struct leat_top_model *model);

/* Take one look at the links. Those that are gone are forgotten. */
void leat_top_take(struct leat_top_model *model,
		   const struct leat_links *links);

/* Count from 0 again. The links themselves are not touched. */
void leat_top_reset(struct leat_top_model *model);

/* Put the links in another order. */
void leat_top_sort(struct leat_top_model *model, enum leat_top_order order);

const char *leat_top_order_name(enum leat_top_order order);

/*
 * What its callbacks took since it began, or was reset.
 *
 * @return  False if nothing is known.
 */
bool leat_top_link_load(const struct leat_top_link *link,
			struct leat_link_load *load);

/* All events of a link that were counted. */
uint64_t leat_top_link_events(const struct leat_top_link *link);

/* The events of the look so many looks ago; 0: the latest. */
uint64_t leat_top_link_history(const struct leat_top_link *link,
			       unsigned n_ago);

#endif
