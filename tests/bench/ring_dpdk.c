/* SPDX-License-Identifier: MIT */
/*
 * DPDK's rte_ring, one producer and one consumer, over memory of our own:
 * that needs none of DPDK's environment. Blocks take its zero-copy calls,
 * which are faster than those that copy items.
 */
#include "contestant.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>

#include <stdlib.h>
#include <string.h>

struct ring {
	struct rte_ring *items;
	unsigned item_bytes;
};

static void destroy(void *ring)
{
	struct ring *self = ring;

	free(self->items);
	free(self);
}

static void *create(const struct bench_shape *shape)
{
	struct ring *self = calloc(1, sizeof(*self));
	/* An exact size takes the next power of two above it. */
	unsigned count = 2 * shape->capacity;
	ssize_t bytes =
		rte_ring_get_memsize_elem((unsigned)shape->item_bytes, count);

	if (!self || bytes < 0) {
		free(self);
		return NULL;
	}
	self->item_bytes = (unsigned)shape->item_bytes;
	self->items = aligned_alloc(4096, ((size_t)bytes | 4095) + 1);
	if (!self->items ||
	    rte_ring_init(self->items, "bench", shape->capacity,
			  RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ)) {
		destroy(self);
		return NULL;
	}
	return self;
}

static bool send(void *ring, const void *block, uint32_t n_items)
{
	struct ring *self = ring;
	struct rte_ring_zc_data room;

	if (rte_ring_enqueue_zc_bulk_elem_start(self->items, self->item_bytes,
						n_items, &room, NULL) == 0)
		return false;
	memcpy(room.ptr1, block, (size_t)room.n1 * self->item_bytes);
	if (room.n1 < n_items)
		memcpy(room.ptr2,
		       (const unsigned char *)block +
			       (size_t)room.n1 * self->item_bytes,
		       (size_t)(n_items - room.n1) * self->item_bytes);
	rte_ring_enqueue_zc_elem_finish(self->items, n_items);
	return true;
}

static bool recv(void *ring, void *block, uint32_t n_items)
{
	struct ring *self = ring;
	struct rte_ring_zc_data data;

	if (rte_ring_dequeue_zc_bulk_elem_start(self->items, self->item_bytes,
						n_items, &data, NULL) == 0)
		return false;
	memcpy(block, data.ptr1, (size_t)data.n1 * self->item_bytes);
	if (data.n1 < n_items)
		memcpy((unsigned char *)block +
			       (size_t)data.n1 * self->item_bytes,
		       data.ptr2,
		       (size_t)(n_items - data.n1) * self->item_bytes);
	rte_ring_dequeue_zc_elem_finish(self->items, n_items);
	return true;
}

static inline bool push(void *ring, const void *item, size_t item_bytes)
{
	struct ring *self = ring;

	return rte_ring_sp_enqueue_bulk_elem(self->items, item,
					     (unsigned)item_bytes, 1, NULL);
}

static inline bool pop(void *ring, void *item, size_t item_bytes)
{
	struct ring *self = ring;

	return rte_ring_sc_dequeue_bulk_elem(self->items, item,
					     (unsigned)item_bytes, 1, NULL);
}

BENCH_RUNS(runs4, uint32_t, push, pop)
BENCH_RUNS(runs8, uint64_t, push, pop)

const struct bench_contestant bench_dpdk = {
	.name = "rte_ring",
	.package = "libdpdk-dev",
	.kind = BENCH_PEER,
	.create = create,
	.destroy = destroy,
	.send = send,
	.recv = recv,
	.runs4 = BENCH_RUNS_OF(runs4),
	.runs8 = BENCH_RUNS_OF(runs8),
};
