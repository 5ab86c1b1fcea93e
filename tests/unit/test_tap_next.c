/* SPDX-License-Identifier: MIT */
/* What a tap tells next, of a producer that is written word by word. */
#include "peers.h"
#include "runner.h"
#include "tap_rig.h"

#include <leat/inline/atomics.h>

#define CAPACITY 256u
/* Where one begins that was lapped. */
#define SAFE (CAPACITY / 2)

static struct tap_rig rig;
static struct leat_tap_event event;
static enum leat_direction way;
/* In the words of events: how many jumps there have been, and its frames. */
static uint64_t n_written[LEAT_N_DIRECTIONS], n_jumps;

/* All that there is to hear is heard. */
static enum leat_tap_what next(void)
{
	(void)leat_tap_prepare_wait(rig.tap);
	return leat_tap_next(rig.tap, &event);
}

static void expect_next(enum leat_tap_what what)
{
	CU_ASSERT_EQUAL_FATAL(next(), what);
}

static void begin(enum leat_direction direction)
{
	tap_rig_open(&rig, direction);
	way = direction;
	n_written[0] = n_written[1] = n_jumps = 0;
	tap_rig_say_wire(&rig);
	expect_next(LEAT_TAP_UP);
}

static void set_index(uint64_t position)
{
	tap_rig_set_index(&rig, way, position);
}

static void write_to(enum leat_direction direction, uint64_t position,
		     enum leat_frames_event kind, uint64_t n_frames)
{
	n_jumps += kind == LEAT_EVENT_JUMP;
	tap_rig_write_event(&rig, direction, n_written[direction]++, position,
			    n_frames, (unsigned)kind | n_jumps << 8);
}

static void write_event(uint64_t position, enum leat_frames_event kind,
			uint64_t n_frames)
{
	write_to(way, position, kind, n_frames);
}

/* Events of which nothing but their sums is found. */
static void lose(uint64_t n)
{
	n_written[way] += n + LEAT_EVENT_LOG_SIZE;
	for (unsigned i = 0; i < LEAT_EVENT_LOG_SIZE; i++)
		leat_word_set(&rig.part[way]->events.slots[i].number, 0);
}

static void expect_gap(enum leat_tap_cause cause, uint64_t position,
		       uint64_t n_frames)
{
	expect_next(LEAT_TAP_GAP);
	CU_ASSERT_EQUAL(event.cause, cause);
	CU_ASSERT_EQUAL(event.position, position);
	CU_ASSERT_EQUAL(event.n_frames, n_frames);
}

/* They are read. */
static void expect_frames(uint64_t position, uint64_t n_frames)
{
	struct leat_frames_view views[2];

	expect_next(LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(event.position, position);
	CU_ASSERT_EQUAL(event.n_frames, n_frames);
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, CAPACITY, views), n_frames);
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, CAPACITY), n_frames);
}

static struct leat_tap_counts counts(void)
{
	struct leat_tap_counts all;

	leat_tap_counts(rig.tap, &all);
	return all;
}

/* ---- what is told of each ---- */

static void test_what_is_not_meant_is_empty(void)
{
	begin(LEAT_TO_PIPEWIRE);
	CU_ASSERT_STRING_EQUAL(event.text, "");
	expect_next(LEAT_TAP_NONE);
	CU_ASSERT_EQUAL(event.n_frames, 0);
	CU_ASSERT_STRING_EQUAL(event.text, "");
	set_index(7);
	expect_frames(0, 7);
	CU_ASSERT_EQUAL(event.generation, TAP_RIG_GENERATION);
	tap_rig_say_no_wire(&rig);
	expect_next(LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.position, 7);
	CU_ASSERT_EQUAL(event.n_frames, 0);
	CU_ASSERT_EQUAL(event.error, 0);
	tap_rig_close(&rig);
}

/* What was offered before is not there any more. */
static void test_offered_before(void)
{
	struct leat_frames_view views[2];

	begin(LEAT_TO_PIPEWIRE);
	set_index(20);
	expect_next(LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, 20, views), 20);
	CU_ASSERT_EQUAL(leat_tap_next(rig.tap, &event), LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, 20), 0);
	CU_ASSERT_EQUAL(leat_tap_position(rig.tap), 0);
	tap_rig_close(&rig);
}

static void test_nothing_to_read(void)
{
	static const struct leat_frames_view none[2];
	struct leat_frames_view views[2];

	begin(LEAT_TO_PIPEWIRE);
	memset(views, 0xff, sizeof(views));
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, 20, views), 0);
	CU_ASSERT_EQUAL(memcmp(views, none, sizeof(views)), 0);
	CU_ASSERT_TRUE(leat_tap_intact(rig.tap));
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, 20), 0);
	/* No more than was told, and no more than was asked for. */
	set_index(20);
	expect_next(LEAT_TAP_FRAMES);
	set_index(30);
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, 40, views), 20);
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, 1), 1);
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, 1), 0);
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, 1, views), 1);
	CU_ASSERT_EQUAL(views[0].n_frames, 1);
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, 5), 1);
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, 40, views), 18);
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, 0), 0);
	CU_ASSERT_EQUAL(leat_tap_position(rig.tap), 2);
	CU_ASSERT_EQUAL(counts().n_read, 2);
	tap_rig_close(&rig);
}

/* Half of what the ring lets it wait for, and one frame if that is none. */
static void test_a_watermark_that_is_too_high(void)
{
	static const struct {
		uint64_t block, most;
	} cases[] = { { 0, 128 }, { 10, 123 }, { 254, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(LEAT_TO_PIPEWIRE);
		leat_word_set(&rig.part[way]->events.block_max, cases[i].block);
		leat_tap_set_watermark(rig.tap, UINT32_MAX);
		set_index(cases[i].most - 1);
		expect_next(LEAT_TAP_NONE);
		set_index(cases[i].most);
		expect_frames(0, cases[i].most);
		tap_rig_close(&rig);
	}
}

/* ---- jumps ---- */

static void test_a_jump_is_counted(void)
{
	begin(LEAT_TO_JACK);
	write_event(10, LEAT_EVENT_JUMP, 20);
	set_index(40);
	expect_frames(0, 10);
	expect_gap(LEAT_TAP_SKIPPED, 10, 20);
	expect_frames(30, 10);
	CU_ASSERT_EQUAL(counts().n_skipped, 20);
	write_event(40, LEAT_EVENT_JUMP, 3);
	set_index(43);
	expect_gap(LEAT_TAP_SKIPPED, 40, 3);
	CU_ASSERT_EQUAL(counts().n_skipped, 23);
	CU_ASSERT_EQUAL(counts().n_read, 20);
	tap_rig_close(&rig);
}

/* Who was lapped over all of it has nothing to be told of it. */
static void test_jumps_before_the_window(void)
{
	for (uint64_t before = 0; before < 2; before++) {
		begin(LEAT_TO_JACK);
		write_event(300 - before, LEAT_EVENT_JUMP, 28);
		set_index(328 + SAFE);
		expect_gap(LEAT_TAP_LAPPED, 0, 328);
		expect_frames(328, SAFE);
		CU_ASSERT_EQUAL(counts().n_skipped, 0);
		tap_rig_close(&rig);
	}
	/* And of the rest of another. */
	begin(LEAT_TO_JACK);
	write_event(301, LEAT_EVENT_JUMP, 28);
	set_index(328 + SAFE);
	expect_gap(LEAT_TAP_LAPPED, 0, 328);
	expect_gap(LEAT_TAP_SKIPPED, 328, 1);
	tap_rig_close(&rig);
}

/* Until it has come there, what is before it is no more than was asked for. */
static void test_a_jump_that_has_not_come(void)
{
	begin(LEAT_TO_JACK);
	leat_tap_set_watermark(rig.tap, 60);
	write_event(50, LEAT_EVENT_JUMP, 60);
	set_index(109);
	expect_next(LEAT_TAP_NONE);
	set_index(110);
	expect_frames(0, 50);
	expect_gap(LEAT_TAP_SKIPPED, 50, 60);
	/* Ahead of the frames. */
	write_event(200, LEAT_EVENT_JUMP, 60);
	set_index(180);
	expect_frames(110, 70);
	tap_rig_close(&rig);
}

/* The generation ends before it: then no more frames come than those. */
static void test_a_jump_that_never_comes(void)
{
	begin(LEAT_TO_JACK);
	leat_tap_set_watermark(rig.tap, 60);
	write_event(50, LEAT_EVENT_JUMP, 60);
	set_index(70);
	expect_next(LEAT_TAP_NONE);
	tap_rig_say_no_wire(&rig);
	expect_frames(0, 50);
	expect_next(LEAT_TAP_DOWN);
	tap_rig_close(&rig);
}

/* ---- seeking ---- */

static void test_seeking_takes_back(void)
{
	struct leat_frames_view views[2];

	begin(LEAT_TO_PIPEWIRE);
	set_index(20);
	expect_next(LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, 20, views), 20);
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 20), 20);
	CU_ASSERT_EQUAL(leat_tap_end(rig.tap, 20), 0);
	CU_ASSERT_EQUAL(leat_tap_begin(rig.tap, 20, views), 0);
	expect_frames(0, 20);
	tap_rig_close(&rig);
}

/* What was found while preparing to wait, and not told. */
static void test_seeking_past_a_gap(void)
{
	begin(LEAT_TO_PIPEWIRE);
	set_index(CAPACITY + 1);
	CU_ASSERT_TRUE(leat_tap_prepare_wait(rig.tap));
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 10), 10);
	expect_frames(CAPACITY - 9, 10);
	tap_rig_close(&rig);
	/* But the beginning is told in any case. */
	tap_rig_open(&rig, LEAT_TO_PIPEWIRE);
	set_index(100);
	tap_rig_say_wire(&rig);
	CU_ASSERT_TRUE(leat_tap_prepare_wait(rig.tap));
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 10), 10);
	expect_next(LEAT_TAP_UP);
	expect_frames(90, 10);
	tap_rig_close(&rig);
}

/* As far as there is something, and is known not to be stale. */
static void test_seeking_too_far(void)
{
	begin(LEAT_TO_JACK);
	set_index(100);
	CU_ASSERT_EQUAL(leat_tap_oldest(rig.tap), 0);
	CU_ASSERT_EQUAL(leat_tap_newest(rig.tap), 100);
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 99), 99);
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 100), 100);
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 101), 100);
	CU_ASSERT_EQUAL(leat_tap_position(rig.tap), 0);
	lose(1);
	n_jumps = 1;
	write_event(60, LEAT_EVENT_DROPPED, 1);
	CU_ASSERT_EQUAL(leat_tap_oldest(rig.tap), 60);
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, LEAT_TAP_OLDEST), 40);
	CU_ASSERT_EQUAL(leat_tap_position(rig.tap), 60);
	/* Nothing is known not to be. */
	lose(1);
	n_jumps = 2;
	write_event(130, LEAT_EVENT_DROPPED, 1);
	CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 5), 0);
	CU_ASSERT_EQUAL(leat_tap_position(rig.tap), 130);
	tap_rig_close(&rig);
}

/* Of both logs, those from there on are told again. */
static void test_events_are_told_again(void)
{
	begin(LEAT_TO_JACK);
	write_to(LEAT_TO_PIPEWIRE, 5, LEAT_EVENT_XRUN, 1);
	write_to(LEAT_TO_PIPEWIRE, 20, LEAT_EVENT_XRUN, 2);
	write_event(30, LEAT_EVENT_INSERTED, 3);
	set_index(40);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(leat_tap_seek(rig.tap, 30), 30);
		expect_frames(10, 10);
		expect_gap(LEAT_TAP_XRUN, 20, 2);
		expect_frames(20, 10);
		expect_next(LEAT_TAP_SLIP);
		expect_frames(30, 10);
		expect_next(LEAT_TAP_NONE);
	}
	tap_rig_close(&rig);
}

/* ---- two logs ---- */

static void test_other_events_of_jack(void)
{
	begin(LEAT_TO_JACK);
	write_to(LEAT_TO_PIPEWIRE, 5, LEAT_EVENT_JUMP, 1);
	write_to(LEAT_TO_PIPEWIRE, 6, LEAT_EVENT_DROPPED, 2);
	write_to(LEAT_TO_PIPEWIRE, 7, LEAT_EVENT_XRUN, 3);
	write_to(LEAT_TO_PIPEWIRE, 8, LEAT_EVENT_INSERTED, 4);
	set_index(20);
	expect_frames(0, 7);
	expect_gap(LEAT_TAP_XRUN, 7, 3);
	expect_frames(7, 13);
	expect_next(LEAT_TAP_NONE);
	CU_ASSERT_EQUAL(counts().n_xrun, 3);
	tap_rig_close(&rig);
}

static void test_events_of_both_in_order(void)
{
	begin(LEAT_TO_JACK);
	write_to(LEAT_TO_PIPEWIRE, 10, LEAT_EVENT_XRUN, 1);
	write_to(LEAT_TO_PIPEWIRE, 30, LEAT_EVENT_XRUN, 2);
	write_to(LEAT_TO_PIPEWIRE, 40, LEAT_EVENT_XRUN, 3);
	write_event(20, LEAT_EVENT_DROPPED, 4);
	write_event(30, LEAT_EVENT_INSERTED, 5);
	set_index(50);
	expect_frames(0, 10);
	expect_gap(LEAT_TAP_XRUN, 10, 1);
	expect_frames(10, 10);
	expect_next(LEAT_TAP_SLIP);
	CU_ASSERT_EQUAL(event.n_frames, 4);
	expect_frames(20, 10);
	/* The own first. */
	expect_next(LEAT_TAP_SLIP);
	CU_ASSERT_EQUAL(event.n_frames, 5);
	expect_gap(LEAT_TAP_XRUN, 30, 2);
	expect_frames(30, 10);
	expect_gap(LEAT_TAP_XRUN, 40, 3);
	expect_frames(40, 10);
	expect_next(LEAT_TAP_NONE);
	tap_rig_close(&rig);
}

/* ---- events that are lost ---- */

/* What is stale is told when it has come there, and counted each time anew. */
static void test_lost_jumps(void)
{
	begin(LEAT_TO_JACK);
	lose(5);
	n_jumps = 4;
	write_event(200, LEAT_EVENT_DROPPED, 1);
	set_index(199);
	expect_next(LEAT_TAP_NONE);
	set_index(200);
	expect_gap(LEAT_TAP_UNKNOWN, 0, 200);
	CU_ASSERT_EQUAL(event.n_unknown, 5 + LEAT_EVENT_LOG_SIZE);
	expect_next(LEAT_TAP_SLIP);
	CU_ASSERT_EQUAL(counts().n_unknown, 200);
	lose(3);
	n_jumps = 7;
	write_event(210, LEAT_EVENT_DROPPED, 1);
	set_index(220);
	expect_gap(LEAT_TAP_UNKNOWN, 200, 10);
	CU_ASSERT_EQUAL(event.n_unknown, 3 + LEAT_EVENT_LOG_SIZE);
	CU_ASSERT_EQUAL(counts().n_unknown, 210);
	expect_next(LEAT_TAP_SLIP);
	expect_frames(210, 10);
	tap_rig_close(&rig);
}

/* ---- from one generation to the next ---- */

/* Its last stamp, and where it has got to by then. */
static void stamp(uint64_t position, uint64_t frame_time, uint64_t time_ns)
{
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, position, frame_time, time_ns);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, position);
	(void)leat_tap_seek(rig.tap, 0);
}

/* The next one begins, of a first frame at a time and at a frame of JACK's. */
static void begin_next(uint32_t rate_hz, uint64_t frame_time, uint64_t time_ns)
{
	struct leat_link_spec spec = tap_rig_spec();

	tap_rig_say_no_wire(&rig);
	expect_next(LEAT_TAP_DOWN);
	spec.rate_hz = rate_hz;
	tap_rig_finish_parts(&rig);
	tap_rig_make_parts(&rig, &spec);
	if (time_ns > 0)
		tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, 0, frame_time, time_ns);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 1);
	tap_rig_say_wire(&rig);
	expect_next(LEAT_TAP_UP);
}

static void expect_between(bool exact, uint64_t n_frames)
{
	CU_ASSERT_EQUAL(event.exact, exact);
	CU_ASSERT_EQUAL(event.n_frames, n_frames);
	CU_ASSERT_EQUAL(counts().n_generations, 2);
	/* It goes on, from its first frame. */
	expect_frames(0, 1);
	expect_next(LEAT_TAP_NONE);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 3);
	expect_frames(1, 2);
	tap_rig_close(&rig);
}

#define SECOND UINT64_C(1000000000)

/* A second lies between them by the frames, and more or less by the time. */
static void test_two_clocks_that_agree(void)
{
	static const struct {
		int64_t more_ns;
		bool exact;
		uint64_t n_frames;
	} cases[] = {
		{ 0, true, 48000 },	     { 49990000, true, 48000 },
		{ 50010000, false, 50400 },  { -49990000, true, 48000 },
		{ -50010000, false, 45599 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(LEAT_TO_PIPEWIRE);
		stamp(100, 1000, SECOND);
		begin_next(48000, 49000,
			   2 * SECOND + (uint64_t)cases[i].more_ns);
		expect_between(cases[i].exact, cases[i].n_frames);
	}
}

/* Of another rate, frames are none of the same length. */
static void test_another_rate(void)
{
	begin(LEAT_TO_PIPEWIRE);
	stamp(100, 1000, SECOND);
	begin_next(24000, 25000, 2 * SECOND + 30000);
	expect_between(false, 24000);
}

static void test_time_that_went_back(void)
{
	begin(LEAT_TO_PIPEWIRE);
	stamp(100, 1000, 9 * SECOND);
	begin_next(48000, 1000, SECOND);
	expect_between(false, 0);
}

static void test_no_time_before(void)
{
	begin(LEAT_TO_PIPEWIRE);
	begin_next(48000, 1000, 5 * SECOND);
	expect_between(false, 0);
}

/* ---- what is told of the link ---- */

/* It had nothing, and so nothing ends. */
static void test_a_link_without_a_wire_leaves(void)
{
	tap_rig_open(&rig, LEAT_TO_JACK);
	tap_rig_say_no_wire(&rig);
	expect_next(LEAT_TAP_NONE);
	CU_ASSERT_EQUAL(leat_tap_state(rig.tap), LEAT_TAP_CONNECTED);
	close(rig.fd);
	rig.fd = -1;
	expect_next(LEAT_TAP_NONE);
	CU_ASSERT_EQUAL(leat_tap_state(rig.tap), LEAT_TAP_ABSENT);
	tap_rig_close(&rig);
}

static const struct unit_test tests[] = {
	{ "told", "what is not meant", test_what_is_not_meant_is_empty },
	{ "told", "offered before", test_offered_before },
	{ "told", "nothing to read", test_nothing_to_read },
	{ "told", "a high watermark", test_a_watermark_that_is_too_high },
	{ "jumps", "counted", test_a_jump_is_counted },
	{ "jumps", "before the window", test_jumps_before_the_window },
	{ "jumps", "that have not come", test_a_jump_that_has_not_come },
	{ "jumps", "that never come", test_a_jump_that_never_comes },
	{ "seeking", "takes back", test_seeking_takes_back },
	{ "seeking", "past a gap", test_seeking_past_a_gap },
	{ "seeking", "too far", test_seeking_too_far },
	{ "seeking", "tells again", test_events_are_told_again },
	{ "two logs", "of JACK", test_other_events_of_jack },
	{ "two logs", "in order", test_events_of_both_in_order },
	{ "lost", "jumps", test_lost_jumps },
	{ "between", "clocks that agree", test_two_clocks_that_agree },
	{ "between", "another rate", test_another_rate },
	{ "between", "time that went back", test_time_that_went_back },
	{ "between", "no time", test_no_time_before },
	{ "link", "without a wire", test_a_link_without_a_wire_leaves },
};

UNIT_MAIN(tests)
