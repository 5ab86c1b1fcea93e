/* SPDX-License-Identifier: MIT */
/* The status part: one side's counters, in sealed memory of its own. */
#ifndef LEAT_LINK_SIDE_H
#define LEAT_LINK_SIDE_H

#include "part.h"

#include <leat/shm.h>
#include <leat/status.h>

struct leat_side_part {
	struct leat_part_header header;
	struct leat_side_words words;
};

/* Create the own status part; everything in it is unknown. */
int leat_side_create(struct leat_shm *shm);

/* Map a peer's status part. Takes fd over. */
int leat_side_attach(struct leat_shm *shm, int fd);

static inline struct leat_side_words *leat_side(const struct leat_shm *shm)
{
	return &((struct leat_side_part *)shm->addr)->words;
}

/* Read both sides at one moment; pipewire may be NULL. */
void leat_status_read(struct leat_link_status *status,
		      const struct leat_side_words *jack,
		      const struct leat_side_words *pipewire);

#endif
