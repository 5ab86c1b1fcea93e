/* SPDX-License-Identifier: MIT */
#include "ramp.h"

#include "options.h"

#include <string.h>

/* Percent are looked for to five, workers to one. */
#define PERCENT_STEP 5

void xrun_ramp_init(struct xrun_ramp *ramp, enum xrun_load load)
{
	bool percent = xrun_load_unit(load)[0] == '%';

	memset(ramp, 0, sizeof(*ramp));
	ramp->step = percent ? PERCENT_STEP : 1;
	ramp->bad = xrun_load_level_max(load) + ramp->step;
	/* Without any load first: what is lost then is not the load's. */
	ramp->level = 0;
}

void xrun_ramp_take(struct xrun_ramp *ramp, bool lost)
{
	uint32_t middle;

	if (lost) {
		ramp->bad = ramp->level;
	} else {
		ramp->good = ramp->level;
		ramp->has_good = true;
	}
	if (!ramp->has_good || ramp->bad - ramp->good <= ramp->step) {
		ramp->done = true;
		return;
	}
	middle = ramp->good + (ramp->bad - ramp->good) / 2;
	ramp->level = middle / ramp->step * ramp->step;
	if (ramp->level <= ramp->good)
		ramp->level = ramp->good + ramp->step;
}
