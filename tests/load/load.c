/* SPDX-License-Identifier: MIT */
/*
 * leat-load [--seconds N] [--rounds N] [--period N] [--mode MODE]
 *           [--latency FRAMES] [--stress 0]
 *
 * Does a bridge in JACK's graph make JACK late? Under load (stress-ng), rounds
 * with the bridge and rounds without it take turns. Two clients run through all
 * of them, one in JACK and one in PipeWire, at one period: linked through the
 * bridge, or each to itself, so that the bridge is all the difference. What is
 * late is counted from JACK's frame time, and what the machine itself was
 * stalled for is told apart by a witness (witness.h). Before that a stall of
 * jackd is planted, to see that it is found. What the bridge itself lost is
 * added up as well; with --latency, which is adaptive mode's, that is how long
 * a stall it outlasts.
 */
#include "integration/bridge.h"
#include "meter.h"
#include "tools/xrun/witness.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLANTED_FOUND 3
#define PLANTED_MAX 20

/* Of the test's jackd, whose clock is the system's: it loses time by xruns. */
#define RATE_HZ 48000

/* Less is too short for a verdict. */
#define JUDGED_S 120

/* What a bridge counted in one direction. */
struct loss {
	uint64_t frames, lost, inserted, underruns, slips;
};

struct arm {
	const char *name;
	struct meter_counts sum;
	uint64_t stalls;     /* of the witness */
	uint64_t longest_ns; /* of these */
	struct loss loss[LEAT_N_DIRECTIONS];
	double still; /* frames that the clock went on by and JACK did not */
	uint64_t pw_cycles; /* of the client in PipeWire */
};

static struct bridge bridge;
static struct circle circle;
static struct proc stress;
static struct witness *witness;
static unsigned seconds = 60, rounds = 10, stressed = 1;

static bool is_realtime(void *arg)
{
	(void)arg;
	return witness->is_realtime;
}

static const char *start_witness(void)
{
	witness = witness_start();
	return witness && wait_for(is_realtime, NULL, 5000)
		       ? NULL
		       : "there are no realtime rights for a witness";
}

static bool start_stress(void)
{
	const char *argv[] = { "stress-ng", "--cpu",	  "2",	 "--vm",
			       "1",	    "--vm-bytes", "64M", "--io",
			       "1",	    "--quiet",	  NULL };
	const struct proc_options options = { .log = "/dev/null",
					      .merged = true };

	return proc_start(&stress, argv, &options) == 0;
}

/* An adaptive bridge runs with nothing linked to it. */
static bool is_up(void)
{
	return bridge_wait_state(
		bridge.mode && strcmp(bridge.mode, "adaptive") == 0 ? "running"
								    : "idle",
		20000);
}

/* Each of the two clients to itself: what "connect" and "link" undo. */
static bool tell_each_to_itself(const char *in_jack, const char *in_pipewire)
{
	for (int channel = 1; channel <= 2; channel++)
		if (helper_tell(&circle.jack, "%s sig:send_%d sig:recv_%d",
				in_jack, channel, channel) != 0 ||
		    helper_tell(&circle.pass, "%s pass:out_%d pass:in_%d",
				in_pipewire, channel, channel) != 0)
			return false;
	return true;
}

static bool start_clients(void)
{
	return circle_start_clients(&circle, &bridge) &&
	       tell_each_to_itself("connect", "link");
}

static bool start_bridge(void)
{
	return bridge_start_jack_side(&bridge) &&
	       bridge_start_pipewire_side(&bridge) && is_up() &&
	       tell_each_to_itself("disconnect", "unlink") &&
	       circle_connect(&circle) && circle_link(&circle) &&
	       bridge_wait_state("running", 20000);
}

static bool stop_bridge(void)
{
	proc_stop(&bridge.pipewire_side, 5000);
	proc_stop(&bridge.jack_side, 5000);
	return tell_each_to_itself("connect", "link");
}

static uint64_t longest_stall_ns(uint32_t from)
{
	uint32_t n = witness->n_stalls;
	uint64_t longest = 0;

	for (uint32_t i = from; i != n; i++) {
		const struct witness_stall *stall =
			&witness->stalls[i % WITNESS_STALLS];
		uint64_t ns = (uint64_t)(stall->end_ns - stall->start_ns);

		longest = ns > longest ? ns : longest;
	}
	return longest;
}

static void add_losses(struct arm *arm, const struct leat_link_status *before,
		       const struct leat_link_status *after)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct leat_direction_status *from =
			&before->direction[d];
		const struct leat_direction_status *to = &after->direction[d];
		struct loss *loss = &arm->loss[d];

		loss->frames += to->frames - from->frames;
		loss->lost += to->lost - from->lost;
		loss->inserted += to->inserted - from->inserted;
		loss->underruns += to->underruns - from->underruns;
		loss->slips += to->slips - from->slips;
	}
}

static uint64_t n_pw_cycles(void)
{
	char reply[HELPER_REPLY];

	if (helper_ask(&circle.pass, reply, "report") != 0)
		return 0;
	return (uint64_t)helper_value(reply, "cycles");
}

static void measure(struct arm *arm)
{
	struct leat_link_status before = { 0 }, after = { 0 };
	uint32_t stalls = witness->n_stalls;
	struct meter_counts counts;
	uint64_t longest_ns;
	long long start_ms;
	bool has_bridge;

	/* Clients that come and go make a server late, rightly. */
	sleep(1);
	has_bridge = bridge_status(&before);
	(void)meter_take();
	helper_tell(&circle.pass, "reset");
	start_ms = now_ms();
	sleep(seconds);
	counts = meter_take();
	arm->pw_cycles += n_pw_cycles();
	arm->still += (double)(now_ms() - start_ms) * RATE_HZ / 1000 -
		      (double)(counts.periods * bridge.jack.period);
	if (has_bridge && bridge_status(&after))
		add_losses(arm, &before, &after);
	longest_ns = longest_stall_ns(stalls);
	if (longest_ns > arm->longest_ns)
		arm->longest_ns = longest_ns;
	arm->sum.periods += counts.periods;
	arm->sum.late += counts.late;
	arm->sum.unexplained += counts.unexplained;
	arm->sum.xruns += counts.xruns;
	arm->stalls += (uint32_t)witness->n_stalls - stalls;
}

static void print(const struct arm *arm)
{
	printf("%-8s %10" PRIu64 " periods, %6" PRIu64 " late, %6" PRIu64
	       " of them with no stall of the machine; %" PRIu64
	       " xruns, %" PRIu64 " stalls, the longest %.1f ms; JACK stood "
	       "still for %.0f frames; %" PRIu64 " cycles in PipeWire\n",
	       arm->name, arm->sum.periods, arm->sum.late, arm->sum.unexplained,
	       arm->sum.xruns, arm->stalls, (double)arm->longest_ns / 1e6,
	       arm->still, arm->pw_cycles);
	fflush(stdout);
}

static void print_losses(const struct arm *arm)
{
	static const char *const names[] = { "to PipeWire", "to JACK" };

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct loss *loss = &arm->loss[d];

		printf("%-11s %10" PRIu64 " frames, %" PRIu64 " lost; %" PRIu64
		       " cycles without, %" PRIu64
		       " frames of silence, %" PRIu64 " slips\n",
		       names[d], loss->frames, loss->lost, loss->underruns,
		       loss->inserted, loss->slips);
	}
}

/*
 * jackd itself is stopped while the machine is not: that has no excuse, but
 * where the stop falls together with a stall of the machine.
 */
static bool finds_planted(void)
{
	struct meter_counts counts, sum = { 0 };
	int n = 0;

	/* Its first cycle has none before it that it could be late after. */
	if (!wait_for(meter_is_called, NULL, 5000))
		return false;
	(void)meter_take();
	while (sum.unexplained < PLANTED_FOUND && n < PLANTED_MAX) {
		proc_signal(&bridge.jack.proc, SIGSTOP);
		usleep(20000);
		proc_signal(&bridge.jack.proc, SIGCONT);
		usleep(200000);
		counts = meter_take();
		sum.late += counts.late;
		sum.unexplained += counts.unexplained;
		n++;
	}
	printf("planted  %d stops of jackd: %" PRIu64 " late, %" PRIu64
	       " of them with no stall of the machine\n",
	       n, sum.late, sum.unexplained);
	return sum.late >= (uint64_t)n && sum.unexplained >= PLANTED_FOUND;
}

/*
 * Counts of rare events vary like their square roots (Poisson): more than three
 * of those apart is no accident.
 */
static bool is_worse(const struct arm *with, const struct arm *without)
{
	double a = (double)without->sum.unexplained;
	double b = (double)with->sum.unexplained;

	return b > a + 3 * sqrt(a + b);
}

/* Nor is PipeWire's client to work in one of the arms only. */
static bool are_alike(const struct arm *with, const struct arm *without)
{
	double a = (double)without->pw_cycles, b = (double)with->pw_cycles;

	if (a > 0.9 * b && b > 0.9 * a)
		return true;
	printf("PipeWire had another load with the bridge than without: "
	       "nothing is shown\n");
	return false;
}

static int failed(void)
{
	bridge_show(&bridge);
	return 1;
}

static int run(void)
{
	struct arm with = { .name = "with" }, without = { .name = "without" };

	if (!bridge_start_servers(&bridge) ||
	    !meter_open(bridge.jack.name, witness) || !start_clients())
		return failed();
	if (!finds_planted()) {
		printf("a planted stop was not found: nothing is shown\n");
		return 1;
	}
	if (stressed && !start_stress()) {
		printf("skipped: stress-ng is not installed\n");
		return SANDBOX_SKIP;
	}
	for (unsigned i = 0; i < rounds; i++) {
		measure(&without);
		if (!start_bridge())
			return failed();
		measure(&with);
		if (!stop_bridge())
			return failed();
	}
	print(&without);
	print(&with);
	print_losses(&with);
	if (!are_alike(&with, &without))
		return 1;
	if (seconds * rounds < JUDGED_S) {
		printf("too short for a verdict\n");
		return 0;
	}
	return is_worse(&with, &without);
}

static const char *latency_args[] = { "--latency", NULL, NULL };

static bool parse(int argc, char **argv, uint32_t *period)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned value = (unsigned)atoi(argv[i + 1]);

		if (strcmp(argv[i], "--seconds") == 0)
			seconds = value;
		else if (strcmp(argv[i], "--rounds") == 0)
			rounds = value;
		else if (strcmp(argv[i], "--period") == 0)
			*period = value;
		else if (strcmp(argv[i], "--stress") == 0)
			stressed = value;
		else if (strcmp(argv[i], "--mode") == 0)
			bridge.mode = argv[i + 1];
		else if (strcmp(argv[i], "--latency") == 0)
			latency_args[1] = argv[i + 1];
		else
			return false;
	}
	return argc % 2 == 1;
}

int main(int argc, char **argv)
{
	uint32_t period = 64;
	const char *why, *mode;
	int res;

	if (!parse(argc, argv, &period)) {
		fprintf(stderr, "usage: leat-load [--seconds N] [--rounds N] "
				"[--period N] [--mode MODE] "
				"[--latency FRAMES] [--stress 0]\n");
		return 2;
	}
	mode = bridge.mode;
	why = bridge_init(&bridge, period);
	bridge.mode = mode;
	/* Follow mode would have it so, and no round is to have more cycles. */
	bridge.pipewire.quantum = period;
	if (latency_args[1])
		bridge.pipewire_args = latency_args;
	if (!why)
		why = start_witness();
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	res = run();
	circle_stop(&circle);
	meter_close();
	witness_stop(witness);
	proc_stop(&stress, 3000);
	if (bridge_finish(&bridge) != 0)
		res = 1;
	return res;
}
