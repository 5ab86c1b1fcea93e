/* SPDX-License-Identifier: MIT */
/* boost::lockfree::spsc_queue, of 4 or 8 byte items. */
#include "contestant.h"

#include <boost/lockfree/spsc_queue.hpp>

#include <new>

namespace
{

template <typename item> using queue = boost::lockfree::spsc_queue<item>;

struct ring {
	queue<uint32_t> *q4;
	queue<uint64_t> *q8;
};

void destroy(void *r)
{
	ring *self = static_cast<ring *>(r);

	delete self->q4;
	delete self->q8;
	delete self;
}

void *create(const struct bench_shape *shape)
{
	ring *self;

	if (shape->item_bytes != 4 && shape->item_bytes != 8)
		return nullptr;
	self = new ring{ nullptr, nullptr };
	if (shape->item_bytes == 4)
		self->q4 = new queue<uint32_t>(shape->capacity);
	else
		self->q8 = new queue<uint64_t>(shape->capacity);
	return self;
}

/* Blocks are of stereo frames, which are 8 bytes. */
bool send(void *r, const void *block, uint32_t n_items)
{
	queue<uint64_t> *q = static_cast<ring *>(r)->q8;

	return q->write_available() >= n_items &&
	       q->push(static_cast<const uint64_t *>(block), n_items) ==
		       n_items;
}

bool recv(void *r, void *block, uint32_t n_items)
{
	queue<uint64_t> *q = static_cast<ring *>(r)->q8;

	return q->read_available() >= n_items &&
	       q->pop(static_cast<uint64_t *>(block), n_items) == n_items;
}

inline bool push(void *r, const uint32_t *item, size_t)
{
	return static_cast<ring *>(r)->q4->push(*item);
}

inline bool push(void *r, const uint64_t *item, size_t)
{
	return static_cast<ring *>(r)->q8->push(*item);
}

inline bool pop(void *r, uint32_t *item, size_t)
{
	return static_cast<ring *>(r)->q4->pop(*item);
}

inline bool pop(void *r, uint64_t *item, size_t)
{
	return static_cast<ring *>(r)->q8->pop(*item);
}

BENCH_RUNS(runs4, uint32_t, push, pop)
BENCH_RUNS(runs8, uint64_t, push, pop)

} // namespace

const struct bench_contestant bench_boost = {
	"boost spsc_queue",
	"libboost-dev",
	BENCH_PEER,
	create,
	destroy,
	send,
	recv,
	BENCH_RUNS_OF(runs4),
	BENCH_RUNS_OF(runs8),
	nullptr,
};
