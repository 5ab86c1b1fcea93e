/* SPDX-License-Identifier: MIT */
/* A ring of planar frames with both of its ends, and samples that are known. */
#ifndef LEAT_UNIT_FRAMES_RING_H
#define LEAT_UNIT_FRAMES_RING_H

#include <leat/frames.h>

#include <leat/shm.h>

#include "link/part.h"

#include <CUnit/CUnit.h>

#include <sys/eventfd.h>
#include <unistd.h>

/* No two fields have the same value. */
static const struct leat_frames_format plain = {
	.n_channels = 2,
	.capacity = 64,
	.rate_hz = 48000,
	.direction = LEAT_TO_JACK,
	.generation = 7,
	.first_index = 1000,
};

struct ring {
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
	int event_fd; /* the same one raises and is waited for */
};

static inline void ring_open(struct ring *ring,
			     const struct leat_frames_format *format)
{
	int part_fd;

	ring->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CU_ASSERT_FATAL(leat_frames_producer_create(&ring->producer, format) ==
			0);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&ring->consumer, format) ==
			0);
	part_fd = dup(leat_frames_consumer_fd(ring->consumer));
	CU_ASSERT_FATAL(leat_frames_producer_connect(ring->producer, part_fd,
						     dup(ring->event_fd)) == 0);
	part_fd = dup(leat_frames_producer_fd(ring->producer));
	CU_ASSERT_FATAL(leat_frames_consumer_connect(ring->consumer, part_fd,
						     dup(ring->event_fd)) == 0);
}

static inline void ring_close(struct ring *ring)
{
	leat_frames_producer_destroy(ring->producer);
	leat_frames_consumer_destroy(ring->consumer);
	close(ring->event_fd);
}

/* A sample that tells its channel and its frame; whole numbers are exact. */
static inline float sample(uint32_t channel, uint64_t index)
{
	return (float)((index * 64 + channel) % 16777213);
}

/* What a closure is to write or has found. */
struct run {
	uint64_t index; /* of the call's first frame */
	uint32_t n_calls;
	uint32_t n_wrong;
	uint32_t n_seen;
};

static inline void write_run(void *user, const struct leat_frames_room *room)
{
	struct run *run = user;

	run->n_wrong += room->n_before != run->n_seen;
	for (uint32_t c = 0; c < room->n_channels; c++)
		for (uint32_t i = 0; i < room->n_frames; i++)
			leat_frames_room_plane(room, c)[i] =
				sample(c, run->index + room->n_before + i);
	run->n_seen += room->n_frames;
	run->n_calls++;
}

static inline void read_run(void *user, const struct leat_frames_view *view)
{
	struct run *run = user;

	run->n_wrong += view->n_before != run->n_seen;
	for (uint32_t c = 0; c < view->n_channels; c++)
		for (uint32_t i = 0; i < view->n_frames; i++)
			run->n_wrong +=
				leat_frames_view_plane(view, c)[i] !=
				sample(c, run->index + view->n_before + i);
	run->n_seen += view->n_frames;
	run->n_calls++;
}

static inline uint64_t total_bytes(enum leat_part_kind kind)
{
	return leat_part_total_bytes(kind, &plain);
}

#endif
