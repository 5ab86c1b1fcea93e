/* SPDX-License-Identifier: MIT */
/* Reading the cycles that a side keeps by themselves: <leat/load.h>. */
#ifndef LEAT_LINK_LOAD_CYCLES_H
#define LEAT_LINK_LOAD_CYCLES_H

#include <leat/load.h>

/* As leat_load_cycles(), of one side. */
uint32_t leat_load_cycles_read(const struct leat_load_words *words,
			       uint64_t *n_read, struct leat_load_cycle *cycles,
			       uint64_t *n_lost);

#endif
