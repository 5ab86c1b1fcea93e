/* SPDX-License-Identifier: MIT */
/* The highest level of a load that loses nothing, by bisection. Pure. */
#ifndef LEAT_XRUN_RAMP_H
#define LEAT_XRUN_RAMP_H

#include "result.h"

struct xrun_ramp {
	uint32_t step; /* it is looked for to so much */
	uint32_t good; /* the highest level that lost nothing */
	uint32_t bad;  /* the lowest that did, or one above the most */
	bool has_good, done;
	uint32_t level; /* to be tried next, unless it is done */
};

void xrun_ramp_init(struct xrun_ramp *ramp, enum xrun_load load);

/* The level was tried: choose the next one. */
void xrun_ramp_take(struct xrun_ramp *ramp, bool lost);

#endif
