/* SPDX-License-Identifier: MIT */
#include "link/latency.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdint.h>

static struct leat_latency_range range(uint32_t min, uint32_t max)
{
	return (struct leat_latency_range){ min, max };
}

static bool is(struct leat_latency_range range, uint32_t min, uint32_t max)
{
	return range.min == min && range.max == max;
}

/* ---- sums ---- */

static void test_words(void)
{
	CU_ASSERT_TRUE(
		is(leat_latency_range(leat_latency_word(range(1, 2))), 1, 2));
	CU_ASSERT_TRUE(is(leat_latency_range(leat_latency_word(
				  range(UINT32_MAX, UINT32_MAX - 1))),
			  UINT32_MAX, UINT32_MAX - 1));
	CU_ASSERT_TRUE(is(leat_latency_range(0), 0, 0));
}

static void test_sums(void)
{
	CU_ASSERT_TRUE(
		is(leat_latency_sum(256, range(0, 0), 0, 48000), 256, 256));
	CU_ASSERT_TRUE(
		is(leat_latency_sum(256, range(10, 20), 5, 48000), 271, 281));
	CU_ASSERT_TRUE(
		is(leat_latency_sum(256, range(10, 20), -270, 48000), 0, 6));
	CU_ASSERT_TRUE(
		is(leat_latency_sum(0, range(10, 20), -21, 48000), 0, 0));
	/* Ten seconds, and no more. */
	CU_ASSERT_TRUE(
		is(leat_latency_sum(0, range(1, 480000), 1, 48000), 2, 480000));
	CU_ASSERT_TRUE(
		is(leat_latency_sum(UINT32_MAX, range(UINT32_MAX, UINT32_MAX),
				    INT32_MAX, 48000),
		   480000, 480000));
	CU_ASSERT_TRUE(
		is(leat_latency_sum(0, range(0, UINT32_MAX), INT32_MIN, 768000),
		   0, 7680000));
}

static void test_small_moves_are_kept(void)
{
	CU_ASSERT_EQUAL(leat_latency_keep(100, 107), 100);
	CU_ASSERT_EQUAL(leat_latency_keep(100, 108), 108);
	CU_ASSERT_EQUAL(leat_latency_keep(100, 93), 100);
	CU_ASSERT_EQUAL(leat_latency_keep(100, 92), 92);
	CU_ASSERT_EQUAL(leat_latency_keep(0, UINT32_MAX), UINT32_MAX);
	CU_ASSERT_EQUAL(leat_latency_keep(UINT32_MAX, 0), 0);
}

static void test_rates(void)
{
	CU_ASSERT_EQUAL(leat_latency_scale(256, 48000, 48000), 256);
	CU_ASSERT_EQUAL(leat_latency_scale(441, 44100, 48000), 480);
	CU_ASSERT_EQUAL(leat_latency_scale(1, 44100, 48000), 1);
	CU_ASSERT_EQUAL(leat_latency_scale(480, 48000, 44100), 441);
	CU_ASSERT_EQUAL(leat_latency_scale(7680000, 768000, 44100), 441000);
	CU_ASSERT_EQUAL(leat_latency_scale(5, 0, 48000), 0);
}

static void test_what_rises(void)
{
	const struct leat_link_latency before = {
		.beyond = { { 10, 20 }, { 30, 40 } },
		.added = { 100, LEAT_LATENCY_FOLLOW },
	};
	struct leat_link_latency now = before;

	CU_ASSERT_FALSE(leat_latency_rises(&before, &now));
	now.beyond[1].max = 41;
	CU_ASSERT_TRUE(leat_latency_rises(&before, &now));
	/* More here is not made good by less there. */
	now.beyond[0].max = 0;
	now.beyond[0].min = 0;
	CU_ASSERT_TRUE(leat_latency_rises(&before, &now));
	now.beyond[1].max = 39;
	CU_ASSERT_FALSE(leat_latency_rises(&before, &now));
	now = before;
	now.beyond[1].min = 31;
	CU_ASSERT_TRUE(leat_latency_rises(&before, &now));
	now = before;
	now.added[0] = 101;
	CU_ASSERT_TRUE(leat_latency_rises(&before, &now));
	now.added[0] = 99;
	CU_ASSERT_FALSE(leat_latency_rises(&before, &now));
	now.added[0] = LEAT_LATENCY_FOLLOW;
	CU_ASSERT_FALSE(leat_latency_rises(&before, &now));
	now.added[1] = 1;
	CU_ASSERT_TRUE(leat_latency_rises(&before, &now));
}

static void test_ports(void)
{
	struct leat_latency_ports ports = { .any = false };

	CU_ASSERT_TRUE(is(ports.range, 0, 0));
	leat_latency_add_port(&ports, range(5, 9));
	CU_ASSERT_TRUE(is(ports.range, 5, 9));
	leat_latency_add_port(&ports, range(6, 7));
	CU_ASSERT_TRUE(is(ports.range, 5, 9));
	leat_latency_add_port(&ports, range(0, 10));
	CU_ASSERT_TRUE(is(ports.range, 0, 10));
}

/* ---- PipeWire's way to say it ---- */

static void test_graph_frames(void)
{
	const struct leat_latency_graph same = { 256, 48000, 48000 };
	const struct leat_latency_graph other = { 1024, 48000, 44100 };

	CU_ASSERT_EQUAL(leat_latency_of(&same, 0, 0, 0), 0);
	CU_ASSERT_EQUAL(leat_latency_of(&same, 1.5f, 10, 1000000),
			384 + 10 + 48);
	CU_ASSERT_EQUAL(leat_latency_of(&other, 0, 480, 0), 441);
	CU_ASSERT_EQUAL(leat_latency_of(&other, 0, 0, 1000000000), 44100);
	/* A device may be ahead by as much as another is behind. */
	CU_ASSERT_EQUAL(leat_latency_of(&same, 1, -56, 0), 200);
	CU_ASSERT_EQUAL(leat_latency_of(&same, 1, -257, 0), 0);
}

static void test_graph_nonsense(void)
{
	const struct leat_latency_graph graph = { 256, 48000, 44100 };
	const struct leat_latency_graph none = { 256, 0, 48000 };

	CU_ASSERT_EQUAL(leat_latency_of(&graph, NAN, 0, 0), 0);
	CU_ASSERT_EQUAL(leat_latency_of(&graph, INFINITY, 0, 0), 441000);
	CU_ASSERT_EQUAL(leat_latency_of(&graph, -INFINITY, 0, 0), 0);
	CU_ASSERT_EQUAL(leat_latency_of(&graph, INFINITY, INT64_MIN, 0),
			441000);
	CU_ASSERT_EQUAL(leat_latency_of(&graph, 0, INT64_MAX, 0), 441000);
	CU_ASSERT_EQUAL(leat_latency_of(&graph, 0, 0, INT64_MAX), 441000);
	CU_ASSERT_EQUAL(leat_latency_of(&graph, 0, INT64_MIN, INT64_MIN), 0);
	CU_ASSERT_EQUAL(leat_latency_of(&graph, 3e38f, 0, 0), 441000);
	CU_ASSERT_EQUAL(leat_latency_of(&none, 1, 1, 1), 0);
}

/* ---- when ---- */

static void test_pace(void)
{
	struct leat_latency_pace pace = { .brakes = true };

	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, 5), 0);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, false, 5), 0);
	leat_latency_told(&pace, true, 5);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, 5), 100);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, 104), 1);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, 105), 0);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, false, 105), 900);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, false, 1005), 0);
}

/* What rises again and again is told once a minute, until it falls. */
static void test_brake(void)
{
	struct leat_latency_pace pace = { .brakes = true };
	int64_t now_ms = 0;

	for (int i = 0; i < LEAT_LATENCY_RISES; i++) {
		CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 0);
		leat_latency_told(&pace, true, now_ms);
		now_ms += 4999;
	}
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 55001);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, false, now_ms), 0);
	now_ms += 60000;
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 0);
	leat_latency_told(&pace, true, now_ms);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 60000);
	/* Who does not brake does not wait. */
	pace.brakes = false;
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 100);
	pace.brakes = true;
	now_ms += 1000;
	leat_latency_told(&pace, false, now_ms);
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 100);
	/* Then all of them are counted again. */
	for (int i = 0; i < LEAT_LATENCY_RISES; i++) {
		now_ms += 1000;
		CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 0);
		leat_latency_told(&pace, true, now_ms);
	}
	CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 60000);
}

static void test_rests_between_are_no_loop(void)
{
	struct leat_latency_pace pace = { .brakes = true };
	int64_t now_ms = 0;

	for (int i = 0; i < 10 * LEAT_LATENCY_RISES; i++) {
		CU_ASSERT_EQUAL(leat_latency_wait_ms(&pace, true, now_ms), 0);
		leat_latency_told(&pace, true, now_ms);
		now_ms += 5000;
	}
}

/* ---- loops ---- */

/*
 * Both graphs at once, as the JACK side sees them: JACK leads what we report
 * back with `around` frames more, or does not; so does PipeWire.
 */
struct graph {
	bool leads_back;
	uint32_t around;
	uint32_t device; /* another source of what is heard */
	struct leat_latency_loop loop;
	uint32_t reported; /* there */
	uint32_t heard;
};

struct world {
	struct graph jack, pipewire;
	uint32_t added[2]; /* by the bridge, to PipeWire and to JACK */
	uint32_t told;	   /* to PipeWire */
};

/* Report something in a graph, and hear what that makes of it. */
static void report(struct graph *graph, uint32_t reported)
{
	uint32_t back = graph->leads_back ? reported + graph->around : 0;

	leat_latency_loop_report(&graph->loop, reported, graph->heard);
	graph->reported = reported;
	graph->heard = back > graph->device ? back : graph->device;
}

static void look(struct world *world)
{
	const struct leat_latency_range heard =
		range(world->jack.heard, world->jack.heard);
	bool jack = leat_latency_loop_hear(&world->jack.loop, heard.max);
	bool pipewire = leat_latency_loop_hear(&world->pipewire.loop,
					       world->pipewire.heard);

	world->told =
		jack && pipewire
			? leat_latency_loop_cut(&world->jack.loop, heard).max
			: heard.max;
}

/* Rounds of messages until nothing changes; how many. */
static int settle(struct world *world)
{
	for (int i = 1; i < 100; i++) {
		struct world before = *world;

		report(&world->pipewire, world->told + world->added[0]);
		look(world);
		report(&world->jack, world->pipewire.heard + world->added[1]);
		look(world);
		if (world->told == before.told &&
		    world->jack.reported == before.jack.reported)
			return i;
	}
	return 100;
}

static struct world a_world(void)
{
	struct world world = { .added = { 0, 256 } };

	settle(&world);
	return world;
}

static void test_no_loop(void)
{
	struct world world = a_world();

	CU_ASSERT_EQUAL(world.jack.reported, 256);
	world.jack.device = 1000;
	world.pipewire.device = 30;
	CU_ASSERT_TRUE(settle(&world) <= 3);
	CU_ASSERT_EQUAL(world.told, 1000);
	CU_ASSERT_EQUAL(world.jack.reported, 286);
	CU_ASSERT_EQUAL(world.pipewire.reported, 1000);
}

static void test_loop_counts_once(void)
{
	for (uint32_t around = 0; around <= 512; around += 64) {
		struct world world = a_world();

		world.jack.leads_back = world.pipewire.leads_back = true;
		world.jack.around = around;
		world.pipewire.around = 10;
		CU_ASSERT_TRUE(settle(&world) <= 6);
		CU_ASSERT_EQUAL(world.told, around);
		CU_ASSERT_EQUAL(world.jack.reported, around + 266);
		/* What the bridge adds changes the lap, and no more. */
		world.added[0] = 300;
		world.added[1] = 400;
		CU_ASSERT_TRUE(settle(&world) <= 6);
		CU_ASSERT_EQUAL(world.told, around);
		CU_ASSERT_EQUAL(world.jack.reported, around + 710);
		/* So does a client within the loop, on either side. */
		world.jack.around = around + 10;
		CU_ASSERT_TRUE(settle(&world) <= 8);
		CU_ASSERT_EQUAL(world.told, around + 10);
		world.pipewire.around = 100;
		CU_ASSERT_TRUE(settle(&world) <= 8);
		CU_ASSERT_EQUAL(world.jack.reported, around + 810);
	}
}

static void test_loop_opens(void)
{
	struct world world = a_world();

	world.jack.leads_back = world.pipewire.leads_back = true;
	settle(&world);
	CU_ASSERT_EQUAL(world.told, 0);
	world.jack.leads_back = false;
	world.jack.device = 77;
	CU_ASSERT_TRUE(settle(&world) <= 6);
	CU_ASSERT_EQUAL(world.told, 77);
	world = a_world();
	world.jack.leads_back = world.pipewire.leads_back = true;
	settle(&world);
	/* In PipeWire: what JACK leads back is a long way, and is told. */
	world.pipewire.leads_back = false;
	world.pipewire.device = 1000;
	CU_ASSERT_TRUE(settle(&world) <= 6);
	CU_ASSERT_EQUAL(world.jack.reported, 1256);
	CU_ASSERT_EQUAL(world.told, 1256);
}

/* From a device of PipeWire's through a client of JACK's and back. */
static void test_half_a_loop_is_a_way(void)
{
	struct world world = a_world();

	world.jack.leads_back = true;
	world.jack.around = 20;
	for (uint32_t device = 0; device < 2000; device += 100) {
		world.pipewire.device = device;
		CU_ASSERT_TRUE(settle(&world) <= 3);
		CU_ASSERT_EQUAL(world.told, device + 276);
		world.added[0] = device % 300;
		CU_ASSERT_TRUE(settle(&world) <= 3);
		CU_ASSERT_EQUAL(world.told, device + 276);
	}
	world = a_world();
	world.pipewire.leads_back = true;
	world.pipewire.around = 20;
	for (uint32_t device = 0; device < 2000; device += 100) {
		world.jack.device = device;
		CU_ASSERT_TRUE(settle(&world) <= 3);
		CU_ASSERT_EQUAL(world.told, device);
		CU_ASSERT_EQUAL(world.jack.reported, device + 276);
	}
}

static void test_cut(void)
{
	const struct leat_latency_loop loop = { .around = 50 };

	CU_ASSERT_TRUE(
		is(leat_latency_loop_cut(&loop, range(250, 250)), 50, 50));
	CU_ASSERT_TRUE(is(leat_latency_loop_cut(&loop, range(20, 20)), 50, 50));
	/* A quicker way is there too, and a slower one. */
	CU_ASSERT_TRUE(
		is(leat_latency_loop_cut(&loop, range(20, 250)), 20, 50));
	CU_ASSERT_TRUE(
		is(leat_latency_loop_cut(&loop, range(80, 250)), 50, 80));
}

/* Frames of another rate come back with another rounding. */
static void test_rounding(void)
{
	struct leat_latency_loop loop = { .closed = false };

	leat_latency_loop_report(&loop, 1000, 0);
	leat_latency_loop_report(&loop, 2000, 1500);
	CU_ASSERT_TRUE(leat_latency_loop_hear(&loop, 2502));
	CU_ASSERT_TRUE(leat_latency_loop_hear(&loop, 2500));
	/* As before the last report: the graph has not got it yet. */
	CU_ASSERT_TRUE(leat_latency_loop_hear(&loop, 1503));
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 2506));
}

static void test_chance_is_no_loop(void)
{
	struct leat_latency_loop loop = { .closed = false };

	leat_latency_loop_report(&loop, 100, 150);
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 150));
	/* It is less than what would have come back. */
	leat_latency_loop_report(&loop, 200, 50);
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 150));
	/* It moved by other frames. */
	leat_latency_loop_report(&loop, 300, 250);
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 353));
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 347));
	/* Something else has changed as well. */
	leat_latency_loop_report(&loop, 400, LEAT_LATENCY_UNHEARD);
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 99));
	/* A report of the same is none. */
	leat_latency_loop_report(&loop, 400, 500);
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 600));
	/* It moved down with what is reported: that is one. */
	leat_latency_loop_report(&loop, 300, 450);
	CU_ASSERT_TRUE(leat_latency_loop_hear(&loop, 350));
	CU_ASSERT_EQUAL(loop.around, 50);
}

static void test_what_does_not_move(void)
{
	struct leat_latency_loop loop = { .closed = false };

	/* What is reported for the first time cannot have come back. */
	leat_latency_loop_report(&loop, 100, LEAT_LATENCY_UNHEARD);
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 100));
	/* Roundings are no moves. */
	leat_latency_loop_report(&loop, 102, 150);
	CU_ASSERT_FALSE(leat_latency_loop_hear(&loop, 151));
	/* What is reported again is what was heard of before. */
	leat_latency_loop_report(&loop, 200, 150);
	leat_latency_loop_report(&loop, 200, 999);
	CU_ASSERT_TRUE(leat_latency_loop_hear(&loop, 248));
}

static const struct unit_test tests[] = {
	{ "sums", "words", test_words },
	{ "sums", "sums", test_sums },
	{ "sums", "small moves", test_small_moves_are_kept },
	{ "sums", "rates", test_rates },
	{ "sums", "rises", test_what_rises },
	{ "sums", "ports", test_ports },
	{ "PipeWire", "frames", test_graph_frames },
	{ "PipeWire", "nonsense", test_graph_nonsense },
	{ "when", "pace", test_pace },
	{ "when", "brake", test_brake },
	{ "when", "rests", test_rests_between_are_no_loop },
	{ "loops", "none", test_no_loop },
	{ "loops", "counted once", test_loop_counts_once },
	{ "loops", "opens", test_loop_opens },
	{ "loops", "half of one", test_half_a_loop_is_a_way },
	{ "loops", "cut", test_cut },
	{ "loops", "rounding", test_rounding },
	{ "loops", "chance", test_chance_is_no_loop },
	{ "loops", "what does not move", test_what_does_not_move },
};

UNIT_MAIN(tests)
