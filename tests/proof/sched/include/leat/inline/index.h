/* SPDX-License-Identifier: MIT */
/*
 * <leat/inline/index.h> as it is shipped, but for the test for a crossing,
 * which a twin may have wrong.
 */
#ifndef LEAT_PROOF_INDEX_H
#define LEAT_PROOF_INDEX_H

#include "machine.h"

#define leat_index_crosses true_index_crosses
#include_next <leat/inline/index.h>
#undef leat_index_crosses

static inline bool leat_index_crosses(uint64_t old, uint64_t now, uint64_t mark)
{
	switch (machine.twin) {
	case TWIN_CROSS_LATE:
		return true_index_crosses(old, now - 1, mark) && now - old > 1;
	case TWIN_CROSS_EARLY:
		return true_index_crosses(old - 1, now, mark);
	case TWIN_CROSS_NEVER:
		return mark == now && now != old;
	default:
		return true_index_crosses(old, now, mark);
	}
}

#endif
