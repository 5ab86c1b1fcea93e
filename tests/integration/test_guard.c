/* SPDX-License-Identifier: MIT */
/*
 * test_guard MODE: the bridge watches itself (--rt-guard), from its first cycle
 * on, and finds nothing, on either side.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CYCLES 1500

static struct bridge bridge;
static struct circle circle;

static void test_comes_up(void)
{
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	CU_ASSERT_FATAL(bridge_wait_frames(CYCLES * 256, 60000));
}

/* The last line of a side's log in which its guard speaks. */
static bool last_verdict(const char *log, char *verdict, int verdict_bytes)
{
	char path[128], line[512];
	bool found = false;
	FILE *file = fopen(
		sandbox_path(&bridge.sandbox, log, path, sizeof(path)), "r");

	while (file && fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, "realtime guard: ");

		if (at) {
			snprintf(verdict, (size_t)verdict_bytes, "%s", at);
			found = true;
		}
	}
	if (file)
		fclose(file);
	return found;
}

static void check_verdict(const char *log, uint64_t n_least)
{
	uint64_t n_callbacks = 0, n_calls = 1, n_faults = 1;
	char verdict[256] = "";

	CU_ASSERT_TRUE(last_verdict(log, verdict, sizeof(verdict)));
	printf("%s: %s", log, verdict);
	CU_ASSERT_EQUAL(sscanf(verdict,
			       "realtime guard: %" SCNu64 " callbacks, %" SCNu64
			       " system calls that should not be and %" SCNu64,
			       &n_callbacks, &n_calls, &n_faults),
			3);
	CU_ASSERT(n_callbacks > n_least);
	CU_ASSERT_EQUAL(n_calls, 0);
	CU_ASSERT_EQUAL(n_faults, 0);
}

static void test_finds_nothing(void)
{
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	check_verdict("leat-jack.log", CYCLES);
	/* A quantum may be four periods; both nodes are called in each. */
	check_verdict("leat-pipewire.log", CYCLES / 4);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "guard", "comes up", test_comes_up },
	{ "guard", "finds nothing", test_finds_nothing },
};

int main(int argc, char **argv)
{
	const char *why;

	if (argc < 2)
		return 2;
	why = bridge_init(&bridge, 256);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	bridge.mode = argv[1];
	bridge.rt_guard = true;
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
