/* SPDX-License-Identifier: MIT */
/*
 * What every ring in the benchmark can do, ours, the others' and the floors.
 *
 * The loops over single items are part of a contestant and not of the
 * benchmark, so that a ring that lives in a header is inlined into them, as
 * it would be by its users, and one that lives in a library is called.
 */
#ifndef LEAT_BENCH_CONTESTANT_H
#define LEAT_BENCH_CONTESTANT_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_LINE_BYTES 128u

enum bench_kind { BENCH_OURS, BENCH_REFERENCE, BENCH_PEER };

/* What a ring is made for. */
struct bench_shape {
	size_t item_bytes;    /* 4 or 8 where items go one at a time */
	uint32_t capacity;    /* items, a power of two */
	uint32_t block_items; /* of each send and recv */
	uint32_t n_channels;  /* an item is a frame; 0: planar makes no sense */
};

/* Items one at a time: values 0, 1, 2 and so on. */
struct bench_runs {
	void (*push)(void *ring, uint64_t n_items);
	/* Returns how many came out wrong. */
	uint64_t (*pop)(void *ring, uint64_t n_items);
	/* One item out, one back; returns how many came back wrong. */
	uint64_t (*ping)(void *out, void *in, uint64_t n_items);
	void (*pong)(void *in, void *out, uint64_t n_items);
};

struct bench_contestant {
	const char *name;
	const char *package; /* it comes from, or NULL */
	enum bench_kind kind;
	/* NULL if it cannot be had in this shape. */
	void *(*create)(const struct bench_shape *shape);
	void (*destroy)(void *ring);
	/* A whole block, or nothing. */
	bool (*send)(void *ring, const void *block, uint32_t n_items);
	bool (*recv)(void *ring, void *block, uint32_t n_items);
	struct bench_runs runs4; /* items of 4 bytes */
	struct bench_runs runs8; /* items of 8 bytes */
	/* System calls made to wake the other end, or NULL. */
	uint64_t (*n_raised)(const void *ring);
};

/* Called when there is nothing to do but wait for the other core. */
static inline void bench_spin(unsigned *n_spins)
{
	/* Only a machine that is short of cores ever gets as far as this. */
	if (++*n_spins % 65536 == 0)
		sched_yield();
}

/*
 * The loops over single items. push(ring, item, bytes) and pop() say whether
 * they did it; they are inlined, so the size is a constant to them.
 */
#define BENCH_RUNS(name, type, push, pop)                                      \
	static void name##_push(void *ring, uint64_t n_items)                  \
	{                                                                      \
		unsigned spins = 0;                                            \
		for (uint64_t i = 0; i < n_items; i++) {                       \
			type item = (type)i;                                   \
			while (!push(ring, &item, sizeof(item)))               \
				bench_spin(&spins);                            \
		}                                                              \
	}                                                                      \
	static uint64_t name##_pop(void *ring, uint64_t n_items)               \
	{                                                                      \
		unsigned spins = 0;                                            \
		uint64_t n_wrong = 0;                                          \
		for (uint64_t i = 0; i < n_items; i++) {                       \
			type item;                                             \
			while (!pop(ring, &item, sizeof(item)))                \
				bench_spin(&spins);                            \
			n_wrong += item != (type)i;                            \
		}                                                              \
		return n_wrong;                                                \
	}                                                                      \
	static uint64_t name##_ping(void *out, void *in, uint64_t n_items)     \
	{                                                                      \
		unsigned spins = 0;                                            \
		uint64_t n_wrong = 0;                                          \
		for (uint64_t i = 0; i < n_items; i++) {                       \
			type item = (type)i;                                   \
			while (!push(out, &item, sizeof(item)))                \
				bench_spin(&spins);                            \
			while (!pop(in, &item, sizeof(item)))                  \
				bench_spin(&spins);                            \
			n_wrong += item != (type)i;                            \
		}                                                              \
		return n_wrong;                                                \
	}                                                                      \
	static void name##_pong(void *in, void *out, uint64_t n_items)         \
	{                                                                      \
		unsigned spins = 0;                                            \
		for (uint64_t i = 0; i < n_items; i++) {                       \
			type item;                                             \
			while (!pop(in, &item, sizeof(item)))                  \
				bench_spin(&spins);                            \
			while (!push(out, &item, sizeof(item)))                \
				bench_spin(&spins);                            \
		}                                                              \
	}

/* These loops, as members of a table entry. */
#define BENCH_RUNS_OF(name)                                                    \
	{                                                                      \
		name##_push, name##_pop, name##_ping, name##_pong              \
	}

extern const struct bench_contestant bench_leat_wake, bench_leat_poll;
extern const struct bench_contestant bench_leat_mirrored, bench_leat_frames;
extern const struct bench_contestant bench_shared_count;
extern const struct bench_contestant bench_jack, bench_spa, bench_boost;
extern const struct bench_contestant bench_moodycamel, bench_dpdk;

/* All that were compiled in, ours first; the list ends with NULL. */
extern const struct bench_contestant *const bench_contestants[];

#ifdef __cplusplus
}
#endif

#endif
