/* SPDX-License-Identifier: MIT */
/*
 * test_stalls follow|adaptive [long]: each part in turn is stopped for a while,
 * from a period to 2 s (long: 10 s), with a tone that goes from JACK through
 * PipeWire and back.
 *
 * Then the latency is what it was: in follow mode at once and to the frame, in
 * adaptive mode within 2 s and a millisecond; and what the status says of
 * frames lost and inserted is what the tone says. In adaptive mode nothing
 * clicks: no step of the tone is higher than a fade of 4 ms makes it.
 */
#include "tone_bench.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PERIOD 256
#define PERIOD_MS (1000.0 * PERIOD / 48000)
#define SETTLE_MS 2000
#define AT_ONCE_MS 20
#define NEAR_FRAMES 48
/* An amplitude of 0.5 turned over in 4 ms without corners, or run out in 5. */
#define STEP_MILLIONTHS 10000
/* What is caught up, and not counted, while the clocks are learned again. */
#define COUNT_FRAMES 24
#define QUANTUM 256
#define TURN 65536
#define TRIES 6

enum part { PIPEWIRE_SIDE, DAEMON, CLIENT, JACK_SIDE };

static const char *const names[] = { "leat-pipewire", "pipewire", "a client",
				     "leat-jack" };

static struct tone_bench bench;
static bool follows;
static bool is_long;

struct seen {
	struct leat_link_status status;
	double behind; /* frames */
};

static struct seen look(void)
{
	struct seen seen;

	memset(&seen, 0, sizeof(seen));
	CU_ASSERT_FATAL(bridge_status(&seen.status));
	seen.behind = (double)tone_bench_ask(&bench, "behind") / 1000;
	return seen;
}

static void stop_for(struct proc *proc, double ms)
{
	CU_ASSERT_EQUAL_FATAL(proc_signal(proc, SIGSTOP), 0);
	sleep_ms((int)ceil(ms));
	CU_ASSERT_EQUAL_FATAL(proc_signal(proc, SIGCONT), 0);
}

static double targets(const struct seen *seen)
{
	const struct leat_direction_status *way = seen->status.direction;

	return (double)(int64_t)(way[LEAT_TO_PIPEWIRE].target +
				 way[LEAT_TO_JACK].target);
}

/*
 * Frames that the counts say, less those that the tone says. A target that
 * moved is followed by a jump, which is counted, or slowly, which is not.
 */
static double miscounted(const struct seen *was, const struct seen *is)
{
	int64_t counted = tone_bench_account(&is->status) -
			  tone_bench_account(&was->status);
	double wrong =
		remainder((double)counted - (is->behind - was->behind), TURN);
	double slowly = wrong + targets(is) - targets(was);

	return fabs(slowly) < fabs(wrong) ? slowly : wrong;
}

static bool is_back(long long since_ms, double *off)
{
	double late_ms = (double)(tone_bench_ask(&bench, "bad_ms") - since_ms);

	if (!follows) {
		bool near =
			tone_bench_wait_near(&bench, NEAR_FRAMES, SETTLE_MS);

		*off = tone_bench_off(&bench);
		return near;
	}
	*off = tone_bench_off(&bench);
	return fabs(*off) < 0.01 && late_ms < 2 * PERIOD_MS + AT_ONCE_MS;
}

/*
 * What PipeWire's daemon catches up in a burst, its clients cannot always
 * follow: a cycle that another client missed is nothing that we count.
 */
static bool is_counted(double wrong, enum part part)
{
	if (follows)
		return fabs(wrong) < 0.01;
	if (part == DAEMON || part == CLIENT)
		wrong = remainder(wrong, QUANTUM);
	return fabs(wrong) < COUNT_FRAMES;
}

/* Where others stop, what they play clicks, and in follow mode we copy it. */
static bool is_smooth(int64_t step_millionths, enum part part)
{
	return follows || part != PIPEWIRE_SIDE ||
	       step_millionths < STEP_MILLIONTHS;
}

/* One stall; false if the machine had one of its own as well. */
static bool stall(enum part part, struct proc *proc, double ms)
{
	struct seen was, is;
	double off, wrong;
	long long since_ms;
	bool back, clean;
	int64_t step;

	/* What is still being caught up would be taken for a wrong count. */
	(void)tone_bench_wait_near(&bench, 1, 3 * SETTLE_MS);
	was = look();
	tone_bench_reset(&bench);
	stop_for(proc, ms);
	since_ms = now_ms();
	CU_ASSERT_FATAL(tone_bench_wait_quiet(&bench));
	back = is_back(since_ms, &off);
	is = look();
	step = tone_bench_ask(&bench, "step_millionths");
	wrong = miscounted(&was, &is);
	clean = back && is_counted(wrong, part) && is_smooth(step, part);
	fprintf(stderr,
		"%-13s %5.0f ms: gap %.1f ms, back %.0f ms after, %.2f frames "
		"off, %.2f miscounted, step %.4f%s\n",
		names[part], ms, tone_bench_gap_ms(&bench),
		fmax((double)(tone_bench_ask(&bench, "bad_ms") - since_ms), 0),
		off, wrong, (double)step / 1e6, clean ? "" : ": again");
	if (!clean)
		tone_bench_show(&was.status);
	CU_ASSERT(tone_bench_same_processes(&bench));
	return clean;
}

static void stalls(enum part part, struct proc *proc, double most_ms)
{
	static const double lengths_ms[] = { PERIOD_MS, 50, 300, 2000, 10000 };

	for (int i = 0; i < 5 && lengths_ms[i] <= most_ms; i++) {
		int n = 0;

		while (!stall(part, proc, lengths_ms[i]) && ++n < TRIES)
			;
		CU_ASSERT(n < TRIES);
	}
}

/* ---- tests ---- */

static void test_comes_up(void)
{
	CU_ASSERT_FATAL(tone_bench_start(&bench));
	/* Until the clocks are known. */
	sleep_ms(follows ? 0 : 3000);
}

static double most_ms(void)
{
	return is_long ? 10000 : 2000;
}

static void test_pipewire_side(void)
{
	stalls(PIPEWIRE_SIDE, &bench.bridge.pipewire_side, most_ms());
}

static void test_pipewire(void)
{
	stalls(DAEMON, &bench.bridge.pipewire.proc, most_ms());
}

static void test_client(void)
{
	stalls(CLIENT, &bench.pass.proc, most_ms());
}

/* A client that does not answer is given up by jackd after some time. */
static void test_jack_side(void)
{
	stalls(JACK_SIDE, &bench.bridge.jack_side, 300);
}

static void test_ends_cleanly(void)
{
	if (CU_get_number_of_failures() > 0)
		bridge_show(&bench.bridge);
	CU_ASSERT(tone_bench_finish(&bench));
}

static const struct unit_test tests[] = {
	{ "stalls", "comes up", test_comes_up },
	{ "stalls", "leat-pipewire", test_pipewire_side },
	{ "stalls", "the PipeWire daemon", test_pipewire },
	{ "stalls", "a client of PipeWire's", test_client },
	{ "stalls", "leat-jack", test_jack_side },
	{ "stalls", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why;

	if (argc < 2)
		return 2;
	follows = strcmp(argv[1], "follow") == 0;
	is_long = argc > 2 && strcmp(argv[2], "long") == 0;
	why = tone_bench_init(&bench, PERIOD, follows ? NULL : "adaptive");
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
