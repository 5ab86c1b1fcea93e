/* SPDX-License-Identifier: MIT */
/*
 * The reference: the plain ring that many begin with. One count of the bytes
 * in it, which both ends change by fetch_add and fetch_sub, and an eventfd
 * that is written whenever the count leaves 0 or full.
 */
#include "contestant.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct end {
	size_t offset;	   /* bytes, of the next item */
	uint64_t n_raised; /* crossings signalled */
	uint8_t pad[2 * BENCH_LINE_BYTES - 16];
};

struct ring {
	atomic_size_t count; /* bytes in the ring */
	uint8_t pad[2 * BENCH_LINE_BYTES - sizeof(atomic_size_t)];
	struct end producer;
	struct end consumer;
	unsigned char *bytes;
	size_t capacity; /* bytes */
	size_t item_bytes;
	int filled_fd;
	int freed_fd;
};

static void destroy(void *ring)
{
	struct ring *self = ring;

	close(self->filled_fd);
	close(self->freed_fd);
	free(self->bytes);
	free(self);
}

static void *create(const struct bench_shape *shape)
{
	struct ring *self = aligned_alloc(4096, 4096);

	if (!self)
		return NULL;
	memset(self, 0, sizeof(*self));
	self->item_bytes = shape->item_bytes;
	self->capacity = shape->item_bytes * shape->capacity;
	self->bytes = aligned_alloc(4096, (self->capacity | 4095) + 1);
	self->filled_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	self->freed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!self->bytes) {
		destroy(self);
		return NULL;
	}
	memset(self->bytes, 0, self->capacity);
	return self;
}

static void raise_fd(struct end *end, int fd)
{
	const uint64_t one = 1;

	end->n_raised++;
	if (write(fd, &one, sizeof(one)) < 0)
		abort();
}

/* Bytes before the end of the memory, at most n_bytes. */
static inline size_t before_wrap(const struct ring *self, size_t offset,
				 size_t n_bytes)
{
	size_t n = self->capacity - offset;

	return n < n_bytes ? n : n_bytes;
}

static inline bool write_bytes(struct ring *self, const void *data,
			       size_t n_bytes)
{
	struct end *end = &self->producer;
	size_t first = before_wrap(self, end->offset, n_bytes);

	if (atomic_load_explicit(&self->count, memory_order_acquire) + n_bytes >
	    self->capacity)
		return false;
	memcpy(self->bytes + end->offset, data, first);
	if (first < n_bytes)
		memcpy(self->bytes, (const unsigned char *)data + first,
		       n_bytes - first);
	end->offset = (end->offset + n_bytes) & (self->capacity - 1);
	if (atomic_fetch_add(&self->count, n_bytes) == 0)
		raise_fd(end, self->filled_fd);
	return true;
}

static inline bool read_bytes(struct ring *self, void *data, size_t n_bytes)
{
	struct end *end = &self->consumer;
	size_t first = before_wrap(self, end->offset, n_bytes);

	if (atomic_load_explicit(&self->count, memory_order_acquire) < n_bytes)
		return false;
	memcpy(data, self->bytes + end->offset, first);
	if (first < n_bytes)
		memcpy((unsigned char *)data + first, self->bytes,
		       n_bytes - first);
	end->offset = (end->offset + n_bytes) & (self->capacity - 1);
	if (atomic_fetch_sub(&self->count, n_bytes) == self->capacity)
		raise_fd(end, self->freed_fd);
	return true;
}

static bool send(void *ring, const void *block, uint32_t n_items)
{
	struct ring *self = ring;

	return write_bytes(self, block, n_items * self->item_bytes);
}

static bool recv(void *ring, void *block, uint32_t n_items)
{
	struct ring *self = ring;

	return read_bytes(self, block, n_items * self->item_bytes);
}

BENCH_RUNS(runs4, uint32_t, write_bytes, read_bytes)
BENCH_RUNS(runs8, uint64_t, write_bytes, read_bytes)

static uint64_t n_raised(const void *ring)
{
	const struct ring *self = ring;

	return self->producer.n_raised + self->consumer.n_raised;
}

const struct bench_contestant bench_shared_count = {
	.name = "shared count",
	.kind = BENCH_REFERENCE,
	.create = create,
	.destroy = destroy,
	.send = send,
	.recv = recv,
	.runs4 = BENCH_RUNS_OF(runs4),
	.runs8 = BENCH_RUNS_OF(runs8),
	.n_raised = n_raised,
};
