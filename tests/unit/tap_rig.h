/* SPDX-License-Identifier: MIT */
/*
 * A tap, and a host whose parts the test writes word by word. Each asserts for
 * itself.
 */
#ifndef LEAT_UNIT_TAP_RIG_H
#define LEAT_UNIT_TAP_RIG_H

#include "link/part.h"
#include "link/proto.h"
#include "link/socket.h"

#include <leat/link.h>
#include <leat/shm.h>
#include <leat/tap.h>

#include <stdint.h>

#define TAP_RIG_GENERATION 5u
#define TAP_RIG_FIRST_INDEX (UINT64_MAX - 1000)

struct tap_rig {
	struct leat_listener listener;
	struct leat_tap *tap;
	int fd;						    /* the host's end */
	struct leat_producer_part *part[LEAT_N_DIRECTIONS]; /* writable */
	struct leat_shm shm[LEAT_N_DIRECTIONS];
	struct leat_tap_message about;
	unsigned n_fds; /* open before */
};

/* As an honest host's, of 256 frames at 48 kHz. */
struct leat_link_spec tap_rig_spec(void);

/* The parts alone. */
void tap_rig_make_parts(struct tap_rig *rig, const struct leat_link_spec *spec);
void tap_rig_finish_parts(struct tap_rig *rig);

/* A host, and a tap that has come to it and was told nothing. */
void tap_rig_open(struct tap_rig *rig, enum leat_direction direction);
void tap_rig_open_for(struct tap_rig *rig, enum leat_direction direction,
		      const struct leat_link_spec *spec);
void tap_rig_close(struct tap_rig *rig);

/* Tell the tap of the wire, or that there is none. */
void tap_rig_say_wire(struct tap_rig *rig);
void tap_rig_say_no_wire(struct tap_rig *rig);

/* The producer has got to a position. */
void tap_rig_set_index(struct tap_rig *rig, enum leat_direction direction,
		       uint64_t position);

/* Its n-th event, from 0, with a word as in struct leat_event_slot. */
void tap_rig_write_event(struct tap_rig *rig, enum leat_direction direction,
			 uint64_t n, uint64_t position, uint64_t n_frames,
			 uint64_t about);

void tap_rig_stamp(struct tap_rig *rig, enum leat_direction direction,
		   uint64_t position, uint64_t frame_time, uint64_t time_ns);

#endif
