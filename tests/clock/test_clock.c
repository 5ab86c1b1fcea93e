/* SPDX-License-Identifier: MIT */
/* Adaptive mode in virtual time: what happens to it, one thing at a time. */
#include "sim.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MS_FRAMES 48.0

/* Where the map lies in uniform lateness, early stamps weighing 1, late ones
   0.3: at x, where 0.3 (1 - x)^2 = x^2. */
#define LATE_SHARE 0.354

static void no_gaps(const struct sim_result *result)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_EQUAL(result->direction[d].underruns, 0);
		CU_ASSERT_EQUAL(result->direction[d].overruns, 0);
	}
}

/* ---- steady ---- */

/* A day and a night, with an idle machine's jitter. */
static void test_a_day(void)
{
	struct sim_config config = sim_default(256, 256);
	struct sim_result result;

	config.jack_ppm = 37;
	config.jack_jitter_s = 50e-6;
	config.pw_jitter_s = 50e-6;
	config.length_s = 25 * 3600;
	result = sim_run(&config);
	printf("25 h: noise %.4f ppm rms, error %.4f frames rms, 1 kHz in "
	       "windows of 1 s %.1f dB\n",
	       result.noise_ppm, result.direction[0].error_rms,
	       result.sinad_db);
	no_gaps(&result);
	CU_ASSERT(result.noise_ppm < 0.1);
	CU_ASSERT(result.direction[0].error_rms < 0.1);
	CU_ASSERT(result.sinad_db > 115);
	CU_ASSERT_EQUAL(result.direction[0].slip.n_slips, 0);
	CU_ASSERT_EQUAL(result.direction[1].slip.n_slips, 0);
	CU_ASSERT_EQUAL(result.n_upsets + result.n_reopenings, 0);
}

/* Two equal periods that beat so slowly that it looks like drift. */
static void test_slow_beats(void)
{
	static const double ppm[] = { 0, 0.5, 1, 5, 20, 50, 100 };

	for (size_t i = 0; i < sizeof(ppm) / sizeof(ppm[0]); i++) {
		struct sim_config config = sim_default(128, 128);
		struct sim_result result;

		config.jack_ppm = ppm[i];
		config.jack_jitter_s = 1e-3;
		config.margin = 96;
		config.length_s = 900;
		config.judge_from_s = 100;
		result = sim_run(&config);
		no_gaps(&result);
		CU_ASSERT(result.noise_ppm <= 0.1);
		CU_ASSERT(result.sinad_db > 100);
	}
}

/* What a machine with other work does: it is no drift, and not followed. */
static void test_lateness_wanders(void)
{
	double least_db = INFINITY;

	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sim_config config = sim_default(256, 256);
		struct sim_result result;

		config.seed = seed;
		config.jack_ppm = 200;
		config.jitter_kind = SIM_EXPONENTIAL;
		config.jack_jitter_s = 20e-6;
		config.wander_s = 25e-6;
		config.wander_tau_s = 3;
		config.length_s = 300;
		config.judge_from_s = 60;
		result = sim_run(&config);
		no_gaps(&result);
		least_db = fmin(least_db, result.sinad_db);
	}
	printf("lateness wanders by 25 us: 1 kHz in windows of 1 s %.1f dB\n",
	       least_db);
	CU_ASSERT(least_db >= 95);
}

static void test_five_ms_of_jitter(void)
{
	static const uint32_t sizes[] = { 16, 128, 1000, 8192 };

	for (size_t i = 0; i < 16; i++) {
		struct sim_config config =
			sim_default(sizes[i / 4], sizes[i % 4]);
		struct sim_result result;

		config.jack_ppm = -50;
		config.jack_jitter_s = 5e-3;
		config.pw_jitter_s = 5e-3;
		config.margin = 600;
		config.length_s = 2400;
		config.judge_from_s = 1200;
		result = sim_run(&config);
		no_gaps(&result);
		CU_ASSERT(result.direction[0].error_rms <= 2);
		CU_ASSERT(result.noise_ppm <= 0.2);
	}
}

/* ---- drift ---- */

static void test_ramp(void)
{
	static const double jitter_s[] = { 0, 50e-6, 1e-3 };

	for (size_t i = 0; i < 3; i++) {
		struct sim_config config = sim_default(128, 128);
		struct sim_result result;

		config.ramp_ppm_s = 10.0 / 60;
		config.ramp_at_s = 100;
		config.ramp_end_s = 1900;
		config.length_s = 2000;
		config.jack_jitter_s = jitter_s[i];
		config.margin = 100;
		result = sim_run(&config);
		printf("10 ppm/min, jitter %g ms: error %.3f frames rms, "
		       "%.2f at most\n",
		       jitter_s[i] * 1e3, result.direction[0].error_rms,
		       result.direction[0].error_peak -
			       fabs(result.direction[0].error_mean));
		no_gaps(&result);
		CU_ASSERT(result.direction[0].error_rms <= 1);
		/* Not far behind all the time, either. */
		CU_ASSERT(fabs(result.direction[0].error_mean -
			       jitter_s[i] * LATE_SHARE * 48000) < 1.5);
		CU_ASSERT_EQUAL(result.direction[0].slip.n_slips, 0);
	}
}

static void test_steps(void)
{
	static const double ppm[] = { 10, -100, 1000 };

	for (size_t i = 0; i < 3; i++) {
		struct sim_config config = sim_default(128, 128);
		struct sim_result result;

		config.step_ppm = ppm[i];
		config.step_at_s = 100;
		config.jack_jitter_s = 50e-6;
		config.length_s = 300;
		result = sim_run(&config);
		printf("a step of %g ppm: at most %.1f frames off, 1 ppm after "
		       "%.1f s\n",
		       ppm[i], result.direction[0].error_peak,
		       result.settled_s - 100);
		/* 1000 ppm at once is another clock: a slip, and it is back. */
		CU_ASSERT(result.direction[0].all_underruns <= (i == 2));
		CU_ASSERT(result.settled_s < 180);
		CU_ASSERT(result.direction[0].error_peak < 4 * MS_FRAMES);
	}
}

/* ---- stalls ---- */

static const double stalls_s[] = { 0.0027, 0.006, 0.02, 0.1, 0.5, 2, 10 };
static const uint32_t stall_sizes[][2] = {
	{ 64, 64 },    { 128, 128 }, { 128, 1024 }, { 1024, 128 },
	{ 441, 1000 }, { 16, 8192 }, { 8192, 16 },  { 8192, 8192 },
};

/* Back within two seconds, and every frame is accounted for. */
static void stall(struct sim_config config)
{
	struct sim_result result;

	config.jack_ppm = 200;
	config.jack_jitter_s = 100e-6;
	config.stall.at_s = 30;
	config.length_s = 60;
	config.judge_from_s = 33 + config.stall.length_s;
	result = sim_run(&config);
	no_gaps(&result);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct sim_direction *direction = &result.direction[d];
		const struct leat_slip *slip = &direction->slip;
		double sign = d == LEAT_TO_PIPEWIRE ? 1 : -1;

		if (direction->back_s > 2)
			printf("P %u, Q %u, %g s: back after %g s\n", config.p,
			       config.q, config.stall.length_s,
			       direction->back_s);
		CU_ASSERT(direction->back_s <= 2);
		CU_ASSERT(direction->error_peak < MS_FRAMES);
		CU_ASSERT_EQUAL(direction->moved * sign,
				(double)slip->lost - (double)slip->inserted);
	}
	/* A long one cannot be caught up: it must have been a slip. */
	if (config.stall.length_s > 1)
		CU_ASSERT(result.direction[0].slip.n_slips > 0);
}

static void all_stalls(bool pipewire, bool jumps)
{
	for (size_t i = 0; i < sizeof(stall_sizes) / sizeof(stall_sizes[0]);
	     i++)
		for (size_t k = 0; k < sizeof(stalls_s) / sizeof(double); k++) {
			struct sim_config config = sim_default(
				stall_sizes[i][0], stall_sizes[i][1]);

			config.stall.length_s = stalls_s[k];
			config.stall.pipewire = pipewire;
			config.stall.jumps = jumps;
			stall(config);
		}
}

static void test_jack_stalls(void)
{
	all_stalls(false, false);
}

static void test_jack_stalls_and_counts_on(void)
{
	all_stalls(false, true);
}

static void test_pipewire_stalls(void)
{
	all_stalls(true, false);
}

static void test_pipewire_stalls_and_counts_on(void)
{
	all_stalls(true, true);
}

/* The drift from before an upset is kept: quiet at once, not in a minute. */
static void test_drift_outlives_a_stall(void)
{
	struct sim_config config = sim_default(128, 128);
	struct sim_result result;

	config.jack_ppm = 200;
	config.jack_jitter_s = 50e-6;
	config.stall.at_s = 100;
	config.stall.length_s = 0.01;
	config.length_s = 140;
	config.judge_from_s = 120;
	result = sim_run(&config);
	CU_ASSERT_EQUAL(result.n_upsets, 1);
	CU_ASSERT_EQUAL(result.n_reopenings, 0);
	printf("20 s after an xrun: 1 kHz in windows of 1 s at least %.1f dB\n",
	       result.sinad_least_db);
	CU_ASSERT(result.sinad_least_db >= 90);
}

/* ---- the loop alone ---- */

static struct leat_clock_cycle cycle_at(uint64_t n, double rate_hz)
{
	return (struct leat_clock_cycle){
		.frame = n * 128,
		.time_ns = 1000000000 + (uint64_t)((double)n * 128e9 / rate_hz),
		.rate_diff = 1,
	};
}

static void run_loop(struct leat_clock_loop *loop, uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n < to; n++) {
		struct leat_clock_cycle cycle = cycle_at(n, 48000);
		struct leat_stamp stamp = { n * 128, n * 128, cycle.time_ns };

		leat_clock_loop_update(loop, &cycle, &stamp, 1);
	}
}

static void test_new_rates(void)
{
	struct leat_clock_loop loop;
	struct leat_clock_cycle cycle = cycle_at(0, 48000);
	struct leat_stamp stamp = { 7, 7, cycle.time_ns };

	leat_clock_loop_init(&loop, 48000, 48000);
	CU_ASSERT_FALSE(leat_clock_loop_running(&loop));
	CU_ASSERT_EQUAL(leat_clock_loop_update(&loop, &cycle, NULL, 0), 0);
	CU_ASSERT_FALSE(leat_clock_loop_running(&loop));
	run_loop(&loop, 0, 3000);
	CU_ASSERT(fabs(leat_clock_loop_ppm(&loop)) < 0.01);
	leat_clock_loop_init(&loop, 44100, 96000);
	CU_ASSERT_FALSE(leat_clock_loop_running(&loop));
	leat_clock_loop_update(&loop, &cycle, &stamp, 1);
	CU_ASSERT_TRUE(leat_clock_loop_running(&loop));
	CU_ASSERT(fabs(leat_clock_loop_distance(&loop, 96000, 7) - 44100) <
		  1e-6);
}

/* One stamp that is very late moves nothing; many do, once. */
static void test_outliers(void)
{
	struct leat_clock_loop loop;
	unsigned events = 0, n_upsets = 0;

	leat_clock_loop_init(&loop, 48000, 48000);
	run_loop(&loop, 0, 10000);
	for (uint64_t n = 10000; n < 10100; n++) {
		struct leat_clock_cycle cycle = cycle_at(n, 48000);
		struct leat_stamp stamp = { n * 128, 0, cycle.time_ns };

		if (n == 10050)
			stamp.time_ns += 2000000;
		events |= leat_clock_loop_update(&loop, &cycle, &stamp, 1);
	}
	CU_ASSERT_EQUAL(events, LEAT_CLOCK_UPDATED);
	CU_ASSERT(fabs(leat_clock_loop_ppm(&loop)) < 0.01);
	CU_ASSERT(fabs(leat_clock_loop_distance(&loop, 10099 * 128,
						10099 * 128)) < 0.1);
	for (uint64_t n = 10100; n < 10200; n++) {
		struct leat_clock_cycle cycle = cycle_at(n, 48000);
		struct leat_stamp stamp = { n * 128 + 100, 0, cycle.time_ns };

		n_upsets += leat_clock_loop_update(&loop, &cycle, &stamp, 1) &
					    LEAT_CLOCK_UPSET
				    ? 1
				    : 0;
	}
	CU_ASSERT_EQUAL(n_upsets, 1);
	CU_ASSERT(fabs(leat_clock_loop_ppm(&loop)) < 0.01);
	CU_ASSERT(
		fabs(leat_clock_loop_distance(&loop, 10199 * 128, 10199 * 128) -
		     100) < 0.1);
}

/* Cycles up to `to` that are all late by as much. */
static void run_late(struct leat_clock_loop *loop, uint64_t from, uint64_t to,
		     uint64_t late_ns)
{
	for (uint64_t n = from; n < to; n++) {
		struct leat_clock_cycle cycle = cycle_at(n, 48000);
		struct leat_stamp stamp = { n * 128, 0,
					    cycle.time_ns + late_ns };

		leat_clock_loop_update(loop, &cycle, &stamp, 1);
	}
}

/* A server begins its schedule anew, less than a period late. */
static void test_late_schedule(void)
{
	struct leat_clock_loop loop;
	double distance;

	leat_clock_loop_init(&loop, 48000, 48000);
	run_loop(&loop, 0, 10000);
	run_late(&loop, 10000, 10001, 2600000);
	run_late(&loop, 10001, 10300, 250000);
	CU_ASSERT_EQUAL(loop.n_upsets, 1);
	CU_ASSERT(fabs(leat_clock_loop_ppm(&loop)) < 0.01);
	distance = leat_clock_loop_distance(&loop, 10299 * 128, 10299 * 128);
	CU_ASSERT(fabs(distance + 12) < 0.1);
}

/* Jumps, however many, say nothing of the drift. */
static void test_many_jumps(void)
{
	struct leat_clock_loop loop;

	leat_clock_loop_init(&loop, 48000, 48000);
	run_loop(&loop, 0, 10000);
	for (uint64_t i = 0; i < 8; i++)
		run_late(&loop, 10000 + i * 375, 10375 + i * 375,
			 (i + 1) * 1000000);
	CU_ASSERT_EQUAL(loop.n_upsets, 8);
	CU_ASSERT_EQUAL(loop.n_reopenings, 0);
	CU_ASSERT(fabs(leat_clock_loop_ppm(&loop)) < 0.01);
}

/*
 * JACK's clock is drifting by 10 ppm a minute more from the 60th second on, so
 * the loop widens. Who is a frame off meanwhile does not hear when.
 */
static void test_widens_unheard(void)
{
	const double ppm_a_second = 10e-6 / 60;
	double speed = 1, narrow = 0, widest = 0, most = 0;
	struct leat_clock_loop loop;

	leat_clock_loop_init(&loop, 48000, 48000);
	for (uint64_t n = 0; n < 90 * 375; n++) {
		struct leat_clock_cycle cycle = cycle_at(n, 48000);
		double t = fmax((double)n / 375 - 60, 0);
		struct leat_stamp stamp = { n * 128, 0, cycle.time_ns };
		double last = speed;

		stamp.time_ns -= (uint64_t)(ppm_a_second * t * t / 2 * 1e9);
		leat_clock_loop_update(&loop, &cycle, &stamp, 1);
		speed = leat_clock_loop_speed(&loop, 1);
		if (t == 0)
			narrow = loop.omega;
		else if (n > 60 * 375 + 1)
			most = fmax(most, fabs(speed - last));
		widest = fmax(widest, loop.omega);
	}
	CU_ASSERT(widest > 1.4 * narrow);
	/* 1 kHz in windows of a tenth of a second is 105 dB clean at 0.12 ppm. */
	CU_ASSERT(most < 0.01e-6);
}

static void test_clamp(void)
{
	struct leat_clock_loop loop;

	leat_clock_loop_init(&loop, 48000, 48000);
	run_loop(&loop, 0, 2000);
	CU_ASSERT_EQUAL(leat_clock_loop_speed(&loop, 1e9), 1.005);
	CU_ASSERT_EQUAL(leat_clock_loop_speed(&loop, -1e9), 0.995);
	CU_ASSERT(fabs(leat_clock_loop_speed(&loop, 0) - 1) < 1e-8);
	/* Stamps of 2 % more: as far as it goes, and no further. */
	for (uint64_t n = 2000; n < 8000; n++) {
		struct leat_clock_cycle cycle = cycle_at(n, 48000);
		struct leat_stamp stamp = { n * 130, 0, cycle.time_ns };

		leat_clock_loop_update(&loop, &cycle, &stamp, 1);
		CU_ASSERT(fabs(leat_clock_loop_ppm(&loop)) <= 5000);
		CU_ASSERT(fabs(leat_clock_loop_speed(&loop, 0) - 1) <=
			  LEAT_CLOCK_CORRECTION_MAX);
	}
	CU_ASSERT_TRUE(loop.n_upsets + loop.n_reopenings > 0);
}

/* What cannot be a clock's rate is not used as one. */
static void test_bad_rate_diff(void)
{
	static const double bad[] = { NAN, 0, -1, 2, INFINITY };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct leat_clock_loop loop;

		leat_clock_loop_init(&loop, 48000, 48000);
		for (uint64_t n = 0; n < 3000; n++) {
			struct leat_clock_cycle cycle = cycle_at(n, 48000);
			struct leat_stamp stamp = { n * 128, 0,
						    cycle.time_ns - 1000000 };

			cycle.rate_diff = bad[i];
			leat_clock_loop_update(&loop, &cycle, &stamp, 1);
		}
		CU_ASSERT(fabs(leat_clock_loop_distance(&loop, 2999 * 128,
							2999 * 128) -
			       48) < 0.01);
	}
}

/* A peer that lies gets numbers that are numbers. */
static void test_hostile_stamps(void)
{
	struct leat_clock_loop loop;
	uint64_t random = 1;

	leat_clock_loop_init(&loop, 48000, 48000);
	for (uint64_t n = 0; n < 100000; n++) {
		struct leat_clock_cycle cycle = cycle_at(n, 48000);
		struct leat_stamp stamp;
		double speed;

		random = random * UINT64_C(6364136223846793005) + 1;
		stamp = (struct leat_stamp){ random, random, random << 7 };
		if (n % 5 == 0)
			cycle.rate_diff = NAN;
		leat_clock_loop_update(&loop, &cycle, &stamp, n % 3 > 0);
		speed = leat_clock_loop_speed(
			&loop, leat_clock_loop_distance(&loop, n, n));
		CU_ASSERT(speed >= 0.995 && speed <= 1.005);
	}
	/* And is forgotten when the wire is new. */
	leat_clock_loop_init(&loop, 48000, 48000);
	run_loop(&loop, 100000, 103000);
	CU_ASSERT(fabs(leat_clock_loop_ppm(&loop)) < 0.01);
}

static const struct unit_test tests[] = {
	{ "steady", "a day", test_a_day },
	{ "steady", "slow beats", test_slow_beats },
	{ "steady", "lateness wanders", test_lateness_wanders },
	{ "steady", "5 ms of jitter", test_five_ms_of_jitter },
	{ "drift", "ramp", test_ramp },
	{ "drift", "steps", test_steps },
	{ "stalls", "JACK", test_jack_stalls },
	{ "stalls", "JACK counts on", test_jack_stalls_and_counts_on },
	{ "stalls", "PipeWire", test_pipewire_stalls },
	{ "stalls", "PipeWire counts on", test_pipewire_stalls_and_counts_on },
	{ "stalls", "drift is kept", test_drift_outlives_a_stall },
	{ "loop", "new rates", test_new_rates },
	{ "loop", "outliers", test_outliers },
	{ "loop", "late schedule", test_late_schedule },
	{ "loop", "many jumps", test_many_jumps },
	{ "loop", "widens unheard", test_widens_unheard },
	{ "loop", "clamp", test_clamp },
	{ "loop", "rate_diff", test_bad_rate_diff },
	{ "loop", "hostile stamps", test_hostile_stamps },
};

UNIT_MAIN(tests)
