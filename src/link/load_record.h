/* SPDX-License-Identifier: MIT */
/* What both bridges record of their callbacks, on their realtime threads. */
#ifndef LEAT_LINK_LOAD_RECORD_H
#define LEAT_LINK_LOAD_RECORD_H

#include <leat/load.h>

/*
 * A cycle is over. It is kept by itself too if its duration is more than half
 * of its period, or its interval more than one and a half.
 *
 * words: NULL where nothing is recorded.
 *
 * Thread: the one writer. RT-safe, wait-free.
 */
LEAT_RT void leat_load_record(struct leat_load_words *words,
			      const struct leat_load_cycle *cycle);

/* A period in ns; LEAT_UNKNOWN at no rate. */
LEAT_RT uint64_t leat_load_period_ns(uint64_t n_frames, uint32_t rate_hz);

/*
 * Since a moment that somebody else told: 0 if that is ahead, LEAT_UNKNOWN if it
 * is more than 10 s away and so of no clock like ours.
 */
LEAT_RT uint64_t leat_load_since(uint64_t now_ns, uint64_t then_ns);

#endif
