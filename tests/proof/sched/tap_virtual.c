/* SPDX-License-Identifier: MIT */
/*
 * A producer that jumps and logs it, and the shipped tap_window.c and tap_log.c
 * that read what it wrote. As the log has one slot, events are often lost.
 *
 * Shown: of a frame that a tap takes for true it has what was written there,
 * and an honest producer is believed.
 */
#include "scenario.h"

#include "link/tap_wire.h"

#undef LEAT_EVENT_LOG_SIZE
#define LEAT_EVENT_LOG_SIZE 1u

#include "link/tap_log.c"
#include "link/tap_window.c"

#include <string.h>

static struct {
	struct leat_producer_part part; /* only its addresses are used */
	float plane[N_CELLS_MAX];	/* the same */
	struct leat_producer producer;
	struct leat_event_sums sums;
	uint32_t block_max;
	struct leat_tap_wire wire;
} run;

void tap_scenario_begin(const struct scenario *scene)
{
	const struct leat_ring_config config = {
		.own = &run.part.words,
		.peer = &machine.words[THREAD_CONSUMER],
		.capacity = scene->capacity,
		.flags = LEAT_RING_TIMED | LEAT_RING_POLL,
	};

	memset(&run, 0, sizeof(run));
	machine.part_words = &run.part.words;
	machine.part_log = &run.part.events.n_written;
	if (leat_producer_init(&run.producer, &config) < 0)
		machine_fail("the producer cannot attach");
	run.wire.part = run.wire.clock = &run.part;
	run.wire.planes = run.plane;
	run.wire.format.capacity = scene->capacity;
	run.wire.first_index = machine.first_index;
	leat_tap_log_init(&run.wire.log, &run.part.events, machine.first_index);
}

/* ---- the producer, as frames.c has it ---- */

static uint64_t frame_value(uint64_t position)
{
	return position % 251 + 1;
}

static void write_frames(uint64_t index, const struct leat_spans *spans)
{
	if (spans->n_items > run.block_max) {
		run.block_max = spans->n_items;
		leat_event_log_grow_block(&run.part.events, run.block_max);
	}
	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < spans->span[i].n_items; k++)
			machine_store(
				PLACE_CELL + spans->span[i].offset + k,
				frame_value(index++ - machine.first_index),
				ORDER_RELAXED);
}

static void send_at(uint64_t index, uint32_t n_frames)
{
	uint64_t own = leat_producer_index(&run.producer);
	struct leat_spans spans;

	if (index != own)
		leat_event_log_write(&run.part.events, &run.sums, own,
				     LEAT_EVENT_JUMP, index - own);
	if (leat_producer_begin_at(&run.producer, index, n_frames, &spans) !=
	    n_frames)
		machine_fail("no room on a timed ring");
	machine_trace("writes %u from %+lld", n_frames,
		      (long long)(index - machine.first_index));
	write_frames(index, &spans);
	leat_producer_commit(&run.producer, n_frames);
}

/* Any block may jump, and the last one is larger. */
void tap_scenario_produce(const struct scenario *scene)
{
	for (uint32_t i = 1; i <= scene->n_items; i++)
		send_at(leat_producer_index(&run.producer) + machine_choose(2),
			i < scene->n_items ? 1 : scene->send_block);
}

/* ---- the tap ---- */

/* By what it knows. */
static bool can_be_read(uint64_t position)
{
	const struct leat_tap_log *log = &run.wire.log;

	if (position < leat_tap_wire_oldest(&run.wire) ||
	    position < log->known_from)
		return false;
	for (uint64_t n = 0; n != log->n_kept; n++)
		if (position >= log->kept[n].index &&
		    position < leat_tap_event_end(&log->kept[n]))
			return false;
	return true;
}

static void read_frame(uint64_t position)
{
	struct leat_frames_view views[2];
	uint64_t value;

	leat_tap_wire_views(&run.wire, position, 1, views);
	value = machine_load(PLACE_CELL + (unsigned)(views[0].base - run.plane),
			     ORDER_RELAXED);
	if (leat_tap_wire_intact(&run.wire, position) &&
	    value != frame_value(position))
		machine_fail("a frame that was not written there");
	if (run.wire.broken)
		machine_fail("an honest producer is not believed");
}

void tap_scenario_consume(const struct scenario *scene)
{
	for (uint32_t i = 0; i < scene->recv_block; i++) {
		uint64_t back = 1 + machine_choose(scene->capacity);

		if (!leat_tap_wire_look_at_all(&run.wire))
			machine_fail("an honest producer is not believed");
		machine_trace(
			"newest %llu, oldest %llu, known from %llu",
			(unsigned long long)run.wire.newest,
			(unsigned long long)leat_tap_wire_oldest(&run.wire),
			(unsigned long long)run.wire.log.known_from);
		if (run.wire.newest >= back &&
		    can_be_read(run.wire.newest - back))
			read_frame(run.wire.newest - back);
	}
}
