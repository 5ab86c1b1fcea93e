/* SPDX-License-Identifier: MIT */
/*
 * A link in this process with a tap on it: both sides are nodes, the producers
 * are called by the test, and every sample says where it belongs.
 */
#ifndef LEAT_UNIT_TAP_BENCH_H
#define LEAT_UNIT_TAP_BENCH_H

#include "node.h"

#include <leat/tap.h>

#include <stdbool.h>
#include <stdint.h>

#define TAP_BENCH_ROOM 4096u

struct tap_bench {
	struct node host;
	struct node guest;
	struct leat_link_spec spec;
	uint64_t frame_time; /* JACK's, of the next block */
	uint64_t time_ns;
	float samples[2][TAP_BENCH_ROOM];
	float *planes[2];
	unsigned n_fds; /* open before */
};

/* Both rings are timed, as a bridge's. Set what is to be otherwise, then open. */
void tap_bench_init(struct tap_bench *bench);
bool tap_bench_open(struct tap_bench *bench);
/* true if no descriptor is left over. */
bool tap_bench_close(struct tap_bench *bench);

/* Do all there is to do on both sides. */
void tap_bench_settle(struct tap_bench *bench);
/* End the guest, or get it back, which makes a new generation. */
void tap_bench_leave(struct tap_bench *bench);
bool tap_bench_join(struct tap_bench *bench);

/* Write a block as JACK does, with a stamp; or as PipeWire does, at an index. */
void tap_bench_jack(struct tap_bench *bench, uint32_t n_frames);
void tap_bench_pipewire(struct tap_bench *bench, uint64_t position,
			uint32_t n_frames);

/* What the sample at a position of a generation is. */
float tap_bench_sample(enum leat_direction direction, uint64_t generation,
		       uint32_t channel, uint64_t position);

/* Open a tap; it is told what there is when the link is settled. */
struct leat_tap *tap_bench_tap(struct tap_bench *bench,
			       enum leat_direction direction,
			       uint64_t history_frames, uint32_t watermark);

/* What comes next; waits a second for something. */
enum leat_tap_what tap_bench_next(struct tap_bench *bench, struct leat_tap *tap,
				  struct leat_tap_event *event);

/*
 * Read up to n_frames with each of the ways in turn; how many they were, or
 * UINT32_MAX if a sample is wrong.
 */
uint32_t tap_bench_read(struct tap_bench *bench, struct leat_tap *tap,
			enum leat_direction direction, uint32_t n_frames);

/* Read all up to what is no frames, which is in event: how many they were. */
uint64_t tap_bench_drain(struct tap_bench *bench, struct leat_tap *tap,
			 enum leat_direction direction,
			 struct leat_tap_event *event);

#endif
