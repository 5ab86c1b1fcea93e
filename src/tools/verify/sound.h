/* SPDX-License-Identifier: MIT */
/*
 * What is played: a file, or a signal that counts. Planar float32 in memory.
 */
#ifndef LEAT_VERIFY_SOUND_H
#define LEAT_VERIFY_SOUND_H

#include <leat/frames.h>
#include <leat/link.h>

/* More would not fit into anybody's patience. */
#define SOUND_SECONDS_MAX 600

struct sound {
	const char *name;
	uint32_t rate_hz;
	uint32_t n_channels;
	uint32_t n_frames;
	const float *plane[LEAT_CHANNELS_MAX]; /* may be one for all */
	float *samples;			       /* owned; what planes point to */
};

/*
 * Read a file. It must have the rate, and one channel (it goes to all) or as
 * many as there are. -EINVAL with a sentence if it cannot be used.
 */
int sound_load(struct sound *sound, const char *path, uint32_t n_channels,
	       uint32_t rate_hz, struct leat_error *error);

/* Every frame of every channel another value, none of them 0, for a time. */
int sound_count(struct sound *sound, uint32_t n_seconds, uint32_t n_channels,
		uint32_t rate_hz, struct leat_error *error);

void sound_finish(struct sound *sound);

#endif
