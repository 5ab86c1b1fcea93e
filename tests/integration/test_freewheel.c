/* SPDX-License-Identifier: MIT */
/*
 * test_freewheel follow|adaptive [SECONDS]: JACK runs for so long, a minute, of
 * its own time as fast as it can. A counting signal that goes round in JACK alone loses nothing
 * and waits for nobody, PipeWire's graph goes on in real time and hears silence,
 * and within 100 ms of the end the tone that crosses the bridge is whole again.
 */
#include "tone_bench.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD 512
#define RATE_HZ 48000
#define SPEED_LEAST 5
#define AGAIN_MS 100
#define SETTLE_MS 2000

static struct tone_bench bench;
static struct helper counter, loop; /* in JACK alone */
static bool follows;
static int virtual_s = 60;

static int64_t ask(struct helper *helper, const char *key)
{
	char reply[HELPER_REPLY];

	return helper_ask(helper, reply, "report") < 0
		       ? INT64_MIN
		       : helper_value(reply, key);
}

static bool went_round(void *arg)
{
	(void)arg;
	return ask(&counter, "exact") > 0;
}

static void test_comes_up(void)
{
	const struct sandbox *sandbox = &bench.bridge.sandbox;
	const char *name = bench.bridge.jack.name;

	CU_ASSERT_FATAL(tone_bench_start(&bench));
	CU_ASSERT_EQUAL_FATAL(sig_jack_start(&counter, sandbox, name, "counter",
					     "--send", "--recv", NULL),
			      0);
	CU_ASSERT_EQUAL_FATAL(
		sig_jack_start(&loop, sandbox, name, "loop", "--loop", NULL),
		0);
	for (int c = 1; c <= 2; c++) {
		CU_ASSERT_EQUAL(helper_tell(&counter,
					    "connect counter:send_%d "
					    "loop:in_%d",
					    c, c),
				0);
		CU_ASSERT_EQUAL(helper_tell(&counter,
					    "connect loop:out_%d "
					    "counter:recv_%d",
					    c, c),
				0);
	}
	CU_ASSERT_FATAL(wait_for(went_round, NULL, TONE_BACK_MS));
}

static bool is_over(void *arg)
{
	(void)arg;
	return ask(&counter, "frames") >= (int64_t)virtual_s * RATE_HZ;
}

/* What the counting signal of JACK's heard in freewheel. */
static void check_jack(const char *reply, double took_s)
{
	double speed = (double)helper_value(reply, "frames") / RATE_HZ / took_s;

	CU_ASSERT_EQUAL(helper_value(reply, "exact"),
			helper_value(reply, "frames"));
	CU_ASSERT_EQUAL(helper_value(reply, "lost"), 0);
	CU_ASSERT_EQUAL(helper_value(reply, "silent"), 0);
	printf("%d s in %.1f s, %.0f times as fast as real time\n", virtual_s,
	       took_s, speed);
	CU_ASSERT(speed > SPEED_LEAST);
}

/* PipeWire's clients were called all the time, and heard nothing of JACK's. */
static void check_pipewire(const struct leat_link_status *was, int64_t n_cycles,
			   double took_s)
{
	struct leat_link_status is;
	const int d = LEAT_TO_PIPEWIRE;
	double cycle_s;

	CU_ASSERT_FATAL(bridge_status(&is));
	cycle_s = (double)is.pipewire.period / RATE_HZ;
	CU_ASSERT((double)n_cycles * cycle_s > took_s / 2);
	CU_ASSERT_EQUAL(is.direction[d].frames, was->direction[d].frames);
	CU_ASSERT_EQUAL(is.jack.alive, 1);
	CU_ASSERT_EQUAL(is.jack.running, 0);
}

static void check_again(long long end_ms)
{
	CU_ASSERT_FATAL(tone_bench_wait_quiet(&bench));
	CU_ASSERT(tone_bench_ask(&bench, "bad_ms") - end_ms < AGAIN_MS);
	CU_ASSERT(tone_bench_wait_near(&bench, follows ? 0.01 : RATE_HZ / 1000,
				       SETTLE_MS));
	printf("whole again after %lld ms, %.2f frames off\n",
	       (long long)tone_bench_ask(&bench, "bad_ms") - end_ms,
	       tone_bench_off(&bench));
	CU_ASSERT(tone_bench_same_processes(&bench));
	CU_ASSERT(tone_bench_connected(&bench));
}

static void test_full_speed(void)
{
	struct leat_link_status was;
	char reply[HELPER_REPLY];
	long long from_ms;
	int64_t n_cycles;
	double took_s;

	CU_ASSERT_EQUAL_FATAL(helper_tell(&bench.tone, "freewheel 1"), 0);
	CU_ASSERT_EQUAL_FATAL(helper_tell(&counter, "reset"), 0);
	from_ms = now_ms();
	/* What was on its way is through, and PipeWire has another driver. */
	sleep_ms(300);
	CU_ASSERT_FATAL(bridge_status(&was));
	n_cycles = ask(&bench.pass, "cycles");
	CU_ASSERT_FATAL(wait_for(is_over, NULL, 100000));
	took_s = (double)(now_ms() - from_ms) / 1000;
	CU_ASSERT_EQUAL(helper_ask(&counter, reply, "report"), 0);
	check_jack(reply, took_s);
	check_pipewire(&was, ask(&bench.pass, "cycles") - n_cycles,
		       took_s - 0.3);
	CU_ASSERT_EQUAL_FATAL(helper_tell(&bench.tone, "freewheel 0"), 0);
	from_ms = now_ms();
	tone_bench_reset(&bench);
	check_again(from_ms);
}

static void test_ends_cleanly(void)
{
	if (CU_get_number_of_failures() > 0)
		bridge_show(&bench.bridge);
	helper_stop(&counter);
	helper_stop(&loop);
	CU_ASSERT(tone_bench_finish(&bench));
}

static const struct unit_test tests[] = {
	{ "freewheel", "comes up", test_comes_up },
	{ "freewheel", "at full speed", test_full_speed },
	{ "freewheel", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why;

	if (argc < 2)
		return 2;
	follows = strcmp(argv[1], "follow") == 0;
	if (argc > 2)
		virtual_s = atoi(argv[2]);
	why = tone_bench_init(&bench, PERIOD, follows ? NULL : "adaptive");
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
