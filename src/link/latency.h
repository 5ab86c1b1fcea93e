/* SPDX-License-Identifier: MIT */
/*
 * Latency as it is reported: sums, when to say that it has changed, and loops.
 * doc/clocks.md has the formulas. Main threads only; nothing here waits.
 *
 * Times are CLOCK_MONOTONIC's, frames are JACK's unless said.
 */
#ifndef LEAT_LINK_LATENCY_H
#define LEAT_LINK_LATENCY_H

#include <leat/link.h>
#include <leat/status.h>

#include <stdbool.h>
#include <stdint.h>

/* A target that has moved by less is not reported anew. */
#define LEAT_LATENCY_STEP 8u

/* A range in one word, for one writer and one reader. */
static inline uint64_t leat_latency_word(struct leat_latency_range range)
{
	return (uint64_t)range.max << 32 | range.min;
}

static inline struct leat_latency_range leat_latency_range(uint64_t word)
{
	return (struct leat_latency_range){ (uint32_t)word,
					    (uint32_t)(word >> 32) };
}

/* The same as a side's word `beyond` has it. */
static inline uint64_t leat_latency_beyond(struct leat_latency_range range)
{
	return leat_latency_word(range) | LEAT_BEYOND_KNOWN;
}

static inline bool leat_latency_same(const struct leat_link_latency *a,
				     const struct leat_link_latency *b)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (a->beyond[d].min != b->beyond[d].min ||
		    a->beyond[d].max != b->beyond[d].max ||
		    a->added[d] != b->added[d])
			return false;
	return true;
}

/* What is added, what lies beyond, and a trim: 0 to 10 s at a rate. */
struct leat_latency_range leat_latency_sum(uint32_t added,
					   struct leat_latency_range beyond,
					   int32_t trim, uint32_t rate_hz);

/* What is told, if all that is new of it is less than a step; else `now`. */
uint32_t leat_latency_keep(uint32_t told, uint32_t now);

/* Whether something in it is more than before. */
bool leat_latency_rises(const struct leat_link_latency *before,
			const struct leat_link_latency *now);

/* From frames at one rate to those at another. */
uint32_t leat_latency_scale(uint32_t n_frames, uint32_t from_hz,
			    uint32_t to_hz);

/* ---- ports ---- */

/* The range of several ports: from the least to the most. */
struct leat_latency_ports {
	struct leat_latency_range range;
	bool any;
};

void leat_latency_add_port(struct leat_latency_ports *ports,
			   struct leat_latency_range range);

/* ---- PipeWire's way to say it ---- */

struct leat_latency_graph {
	uint32_t quantum;
	uint32_t rate_hz;      /* of the quantum and of frames */
	uint32_t jack_rate_hz; /* of the result */
};

/* The sum of quanta, frames and nanoseconds, whatever they are: 0 to 10 s. */
uint32_t leat_latency_of(const struct leat_latency_graph *graph, float quanta,
			 int64_t n_frames, int64_t time_ns);

/* ---- when ---- */

/* At most ten times a second; less is told once a second. */
#define LEAT_LATENCY_APART_MS 100
#define LEAT_LATENCY_FALL_MS 1000

/* So many times more in a row, each soon after the last, is a loop. */
#define LEAT_LATENCY_RISES 16
#define LEAT_LATENCY_SOON_MS 5000
#define LEAT_LATENCY_HELD_MS 60000

struct leat_latency_pace {
	bool brakes; /* on loops; to be set */
	bool begun;
	int64_t last_ms; /* when it was told */
	uint32_t n_rises;
};

/* How long it has to wait yet; 0: it may be told now. */
int64_t leat_latency_wait_ms(const struct leat_latency_pace *pace, bool rises,
			     int64_t now_ms);

/* It is told now. */
void leat_latency_told(struct leat_latency_pace *pace, bool rises,
		       int64_t now_ms);

/* ---- loops ---- */

/*
 * A graph may lead what comes out of the bridge back into it. Then what is heard
 * of it contains what we report there. That alone is right: the way is that
 * long. But where both graphs do it, what each hears makes the other's grow for
 * ever. So: a graph is closed if what is heard of it has followed what we
 * report, frame by frame; and if both are, only what the loop adds is passed on.
 */
#define LEAT_LATENCY_ROUNDING 2u /* frames, from graph to graph and back */

/* Not to be compared: something else has changed with it. */
#define LEAT_LATENCY_UNHEARD UINT32_MAX

struct leat_latency_loop {
	bool closed;
	uint32_t around;   /* frames from our ports back to them */
	uint32_t reported; /* by us, at most */
	uint32_t before;   /* and before that */
	uint32_t heard;	   /* then, at most */
};

/* We report another maximum, and have heard this so far. */
void leat_latency_loop_report(struct leat_latency_loop *loop, uint32_t reported,
			      uint32_t heard);

/* This maximum is heard now. Whether the graph is closed. */
bool leat_latency_loop_hear(struct leat_latency_loop *loop, uint32_t heard);

/* What is passed on of what is heard, where both graphs are closed. */
struct leat_latency_range
leat_latency_loop_cut(const struct leat_latency_loop *loop,
		      struct leat_latency_range heard);

#endif
