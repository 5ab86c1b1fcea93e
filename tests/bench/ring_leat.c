/* SPDX-License-Identifier: MIT */
/* Our ring of items with signals: in wake mode, in poll mode, and mirrored. */
#include "contestant.h"

#include <leat/fdring.h>
#include <leat/shm.h>

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct ring {
	struct leat_ring_words producer_words;
	struct leat_ring_words consumer_words;
	struct leat_fd_producer producer;
	uint8_t pad[2 * BENCH_LINE_BYTES]; /* each end has lines of its own */
	struct leat_fd_consumer consumer;
	uint8_t pad_after[2 * BENCH_LINE_BYTES];
	unsigned char *items;
	struct leat_shm mirror; /* holds the items, if they are mirrored */
	int filled_fd;		/* wakes the consumer */
	int freed_fd;		/* wakes the producer */
};

static void destroy(void *ring)
{
	struct ring *self = ring;

	close(self->filled_fd);
	close(self->freed_fd);
	if (!self->mirror.addr)
		free(self->items);
	leat_shm_finish(&self->mirror);
	free(self);
}

static int init(struct ring *self, const struct bench_shape *shape,
		uint32_t flags)
{
	struct leat_fdring_config config = {
		.ring = { .own = &self->producer_words,
			  .peer = &self->consumer_words,
			  .capacity = shape->capacity,
			  .flags = flags },
		.items = self->items,
		.item_size_bytes = shape->item_bytes,
		.raise_fd = self->filled_fd,
		.wait_fd = self->freed_fd,
	};
	int res = leat_fd_producer_init(&self->producer, &config);

	if (res < 0)
		return res;
	config.ring.own = &self->consumer_words;
	config.ring.peer = &self->producer_words;
	config.raise_fd = self->freed_fd;
	config.wait_fd = self->filled_fd;
	return leat_fd_consumer_init(&self->consumer, &config);
}

/* Once, or mirrored; false if items of this size do not fill pages. */
static bool place_items(struct ring *self, size_t bytes, uint32_t flags)
{
	const struct leat_shm_config config = { .size_bytes = bytes,
						.flags = LEAT_SHM_MIRRORED };

	if (!(flags & LEAT_RING_MIRRORED))
		self->items = aligned_alloc(4096, (bytes | 4095) + 1);
	else if (leat_shm_create_with(&self->mirror, "bench", &config) == 0)
		self->items = self->mirror.addr;
	return self->items;
}

static void *create(const struct bench_shape *shape, uint32_t flags)
{
	const struct leat_shm none = LEAT_SHM_NONE;
	size_t bytes = shape->item_bytes * shape->capacity;
	struct ring *self = aligned_alloc(4096, (sizeof(*self) | 4095) + 1);

	if (!self)
		return NULL;
	memset(self, 0, sizeof(*self));
	self->mirror = none;
	self->filled_fd = eventfd(0, EFD_CLOEXEC);
	self->freed_fd = eventfd(0, EFD_CLOEXEC);
	if (!place_items(self, bytes, flags) || init(self, shape, flags) < 0) {
		destroy(self);
		return NULL;
	}
	memset(self->items, 0, bytes);
	return self;
}

static void *create_wake(const struct bench_shape *shape)
{
	return create(shape, 0);
}

static void *create_poll(const struct bench_shape *shape)
{
	return create(shape, LEAT_RING_POLL);
}

static void *create_mirrored(const struct bench_shape *shape)
{
	return create(shape, LEAT_RING_MIRRORED);
}

static bool send(void *ring, const void *block, uint32_t n_items)
{
	struct leat_fd_producer *producer = &((struct ring *)ring)->producer;
	size_t item_bytes = producer->item_size_bytes;
	void *items[2];
	uint32_t n_each[2];

	if (leat_fd_producer_begin(producer, n_items, items, n_each) < n_items)
		return false;
	memcpy(items[0], block, n_each[0] * item_bytes);
	if (n_each[1] > 0)
		memcpy(items[1],
		       (const unsigned char *)block + n_each[0] * item_bytes,
		       n_each[1] * item_bytes);
	leat_fd_producer_commit(producer, n_items);
	return true;
}

static bool recv(void *ring, void *block, uint32_t n_items)
{
	struct leat_fd_consumer *consumer = &((struct ring *)ring)->consumer;
	size_t item_bytes = consumer->item_size_bytes;
	const void *items[2];
	uint32_t n_each[2];

	if (leat_fd_consumer_begin(consumer, n_items, items, n_each) < n_items)
		return false;
	memcpy(block, items[0], n_each[0] * item_bytes);
	if (n_each[1] > 0)
		memcpy((unsigned char *)block + n_each[0] * item_bytes,
		       items[1], n_each[1] * item_bytes);
	leat_fd_consumer_commit(consumer, n_items);
	return true;
}

/* There is never a second span, so there is no copy of one. */
static bool send_one_span(void *ring, const void *block, uint32_t n_items)
{
	struct leat_fd_producer *producer = &((struct ring *)ring)->producer;
	void *items[2];
	uint32_t n_each[2];

	if (leat_fd_producer_begin(producer, n_items, items, n_each) < n_items)
		return false;
	memcpy(items[0], block, n_items * producer->item_size_bytes);
	leat_fd_producer_commit(producer, n_items);
	return true;
}

static bool recv_one_span(void *ring, void *block, uint32_t n_items)
{
	struct leat_fd_consumer *consumer = &((struct ring *)ring)->consumer;
	const void *items[2];
	uint32_t n_each[2];

	if (leat_fd_consumer_begin(consumer, n_items, items, n_each) < n_items)
		return false;
	memcpy(block, items[0], n_items * consumer->item_size_bytes);
	leat_fd_consumer_commit(consumer, n_items);
	return true;
}

static inline bool push(void *ring, const void *item, size_t item_bytes)
{
	struct leat_fd_producer *producer = &((struct ring *)ring)->producer;
	void *items[2];
	uint32_t n_each[2];

	if (leat_fd_producer_begin(producer, 1, items, n_each) == 0)
		return false;
	memcpy(items[0], item, item_bytes);
	leat_fd_producer_commit(producer, 1);
	return true;
}

static inline bool pop(void *ring, void *item, size_t item_bytes)
{
	struct leat_fd_consumer *consumer = &((struct ring *)ring)->consumer;
	const void *items[2];
	uint32_t n_each[2];

	if (leat_fd_consumer_begin(consumer, 1, items, n_each) == 0)
		return false;
	memcpy(item, items[0], item_bytes);
	leat_fd_consumer_commit(consumer, 1);
	return true;
}

BENCH_RUNS(runs4, uint32_t, push, pop)
BENCH_RUNS(runs8, uint64_t, push, pop)

static uint64_t n_raised(const void *ring)
{
	const struct ring *self = ring;

	return self->producer.wake.n_raised + self->consumer.wake.n_raised;
}

const struct bench_contestant bench_leat_wake = {
	.name = "leat",
	.kind = BENCH_OURS,
	.create = create_wake,
	.destroy = destroy,
	.send = send,
	.recv = recv,
	.runs4 = BENCH_RUNS_OF(runs4),
	.runs8 = BENCH_RUNS_OF(runs8),
	.n_raised = n_raised,
};

const struct bench_contestant bench_leat_poll = {
	.name = "leat, poll",
	.kind = BENCH_OURS,
	.create = create_poll,
	.destroy = destroy,
	.send = send,
	.recv = recv,
	.runs4 = BENCH_RUNS_OF(runs4),
	.runs8 = BENCH_RUNS_OF(runs8),
	.n_raised = n_raised,
};

const struct bench_contestant bench_leat_mirrored = {
	.name = "leat, mirrored",
	.kind = BENCH_OURS,
	.create = create_mirrored,
	.destroy = destroy,
	.send = send_one_span,
	.recv = recv_one_span,
	.runs4 = BENCH_RUNS_OF(runs4),
	.runs8 = BENCH_RUNS_OF(runs8),
	.n_raised = n_raised,
};
