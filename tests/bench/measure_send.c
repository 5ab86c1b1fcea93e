/* SPDX-License-Identifier: MIT */
/*
 * What one send costs the realtime thread: 64 stereo frames, each send timed
 * by itself. Between two sends the consumer is waited for, and a while more,
 * as in audio: the lines are at rest, wherever they are.
 *
 *  - drained: the consumer is on the ring all the time and empties it.
 *  - held: the ring never gets empty. The consumer takes a block only when
 *    one was sent, and some were there before.
 */
#include "bench.h"
#include "clock.h"
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_FRAMES 64u
#define BLOCK_BYTES (BLOCK_FRAMES * 2 * sizeof(float))
#define N_HELD 8u
#define REST_NS 500.0
#define MAX_SENDS 2000u

struct sending {
	const struct bench_contestant *contestant;
	void *ring;
	uint64_t n_sends;
	uint64_t n_held;	   /* blocks there before the first timed one */
	uint64_t rest_ticks;	   /* between two sends */
	double overhead;	   /* ticks */
	struct bench_flag allowed; /* blocks that the consumer may take */
	struct bench_flag taken;   /* blocks that it took */
	uint64_t sum;
	_Alignas(64) unsigned char source[BLOCK_BYTES];
	_Alignas(64) unsigned char target[BLOCK_BYTES];
	double samples[MAX_SENDS]; /* ticks */
};

static void rest(uint64_t ticks)
{
	uint64_t start = bench_ticks();

	while (bench_ticks() - start < ticks)
		;
}

/* May come out below 0 by a step of the clock; the mean of many does not. */
static double ticks_since(uint64_t start, double overhead)
{
	return (double)(bench_ticks() - start) - overhead;
}

static void produce(void *arg)
{
	struct sending *s = arg;
	unsigned spins = 0;

	for (uint64_t i = 0; i < s->n_held + s->n_sends; i++) {
		uint64_t start;

		memcpy(s->source, &i, sizeof(i));
		start = bench_ticks();
		while (!s->contestant->send(s->ring, s->source, BLOCK_FRAMES))
			bench_spin(&spins);
		if (i < s->n_held)
			continue;
		s->samples[i - s->n_held] = ticks_since(start, s->overhead);
		bench_flag_set(&s->allowed, i + 1 - s->n_held);
		bench_flag_wait(&s->taken, i + 1 - s->n_held);
		rest(s->rest_ticks);
	}
}

static void consume(void *arg)
{
	struct sending *s = arg;
	unsigned spins = 0;

	for (uint64_t i = 0; i < s->n_sends; i++) {
		uint64_t first;

		if (s->n_held > 0)
			bench_flag_wait(&s->allowed, i + 1);
		while (!s->contestant->recv(s->ring, s->target, BLOCK_FRAMES))
			bench_spin(&spins);
		memcpy(&first, s->target, sizeof(first));
		s->sum += first;
		bench_flag_set(&s->taken, i + 1);
	}
}

static void record(struct bench *bench, const char *key, const char *name,
		   struct sending *s)
{
	char full_key[24];

	snprintf(full_key, sizeof(full_key), "%s-p50", key);
	bench_record(&bench->figures, full_key, name,
		     bench->tick_ns * bench_middle(s->samples, s->n_sends));
	snprintf(full_key, sizeof(full_key), "%s-p99", key);
	bench_record(&bench->figures, full_key, name,
		     bench->tick_ns *
			     bench_quantile(s->samples, s->n_sends, 0.99));
}

static struct sending *prepare(const struct bench *bench)
{
	struct sending *s = aligned_alloc(4096, (sizeof(*s) | 4095) + 1);

	if (!s)
		abort();
	memset(s, 0, sizeof(*s));
	s->n_sends = bench_amount(bench, MAX_SENDS, 100);
	s->rest_ticks = (uint64_t)(REST_NS / bench->tick_ns);
	s->overhead = bench->overhead;
	return s;
}

static void one(struct bench *bench, const char *key,
		const struct bench_contestant *c, uint64_t n_held)
{
	const struct bench_shape shape = { 2 * sizeof(float), BENCH_CAPACITY,
					   BLOCK_FRAMES, 2 };
	struct sending *s = prepare(bench);

	s->contestant = c;
	s->n_held = n_held;
	s->ring = c->create(&shape);
	if (s->ring) {
		bench_pair(produce, consume, s);
		bench_expect(bench, s->sum == s->n_sends * (s->n_sends - 1) / 2,
			     key, c->name);
		record(bench, key, c->name, s);
		c->destroy(s->ring);
	}
	free(s);
}

/* The floor: the same block to the same memory, and nobody reads it. */
static void floor_round(struct bench *bench)
{
	size_t ring_bytes = BENCH_CAPACITY * 2 * sizeof(float);
	unsigned char *ring = aligned_alloc(4096, ring_bytes);
	struct sending *s = prepare(bench);
	struct bench_flag index = { 0 };

	if (!ring)
		abort();
	memset(ring, 0, ring_bytes);
	for (uint64_t i = 0; i < s->n_sends; i++) {
		uint64_t start;

		memcpy(s->source, &i, sizeof(i));
		start = bench_ticks();
		memcpy(ring + i * BLOCK_BYTES % ring_bytes, s->source,
		       BLOCK_BYTES);
		bench_flag_set(&index, i + 1);
		s->samples[i] = ticks_since(start, s->overhead);
		rest(s->rest_ticks);
	}
	record(bench, "drained", FLOOR_MEMCPY, s);
	record(bench, "held", FLOOR_MEMCPY, s);
	free(ring);
	free(s);
}

void bench_send_round(struct bench *bench)
{
	const struct bench_contestant *c;

	floor_round(bench);
	for (unsigned i = 0; (c = bench_contestants[i]); i++) {
		if (!bench_takes_part(bench, c))
			continue;
		one(bench, "drained", c, 0);
		one(bench, "held", c, N_HELD);
	}
}
