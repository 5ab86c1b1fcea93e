/* SPDX-License-Identifier: MIT */
/* PipeWire's spa_ringbuffer: two indices; the memory is the caller's. */
#include "contestant.h"

#include <spa/utils/ringbuffer.h>
#include <stdlib.h>
#include <string.h>

struct ring {
	struct spa_ringbuffer indices;
	uint8_t pad[2 * BENCH_LINE_BYTES - sizeof(struct spa_ringbuffer)];
	unsigned char *bytes;
	uint32_t capacity; /* bytes */
	uint32_t item_bytes;
};

static void destroy(void *ring)
{
	struct ring *self = ring;

	free(self->bytes);
	free(self);
}

static void *create(const struct bench_shape *shape)
{
	struct ring *self = aligned_alloc(4096, 4096);

	if (!self)
		return NULL;
	memset(self, 0, sizeof(*self));
	spa_ringbuffer_init(&self->indices);
	self->item_bytes = (uint32_t)shape->item_bytes;
	self->capacity = self->item_bytes * shape->capacity;
	self->bytes = aligned_alloc(4096, (self->capacity | 4095u) + 1);
	if (!self->bytes) {
		destroy(self);
		return NULL;
	}
	memset(self->bytes, 0, self->capacity);
	return self;
}

static inline bool push(void *ring, const void *data, size_t n_bytes)
{
	struct ring *self = ring;
	uint32_t n = (uint32_t)n_bytes, index;
	int32_t filled = spa_ringbuffer_get_write_index(&self->indices, &index);

	if (self->capacity - (uint32_t)filled < n)
		return false;
	spa_ringbuffer_write_data(&self->indices, self->bytes, self->capacity,
				  index & (self->capacity - 1), data, n);
	spa_ringbuffer_write_update(&self->indices, (int32_t)(index + n));
	return true;
}

static inline bool pop(void *ring, void *data, size_t n_bytes)
{
	struct ring *self = ring;
	uint32_t n = (uint32_t)n_bytes, index;
	int32_t filled = spa_ringbuffer_get_read_index(&self->indices, &index);

	if (filled < (int32_t)n)
		return false;
	spa_ringbuffer_read_data(&self->indices, self->bytes, self->capacity,
				 index & (self->capacity - 1), data, n);
	spa_ringbuffer_read_update(&self->indices, (int32_t)(index + n));
	return true;
}

static bool send(void *ring, const void *block, uint32_t n_items)
{
	return push(ring, block,
		    (size_t)n_items * ((struct ring *)ring)->item_bytes);
}

static bool recv(void *ring, void *block, uint32_t n_items)
{
	return pop(ring, block,
		   (size_t)n_items * ((struct ring *)ring)->item_bytes);
}

BENCH_RUNS(runs4, uint32_t, push, pop)
BENCH_RUNS(runs8, uint64_t, push, pop)

const struct bench_contestant bench_spa = {
	.name = "spa_ringbuffer",
	.package = "libspa-0.2-dev",
	.kind = BENCH_PEER,
	.create = create,
	.destroy = destroy,
	.send = send,
	.recv = recv,
	.runs4 = BENCH_RUNS_OF(runs4),
	.runs8 = BENCH_RUNS_OF(runs8),
};
