/* SPDX-License-Identifier: MIT */
#include "slip.h"

#include <math.h>

uint32_t leat_slip_limit(uint32_t p, uint32_t q, uint32_t rate_hz)
{
	uint64_t most = (uint64_t)rate_hz * LEAT_SLIP_CAUGHT_UP_US / 1000000;
	uint64_t both = (uint64_t)p + q;

	return (uint32_t)(both < most ? both : most);
}

void leat_slip_init(struct leat_slip *slip, enum leat_direction direction,
		    uint32_t limit)
{
	*slip = (struct leat_slip){ .direction = direction, .limit = limit };
}

/*
 * Reading further on loses what lies between; writing further on leaves a
 * hole, which is heard.
 */
static void count(struct leat_slip *slip, int64_t n) LEAT_RT
{
	bool loses = (n > 0) == (slip->direction == LEAT_TO_PIPEWIRE);

	slip->n_slips++;
	if (loses)
		slip->lost += (uint64_t)(n < 0 ? -n : n);
	else
		slip->inserted += (uint64_t)(n < 0 ? -n : n);
}

int64_t leat_slip_take(struct leat_slip *slip, double error, bool interrupted)
{
	int64_t n;

	/* Further than any ring is long, or no number: nobody's position. */
	if (!(fabs(error) < 1e15))
		return 0;
	if (!interrupted && fabs(error) <= slip->limit)
		return 0;
	n = llround(error);
	if (n != 0)
		count(slip, n);
	return n;
}
