/* SPDX-License-Identifier: MIT */
#include "floor.h"

#include <stdlib.h>
#include <string.h>

struct moving {
	const struct bench_transfer *how;
	uint64_t blocks_in_ring;
	unsigned char *ring;
	unsigned char *source;	  /* one block */
	unsigned char *target;	  /* one block */
	struct bench_flag *flags; /* one per block, or two for the turns */
	uint64_t sum;		  /* of the first words that arrived */
};

static void copy_in(struct moving *m, uint64_t i)
{
	size_t n = m->how->block_bytes;

	memcpy(m->source, &i, sizeof(i));
	memcpy(m->ring + i % m->blocks_in_ring * n, m->source, n);
}

static void copy_out(struct moving *m, uint64_t i)
{
	size_t n = m->how->block_bytes;
	uint64_t first;

	memcpy(m->target, m->ring + i % m->blocks_in_ring * n, n);
	memcpy(&first, m->target, sizeof(first));
	m->sum += first;
}

static void fill_in_turn(void *arg)
{
	struct moving *m = arg;

	for (uint64_t i = 0; i < m->how->n_blocks; i += m->blocks_in_ring) {
		bench_flag_wait(&m->flags[1], i);
		for (uint64_t k = 0; k < m->blocks_in_ring; k++)
			copy_in(m, i + k);
		bench_flag_set(&m->flags[0], i + m->blocks_in_ring);
	}
}

static void drain_in_turn(void *arg)
{
	struct moving *m = arg;

	for (uint64_t i = 0; i < m->how->n_blocks; i += m->blocks_in_ring) {
		bench_flag_wait(&m->flags[0], i + m->blocks_in_ring);
		for (uint64_t k = 0; k < m->blocks_in_ring; k++)
			copy_out(m, i + k);
		bench_flag_set(&m->flags[1], i + m->blocks_in_ring);
	}
}

/* A block's flag counts up: even when it is free, odd when it is full. */
static void fill_flagged(void *arg)
{
	struct moving *m = arg;

	for (uint64_t i = 0; i < m->how->n_blocks; i++) {
		struct bench_flag *flag = &m->flags[i % m->blocks_in_ring];
		uint64_t turn = i / m->blocks_in_ring;

		bench_flag_wait(flag, 2 * turn);
		copy_in(m, i);
		bench_flag_set(flag, 2 * turn + 1);
	}
}

static void drain_flagged(void *arg)
{
	struct moving *m = arg;

	for (uint64_t i = 0; i < m->how->n_blocks; i++) {
		struct bench_flag *flag = &m->flags[i % m->blocks_in_ring];
		uint64_t turn = i / m->blocks_in_ring;

		bench_flag_wait(flag, 2 * turn + 1);
		copy_out(m, i);
		bench_flag_set(flag, 2 * turn + 2);
	}
}

static void *zeroed(size_t bytes)
{
	void *memory = aligned_alloc(4096, (bytes | 4095) + 1);

	if (!memory)
		abort();
	return memset(memory, 0, bytes);
}

struct bench_timing bench_floor_transfer(const struct bench_transfer *transfer)
{
	uint64_t n = transfer->n_blocks;
	struct bench_timing timing;
	struct moving m = {
		.how = transfer,
		.blocks_in_ring = transfer->ring_bytes / transfer->block_bytes,
	};

	m.ring = zeroed(transfer->ring_bytes);
	m.source = zeroed(transfer->block_bytes);
	m.target = zeroed(transfer->block_bytes);
	m.flags = zeroed((m.blocks_in_ring + 2) * sizeof(*m.flags));
	if (transfer->flag_per_block)
		timing = bench_pair(fill_flagged, drain_flagged, &m);
	else
		timing = bench_pair(fill_in_turn, drain_in_turn, &m);
	free(m.flags);
	free(m.target);
	free(m.source);
	free(m.ring);
	if (m.sum != n * (n - 1) / 2)
		timing.ns = 0;
	return timing;
}

struct flags {
	struct bench_flag there;
	struct bench_flag back;
	uint64_t n_trips;
};

static void flag_ping(void *arg)
{
	struct flags *flags = arg;

	for (uint64_t i = 1; i <= flags->n_trips; i++) {
		bench_flag_set(&flags->there, i);
		bench_flag_wait(&flags->back, i);
	}
}

static void flag_pong(void *arg)
{
	struct flags *flags = arg;

	for (uint64_t i = 1; i <= flags->n_trips; i++) {
		bench_flag_wait(&flags->there, i);
		bench_flag_set(&flags->back, i);
	}
}

struct bench_timing bench_floor_flags(uint64_t n_trips)
{
	struct flags flags = { .n_trips = n_trips };

	return bench_pair(flag_ping, flag_pong, &flags);
}
