/* SPDX-License-Identifier: MIT */
/*
 * Two graphs that are only memory, each on a bent clock of its own, in virtual
 * time, with adaptive mode's realtime half between them.
 */
#ifndef LEAT_UNIT_BENT_H
#define LEAT_UNIT_BENT_H

#include "circle.h"
#include "pw_bridge/adaptive.h"

#include <leat/inline/atomics.h>

#define JACK_HZ 48000
#define TONE_HZ 1000
#define QUANTUM_MAX 1024
/* Rougher than a sine, and a slower or faster one of 0.5 %, ever is. */
#define BEND_MAX 1e-3
#define NEAR (JACK_HZ / 1000)

/* A stream that ought to be a sine, looked at by its second differences. */
struct ear {
	double step;
	double last[2];
	double worst; /* bend since the last look */
	uint64_t n;
};

struct bent {
	struct circle circle;
	struct leat_side_words words;
	struct leat_pw_adaptive *adaptive;
	uint32_t p, q, pw_rate_hz;
	enum { COUNTS_LAST, COUNTS_FIRST, COUNTS_LATE } counts;
	uint32_t q_before;
	uint32_t shift;		     /* that it began with */
	double jack_speed, pw_speed; /* of their clocks */
	double jack_due_s, pw_due_s;
	double jack_late_s;    /* its next wake-up */
	uint64_t index, frame; /* W, and PipeWire's */
	struct ear ear[LEAT_N_DIRECTIONS];
	uint64_t n_missing; /* cycles of JACK's without its block */
	uint64_t n_cut;	    /* frames of which a block was only a part */
	bool wrong;	    /* a jump that nobody counted */
	uint64_t n_played;
	float samples[CIRCLE_CHANNELS][QUANTUM_MAX];
	float *planes[CIRCLE_CHANNELS];
	const float *inputs[CIRCLE_CHANNELS];
};

static inline uint64_t peek(const struct leat_word *word)
{
	return leat_word_peek(word);
}

/* What is counted of a direction. */
const struct leat_direction_words *bent_words(const struct bent *bent, int d);

/* Frames lost less frames inserted by slips, as the words have it. */
int64_t bent_slipped(const struct bent *bent, int d);

/*
 * Begin: JACK's period and PipeWire's quantum, PipeWire's rate, by how much JACK's
 * clock is the faster one, and the latency that is wanted; or none.
 */
void bent_open_with(struct bent *bent, uint32_t p, uint32_t q,
		    uint32_t pw_rate_hz, double jack_ppm,
		    const struct leat_pw_latency *latency);

void bent_open(struct bent *bent, uint32_t p, uint32_t q, uint32_t pw_rate_hz,
	       double jack_ppm);

void bent_close(struct bent *bent);

/* So much virtual time. */
void bent_run(struct bent *bent, double seconds);

/* Where JACK truly is at the graph's next cycle. */
double bent_jack_at(const struct bent *bent);

/* Frames of latency that are aimed at. */
double bent_target(const struct bent *bent, int d);

/* The latency is what it should be, both ways. */
void bent_expect_on_target(const struct bent *bent);

/* Half a minute in which nothing happens, and nothing is counted. */
void bent_expect_quiet(struct bent *bent, double seconds);

#endif
