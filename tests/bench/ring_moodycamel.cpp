/* SPDX-License-Identifier: MIT */
/*
 * moodycamel::ReaderWriterQueue. It has no call for many items, so a block is
 * one large item.
 */
#include "contestant.h"

#include <readerwriterqueue/readerwriterqueue.h>

#include <cstring>

namespace
{

template <size_t bytes> struct block {
	unsigned char data[bytes];
};

struct ring {
	virtual ~ring() = default;
	virtual bool send(const void *) = 0;
	virtual bool recv(void *) = 0;
};

template <typename item> struct ring_of final: ring {
	moodycamel::ReaderWriterQueue<item> queue;

	explicit ring_of(size_t capacity) : queue(capacity)
	{
	}
	bool send(const void *data) override
	{
		return queue.try_enqueue(*static_cast<const item *>(data));
	}
	bool recv(void *data) override
	{
		return queue.try_dequeue(*static_cast<item *>(data));
	}
};

void destroy(void *r)
{
	delete static_cast<ring *>(r);
}

void *create(const struct bench_shape *shape)
{
	size_t block_bytes = shape->item_bytes * shape->block_items;
	size_t n = shape->capacity / shape->block_items;
	ring *self = nullptr;

	switch (block_bytes) {
	case 4:
		self = new ring_of<uint32_t>(n);
		break;
	case 8:
		self = new ring_of<uint64_t>(n);
		break;
	case 512:
		self = new ring_of<block<512>>(n);
		break;
	case 1024:
		self = new ring_of<block<1024>>(n);
		break;
	case 2048:
		self = new ring_of<block<2048>>(n);
		break;
	case 8192:
		self = new ring_of<block<8192>>(n);
		break;
	default:
		break;
	}
	return self;
}

bool send(void *r, const void *data, uint32_t)
{
	return static_cast<ring *>(r)->send(data);
}

bool recv(void *r, void *data, uint32_t)
{
	return static_cast<ring *>(r)->recv(data);
}

template <typename item> inline bool push(void *r, const item *data, size_t)
{
	return static_cast<ring_of<item> *>(static_cast<ring *>(r))->send(data);
}

template <typename item> inline bool pop(void *r, item *data, size_t)
{
	return static_cast<ring_of<item> *>(static_cast<ring *>(r))->recv(data);
}

BENCH_RUNS(runs4, uint32_t, push, pop)
BENCH_RUNS(runs8, uint64_t, push, pop)

} // namespace

const struct bench_contestant bench_moodycamel = {
	"ReaderWriterQueue",
	"libreaderwriterqueue-dev",
	BENCH_PEER,
	create,
	destroy,
	send,
	recv,
	BENCH_RUNS_OF(runs4),
	BENCH_RUNS_OF(runs8),
	nullptr,
};
