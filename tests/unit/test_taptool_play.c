/* SPDX-License-Identifier: MIT */
/*
 * leat-tap's player in virtual time: two clocks, and what is heard is what was
 * put the stated latency ago.
 */
#include "runner.h"

#include "tools/tap/player.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE 48000.0
#define BLOCK 256u
#define MAX_CYCLE 1024u

struct bench {
	struct player *player;
	double rate_hz; /* of the link */
	double graph_hz;
	double graph_speed;
	double late_s; /* how long the tap takes */
	double put_s;  /* when the next block is put */
	uint64_t n_put;
	double cycle_s;
	uint64_t n_played;
	uint32_t n_cycle;
	double worst; /* sample against the sine it should be */
	bool stopped; /* nothing is put */
};

/* What the link carries at a time: a sine of 440 Hz. */
static double sound(double seconds)
{
	return 0.5 * sin(2 * M_PI * 440 * seconds);
}

static void put(struct bench *bench)
{
	float samples[BLOCK];
	const float *const planes[] = { samples };
	double begin_s = 10 + (double)bench->n_put / bench->rate_hz;

	for (uint32_t i = 0; i < BLOCK; i++)
		samples[i] = (float)sound(begin_s + i / bench->rate_hz);
	player_put(
		bench->player, planes, BLOCK,
		&(struct player_time){ (uint64_t)(begin_s * 1e9), 0, false });
	bench->n_put += BLOCK;
	bench->put_s = 10 + (double)(bench->n_put + BLOCK) / bench->rate_hz +
		       bench->late_s;
}

static void cycle(struct bench *bench, double latency_s, bool settled)
{
	float samples[MAX_CYCLE];
	float *const planes[] = { samples };
	const struct player_cycle of = {
		.clock_id = 7,
		.frame = bench->n_played,
		.time_ns = (uint64_t)(bench->cycle_s * 1e9),
		.n_frames = bench->n_cycle,
	};

	player_cycle(bench->player, &of, planes);
	for (uint32_t i = 0; settled && i < bench->n_cycle; i++) {
		double at = bench->cycle_s +
			    i / (bench->graph_hz * bench->graph_speed) -
			    latency_s;
		double off = fabs((double)samples[i] - sound(at));

		if (off > bench->worst)
			bench->worst = off;
	}
	bench->n_played += bench->n_cycle;
	bench->cycle_s +=
		bench->n_cycle / (bench->graph_hz * bench->graph_speed);
}

/* Until a time; judged from settled_s on. */
static void run(struct bench *bench, double until_s, double latency_s,
		double settled_s)
{
	while (bench->cycle_s < until_s) {
		if (bench->put_s <= bench->cycle_s && !bench->stopped)
			put(bench);
		else
			cycle(bench, latency_s, bench->cycle_s > settled_s);
	}
}

static void open_bench(struct bench *bench, double graph_hz, double ppm,
		       uint32_t n_cycle, uint32_t latency)
{
	const struct player_config config = {
		.rate_hz = (uint32_t)RATE,
		.graph_rate_hz = (uint32_t)graph_hz,
		.n_channels = 1,
		.latency = latency,
	};

	memset(bench, 0, sizeof(*bench));
	CU_ASSERT_EQUAL_FATAL(player_create(&bench->player, &config), 0);
	bench->rate_hz = RATE;
	bench->graph_hz = graph_hz;
	bench->graph_speed = 1 + ppm * 1e-6;
	bench->n_cycle = n_cycle;
	bench->late_s = 0.004;
	bench->put_s = 10.01;
	bench->cycle_s = 10.0173;
}

/* At the stated latency, to a fifth of a frame, on clocks that differ. */
static void check_clocks(double graph_hz, double ppm, uint32_t n_cycle)
{
	struct bench bench;
	struct player_status status;

	open_bench(&bench, graph_hz, ppm, n_cycle, 2880);
	run(&bench, 40, 0.060, 25);
	player_get_status(bench.player, &status);
	CU_ASSERT_EQUAL(status.latency, 2880);
	CU_ASSERT_EQUAL(status.n_silences, 0);
	CU_ASSERT_EQUAL(status.n_slips, 0);
	CU_ASSERT(fabs(status.rate_ppm + ppm) < 2);
	/* A frame later is 0.5 * 2 pi 440 / 48000 of the sine, 0.029. */
	CU_ASSERT(bench.worst < 0.006);
	if (bench.worst >= 0.006 || status.n_slips || status.n_silences)
		fprintf(stderr,
			"%g Hz, %g ppm: off by %g, %g ppm, %d silences\n",
			graph_hz, ppm, bench.worst, status.rate_ppm,
			(int)status.n_silences);
	player_destroy(bench.player);
}

static void test_clocks(void)
{
	check_clocks(48000, 0, 256);
	check_clocks(48000, 150, 1024);
	check_clocks(44100, -80, 512);
}

/*
 * The link stops for two seconds, longer than the ring is; then it is at the
 * same latency again.
 */
static void test_stall(void)
{
	struct bench bench;
	struct player_status status;

	open_bench(&bench, 48000, 100, 256, 2880);
	run(&bench, 20, 0.060, 15);
	CU_ASSERT(bench.worst < 0.003);
	bench.stopped = true;
	run(&bench, 22, 0.060, 1000);
	/* What was carried meanwhile is lost, and put as silence. */
	player_put_silence(bench.player, 96000);
	bench.n_put += 96000;
	bench.put_s += 96000 / RATE;
	bench.stopped = false;
	run(&bench, 40, 0.060, 30);
	player_get_status(bench.player, &status);
	CU_ASSERT(status.n_silences > 0);
	CU_ASSERT(bench.worst < 0.003);
	if (bench.worst >= 0.003)
		fprintf(stderr, "after a stall: off by %g\n", bench.worst);
	player_destroy(bench.player);
}

/* ---- on one clock ---- */

#define COPY_CYCLE 64u
#define COPY_LATENCY 480u

/* JACK's count, which wraps soon, and a frame of which the count is heard. */
struct copy_bench {
	struct player *player;
	uint32_t count;	  /* of the cycle that begins */
	uint32_t put;	  /* the next frame that is put */
	uint64_t n_exact; /* frames heard that are what they should be */
	uint64_t n_silent;
	uint64_t n_wrong;
};

static float counted(uint32_t count)
{
	return (float)(1 + count % 8388607);
}

static void put_counted(struct copy_bench *bench, uint32_t n_frames)
{
	float samples[BLOCK];
	const float *const planes[] = { samples };
	const struct player_time time = { 1, bench->put, true };

	for (uint32_t i = 0; i < n_frames; i++)
		samples[i] = counted(bench->put + i);
	player_put(bench->player, planes, n_frames, &time);
	bench->put += n_frames;
}

static void hear(struct copy_bench *bench)
{
	float samples[COPY_CYCLE];
	float *const planes[] = { samples };
	const struct player_cycle of = {
		.clock_id = 1,
		/* Made long by who plays, in a way of its own. */
		.frame = (UINT64_C(77) << 32) + bench->count,
		.time_ns = 1,
		.n_frames = COPY_CYCLE,
		.counts = true,
	};

	player_cycle(bench->player, &of, planes);
	for (uint32_t i = 0; i < COPY_CYCLE; i++) {
		float wanted = counted(bench->count - COPY_LATENCY + i);

		bench->n_exact += samples[i] == wanted;
		bench->n_silent += samples[i] == 0;
		bench->n_wrong += samples[i] != wanted && samples[i] != 0;
	}
	bench->count += COPY_CYCLE;
}

static void copy_for(struct copy_bench *bench, int n_cycles)
{
	bench->n_exact = bench->n_silent = bench->n_wrong = 0;
	for (int i = 0; i < n_cycles; i++) {
		hear(bench);
		put_counted(bench, COPY_CYCLE);
	}
}

static void open_copy(struct copy_bench *bench)
{
	const struct player_config config = { 48000, 48000, 1, COPY_LATENCY };

	memset(bench, 0, sizeof(*bench));
	CU_ASSERT_EQUAL_FATAL(player_create(&bench->player, &config), 0);
	bench->count = bench->put = UINT32_MAX - 30000;
	/* It begins with a fade of 5 ms. */
	copy_for(bench, 50);
}

static void expect_all(struct copy_bench *bench, int n_cycles)
{
	copy_for(bench, n_cycles);
	CU_ASSERT_EQUAL(bench->n_exact, (uint64_t)n_cycles * COPY_CYCLE);
}

static void test_copy(void)
{
	struct copy_bench bench;
	struct player_status status;

	open_copy(&bench);
	expect_all(&bench, 2000);
	player_get_status(bench.player, &status);
	CU_ASSERT(status.copies);
	CU_ASSERT_EQUAL(status.latency, COPY_LATENCY);
	CU_ASSERT_EQUAL(status.n_silences, 0);
	CU_ASSERT_EQUAL(status.n_slips, 0);
	player_destroy(bench.player);
}

/*
 * Frames that are lost are silence of their length, at their place, whether a
 * word of that comes before those behind them or not.
 */
static void test_copy_gap(void)
{
	struct copy_bench bench;

	open_copy(&bench);
	bench.put += 100;
	player_put_silence(bench.player, 100);
	copy_for(&bench, 100);
	CU_ASSERT_EQUAL(bench.n_silent, 100);
	CU_ASSERT_EQUAL(bench.n_exact, 100 * COPY_CYCLE - 100);
	CU_ASSERT_EQUAL(bench.n_wrong, 0);
	/* The next ones are where they should be, so nothing has moved. */
	expect_all(&bench, 2000);
	player_destroy(bench.player);
}

/* JACK leaves frames out: nobody put them, and nobody wants them. */
static void test_copy_xrun(void)
{
	struct copy_bench bench;

	open_copy(&bench);
	bench.put += 1000;
	bench.count += 1000;
	copy_for(&bench, 100);
	/* A fade out and in again, of 5 ms each, around silence. */
	CU_ASSERT(bench.n_wrong <= 2 * 240);
	CU_ASSERT(bench.n_silent <= 1000);
	expect_all(&bench, 1000);
	player_destroy(bench.player);
}

/* A restart begins a count anew, in front of the old one or behind it. */
static void test_copy_restart(void)
{
	static const uint32_t jumps[] = { 0u - 5000000u, 5000000, 1u << 30 };
	struct copy_bench bench;

	for (int i = 0; i < 3; i++) {
		open_copy(&bench);
		bench.count += jumps[i];
		bench.put += jumps[i];
		copy_for(&bench, 200);
		CU_ASSERT(bench.n_exact > 100 * COPY_CYCLE);
		expect_all(&bench, 1000);
		player_destroy(bench.player);
	}
}

/* Counts that are of another clock after all. */
static void test_copy_not(void)
{
	struct copy_bench bench;
	struct player_status status;

	open_copy(&bench);
	bench.put += 100000000;
	copy_for(&bench, 100);
	player_get_status(bench.player, &status);
	CU_ASSERT_FALSE(status.copies);
	/* And back. */
	bench.put -= 100000000;
	copy_for(&bench, 300);
	player_get_status(bench.player, &status);
	CU_ASSERT(status.copies);
	expect_all(&bench, 100);
	player_destroy(bench.player);
}

static void test_limits(void)
{
	struct player_config config = { 48000, 48000, 1, 2880 };
	struct player *player;

	config.graph_rate_hz = 5000;
	CU_ASSERT_EQUAL(player_create(&player, &config), -EINVAL);
	config.graph_rate_hz = 48000;
	config.latency = 480000;
	CU_ASSERT_EQUAL_FATAL(player_create(&player, &config), 0);
	player_put_silence(player, UINT64_C(1) << 40);
	player_destroy(player);
	player_destroy(NULL);
}

static const struct unit_test tests[] = {
	{ "play", "two clocks", test_clocks },
	{ "play", "a stall", test_stall },
	{ "copy", "every frame", test_copy },
	{ "copy", "a gap", test_copy_gap },
	{ "copy", "an xrun", test_copy_xrun },
	{ "copy", "a restart", test_copy_restart },
	{ "copy", "not the clock", test_copy_not },
	{ "play", "limits", test_limits },
};

UNIT_MAIN(tests)
