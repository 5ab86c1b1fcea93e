/* SPDX-License-Identifier: MIT */
/*
 * Both sides of a link without a server: the circle, and a PipeWire that is
 * only memory. Its graph plays the source into the sink. Without CUnit.
 */
#ifndef LEAT_UNIT_GRAPH_H
#define LEAT_UNIT_GRAPH_H

#include "circle.h"
#include "pw_bridge/process.h"

#include <stdbool.h>

/* What libpipewire keeps for us: a stream of one buffer. */
struct pw_stream {
	struct graph *graph;
	struct pw_buffer buffer;
	struct spa_buffer spa;
	struct spa_data datas[CIRCLE_CHANNELS];
	struct spa_chunk chunks[CIRCLE_CHANNELS];
	float samples[CIRCLE_CHANNELS][CIRCLE_PERIOD_MAX];
};

struct pw_data_loop {
	struct pw_loop loop;
};

struct graph {
	struct circle circle;
	struct pw_stream streams[LEAT_N_DIRECTIONS];
	struct pw_data_loop data_loop;
	struct spa_loop_utils utils;
	struct spa_source changed, again, crossing, rested;
	struct spa_io_position position;
	struct leat_side_words status;
	struct leat_load_words load;
	struct leat_pw_process process;
	bool other_driver; /* somebody else drives it */
	bool stalled;	   /* it does not get to the sink */
	void (*meanwhile)(struct graph *graph); /* before a trigger; or NULL */
	unsigned n_triggered, n_changed, n_again, n_destroyed, n_timers;
};

bool graph_open(struct graph *graph);
void graph_close(struct graph *graph);

/* A cycle of JACK's, and what it wakes. */
void graph_cycle(struct graph *graph, uint32_t n_frames);

/* What PipeWire's data loop does if the ring has woken it. */
void graph_wake(struct graph *graph);

/* A cycle on another driver's clock, which began at a CLOCK_MONOTONIC time. */
void graph_other_cycle(struct graph *graph, uint32_t n_frames,
		       uint64_t time_ns);

/* The stalled graph gets to the sink after all. */
void graph_finish(struct graph *graph);

#endif
