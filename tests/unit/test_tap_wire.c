/* SPDX-License-Identifier: MIT */
/* One generation as a tap has it: mapping it, its window, and its time. */
#include "link/tap_wire.h"

#include "helpers.h"
#include "runner.h"
#include "tap_rig.h"
#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AHEAD_MAX (INT64_C(1) << 38)

static struct tap_rig rig;
static struct leat_tap_wire *wire;

/* ---- what a process has ---- */

/* Lines of a file of /proc with a word in them; the last one's text. */
static unsigned count_lines(const char *path, const char *word, char last[256])
{
	FILE *file = fopen(path, "r");
	char line[256];
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, word)) {
			strcpy(last, line);
			n++;
		}
	fclose(file);
	return n;
}

static unsigned count_maps(void)
{
	char last[256];

	return count_lines("/proc/self/maps", "memfd:", last);
}

static void find_locked(char text[256])
{
	CU_ASSERT_EQUAL(count_lines("/proc/self/status", "VmLck", text), 1);
}

/* ---- mapping ---- */

static void make_parts(void)
{
	const struct leat_link_spec spec = tap_rig_spec();

	tap_rig_make_parts(&rig, &spec);
}

static int open_wire(enum leat_direction direction)
{
	const int fds[LEAT_N_DIRECTIONS] = { dup(rig.shm[0].fd),
					     dup(rig.shm[1].fd) };

	memset(&wire, 0xff, sizeof(wire));
	return leat_tap_wire_open(&wire, &rig.about, direction, fds);
}

/* It leaves nothing behind, and locks none of it. */
static void test_opened_and_closed(void)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		char before[256], after[256];
		unsigned n_fds, n_maps;

		make_parts();
		n_fds = unit_count_fds();
		n_maps = count_maps();
		find_locked(before);
		CU_ASSERT_EQUAL_FATAL(open_wire((enum leat_direction)d), 0);
		CU_ASSERT_EQUAL(wire->clock == wire->part,
				d == LEAT_TO_PIPEWIRE);
		CU_ASSERT_FALSE(wire->shm.locked);
		CU_ASSERT_EQUAL(count_maps(), n_maps + 1 + (d == LEAT_TO_JACK));
		find_locked(after);
		CU_ASSERT_STRING_EQUAL(after, before);
		leat_tap_wire_close(wire);
		CU_ASSERT_EQUAL(count_maps(), n_maps);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		tap_rig_finish_parts(&rig);
	}
	leat_tap_wire_close(NULL);
}

/* One of the two parts is not as it was said to be. */
static void test_a_wrong_header(void)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		unsigned n_fds, n_maps;

		make_parts();
		n_fds = unit_count_fds();
		n_maps = count_maps();
		rig.part[d]->header.features = 1;
		CU_ASSERT_EQUAL(open_wire(LEAT_TO_JACK), -EPROTO);
		CU_ASSERT_PTR_NULL(wire);
		CU_ASSERT_EQUAL(count_maps(), n_maps);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		tap_rig_finish_parts(&rig);
	}
}

/* What keeps no history, and what does. */
static void test_histories(void)
{
	static const struct {
		uint32_t ring_flags;
		int res;
	} cases[] = {
		{ 0, 0 },
		{ LEAT_RING_TIMED, 0 },
		{ LEAT_RING_TIMED | LEAT_RING_POLL, 0 },
		{ LEAT_RING_POLL, -ENOTSUP },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct leat_link_spec spec = tap_rig_spec();

		spec.ring_flags[LEAT_TO_JACK] = cases[i].ring_flags;
		tap_rig_make_parts(&rig, &spec);
		CU_ASSERT_EQUAL(open_wire(LEAT_TO_JACK), cases[i].res);
		leat_tap_wire_close(wire);
		/* Its frames are none of the other way's. */
		CU_ASSERT_EQUAL(open_wire(LEAT_TO_PIPEWIRE), 0);
		leat_tap_wire_close(wire);
		tap_rig_finish_parts(&rig);
	}
}

/* ---- the window ---- */

/* 4096 frames at 48 kHz. */
static void open_large(enum leat_direction direction)
{
	struct leat_link_spec spec = tap_rig_spec();

	spec.capacity = 4096;
	tap_rig_make_parts(&rig, &spec);
	CU_ASSERT_EQUAL_FATAL(open_wire(direction), 0);
}

static void close_large(void)
{
	leat_tap_wire_close(wire);
	tap_rig_finish_parts(&rig);
}

static void get_to(uint64_t position, uint64_t block)
{
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, position);
	leat_word_set(&rig.part[LEAT_TO_PIPEWIRE]->events.block_max, block);
}

/* It is found there, and believed. */
static void look_at(uint64_t position, uint64_t block)
{
	get_to(position, block);
	CU_ASSERT_TRUE(leat_tap_wire_look(wire));
}

static void test_the_oldest(void)
{
	open_large(LEAT_TO_PIPEWIRE);
	CU_ASSERT_TRUE(leat_tap_wire_look(wire));
	CU_ASSERT_EQUAL(leat_tap_wire_oldest(wire), 0);
	look_at(4032, 64);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest(wire), 0);
	look_at(4033, 64);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest(wire), 1);
	look_at(10000, 100);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest(wire), 10000 - 3996);
	close_large();
}

/* 10 ms and two blocks later, but no more than half of it. */
static void test_the_oldest_that_is_safe(void)
{
	open_large(LEAT_TO_PIPEWIRE);
	look_at(3424, 64);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest_safe(wire), 0);
	look_at(3425, 64);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest_safe(wire), 1);
	look_at(10000, 64);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest_safe(wire), 10000 - 3424);
	look_at(10000, 600);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest_safe(wire), 10000 - 3496 + 1680);
	look_at(10000, 1000);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest_safe(wire), 10000 - 3096 / 2);
	look_at(10000, 4096);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest(wire), 10000);
	CU_ASSERT_EQUAL(leat_tap_wire_oldest_safe(wire), 10000);
	close_large();
}

static void test_intact(void)
{
	open_large(LEAT_TO_PIPEWIRE);
	get_to(10000, 96);
	CU_ASSERT_TRUE(leat_tap_wire_intact(wire, 6000));
	CU_ASSERT_FALSE(leat_tap_wire_intact(wire, 5999));
	get_to(10001, 96);
	CU_ASSERT_FALSE(leat_tap_wire_intact(wire, 6000));
	CU_ASSERT_FALSE(wire->broken);
	close_large();
}

/* Whatever it wrote that cannot be, from then on nothing is believed. */
static void test_broken(void)
{
	static const struct {
		bool good;
		uint64_t position, block;
	} cases[] = {
		{ true, 10000, 64 },  { true, LEAT_TAP_POSITION_MAX - 1, 4096 },
		{ false, 9999, 64 },  { false, LEAT_TAP_POSITION_MAX, 64 },
		{ false, 10000, 63 }, { false, 10000, 4097 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_large(LEAT_TO_PIPEWIRE);
		get_to(10000, 64);
		CU_ASSERT_TRUE(leat_tap_wire_look(wire));
		get_to(cases[i].position, cases[i].block);
		CU_ASSERT_EQUAL(leat_tap_wire_look(wire), cases[i].good);
		get_to(LEAT_TAP_POSITION_MAX - 1, 4096);
		CU_ASSERT_EQUAL(leat_tap_wire_look(wire), cases[i].good);
		CU_ASSERT_EQUAL(
			leat_tap_wire_intact(wire, LEAT_TAP_POSITION_MAX - 1),
			cases[i].good);
		close_large();
	}
}

/* Its events too, and those of JACK's where they are another's. */
static void test_broken_events(void)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		for (int of = 0; of < LEAT_N_DIRECTIONS; of++) {
			bool is_read = of == d || of == LEAT_TO_PIPEWIRE;

			open_large((enum leat_direction)d);
			CU_ASSERT_TRUE(leat_tap_wire_look_at_all(wire));
			tap_rig_write_event(&rig, (enum leat_direction)of, 0, 5,
					    5, LEAT_EVENT_XRUN);
			CU_ASSERT_TRUE(leat_tap_wire_look_at_all(wire));
			tap_rig_write_event(&rig, (enum leat_direction)of, 1, 4,
					    5, LEAT_EVENT_XRUN);
			CU_ASSERT_EQUAL(leat_tap_wire_look_at_all(wire),
					!is_read);
			CU_ASSERT_EQUAL(leat_tap_wire_look(wire), !is_read);
			close_large();
		}
}

static void test_views(void)
{
	struct leat_frames_view views[2];
	const float *planes;

	open_large(LEAT_TO_PIPEWIRE);
	planes = wire->planes;
	/* The first index is 1001 before a turn. */
	leat_tap_wire_views(wire, 0, 1001, views);
	CU_ASSERT_PTR_EQUAL(views[0].base, planes + 3095);
	CU_ASSERT_EQUAL(views[0].n_frames, 1001);
	CU_ASSERT_EQUAL(views[1].n_frames, 0);
	leat_tap_wire_views(wire, 1, 4096, views);
	CU_ASSERT_PTR_EQUAL(views[0].base, planes + 3096);
	CU_ASSERT_EQUAL(views[0].n_frames, 1000);
	CU_ASSERT_EQUAL(views[0].n_before, 0);
	CU_ASSERT_PTR_EQUAL(views[1].base, planes);
	CU_ASSERT_EQUAL(views[1].n_frames, 3096);
	CU_ASSERT_EQUAL(views[1].n_before, 1000);
	for (int v = 0; v < 2; v++) {
		CU_ASSERT_EQUAL(views[v].n_channels, 2);
		CU_ASSERT_EQUAL(views[v].stride, wire->stride);
	}
	close_large();
}

/* ---- time ---- */

static void stamp(uint64_t position, uint64_t frame_time, uint64_t time_ns)
{
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, position, frame_time, time_ns);
}

static void test_stamps(void)
{
	struct leat_stamp found;

	open_large(LEAT_TO_JACK);
	CU_ASSERT_FALSE(leat_tap_wire_stamp(wire, &found));
	stamp(5, 6, 1);
	CU_ASSERT_TRUE(leat_tap_wire_stamp(wire, &found));
	CU_ASSERT_EQUAL(found.index, 5);
	CU_ASSERT_EQUAL(found.frame_time, 6);
	CU_ASSERT_EQUAL(found.time_ns, 1);
	stamp(5, 6, 0);
	CU_ASSERT_FALSE(leat_tap_wire_stamp(wire, &found));
	stamp(LEAT_TAP_POSITION_MAX - 1, 6, 7);
	CU_ASSERT_TRUE(leat_tap_wire_stamp(wire, &found));
	stamp(LEAT_TAP_POSITION_MAX, 6, 7);
	CU_ASSERT_FALSE(leat_tap_wire_stamp(wire, &found));
	/* One that is being written. */
	stamp(5, 6, 7);
	leat_word_set(&rig.part[LEAT_TO_PIPEWIRE]->stamp.sequence, 9);
	CU_ASSERT_FALSE(leat_tap_wire_stamp(wire, &found));
	close_large();
}

static void expect_time(uint64_t position, uint32_t frame_time,
			uint64_t time_ns)
{
	struct leat_tap_time time = { 0 };

	CU_ASSERT_TRUE(leat_tap_wire_time(wire, position, &time));
	CU_ASSERT_EQUAL(time.frame_time, frame_time);
	CU_ASSERT_EQUAL(time.time_ns, time_ns);
}

static void expect_no_time(uint64_t position)
{
	struct leat_tap_time time;

	CU_ASSERT_FALSE(leat_tap_wire_time(wire, position, &time));
}

#define SECOND UINT64_C(1000000000)

static void test_times(void)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		open_large((enum leat_direction)d);
		expect_no_time(0);
		stamp(96000, 10, 10 * SECOND);
		expect_time(96000, 10, 10 * SECOND);
		expect_time(144000, 48010, 11 * SECOND);
		expect_time(48000, UINT32_MAX - 47989, 9 * SECOND);
		/* JACK left out a second, at 72000. */
		tap_rig_write_event(&rig, LEAT_TO_PIPEWIRE, 0, 72000, 48000,
				    LEAT_EVENT_XRUN);
		expect_time(144000, 48010, 11 * SECOND);
		expect_time(72000, UINT32_MAX - 23989, 9 * SECOND + SECOND / 2);
		expect_time(48000, UINT32_MAX - 95989, 8 * SECOND);
		close_large();
	}
}

/* What is days away has none. */
static void test_times_far_away(void)
{
	const uint64_t far = (uint64_t)AHEAD_MAX;

	open_large(LEAT_TO_PIPEWIRE);
	stamp(far + 5, 1, 1);
	expect_no_time(4);
	expect_no_time(2 * far + 6);
	stamp(far + 5, 0, UINT64_C(1) << 62);
	expect_time(5, 0, (UINT64_C(1) << 62) - UINT64_C(5726623061333333));
	expect_time(2 * far + 5, 0,
		    (UINT64_C(1) << 62) + UINT64_C(5726623061333333));
	expect_no_time(LEAT_TAP_POSITION_MAX);
	expect_no_time(UINT64_MAX);
	close_large();
}

/* And so has what lies behind an xrun of days, or of a lie. */
static void test_times_behind_an_xrun(void)
{
	for (uint64_t more = 0; more < 2; more++) {
		open_large(LEAT_TO_PIPEWIRE);
		stamp(100, 0, UINT64_C(1) << 62);
		tap_rig_write_event(&rig, LEAT_TO_PIPEWIRE, 0, 50,
				    (uint64_t)AHEAD_MAX + more,
				    LEAT_EVENT_XRUN);
		if (more)
			expect_no_time(49);
		else
			expect_time(49, UINT32_MAX - 50,
				    (UINT64_C(1) << 62) -
					    UINT64_C(5726623062395833));
		expect_time(100, 0, UINT64_C(1) << 62);
		/* Events that cannot be. */
		tap_rig_write_event(&rig, LEAT_TO_PIPEWIRE, 1, 49, 1,
				    LEAT_EVENT_XRUN);
		expect_no_time(100);
		close_large();
	}
}

static const struct unit_test tests[] = {
	{ "mapping", "and unmapping", test_opened_and_closed },
	{ "mapping", "a wrong header", test_a_wrong_header },
	{ "mapping", "histories", test_histories },
	{ "window", "the oldest", test_the_oldest },
	{ "window", "the oldest that is safe", test_the_oldest_that_is_safe },
	{ "window", "intact", test_intact },
	{ "window", "broken", test_broken },
	{ "window", "broken events", test_broken_events },
	{ "window", "views", test_views },
	{ "time", "stamps", test_stamps },
	{ "time", "of positions", test_times },
	{ "time", "far away", test_times_far_away },
	{ "time", "behind an xrun", test_times_behind_an_xrun },
};

UNIT_MAIN(tests)
