/* SPDX-License-Identifier: MIT */
#include "tap_rig.h"

#include "peers.h"

#include <leat/inline/atomics.h>

struct leat_link_spec tap_rig_spec(void)
{
	struct leat_link_spec spec = node_spec();

	spec.ring_flags[LEAT_TO_PIPEWIRE] = LEAT_RING_TIMED;
	spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_TIMED | LEAT_RING_POLL;
	return spec;
}

/* ---- parts ---- */

static void make_part(struct tap_rig *rig, enum leat_direction direction)
{
	struct leat_producer_part *part;
	struct leat_frames_format format;

	leat_tap_format_of(&rig->about, direction, &format);
	CU_ASSERT_FATAL(
		leat_shm_create(&rig->shm[direction], "tap-test",
				leat_part_total_bytes(LEAT_PART_PRODUCER,
						      &format)) == 0);
	part = rig->part[direction] = rig->shm[direction].addr;
	leat_part_header_init(&part->header, LEAT_PART_PRODUCER, &format);
	leat_ring_words_init(&part->words, format.first_index);
	leat_word_store(&part->events.n_slots, LEAT_EVENT_LOG_SIZE);
}

void tap_rig_make_parts(struct tap_rig *rig, const struct leat_link_spec *spec)
{
	const struct leat_wire_message wire = { TAP_RIG_GENERATION,
						TAP_RIG_FIRST_INDEX };

	leat_tap_pack(&rig->about, spec, &wire);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		make_part(rig, (enum leat_direction)d);
}

void tap_rig_finish_parts(struct tap_rig *rig)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_shm_finish(&rig->shm[d]);
}

/* ---- with a tap ---- */

void tap_rig_open_for(struct tap_rig *rig, enum leat_direction direction,
		      const struct leat_link_spec *spec)
{
	struct leat_error error;

	memset(rig, 0, sizeof(*rig));
	CU_ASSERT_FATAL(unit_rundir_make());
	rig->n_fds = unit_count_fds();
	CU_ASSERT_FATAL(leat_listen(&rig->listener, NODE_LINK, &error) == 0);
	tap_rig_make_parts(rig, spec);
	CU_ASSERT_FATAL(leat_tap_open(&rig->tap, NODE_LINK, direction, NULL,
				      &error) == 0);
	rig->fd = leat_accept(&rig->listener);
	CU_ASSERT_FATAL(rig->fd >= 0);
}

void tap_rig_open(struct tap_rig *rig, enum leat_direction direction)
{
	const struct leat_link_spec spec = tap_rig_spec();

	tap_rig_open_for(rig, direction, &spec);
}

void tap_rig_close(struct tap_rig *rig)
{
	leat_tap_close(rig->tap);
	if (rig->fd >= 0)
		close(rig->fd);
	tap_rig_finish_parts(rig);
	leat_listener_finish(&rig->listener);
	CU_ASSERT_EQUAL(unit_count_fds(), rig->n_fds);
	unit_rundir_remove();
}

void tap_rig_say_wire(struct tap_rig *rig)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_TAP);
	message.body.tap = rig->about;
	say(rig->fd, &message, (int[]){ rig->shm[0].fd, rig->shm[1].fd }, 2);
}

void tap_rig_say_no_wire(struct tap_rig *rig)
{
	say_type(rig->fd, LEAT_MESSAGE_TAP, 0);
}

/* ---- writing ---- */

void tap_rig_set_index(struct tap_rig *rig, enum leat_direction direction,
		       uint64_t position)
{
	leat_word_store(&rig->part[direction]->words.index,
			TAP_RIG_FIRST_INDEX + position);
}

void tap_rig_write_event(struct tap_rig *rig, enum leat_direction direction,
			 uint64_t n, uint64_t position, uint64_t n_frames,
			 uint64_t about)
{
	struct leat_event_log *log = &rig->part[direction]->events;
	struct leat_event_slot *slot = &log->slots[n % LEAT_EVENT_LOG_SIZE];

	leat_word_store(&slot->index, TAP_RIG_FIRST_INDEX + position);
	leat_word_store(&slot->n_frames, n_frames);
	leat_word_store(&slot->about, about);
	leat_word_store(&slot->number, n + 1);
	leat_word_store(&log->n_written, n + 1);
}

void tap_rig_stamp(struct tap_rig *rig, enum leat_direction direction,
		   uint64_t position, uint64_t frame_time, uint64_t time_ns)
{
	leat_stamp_write(&rig->part[direction]->stamp,
			 &(struct leat_stamp){
				 .index = TAP_RIG_FIRST_INDEX + position,
				 .frame_time = (uint32_t)frame_time,
				 .time_ns = time_ns,
			 });
}
