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
	player_put(bench->player, planes, BLOCK, (uint64_t)(begin_s * 1e9));
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
	{ "play", "limits", test_limits },
};

UNIT_MAIN(tests)
