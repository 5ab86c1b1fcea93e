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
	return leat_word_peek(&part->events.n_slots) == LEAT_EVENT_LOG_SIZE &&
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
	struct leat_tap_wire *self = calloc(1, sizeof(*self));
	int res;

	*wire = NULL;
	if (!self) {
		close(fds[0]);
		close(fds[1]);
		return -ENOMEM;
	}
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
