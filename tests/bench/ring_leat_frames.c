/* SPDX-License-Identifier: MIT */
/*
 * Our ring of planar frames, in sealed shared memory. A block here is planar
 * too: one channel's samples after the other's.
 */
#include "contestant.h"

#include <leat/frames.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

struct ring {
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
};

/* What a closure copies from or to: n_frames of each channel. */
struct source {
	const float *samples;
	uint32_t n_frames;
};

struct target {
	float *samples;
	uint32_t n_frames;
};

static void destroy(void *ring)
{
	struct ring *self = ring;

	leat_frames_producer_destroy(self->producer);
	leat_frames_consumer_destroy(self->consumer);
	free(self);
}

static int copy_of(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static int connect_both(struct ring *self)
{
	int part_fd = copy_of(leat_frames_producer_fd(self->producer));
	int signal_fd = eventfd(0, EFD_CLOEXEC);
	int wait_fd = copy_of(signal_fd);
	int res = leat_frames_producer_connect(
		self->producer,
		copy_of(leat_frames_consumer_fd(self->consumer)), signal_fd);

	if (res < 0)
		return res;
	return leat_frames_consumer_connect(self->consumer, part_fd, wait_fd);
}

static void *create(const struct bench_shape *shape)
{
	struct leat_frames_format format = {
		.n_channels = shape->n_channels,
		.capacity = shape->capacity,
		.rate_hz = 48000,
	};
	struct ring *self;

	if (shape->n_channels == 0 || leat_frames_format_check(&format) < 0)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	if (leat_frames_producer_create(&self->producer, &format) < 0 ||
	    leat_frames_consumer_create(&self->consumer, &format) < 0 ||
	    connect_both(self) < 0) {
		destroy(self);
		return NULL;
	}
	return self;
}

static void fill(void *user, const struct leat_frames_room *room)
{
	const struct source *source = user;
	const float *from = source->samples + room->n_before;

	for (uint32_t c = 0; c < room->n_channels; c++)
		memcpy(leat_frames_room_plane(room, c),
		       from + (size_t)c * source->n_frames,
		       room->n_frames * sizeof(float));
}

static void drain(void *user, const struct leat_frames_view *view)
{
	const struct target *target = user;
	float *to = target->samples + view->n_before;

	for (uint32_t c = 0; c < view->n_channels; c++)
		memcpy(to + (size_t)c * target->n_frames,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

static bool send(void *ring, const void *block, uint32_t n_items)
{
	struct leat_frames_producer *producer = ((struct ring *)ring)->producer;
	struct source source = { block, n_items };

	/* All blocks are of one size, so it is all of this one or nothing. */
	return leat_frames_send(producer, n_items, fill, &source) == n_items;
}

static bool recv(void *ring, void *block, uint32_t n_items)
{
	struct leat_frames_consumer *consumer = ((struct ring *)ring)->consumer;
	struct target target = { block, n_items };

	return leat_frames_recv(consumer, n_items, drain, &target) == n_items;
}

static uint64_t n_raised(const void *ring)
{
	return leat_frames_wakeups(((const struct ring *)ring)->producer);
}

const struct bench_contestant bench_leat_frames = {
	.name = "leat, planar",
	.kind = BENCH_OURS,
	.create = create,
	.destroy = destroy,
	.send = send,
	.recv = recv,
	.n_raised = n_raised,
};
