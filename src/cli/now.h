/* SPDX-License-Identifier: MIT */
/* The time, as all programs take it. */
#ifndef LEAT_CLI_NOW_H
#define LEAT_CLI_NOW_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, which the kernel keeps in memory for us to read. RT-safe. */
static inline uint64_t leat_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static inline int64_t leat_now_ms(void)
{
	return (int64_t)(leat_now_ns() / 1000000);
}

#endif
