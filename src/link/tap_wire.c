/* SPDX-License-Identifier: MIT */
#include "tap_wire.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- mapping ---- */

/*
 * The part in whole. It is not kept in memory: a tap is in no hurry, and what
 * its process may lock is for others. (Its owner has locked it.)
 */
static int attach(struct leat_shm *shm, int fd,
		  const struct leat_frames_format *format)
{
	struct leat_part_header header;
	/* It fits into memory: the message has been checked. */
	size_t bytes =
		(size_t)leat_part_total_bytes(LEAT_PART_PRODUCER, format);
	int res = leat_shm_attach(shm, fd, bytes);

	if (res < 0)
		return res;
	munlock(shm->addr, shm->size_bytes);
	shm->locked = false;
	memcpy(&header, shm->addr, sizeof(header));
	res = leat_part_header_check(&header, LEAT_PART_PRODUCER, format);
	if (res < 0)
		leat_shm_finish(shm);
	return res;
}

/*
 * What older programs write has no log, and of a ring with nothing but release
 * stores it is not known which frames the producer has begun to overwrite.
 */
static bool has_history(const struct leat_producer_part *part,
			uint32_t ring_flags)
{
	return leat_word_load(&part->events.n_slots) == LEAT_EVENT_LOG_SIZE &&
	       (ring_flags & (LEAT_RING_POLL | LEAT_RING_TIMED)) !=
		       LEAT_RING_POLL;
}

/* Of JACK's part the samples are not needed, if it is the other way's. */
static int map_clock(struct leat_tap_wire *wire, int fd,
		     const struct leat_frames_format *format)
{
	struct leat_shm shm;
	int res = attach(&shm, fd, format);

	if (res < 0)
		return res;
	wire->clock_bytes = shm.page_bytes > LEAT_PART_PLANES_OFFSET
				    ? shm.page_bytes
				    : LEAT_PART_PLANES_OFFSET;
	wire->clock_page =
		mmap(NULL, wire->clock_bytes, PROT_READ, MAP_SHARED, shm.fd, 0);
	if (wire->clock_page == MAP_FAILED) {
		res = -errno;
		wire->clock_page = NULL;
	}
	leat_shm_finish(&shm);
	wire->clock = wire->clock_page;
	return res;
}

/* Takes both descriptors over. */
static int map_parts(struct leat_tap_wire *wire,
		     const struct leat_tap_message *message,
		     enum leat_direction direction,
		     const int fds[LEAT_N_DIRECTIONS])
{
	enum leat_direction other = direction == LEAT_TO_JACK ? LEAT_TO_PIPEWIRE
							      : LEAT_TO_JACK;
	struct leat_frames_format format;
	int res;

	leat_tap_format_of(message, direction, &format);
	res = attach(&wire->shm, fds[direction], &format);
	if (res < 0 || other == LEAT_TO_JACK) {
		close(fds[other]);
		wire->clock = wire->part = wire->shm.addr;
		return res;
	}
	wire->part = wire->shm.addr;
	leat_tap_format_of(message, other, &format);
	return map_clock(wire, fds[other], &format);
}

static void set_format(struct leat_tap_wire *wire,
		       const struct leat_tap_message *message,
		       enum leat_direction direction)
{
	struct leat_frames_format format;

	leat_tap_format_of(message, direction, &format);
	wire->stride = leat_part_stride_bytes(&format) / sizeof(float);
	wire->planes = (const float *)((const unsigned char *)wire->part +
				       LEAT_PART_PLANES_OFFSET);
	wire->first_index = format.first_index;
	wire->format.generation = format.generation;
	wire->format.first_index = format.first_index;
	wire->format.rate_hz = format.rate_hz;
	wire->format.n_channels = format.n_channels;
	wire->format.capacity = format.capacity;
	memcpy(wire->format.position, message->position[direction],
	       sizeof(wire->format.position));
}

int leat_tap_wire_open(struct leat_tap_wire **wire,
		       const struct leat_tap_message *message,
		       enum leat_direction direction,
		       const int fds[LEAT_N_DIRECTIONS])
{
	const struct leat_shm none = LEAT_SHM_NONE;
	struct leat_tap_wire *self = calloc(1, sizeof(*self));
	int res;

	*wire = NULL;
	if (!self) {
		close(fds[0]);
		close(fds[1]);
		return -ENOMEM;
	}
	self->shm = none;
	res = map_parts(self, message, direction, fds);
	if (res == 0 &&
	    (!has_history(self->part, message->ring_flags[direction]) ||
	     !has_history(self->clock, LEAT_RING_TIMED)))
		res = -ENOTSUP;
	if (res < 0) {
		leat_tap_wire_close(self);
		return res;
	}
	set_format(self, message, direction);
	leat_tap_log_init(&self->log, &self->part->events, self->first_index);
	leat_tap_log_init(&self->clock_log, &self->clock->events,
			  self->first_index);
	*wire = self;
	return 0;
}

void leat_tap_wire_close(struct leat_tap_wire *wire)
{
	if (!wire)
		return;
	if (wire->clock_page)
		munmap(wire->clock_page, wire->clock_bytes);
	leat_shm_finish(&wire->shm);
	free(wire);
}

/* ---- the window ---- */

bool leat_tap_wire_look(struct leat_tap_wire *wire)
{
	uint64_t index = leat_word_load(&wire->part->words.index);
	uint64_t newest = index - wire->first_index;
	uint64_t block = leat_word_load(&wire->part->events.block_max);

	/* Neither goes back, nor so far ahead. */
	if (newest < wire->newest || newest >= LEAT_TAP_POSITION_MAX ||
	    block < wire->block || block > wire->format.capacity) {
		wire->broken = true;
		return false;
	}
	wire->newest = newest;
	wire->block = (uint32_t)block;
	return !wire->broken;
}

bool leat_tap_wire_look_at_all(struct leat_tap_wire *wire)
{
	const struct leat_word *index = &wire->part->words.index;

	/* The index first: what it makes known is in the logs by then. */
	if (!leat_tap_wire_look(wire))
		return false;
	if (!leat_tap_log_look(&wire->log, index))
		wire->broken = true;
	if (wire->clock != wire->part &&
	    !leat_tap_log_look(&wire->clock_log, &wire->clock->words.index))
		wire->broken = true;
	return !wire->broken;
}

static uint64_t window(const struct leat_tap_wire *wire) LEAT_RT
{
	return wire->format.capacity - wire->block;
}

uint64_t leat_tap_wire_oldest(const struct leat_tap_wire *wire)
{
	uint64_t n = window(wire);

	return wire->newest > n ? wire->newest - n : 0;
}

/*
 * A hundredth of a second, and two blocks, inside the window: who begins there
 * has the time to read something before it is overtaken once more.
 */
uint64_t leat_tap_wire_oldest_safe(const struct leat_tap_wire *wire)
{
	uint64_t slack = wire->format.rate_hz / 100 + 2 * wire->block;
	uint64_t n = window(wire);

	n -= slack < n / 2 ? slack : n / 2;
	return wire->newest > n ? wire->newest - n : 0;
}

bool leat_tap_wire_intact(struct leat_tap_wire *wire, uint64_t position)
{
	leat_loads_before_loads();
	return leat_tap_wire_look(wire) &&
	       position >= leat_tap_wire_oldest(wire);
}

void leat_tap_wire_views(const struct leat_tap_wire *wire, uint64_t position,
			 uint32_t n_frames, struct leat_frames_view views[2])
{
	uint32_t capacity = wire->format.capacity;
	uint32_t offset =
		(uint32_t)((wire->first_index + position) & (capacity - 1));
	uint32_t first = n_frames < capacity - offset ? n_frames
						      : capacity - offset;

	views[0] = (struct leat_frames_view){
		.base = wire->planes + offset,
		.stride = wire->stride,
		.n_channels = wire->format.n_channels,
		.n_frames = first,
	};
	views[1] = views[0];
	views[1].base = wire->planes;
	views[1].n_frames = n_frames - first;
	views[1].n_before = first;
}

/* ---- time ---- */

bool leat_tap_wire_stamp(const struct leat_tap_wire *wire,
			 struct leat_stamp *stamp)
{
	if (!leat_stamp_read(&wire->clock->stamp, stamp) || stamp->time_ns == 0)
		return false;
	stamp->index -= wire->first_index;
	return stamp->index < LEAT_TAP_POSITION_MAX;
}

/* Days of frames: what is further is no time that can be told. */
#define AHEAD_MAX (INT64_C(1) << 38)

bool leat_tap_wire_time(struct leat_tap_wire *wire, uint64_t position,
			struct leat_tap_time *time)
{
	struct leat_tap_log *log = leat_tap_wire_clock_log(wire);
	struct leat_stamp stamp;
	uint64_t left_out = 0;
	int64_t ahead;

	if (!leat_tap_wire_stamp(wire, &stamp) ||
	    position >= LEAT_TAP_POSITION_MAX)
		return false;
	/* Its xruns are in the log by now. */
	if (!leat_tap_log_look(log, &wire->clock->words.index))
		return false;
	ahead = (int64_t)(position - stamp.index);
	if (ahead < 0)
		left_out = leat_tap_log_xruns(log, position, stamp.index);
	if (ahead < -AHEAD_MAX || ahead > AHEAD_MAX ||
	    left_out > (uint64_t)AHEAD_MAX)
		return false;
	ahead -= (int64_t)left_out;
	time->frame_time = (uint32_t)(stamp.frame_time + (uint64_t)ahead);
	time->time_ns =
		stamp.time_ns +
		(uint64_t)(int64_t)((double)ahead * 1e9 / wire->format.rate_hz);
	return true;
}
