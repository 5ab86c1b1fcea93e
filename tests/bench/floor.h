/* SPDX-License-Identifier: MIT */
/*
 * What no ring can be without: the same bytes moved between two cores.
 *
 * "In turn" is the transfer floor: one core fills the whole memory, block by
 * block, the other then reads it all, block by block, and there is a flag per
 * turn. So the lines really move, and nothing is overlapped; a ring whose two
 * ends work at the same time can be ahead of it. "Flag per block" has a flag
 * beside each block which says whose it is, and does overlap.
 */
#ifndef LEAT_BENCH_FLOOR_H
#define LEAT_BENCH_FLOOR_H

#include "pair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_transfer {
	size_t block_bytes;
	size_t ring_bytes; /* a multiple of block_bytes */
	uint64_t n_blocks; /* a multiple of the blocks in the ring */
	bool flag_per_block;
};

/* The nanoseconds are 0 if something else came out than went in. */
struct bench_timing bench_floor_transfer(const struct bench_transfer *transfer);

/* n_trips there and back over two lines. */
struct bench_timing bench_floor_flags(uint64_t n_trips);

#endif
