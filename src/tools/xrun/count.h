/* SPDX-License-Identifier: MIT */
/*
 * The counting signal of an experiment: each sample says which frame of
 * JACK's time it belongs to, in the 24 bits that a float32 has between 0 and
 * 1. So what arrives says what is missing. Silence is no number.
 *
 * A frame counts only beside its neighbour, or where it was expected: so the
 * fades that bridges make at a gap are no frames. Pure.
 */
#ifndef LEAT_XRUN_COUNT_H
#define LEAT_XRUN_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers start over after so many frames; 349 s at 48 kHz. */
#define XRUN_COUNT_WRAP 0xffffffu

/* Runs that are told apart within one buffer. */
#define XRUN_RUNS_MAX 3

/* Frames in a row that follow each other. */
struct xrun_run {
	uint32_t number;   /* of the first, 0..XRUN_COUNT_WRAP - 1 */
	uint16_t offset;   /* in the buffer */
	uint16_t n_frames; /* of JACK's time, at whatever rate it is heard */
};

/* Write the numbers of n_frames from a frame on. RT-safe. */
void xrun_count_write(float *samples, uint64_t frame, uint32_t n_frames);

/*
 * Find the runs in a buffer: the first XRUN_RUNS_MAX, in their order.
 *
 * @param expected  The number that would follow what came before, or
 *                  XRUN_COUNT_WRAP: none is.
 * @return          How many.
 *
 * RT-safe.
 */
uint32_t xrun_count_runs(const float *samples, uint32_t n_frames,
			 uint32_t expected,
			 struct xrun_run runs[XRUN_RUNS_MAX]);

/*
 * Find the signal where it was resampled: its numbers rise evenly there, but
 * none is exact. From the first to the last sample that is not silent, to a
 * few frames; false if they are no such thing. RT-safe.
 */
bool xrun_count_rough(const float *samples, uint32_t n_frames,
		      struct xrun_run *run);

/* The number after the last one of a run. */
uint32_t xrun_run_next(const struct xrun_run *run);

/* The frame that a number means: the one nearest to another frame. */
uint64_t xrun_count_frame(uint32_t number, uint64_t near);

#endif
