/* SPDX-License-Identifier: MIT */
/* What the preloaded alloc-watch writes: one slot for each thread. */
#ifndef TEST_ALLOC_WATCH_H
#define TEST_ALLOC_WATCH_H

#include <stdint.h>

#define ALLOC_WATCH_SLOTS 64

struct alloc_watch_slot {
	uint32_t tid; /* 0: free */
	uint32_t pad;
	uint64_t n_calls; /* of malloc, calloc, realloc and free */
};

#endif
