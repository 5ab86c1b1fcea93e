/* SPDX-License-Identifier: MIT */
/* jack_ringbuffer, of bytes. */
#include "contestant.h"

#include <jack/ringbuffer.h>
#include <stdlib.h>

struct ring {
	jack_ringbuffer_t *bytes;
	size_t item_bytes;
};

static void destroy(void *ring)
{
	struct ring *self = ring;

	if (self->bytes)
		jack_ringbuffer_free(self->bytes);
	free(self);
}

static void *create(const struct bench_shape *shape)
{
	struct ring *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->item_bytes = shape->item_bytes;
	self->bytes =
		jack_ringbuffer_create(shape->item_bytes * shape->capacity);
	if (!self->bytes) {
		destroy(self);
		return NULL;
	}
	return self;
}

static inline bool push(void *ring, const void *data, size_t n_bytes)
{
	struct ring *self = ring;

	return jack_ringbuffer_write_space(self->bytes) >= n_bytes &&
	       jack_ringbuffer_write(self->bytes, data, n_bytes) == n_bytes;
}

static inline bool pop(void *ring, void *data, size_t n_bytes)
{
	struct ring *self = ring;

	return jack_ringbuffer_read_space(self->bytes) >= n_bytes &&
	       jack_ringbuffer_read(self->bytes, data, n_bytes) == n_bytes;
}

static bool send(void *ring, const void *block, uint32_t n_items)
{
	return push(ring, block, n_items * ((struct ring *)ring)->item_bytes);
}

static bool recv(void *ring, void *block, uint32_t n_items)
{
	return pop(ring, block, n_items * ((struct ring *)ring)->item_bytes);
}

BENCH_RUNS(runs4, uint32_t, push, pop)
BENCH_RUNS(runs8, uint64_t, push, pop)

const struct bench_contestant bench_jack = {
	.name = "jack_ringbuffer",
	.package = "libjack-jackd2-dev",
	.kind = BENCH_PEER,
	.create = create,
	.destroy = destroy,
	.send = send,
	.recv = recv,
	.runs4 = BENCH_RUNS_OF(runs4),
	.runs8 = BENCH_RUNS_OF(runs8),
};
