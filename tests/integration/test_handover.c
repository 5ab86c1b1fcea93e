/* SPDX-License-Identifier: MIT */
/*
 * The circle runs in follow mode; then one of our nodes is linked to a device
 * that drives its graph itself. The same nodes go on, on its clock, and when the
 * link is gone the circle is what it was: exact, and one period.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <stdio.h>

#define PERIOD 256
#define DRIVER_PRIORITY 40000
#define CHANGE_MS 5000

static struct bridge bridge;
static struct circle circle;
static char object[1024];

static bool in_mode(void *arg)
{
	const uint64_t *mode = arg;
	struct leat_link_status status;

	return bridge_status(&status) && status.pipewire.mode == *mode &&
	       status.pipewire.running == 1;
}

static bool wait_mode(uint64_t mode)
{
	return wait_for(in_mode, &mode, CHANGE_MS);
}

static bool enough_frames(void *arg)
{
	char reply[HELPER_REPLY];

	(void)arg;
	return helper_ask(&circle.jack, reply, "report") == 0 &&
	       helper_value(reply, "frames") >= 24000;
}

/* Half a second with nothing but exact frames at the right distance. */
static bool circle_is_exact(void *arg)
{
	char reply[HELPER_REPLY];
	int64_t wanted = (1 + CIRCLE_JACK_PERIODS) * PERIOD;

	(void)arg;
	return helper_tell(&circle.jack, "reset") == 0 &&
	       wait_for(enough_frames, NULL, CHANGE_MS) &&
	       helper_ask(&circle.jack, reply, "report") == 0 &&
	       helper_value(reply, "exact") == helper_value(reply, "frames") &&
	       helper_value(reply, "latency_min") == wanted &&
	       helper_value(reply, "latency_max") == wanted;
}

static void test_follows(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	CU_ASSERT(wait_mode(LEAT_MODE_FOLLOW));
	CU_ASSERT(wait_for(circle_is_exact, NULL, 20000));
}

static void test_goes_on(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(helper_tell(&circle.pass,
				    "link leat.test.source:capture_FL "
				    "other:playback_FL") == 0);
	CU_ASSERT_FATAL(wait_mode(LEAT_MODE_ADAPTIVE));
	/* JACK hears a second of it. */
	CU_ASSERT(bridge_wait_frames(48000, CHANGE_MS));
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.pipewire.reason, LEAT_REASON_OTHER_DRIVER);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT(status.direction[d].slips >= 1);
		CU_ASSERT(status.direction[d].target > PERIOD);
		CU_ASSERT(status.direction[d].latency_frames > PERIOD);
	}
}

static void test_comes_back(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(helper_tell(&circle.pass,
				    "unlink leat.test.source:capture_FL "
				    "other:playback_FL") == 0);
	CU_ASSERT_FATAL(wait_mode(LEAT_MODE_FOLLOW));
	CU_ASSERT(wait_for(circle_is_exact, NULL, 20000));
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].target, 0);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].target, PERIOD);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].latency_frames, PERIOD);
}

static void test_ends_cleanly(void)
{
	if (CU_get_number_of_failures() > 0)
		bridge_show(&bridge);
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "hand-over", "follows", test_follows },
	{ "hand-over", "goes on", test_goes_on },
	{ "hand-over", "comes back", test_comes_back },
	{ "hand-over", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, PERIOD);

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	bridge.pipewire.objects = null_sink_object(object, sizeof(object),
						   "other", DRIVER_PRIORITY);
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
