/* SPDX-License-Identifier: MIT */
/*
 * Whether what was recorded is what was played, and how much later. Pure.
 */
#ifndef LEAT_VERIFY_COMPARE_H
#define LEAT_VERIFY_COMPARE_H

#include "sound.h"

#include <stdbool.h>

struct comparison {
	bool found;	      /* it came back at all */
	uint32_t delay;	      /* frames it came later */
	uint32_t n_differing; /* frames that are not the same, in any channel */
	uint32_t n_silent;    /* of these, silent where the sound is not */
	uint32_t first;	      /* the first of them, if there is one */
};

/*
 * Find the sound in the recording, which began together with it, and compare
 * it bit by bit.
 *
 * recorded    A plane for each channel of the sound.
 * n_recorded  Frames in them; a delay leaves room for the whole sound.
 */
void compare(struct comparison *result, const struct sound *sound,
	     const float *const *recorded, uint32_t n_recorded);

#endif
