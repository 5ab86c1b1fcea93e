/* SPDX-License-Identifier: MIT */
#include "weave_format.h"

#include <string.h>

void weave_format_take(struct weave_format *format, uint32_t lane,
		       const struct feed *feed)
{
	const struct leat_tap_format *of = feed->format(feed->user);

	if (lane == 0)
		format->n_channels = 0;
	if (of) {
		format->rate_hz = of->rate_hz;
		format->lane[lane].n_channels = of->n_channels;
		memcpy(format->lane[lane].position, of->position,
		       sizeof(of->position));
	}
	format->lane[lane].direction = feed->direction;
	format->n_channels += format->lane[lane].n_channels;
	format->n_lanes = lane + 1;
}

bool weave_format_same(const struct weave_format *a,
		       const struct weave_format *b)
{
	if (a->rate_hz != b->rate_hz)
		return false;
	for (uint32_t l = 0; l < a->n_lanes; l++)
		if (a->lane[l].n_channels != b->lane[l].n_channels ||
		    memcmp(a->lane[l].position, b->lane[l].position,
			   a->lane[l].n_channels) != 0)
			return false;
	return true;
}
