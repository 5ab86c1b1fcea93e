/* SPDX-License-Identifier: MIT */
/* How fast JACK may go: any server does, and nobody who tries does. */
#include "pw_bridge/pace.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <stddef.h>

#define SECOND_NS UINT64_C(1000000000)

struct run {
	struct leat_pw_pace pace;
	uint64_t now_ns;
	uint32_t rate_hz;
};

static struct run begin(uint32_t rate_hz)
{
	struct run run = { .pace = { .held = true },
			   .now_ns = 3600 * SECOND_NS,
			   .rate_hz = rate_hz };

	return run;
}

static bool passes(struct run *run, uint32_t n_frames)
{
	return !leat_pw_pace_add(&run->pace, n_frames, run->rate_hz) ||
	       leat_pw_pace_kept(&run->pace, run->now_ns);
}

/* As a server goes: woken once, and one cycle, in the time of a period. */
static bool goes(uint32_t rate_hz, uint32_t period, double times)
{
	struct run run = begin(rate_hz);
	uint64_t period_ns = SECOND_NS * period / rate_hz;
	bool passed = true;

	for (uint32_t i = 0; i < 10 * rate_hz / period && passed; i++) {
		run.now_ns += (uint64_t)((double)period_ns / times);
		passed = passes(&run, 0) && passes(&run, period);
	}
	return passed;
}

static void test_servers_pass(void)
{
	static const uint32_t rates[] = { 8000, 44100, 48000, 192000, 384000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (uint32_t period = 16; period <= 8192; period *= 2) {
			CU_ASSERT(goes(rates[i], period, 1));
			CU_ASSERT(goes(rates[i], period, 1.9));
		}
}

/* After a stall of a quarter of a second all that was missed comes at once. */
static void test_catching_up_passes(void)
{
	struct run run = begin(48000);
	bool passed = true;

	for (int s = 0; s < 20; s++) {
		run.now_ns += SECOND_NS / 2;
		for (int i = 0; i < 48000 / 4 / 256 && passed; i++)
			passed = passes(&run, 0) && passes(&run, 256);
		run.now_ns += SECOND_NS / 2;
	}
	CU_ASSERT(passed);
}

static void test_races_do_not(void)
{
	CU_ASSERT_FALSE(goes(48000, 256, 5));
	CU_ASSERT_FALSE(goes(48000, 1, 1));
	CU_ASSERT_FALSE(goes(48000, 16, 2.5));
	CU_ASSERT_FALSE(goes(192000, 16, 100));
}

/* Being woken is enough, and it is found within a few thousand times. */
static void test_waking_alone(void)
{
	struct run run = begin(48000);
	int n = 0;

	while (passes(&run, 0) && n < 10000) {
		run.now_ns += 3000;
		n++;
	}
	CU_ASSERT(n < 3000);
}

static void test_not_held(void)
{
	struct run run = begin(48000);
	bool passed = true;

	run.pace.held = false;
	for (int i = 0; i < 100000; i++)
		passed = passed && passes(&run, UINT32_MAX);
	CU_ASSERT(passed);
}

static const struct unit_test tests[] = {
	{ "pace", "servers pass", test_servers_pass },
	{ "pace", "catching up passes", test_catching_up_passes },
	{ "pace", "races do not", test_races_do_not },
	{ "pace", "waking alone", test_waking_alone },
	{ "pace", "not held", test_not_held },
};

UNIT_MAIN(tests)
