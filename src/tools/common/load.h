/* SPDX-License-Identifier: MIT */
/* What a link's sides recorded of their callbacks, for those who show it. */
#ifndef LEAT_TOOLS_LOAD_H
#define LEAT_TOOLS_LOAD_H

#include <leat/load.h>
#include <leat/status.h>

#include <stddef.h>

/* A link's load, read at one moment. */
struct leat_link_load {
	uint64_t n_taps;		    /* or LEAT_UNKNOWN */
	uint64_t n_late[LEAT_N_LOAD_SIDES]; /* long or late cycles */
	struct leat_side_load side[LEAT_N_LOAD_SIDES];
};

void leat_link_load_read(struct leat_link_load *load,
			 const struct leat_load *from);

/* What came since another look at the same link; NULL: since the beginning. */
void leat_link_load_between(struct leat_link_load *between,
			    const struct leat_link_load *after,
			    const struct leat_link_load *before);

/* How long callbacks took, in percent of the graph's period, or NaN. */
struct leat_load_percent {
	double p50;
	double p99;
	double max;
};

struct leat_load_percent
leat_load_percent_of(const struct leat_side_load *side,
		     const struct leat_side_status *status);

/* "NAME p50/p99/max", as of above, or "NAME -". */
void leat_load_text(char *text, size_t text_bytes, const char *name,
		    const struct leat_side_load *side,
		    const struct leat_side_status *status);

#endif
