/* SPDX-License-Identifier: MIT */
/*
 * The shipped stamps, events and cycles, with logs of one slot: each overwrites
 * the one before.
 */
#ifndef LEAT_PROOF_STAMP_VIRTUAL_H
#define LEAT_PROOF_STAMP_VIRTUAL_H

#include <leat/frames.h>

#undef LEAT_STAMP_LOG_SIZE
#define LEAT_STAMP_LOG_SIZE 1u

#include "link/event_log.h"
#include "link/load_cycles.h"
#include "link/stamp.h"

#undef LEAT_EVENT_LOG_SIZE
#define LEAT_EVENT_LOG_SIZE 1u

#undef LEAT_LOAD_N_SLOTS
#define LEAT_LOAD_N_SLOTS 1u

/* What leat_load_record() does of a late cycle. */
void load_keep(struct leat_load_words *words,
	       const struct leat_load_cycle *cycle);

#endif
