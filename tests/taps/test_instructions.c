/* SPDX-License-Identifier: MIT */
/*
 * The realtime side does nothing for taps: the instructions of JACK's callback,
 * counted by callgrind, are the same to the last one with no tap and with 64 in
 * other processes, which read all the while.
 */
#include "helper.h"
#include "sandbox.h"
#include "unit/node.h"
#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_HELPERS 8
#define TAPS_EACH 8
#define N_CYCLES 3000

static struct sandbox sandbox;
static struct helper counted;
static struct helper taps[N_HELPERS]; /* every second one is to JACK */

/* What is to be counted. */
struct run {
	const char *name;
	int n_helpers;
	bool jumps; /* JACK leaves out one period: that costs instructions */
};

static bool start_counted(const char *out)
{
	char file[300], option[320];
	const char *const argv[] = {
		"valgrind",
		"--tool=callgrind",
		"--toggle-collect=leat_jack_process_callback",
		option,
		getenv("LEAT_COUNTED"),
		NULL
	};
	/* Which symbols are looked up when is not to be counted. */
	const char *const env[] = { "LD_BIND_NOW=1", NULL };

	snprintf(option, sizeof(option), "--callgrind-out-file=%s",
		 sandbox_path(&sandbox, out, file, sizeof(file)));
	return helper_start(&counted, &sandbox, "counted", argv, env) == 0;
}

static bool start_taps(int i)
{
	char name[16], n[8];
	const char *const argv[] = { getenv("LEAT_SIG_TAP"), NODE_LINK,
				     i % 2 ? "1" : "0", n, NULL };

	snprintf(name, sizeof(name), "tap%d", i);
	snprintf(n, sizeof(n), "%d", TAPS_EACH);
	return helper_start(&taps[i], &sandbox, name, argv, NULL) == 0;
}

/* Each of them has read on to the end, but for what it was lapped. */
static void check_taps(int n_helpers)
{
	char reply[HELPER_REPLY];

	for (int i = 0; i < n_helpers; i++) {
		CU_ASSERT_EQUAL_FATAL(helper_ask(&taps[i], reply, "report"), 0);
		CU_ASSERT(helper_value(reply, "least") > N_CYCLES * 64 / 2);
		CU_ASSERT_EQUAL(helper_value(reply, "differ"), 0);
		CU_ASSERT_EQUAL(helper_stop(&taps[i]), 0);
	}
}

/* The instructions that callgrind has counted: its line "totals: N". */
static uint64_t read_total(const char *out)
{
	char path[300], line[4096];
	uint64_t total = 0;
	FILE *file =
		fopen(sandbox_path(&sandbox, out, path, sizeof(path)), "r");

	while (file && fgets(line, sizeof(line), file))
		(void)sscanf(line, "totals: %" SCNu64, &total);
	if (file)
		fclose(file);
	return total;
}

static uint64_t count(const struct run *run)
{
	char reply[HELPER_REPLY];
	uint64_t n;

	CU_ASSERT_FATAL(start_counted(run->name));
	for (int i = 0; i < run->n_helpers; i++)
		CU_ASSERT_FATAL(start_taps(i));
	for (int i = 0; i < N_CYCLES / 1000; i++) {
		/* Before the first cycle there is nothing to leave out. */
		if (run->jumps && i == 1)
			CU_ASSERT_EQUAL(helper_tell(&counted, "jump"), 0);
		CU_ASSERT_EQUAL_FATAL(helper_ask(&counted, reply, "run 1000"),
				      0);
		CU_ASSERT_EQUAL(helper_value(reply, "back"), 1);
	}
	check_taps(run->n_helpers);
	CU_ASSERT_EQUAL(helper_stop(&counted), 0);
	n = read_total(run->name);
	printf("%s: %" PRIu64 " instructions in %d callbacks, %.1f each\n",
	       run->name, n, N_CYCLES, (double)n / N_CYCLES);
	/* Some hundreds each: what it does is in there. */
	CU_ASSERT(n > UINT64_C(200) * N_CYCLES);
	return n;
}

static uint64_t none;

static void test_taps(void)
{
	none = count(&(struct run){ "no taps", 0, false });
	CU_ASSERT_EQUAL(none,
			count(&(struct run){ "64 taps", N_HELPERS, false }));
}

/* One thing more in one of the callbacks is seen. */
static void test_is_seen(void)
{
	CU_ASSERT(none < count(&(struct run){ "an xrun", 0, true }));
}

static const struct unit_test tests[] = {
	{ "instructions", "64 taps take none", test_taps },
	{ "instructions", "what takes some is seen", test_is_seen },
};

int main(int argc, char **argv)
{
	const char *const version[] = { "valgrind", "--version", NULL };
	const char *why;
	char text[256];
	int res;

	if (proc_run(version, NULL, text, sizeof(text), 10000) != 0) {
		printf("skipped: valgrind is not installed\n");
		return SANDBOX_SKIP;
	}
	why = sandbox_enter(&sandbox);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	return sandbox_leave(&sandbox) == 0 ? res : 1;
}
