/* SPDX-License-Identifier: MIT */
/*
 * Who decides what happens next: a search of everything that can, or chance.
 */
#ifndef LEAT_PROOF_EXPLORE_H
#define LEAT_PROOF_EXPLORE_H

#include "scenario.h"

#include <stdint.h>

/* What a search found. */
struct result {
	const char *failure; /* NULL: nothing */
	uint64_t n_runs;
	uint64_t n_states; /* of a search: different ones */
	uint64_t seed;	   /* by chance: of the run that failed */
};

/*
 * Every order of steps and every old value that a load may return, depth
 * first. Runs that come to a state where another was before end there.
 *
 * On a failure the run is repeated with a trace if `traced`.
 */
struct result explore_all(const struct scenario *scenario, bool traced);

/* n_runs by chance, beginning with a seed; scenario NULL: draw that as well. */
struct result explore_random(const struct scenario *scenario, uint64_t seed,
			     uint64_t n_runs);

/* One of the latter again, with a trace. */
struct result explore_replay(const struct scenario *scenario, uint64_t seed);

#endif
