/* SPDX-License-Identifier: MIT */
/* Time in ticks of the cheapest clock there is, and in nanoseconds. */
#ifndef LEAT_BENCH_CLOCK_H
#define LEAT_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * Ordered against the instructions around it, but not against stores that
 * are still on their way: what a caller waits for, and no more.
 */
static inline uint64_t bench_ticks(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence"
			 : "=a"(low), "=d"(high)
			 :
			 : "memory");
	return (uint64_t)high << 32 | low;
#else
	return bench_now_ns();
#endif
}

/* Nanoseconds per tick; measures for 20 ms. */
double bench_tick_ns(void);

/* What two calls of bench_ticks() in a row differ by. */
double bench_tick_overhead(void);

#endif
