/* SPDX-License-Identifier: MIT */
/**
 * A slow tone that says where it is: two channels, a cosine and a sine of
 * TONE_TURN frames. What arrives, resampled or not, has one place in the turn,
 * to a hundredth of a frame; a fade or silence is seen by its amplitude, a
 * jump by a place that does not move on by a frame per frame.
 *
 * Nothing here allocates, locks or makes a system call.
 */
#ifndef TEST_SUPPORT_TONE_H
#define TEST_SUPPORT_TONE_H

#include <stdbool.h>
#include <stdint.h>

#define TONE_CHANNELS 2
#define TONE_TURN 65536u
#define TONE_AMPLITUDE 0.5

/** The samples of a turn. */
struct tone {
	float samples[TONE_TURN];
};

/** What was heard since it was zeroed. */
struct tone_check {
	bool heard;	   /* there was a frame before this one */
	bool whole_before; /* and it was whole */
	bool locked;	   /* a whole frame has been heard */
	float last[TONE_CHANNELS];
	double place;	   /* of the latest whole frame, in frames */
	double behind;	   /* sent less heard, 0 to TONE_TURN, at that one */
	double behind_min; /* of all whole ones */
	double behind_max;
	uint64_t n_frames;
	uint64_t n_whole;  /* at full amplitude, and moving on by a frame */
	uint64_t n_exact;  /* whole, and samples that were sent, bit by bit */
	uint64_t n_faint;  /* faded, or silent */
	uint64_t n_bent;   /* at full amplitude, but jumping */
	uint64_t n_breaks; /* times that whole frames came to an end */
	float step_max;	   /* from a sample to the next */
};

void tone_init(struct tone *tone);

/** Write n_frames from frame on. */
void tone_write(const struct tone *tone, float *const *planes, uint64_t frame,
		uint32_t n_frames);

/** Judge n_frames that came in the cycle that sends from `sent` on. */
void tone_judge(const struct tone *tone, struct tone_check *check,
		const float *const *planes, uint64_t sent, uint32_t n_frames);

/** From one place to another the shorter way, -TONE_TURN/2 to TONE_TURN/2. */
double tone_distance(double from, double to);

#endif
