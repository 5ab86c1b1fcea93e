/* SPDX-License-Identifier: MIT */
/* Blocks across two cores: stereo ones, and 32 channels planar. */
#include "bench.h"
#include "floor.h"
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Moved for one figure, bytes. */
#define FULL_BYTES (UINT64_C(8) << 20)
#define QUICK_BYTES (UINT64_C(256) << 10)

struct stream {
	const struct bench_contestant *contestant;
	void *ring;
	uint32_t block_items;
	size_t block_bytes;
	uint64_t n_blocks;
	unsigned char *source; /* one block */
	unsigned char *target; /* one block */
	uint64_t sum;	       /* of the first words that arrived */
};

static void produce(void *arg)
{
	struct stream *s = arg;
	unsigned spins = 0;

	for (uint64_t i = 0; i < s->n_blocks; i++) {
		memcpy(s->source, &i, sizeof(i));
		while (!s->contestant->send(s->ring, s->source, s->block_items))
			bench_spin(&spins);
	}
}

static void consume(void *arg)
{
	struct stream *s = arg;
	unsigned spins = 0;
	uint64_t first;

	for (uint64_t i = 0; i < s->n_blocks; i++) {
		while (!s->contestant->recv(s->ring, s->target, s->block_items))
			bench_spin(&spins);
		memcpy(&first, s->target, sizeof(first));
		s->sum += first;
	}
}

static void *block_alloc(size_t bytes)
{
	void *block = aligned_alloc(4096, (bytes | 4095) + 1);

	if (!block)
		abort();
	return memset(block, 0, bytes);
}

/* Its nanoseconds are 0 if the contestant cannot do it. */
static struct bench_timing run_stream(struct bench *bench, const char *key,
				      const struct bench_contestant *contestant,
				      const struct bench_shape *shape,
				      uint64_t n_blocks, uint64_t *n_raised)
{
	struct stream s = {
		.contestant = contestant,
		.ring = contestant->create(shape),
		.block_items = shape->block_items,
		.block_bytes = shape->item_bytes * shape->block_items,
		.n_blocks = n_blocks,
	};
	struct bench_timing timing = { 0 };

	if (!s.ring)
		return timing;
	s.source = block_alloc(s.block_bytes);
	s.target = block_alloc(s.block_bytes);
	timing = bench_pair(produce, consume, &s);
	if (n_raised && contestant->n_raised)
		*n_raised = contestant->n_raised(s.ring);
	contestant->destroy(s.ring);
	free(s.source);
	free(s.target);
	bench_expect(bench, s.sum == n_blocks * (n_blocks - 1) / 2, key,
		     contestant->name);
	return timing;
}

static void floor_round(struct bench *bench, const char *key, const char *name,
			const struct bench_transfer *transfer)
{
	struct bench_timing timing;
	unsigned n_tries = 0;

	do {
		timing = bench_floor_transfer(transfer);
		bench_expect(bench, timing.ns > 0, key, name);
	} while (bench_again(bench, timing.disturbed, &n_tries));
	bench_record(&bench->figures, key, name,
		     (double)(transfer->n_blocks * transfer->block_bytes) /
			     (double)timing.ns);
}

static void stream_round(struct bench *bench, const char *key,
			 const struct bench_contestant *c,
			 const struct bench_shape *shape, uint64_t n_blocks)
{
	struct bench_timing timing;
	unsigned n_tries = 0;

	do {
		timing = run_stream(bench, key, c, shape, n_blocks, NULL);
	} while (bench_again(bench, timing.disturbed, &n_tries));
	if (timing.ns > 0)
		bench_record(&bench->figures, key, c->name,
			     (double)(n_blocks * shape->block_items *
				      shape->item_bytes) /
				     (double)timing.ns);
}

/* Everybody in one shape. */
static void shape_round(struct bench *bench, const char *key,
			const struct bench_shape *shape)
{
	size_t block_bytes = shape->item_bytes * shape->block_items;
	size_t ring_bytes = shape->item_bytes * shape->capacity;
	uint64_t bytes = bench_amount(bench, FULL_BYTES, QUICK_BYTES);
	struct bench_transfer transfer = {
		.block_bytes = block_bytes,
		.ring_bytes = ring_bytes,
		.n_blocks = bytes / ring_bytes * ring_bytes / block_bytes,
	};
	const struct bench_contestant *c;

	floor_round(bench, key, FLOOR_TRANSFER, &transfer);
	transfer.flag_per_block = true;
	floor_round(bench, key, FLOOR_FLAGGED, &transfer);
	for (unsigned i = 0; (c = bench_contestants[i]); i++)
		if (bench_takes_part(bench, c))
			stream_round(bench, key, c, shape, transfer.n_blocks);
}

void bench_blocks_round(struct bench *bench)
{
	static const uint32_t sizes[] = { 64, 128, 256, 1024 };
	const struct bench_shape wide = { 32 * sizeof(float), 1024, 64, 32 };
	char key[24];

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct bench_shape shape = { 2 * sizeof(float),
						   BENCH_CAPACITY, sizes[i],
						   2 };

		snprintf(key, sizeof(key), "blocks-%u", sizes[i]);
		shape_round(bench, key, &shape);
	}
	shape_round(bench, "wide-64", &wide);
}

void bench_count_raised(struct bench *bench)
{
	const struct bench_shape shape = { 2 * sizeof(float), BENCH_CAPACITY,
					   64, 2 };
	uint64_t n_blocks = bench_amount(bench, 1000000, 5000);
	const struct bench_contestant *c;

	for (unsigned i = 0; (c = bench_contestants[i]); i++) {
		uint64_t n_raised = 0;

		if (!c->n_raised)
			continue;
		run_stream(bench, "raised", c, &shape, n_blocks, &n_raised);
		bench_record(&bench->figures, "raised", c->name,
			     (double)n_raised * 1e6 / (double)n_blocks);
	}
}
