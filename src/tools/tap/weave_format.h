/* SPDX-License-Identifier: MIT */
/* What a stream is like, put together from what its feeds say. */
#ifndef LEAT_TAP_WEAVE_FORMAT_H
#define LEAT_TAP_WEAVE_FORMAT_H

#include "weave.h"

/*
 * Take a lane's format from its feed; as before where that knows none. Lanes
 * are taken in order.
 */
void weave_format_take(struct weave_format *format, uint32_t lane,
		       const struct feed *feed);

bool weave_format_same(const struct weave_format *a,
		       const struct weave_format *b);

#endif
