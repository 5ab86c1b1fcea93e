/* SPDX-License-Identifier: MIT */
/* Before anything is timed: does everybody carry what it is given? */
#include "bench.h"
#include "pair.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_FRAMES 64u
#define BLOCK_WORDS (BLOCK_FRAMES * 2)
/*
 * 64 kB, which can be mirrored on pages of any usual size. Blocks divide it, as
 * some contestants need, so none wraps inside: that is for the unit tests.
 */
#define CAPACITY 8192u

struct carried {
	const struct bench_contestant *contestant;
	void *ring;
	uint64_t n_blocks;
	uint64_t n_wrong;
};

static void fill(uint32_t *words, uint64_t i)
{
	for (uint32_t k = 0; k < BLOCK_WORDS; k++)
		words[k] = (uint32_t)i * BLOCK_WORDS + k;
}

static void produce(void *arg)
{
	struct carried *c = arg;
	uint32_t words[BLOCK_WORDS];
	unsigned spins = 0;

	for (uint64_t i = 0; i < c->n_blocks; i++) {
		fill(words, i);
		while (!c->contestant->send(c->ring, words, BLOCK_FRAMES))
			bench_spin(&spins);
	}
}

static void consume(void *arg)
{
	struct carried *c = arg;
	uint32_t words[BLOCK_WORDS], expected[BLOCK_WORDS];
	unsigned spins = 0;

	for (uint64_t i = 0; i < c->n_blocks; i++) {
		fill(expected, i);
		memset(words, 0xff, sizeof(words));
		while (!c->contestant->recv(c->ring, words, BLOCK_FRAMES))
			bench_spin(&spins);
		c->n_wrong += memcmp(words, expected, sizeof(words)) != 0;
	}
}

void bench_check(struct bench *bench)
{
	const struct bench_shape shape = { 2 * sizeof(float), CAPACITY,
					   BLOCK_FRAMES, 2 };
	const struct bench_contestant *c;

	for (unsigned i = 0; (c = bench_contestants[i]); i++) {
		struct carried carried = {
			.contestant = c,
			.n_blocks = bench_amount(bench, 50000, 2000),
		};

		if (!bench_takes_part(bench, c))
			continue;
		carried.ring = c->create(&shape);
		if (carried.ring) {
			bench_pair(produce, consume, &carried);
			c->destroy(carried.ring);
		}
		bench_expect(bench, carried.ring && carried.n_wrong == 0,
			     "check", c->name);
	}
}
