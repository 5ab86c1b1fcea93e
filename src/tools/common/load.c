/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <math.h>
#include <stdio.h>

void leat_link_load_read(struct leat_link_load *load,
			 const struct leat_load *from)
{
	load->n_taps = leat_load_n_taps(from);
	for (int s = 0; s < LEAT_N_LOAD_SIDES; s++) {
		enum leat_load_side side = (enum leat_load_side)s;

		leat_load_read(from, side, &load->side[s]);
		load->n_late[s] = load->side[s].known
					  ? leat_load_n_cycles(from, side)
					  : LEAT_UNKNOWN;
	}
}

static uint64_t count_between(uint64_t after, uint64_t before)
{
	if (after == LEAT_UNKNOWN || before == LEAT_UNKNOWN || after < before)
		return after;
	return after - before;
}

void leat_link_load_between(struct leat_link_load *between,
			    const struct leat_link_load *after,
			    const struct leat_link_load *before)
{
	*between = *after;
	for (int s = 0; s < LEAT_N_LOAD_SIDES && before; s++) {
		between->n_late[s] =
			count_between(after->n_late[s], before->n_late[s]);
		for (int kind = 0; kind < LEAT_N_LOAD_KINDS; kind++)
			leat_histogram_between(
				&between->side[s].histogram[kind],
				&after->side[s].histogram[kind],
				&before->side[s].histogram[kind]);
	}
}

/* ---- in percent ---- */

static double period_ns(const struct leat_side_status *status)
{
	if (status->period == LEAT_UNKNOWN || status->period == 0 ||
	    status->rate_hz == LEAT_UNKNOWN || status->rate_hz == 0)
		return (double)NAN;
	return (double)status->period * 1e9 / (double)status->rate_hz;
}

struct leat_load_percent
leat_load_percent_of(const struct leat_side_load *side,
		     const struct leat_side_status *status)
{
	const struct leat_histogram *duration =
		&side->histogram[LEAT_LOAD_DURATION];
	double percent = duration->n > 0 ? 100 / period_ns(status)
					 : (double)NAN;

	return (struct leat_load_percent){
		percent * (double)leat_histogram_percentile(duration, 50),
		percent * (double)leat_histogram_percentile(duration, 99),
		percent * (double)duration->max_ns,
	};
}

/* Three figures, as the eye takes in; more only where there are more. */
static int n_decimals(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

void leat_load_text(char *text, size_t text_bytes, const char *name,
		    const struct leat_side_load *side,
		    const struct leat_side_status *status)
{
	struct leat_load_percent load = leat_load_percent_of(side, status);

	if (!isfinite(load.p50))
		snprintf(text, text_bytes, "%s -", name);
	else
		snprintf(text, text_bytes, "%s %.*f/%.*f/%.*f", name,
			 n_decimals(load.p50), load.p50, n_decimals(load.p99),
			 load.p99, n_decimals(load.max), load.max);
}
