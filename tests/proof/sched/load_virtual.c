/* SPDX-License-Identifier: MIT */
/* The shipped load_record.c and load_cycles.c, for the machine of machine.h. */
#include "stamp_virtual.h"

#include "link/load_cycles.c"
#include "link/load_record.c"

void load_keep(struct leat_load_words *words,
	       const struct leat_load_cycle *cycle)
{
	keep(words, cycle);
}
