/* SPDX-License-Identifier: MIT */
/* Two threads, each pinned to a core of its own, that start together. */
#ifndef LEAT_BENCH_PAIR_H
#define LEAT_BENCH_PAIR_H

#include <stdatomic.h>
#include <stdint.h>

#include "contestant.h"

/* A number on a line of its own. */
struct bench_flag {
	_Alignas(BENCH_LINE_BYTES) _Atomic uint64_t value;
};

static inline void bench_flag_set(struct bench_flag *flag, uint64_t value)
{
	atomic_store_explicit(&flag->value, value, memory_order_release);
}

static inline uint64_t bench_flag_get(struct bench_flag *flag)
{
	return atomic_load_explicit(&flag->value, memory_order_acquire);
}

static inline void bench_flag_wait(struct bench_flag *flag, uint64_t value)
{
	unsigned spins = 0;

	while (bench_flag_get(flag) < value)
		bench_spin(&spins);
}

/* Choose the cores and pin this thread to the first; returns how many. */
unsigned bench_cores_init(void);

/* Pin this thread to the first (0) or the second (1). */
void bench_pin(unsigned which);

/* Runs that another program disturbed are repeated, at most so often. */
#define BENCH_MAX_TRIES 10u

struct bench_timing {
	uint64_t ns;	/* from the start of both to the end of the last */
	bool disturbed; /* one of them lost its core to somebody else */
};

/* Run near_fn here and far_fn on the other core, both with arg. */
struct bench_timing bench_pair(void (*near_fn)(void *arg),
			       void (*far_fn)(void *arg), void *arg);

#endif
