/* SPDX-License-Identifier: MIT */
/*
 * Plays a sound and records what comes back, in the same cycles: the process
 * thread's part, all of it in memory that was there before.
 */
#ifndef LEAT_VERIFY_TAPE_H
#define LEAT_VERIFY_TAPE_H

#include "sound.h"

#include <leat/attributes.h>

#include <stdatomic.h>
#include <stdbool.h>

struct tape {
	const struct sound *sound;
	uint32_t n_total; /* frames to record: the sound and what comes late */
	uint32_t n_done;  /* of them; the process thread's while it rolls */
	float *recorded[LEAT_CHANNELS_MAX];
	float *samples;	      /* owned; what recorded points to */
	atomic_bool rolling;  /* until all is recorded */
	atomic_uint n_closed; /* cycles so far in which all was linked */
};

/* For a sound and n_more frames after it. 0 or -ENOMEM. */
int tape_init(struct tape *tape, const struct sound *sound, uint32_t n_more);
void tape_finish(struct tape *tape);

/* Begin at the next cycle. Thread: any, while it does not roll. */
void tape_start(struct tape *tape);
bool tape_is_rolling(const struct tape *tape);

/*
 * One cycle. A plane that is NULL is not linked: nothing goes out of it, and
 * silence comes in. Thread: process. RT-safe.
 */
LEAT_RT void tape_roll(struct tape *tape, float *const *out,
		       const float *const *in, uint32_t n_frames);

#endif
