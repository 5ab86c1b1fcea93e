/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include "stats.h"

double bench_tick_ns(void)
{
	uint64_t ns = bench_now_ns(), ticks = bench_ticks(), now;

	do {
		now = bench_now_ns();
	} while (now - ns < 20000000);
	return (double)(now - ns) / (double)(bench_ticks() - ticks);
}

double bench_tick_overhead(void)
{
	double samples[501];

	for (unsigned i = 0; i < 501; i++) {
		uint64_t t = bench_ticks();

		samples[i] = (double)(bench_ticks() - t);
	}
	return bench_middle(samples, 501);
}
