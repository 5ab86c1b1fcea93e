/* SPDX-License-Identifier: MIT */
/*
 * test_drift RATE PPM: JACK at that rate, on a clock that is off by so much,
 * and PipeWire at 48 kHz on a true one. Tones go each way and around, and are
 * judged where the servers' own clocks were not upset shortly before.
 *
 * leat-drift-measure does the same for as long as one likes; doc/clocks.md has
 * its figures.
 */
#include "drift_figures.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LISTEN_S 26
#define SETTLED_S 10
#define MS_FRAMES 48

/* The clock is that far off to within this, if that much of it was seen; and
   threads that wake up do not say it better than to some microseconds. */
#define CLOCK_S 10
#define CLOCK_PPM 2
#define WAKE_US 20

/* So soon after the beginning, and on a machine that is not quiet. */
#define SINAD_LEAST_DB 80
#define WINDOWS_WANTED 20

static struct drift_run run;
static struct drift_figures figures;
static bool up, too_loud;

static void test_comes_up(void)
{
	up = drift_run_start(&run);
	CU_ASSERT_FATAL(up);
	drift_run_listen(&run, LISTEN_S);
	drift_figures(&run, SETTLED_S, &figures);
}

static void test_clock_is_off(void)
{
	double ppm, seconds;

	CU_ASSERT_FATAL(up);
	seconds = drift_measured_ppm(&run, &ppm);
	if (seconds < CLOCK_S)
		return;
	printf("JACK's clock is off by %.2f ppm in %.0f s\n", ppm, seconds);
	CU_ASSERT_DOUBLE_EQUAL(ppm, run.setup.ppm,
			       CLOCK_PPM + WAKE_US / seconds);
}

static void test_is_adaptive(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.pipewire.mode, LEAT_MODE_ADAPTIVE);
	CU_ASSERT_EQUAL(run.jack.tones.n_lost, 0);
	CU_ASSERT_EQUAL(pw_tones_kept(run.pw)->n_lost, 0);
}

static void check_leg(const char *name, const struct leg_figures *leg)
{
	printf("%s: %u windows of 0.1 s: SINAD %.1f dB in the median; latency "
	       "%.1f frames, off its target by %.1f at most; %u gaps, %u of "
	       "them without an upset of the servers\n",
	       name, leg->n_windows, leg->sinad_median_db, leg->latency,
	       leg->off_target, leg->n_gaps, leg->n_own_gaps);
	if (leg->n_windows < WINDOWS_WANTED) {
		too_loud = true;
		return;
	}
	CU_ASSERT(leg->sinad_median_db >= SINAD_LEAST_DB);
	CU_ASSERT(leg->off_target <= MS_FRAMES);
	CU_ASSERT(leg->off_told <= MS_FRAMES);
}

static void test_is_heard(void)
{
	static const char *const names[N_LEGS] = { "to PipeWire", "to JACK",
						   "there and back" };

	CU_ASSERT_FATAL(up);
	for (int i = 0; i < N_LEGS; i++)
		check_leg(names[i], &figures.leg[i]);
}

static void test_ends_cleanly(void)
{
	CU_ASSERT_TRUE(drift_run_finish(&run));
}

static const struct unit_test tests[] = {
	{ "drift", "comes up", test_comes_up },
	{ "drift", "the clock is off as told", test_clock_is_off },
	{ "drift", "is adaptive", test_is_adaptive },
	{ "drift", "is heard", test_is_heard },
	{ "drift", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	struct drift_setup setup = {
		.period = 256,
		.pw_rate_hz = 48000,
		.quantum = 256,
		.mode = "adaptive",
	};
	const char *why;
	int res;

	if (argc < 3)
		return 2;
	setup.jack_rate_hz = (uint32_t)atoi(argv[1]);
	setup.ppm = atof(argv[2]);
	why = drift_run_init(&run, &setup, LISTEN_S);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
	if (res != 0 || !too_loud)
		return res;
	printf("skipped: this machine kept no clock steady for %d s\n",
	       SETTLED_S);
	return SANDBOX_SKIP;
}
