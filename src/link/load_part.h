/* SPDX-License-Identifier: MIT */
/* The load part: what one side records of its callbacks, in sealed memory. */
#ifndef LEAT_LINK_LOAD_PART_H
#define LEAT_LINK_LOAD_PART_H

#include "part.h"

#include <leat/inline/load.h>
#include <leat/shm.h>

struct leat_load_part {
	struct leat_part_header header;
	struct leat_load_words words;
};

_Static_assert(sizeof(struct leat_histogram_words) == 6528, "ABI");
_Static_assert(offsetof(struct leat_load_words, n_written) == 128, "ABI");
_Static_assert(offsetof(struct leat_load_words, slots) == 256, "ABI");
_Static_assert(offsetof(struct leat_load_words, histogram) == 6400, "ABI");
_Static_assert(sizeof(struct leat_load_part) == 26112, "ABI");

/* Whole pages of 4096 bytes. */
#define LEAT_LOAD_PART_BYTES 28672u

/* Create the own load part; nothing is recorded in it. */
int leat_load_part_create(struct leat_shm *shm);

/*
 * Map a peer's. Takes fd over. One with a layout that this program does not
 * know is mapped too, as a newer program may have it; nothing is read of it.
 */
int leat_load_part_attach(struct leat_shm *shm, int fd);

/* What is in it; NULL if there is none, or in a layout that is not known. */
const struct leat_load_words *leat_load_part_words(const struct leat_shm *shm);

static inline struct leat_load_words *
leat_load_part_own(const struct leat_shm *shm)
{
	return &((struct leat_load_part *)shm->addr)->words;
}

#endif
