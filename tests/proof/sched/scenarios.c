/* SPDX-License-Identifier: MIT */
/*
 * Which scenarios there are: the named ones, each with few enough states to be
 * searched, and those drawn by chance.
 */
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>

const struct scenario scenarios[] = {
	{ .name = "one place",
	  .capacity = 1,
	  .n_items = 3,
	  .send_block = 1,
	  .recv_block = 1,
	  .room = 1,
	  .watermark = 1,
	  .long_models = 1 << MODEL_WEAK },
	{ .name = "two items",
	  .capacity = 1,
	  .n_items = 2,
	  .send_block = 1,
	  .recv_block = 1,
	  .room = 1,
	  .watermark = 1 },
	{ .name = "wrap",
	  .capacity = 3,
	  .n_items = 5,
	  .send_block = 2,
	  .recv_block = 2,
	  .room = 1,
	  .watermark = 1 },
	{ .name = "past 2^64",
	  .capacity = 2,
	  .first_index = UINT64_MAX,
	  .n_items = 3,
	  .send_block = 2,
	  .recv_block = 2,
	  .room = 1,
	  .watermark = 1 },
	{ .name = "past 2^32",
	  .capacity = 3,
	  .first_index = UINT32_MAX,
	  .n_items = 4,
	  .send_block = 3,
	  .recv_block = 2,
	  .room = 2,
	  .watermark = 2 },
	{ .name = "watermark",
	  .capacity = 4,
	  .n_items = 6,
	  .send_block = 2,
	  .recv_block = 4,
	  .room = 1,
	  .watermark = 3 },
	{ .name = "room for many",
	  .capacity = 4,
	  .n_items = 6,
	  .send_block = 4,
	  .recv_block = 2,
	  .room = 3,
	  .watermark = 1 },
	{ .name = "limit",
	  .capacity = 4,
	  .limit = 2,
	  .n_items = 4,
	  .send_block = 2,
	  .recv_block = 1,
	  .room = 1,
	  .watermark = 2 },
	{ .name = "limit change",
	  .capacity = 4,
	  .limit = 3,
	  .other_limit = 1,
	  .n_items = 5,
	  .send_block = 3,
	  .recv_block = 2,
	  .room = 1,
	  .watermark = 1,
	  .long_models = 1 << MODEL_WEAK },
	{ .name = "attach again",
	  .capacity = 2,
	  .first_index = 6,
	  .n_items = 3,
	  .send_block = 1,
	  .recv_block = 1,
	  .room = 1,
	  .watermark = 1,
	  .attach_every = 2 },
	{ .name = "any 2 operations",
	  .act = ACT_SCRIPT,
	  .capacity = 2,
	  .n_items = 2 },
	{ .name = "timed",
	  .act = ACT_TIMED,
	  .capacity = 4,
	  .first_index = 100,
	  .n_items = 2,
	  .send_block = 1,
	  .recv_block = 1,
	  .flags = LEAT_RING_TIMED },
	{ .name = "timed, past 2^64",
	  .act = ACT_TIMED,
	  .capacity = 4,
	  .first_index = UINT64_MAX - 1,
	  .n_items = 2,
	  .send_block = 2,
	  .recv_block = 2,
	  .flags = LEAT_RING_TIMED,
	  .long_models = 3 },
	{ .name = "timed, poll",
	  .act = ACT_TIMED,
	  .capacity = 2,
	  .n_items = 3,
	  .send_block = 1,
	  .recv_block = 1,
	  .flags = LEAT_RING_TIMED | LEAT_RING_POLL,
	  .long_models = 1 << MODEL_TSO },
	{ .name = "poll",
	  .act = ACT_POLL,
	  .capacity = 2,
	  .n_items = 3,
	  .send_block = 2,
	  .recv_block = 2,
	  .flags = LEAT_RING_POLL },
	{ .name = "stamps",
	  .act = ACT_STAMP,
	  .capacity = 1,
	  .n_items = 2,
	  .recv_block = 1 },
	{ .name = "stamps, two looks",
	  .act = ACT_STAMP,
	  .capacity = 1,
	  .n_items = 2,
	  .recv_block = 2,
	  .long_models = 3 },
	{ .name = "stamp log",
	  .act = ACT_LOG,
	  .capacity = 1,
	  .n_items = 2,
	  .recv_block = 1 },
	{ .name = "stamp log, two looks",
	  .act = ACT_LOG,
	  .capacity = 1,
	  .n_items = 3,
	  .recv_block = 2 },
	{ .name = "event log",
	  .act = ACT_EVENTS,
	  .capacity = 1,
	  .n_items = 2,
	  .recv_block = 1 },
	{ .name = "event log, two looks",
	  .act = ACT_EVENTS,
	  .capacity = 1,
	  .n_items = 3,
	  .recv_block = 2 },
	{ .name = "load cycles",
	  .act = ACT_CYCLES,
	  .capacity = 1,
	  .n_items = 2,
	  .recv_block = 1 },
	{ .name = "load cycles, two looks",
	  .act = ACT_CYCLES,
	  .capacity = 1,
	  .n_items = 3,
	  .recv_block = 2 },
	{ .name = "tap",
	  .act = ACT_TAP,
	  .capacity = 2,
	  .first_index = 100,
	  .n_items = 2,
	  .send_block = 1,
	  .recv_block = 1 },
	{ .name = "tap, two looks",
	  .act = ACT_TAP,
	  .capacity = 8,
	  .first_index = 100,
	  .n_items = 2,
	  .send_block = 1,
	  .recv_block = 2 },
	{ .name = "tap, three blocks",
	  .act = ACT_TAP,
	  .capacity = 2,
	  .first_index = 100,
	  .n_items = 3,
	  .send_block = 1,
	  .recv_block = 2,
	  .long_models = 3 },
	{ .name = "tap, larger blocks",
	  .act = ACT_TAP,
	  .capacity = 4,
	  .first_index = UINT64_MAX - 1,
	  .n_items = 3,
	  .send_block = 2,
	  .recv_block = 1 },
	{ .name = "any 3 operations, capacity 1",
	  .act = ACT_SCRIPT,
	  .capacity = 1,
	  .n_items = 3,
	  .long_models = 3 },
	{ .name = "any 3 operations, capacity 2",
	  .act = ACT_SCRIPT,
	  .capacity = 2,
	  .n_items = 3,
	  .long_models = 3 },
};

const unsigned n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);

static uint64_t draw_first_index(void)
{
	static const uint64_t firsts[] = { 0, UINT32_MAX - UINT64_C(2),
					   UINT64_MAX - 3,
					   (UINT64_C(1) << 63) - 2, 1000 };

	return firsts[machine_choose(sizeof(firsts) / sizeof(firsts[0]))];
}

/* Room and watermark may not ask for more than can be: both would sleep. */
static void draw_marks(struct scenario *s, uint32_t limit)
{
	s->room = 1 + machine_choose(limit);
	s->watermark = 1 + machine_choose(limit - s->room + 1);
}

void scenario_draw(struct scenario *s)
{
	uint32_t limit;

	*s = (struct scenario){
		.name = "drawn",
		.act = (enum act)machine_choose(4),
		.capacity = 1 + machine_choose(N_CELLS_MAX),
		.first_index = draw_first_index(),
		.n_items = 1 + machine_choose(8),
	};
	limit = s->capacity;
	s->send_block = 1 + machine_choose(s->capacity);
	s->recv_block = 1 + machine_choose(s->capacity);
	if (s->act == ACT_STREAM && machine_choose(2)) {
		s->limit = 1 + machine_choose(s->capacity);
		limit = s->limit;
	}
	if (s->act == ACT_STREAM && s->limit && machine_choose(2)) {
		s->other_limit = 1 + machine_choose(s->capacity);
		limit = s->other_limit < limit ? s->other_limit : limit;
	}
	draw_marks(s, limit);
	/* Behind 2^64, only an end that was there knows its offset. */
	if (s->act == ACT_STREAM && s->first_index < UINT64_MAX / 2)
		s->attach_every = machine_choose(4);
	if (s->act == ACT_POLL)
		s->flags = LEAT_RING_POLL;
	if (s->act == ACT_TIMED) {
		s->flags = LEAT_RING_TIMED;
		if (machine_choose(2))
			s->flags |= LEAT_RING_POLL;
		s->n_items = 1 + s->n_items / 2;
	}
}

void scenario_print(const struct scenario *s)
{
	static const char *const acts[] = { "stream", "script", "timed",
					    "poll",   "stamp",	"log",
					    "events", "cycles", "tap" };

	printf("%s: %s, capacity %u, limit %u/%u, from %" PRIu64
	       ", %u items, blocks of %u and %u, room %u, watermark %u, "
	       "attach every %u%s\n",
	       s->name, acts[s->act], s->capacity, s->limit, s->other_limit,
	       s->first_index, s->n_items, s->send_block, s->recv_block,
	       s->room, s->watermark, s->attach_every,
	       s->flags & LEAT_RING_POLL ? ", poll" : "");
}
