/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of free-running indices, as pure functions.
 *
 * Indices are 64-bit and wrap; "a - b" is the distance from b to a, and a
 * distance above the largest one that can be true means that it is a lie.
 */
#ifndef LEAT_INLINE_INDEX_H
#define LEAT_INLINE_INDEX_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stdint.h>

/* A peer that was at `seen` can be at `now`, if `end` is as far as it may. */
static inline bool leat_index_between(uint64_t seen, uint64_t now, uint64_t end)
	LEAT_RT
{
	return now - seen <= end - seen;
}

/* `a` lies before `b`: less than half the range away. */
static inline bool leat_index_before(uint64_t a, uint64_t b) LEAT_RT
{
	return a != b && b - a < UINT64_C(1) << 63;
}

/* Going from `old` to `now` passes `mark`: old < mark <= now. */
static inline bool leat_index_crosses(uint64_t old, uint64_t now, uint64_t mark)
	LEAT_RT
{
	return now - mark < now - old;
}

/* The offset reached by advancing `distance` from `offset`. */
static inline uint32_t leat_offset_advance(uint32_t offset, uint64_t distance,
					   uint32_t capacity) LEAT_RT
{
	uint64_t sum = offset + distance % capacity;

	return (uint32_t)(sum < capacity ? sum : sum - capacity);
}

/* The offset reached by going back `distance` from `offset`. */
static inline uint32_t leat_offset_retreat(uint32_t offset, uint64_t distance,
					   uint32_t capacity) LEAT_RT
{
	uint32_t back = (uint32_t)(distance % capacity);

	return offset >= back ? offset - back : offset + (capacity - back);
}

#endif
