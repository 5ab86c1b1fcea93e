/* SPDX-License-Identifier: MIT */
/* A ring of each capacity, begun at each seed. */
#ifndef LEAT_UNIT_CAPACITIES_H
#define LEAT_UNIT_CAPACITIES_H

#include <leat/ring.h>

#include "pair.h"

#include <CUnit/CUnit.h>

static const uint32_t capacities[] = { 1, 2, 3, 5, 7, 8, 64, 100 };

#define N_CAPACITIES (sizeof(capacities) / sizeof(capacities[0]))

/* Do something with a ring of each capacity, begun at each seed. */
static inline void with_each(void (*fn)(struct pair *pair, uint32_t capacity))
{
	struct pair pair;

	for (size_t c = 0; c < N_CAPACITIES; c++)
		for (unsigned s = 0; s < pair_n_seeds; s++) {
			CU_ASSERT_FATAL(pair_open(&pair, capacities[c],
						  pair_seeds[s], 0));
			fn(&pair, capacities[c]);
		}
}

#endif
