/* SPDX-License-Identifier: MIT */
/*
 * fault-restarts: real servers and the bridge between them. One or two of the
 * four processes are killed at a random moment and started again; what lives
 * on keeps its process, its ports and nodes, its descriptors and threads, and
 * the connections it had, and the circle is exact again.
 *
 *   fault-restarts [--long | --count N] [--seed N] [--only PROGRAM]
 *
 * A round kills one of the four, each in turn, or two of them; or always the
 * same one.
 */
#include "integration/bridge.h"

#include "figures.h"
#include "footprint.h"
#include "unit/helpers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Long, so that a stall of the whole machine is no xrun. */
#define PERIOD 1024

#define BACK_MS 20000

/* libjack opens its database of metadata, these files, where it can. */
#define METADATA_FDS 4

/* A return that takes longer is told. */
#define SLOW_MS 1000

#define EXACT_FRAMES (16 * PERIOD)

#define ROUNDS 18
#define ROUNDS_LONG 1200
#define FAILURES_MAX 5

/* Rounds after which a process holds what it will hold. */
#define WARM_UP 3

enum part { JACKD, PIPEWIRE, LEAT_JACK, LEAT_PIPEWIRE, N_PARTS };

/* A side may be back before its server is. */
static const char *const wait_args[] = { "--wait", NULL };

static const char *const part_names[] = { "jackd", "pipewire", "leat-jack",
					  "leat-pipewire" };

/* What one of the two sides holds, as long as it lives. */
struct side {
	unsigned n_rounds; /* survived */
	struct footprint before;
	long rss_growth_kb; /* of the latest, and */
	long rss_worst_kb;  /* of all */
};

struct run {
	struct bridge bridge;
	struct circle circle;
	uint64_t random;
	int only; /* a part, or -1 */
	unsigned round;
	unsigned n_failures;
	unsigned n_killed[N_PARTS];
	unsigned n_pairs;
	bool killed[N_PARTS]; /* in this round */
	int64_t port_ids[2];
	struct side sides[N_PARTS];
	struct figures resume[N_PARTS + 1]; /* of each, and of pairs */
};

static uint32_t random_below(struct run *run, uint32_t below)
{
	return unit_random(&run->random) % below;
}

static void tell_round(const struct run *run, const char *what, long long ms)
{
	printf("%s: round %u, killed:", what, run->round);
	for (int i = 0; i < N_PARTS; i++)
		if (run->killed[i])
			printf(" %s", part_names[i]);
	if (ms >= 0)
		printf(": %lld ms", ms);
	putchar('\n');
}

static bool expect(struct run *run, bool ok, const char *what)
{
	if (ok)
		return true;
	run->n_failures++;
	printf("FAILED: %s\n", what);
	tell_round(run, "FAILED", -1);
	return false;
}

/* ---- the four ---- */

static struct proc *proc_of(struct run *run, enum part part)
{
	switch (part) {
	case JACKD:
		return &run->bridge.jack.proc;
	case PIPEWIRE:
		return &run->bridge.pipewire.proc;
	case LEAT_JACK:
		return &run->bridge.jack_side;
	default:
		return &run->bridge.pipewire_side;
	}
}

static void kill_part(struct run *run, enum part part)
{
	if (part == PIPEWIRE)
		pipewire_server_kill(&run->bridge.pipewire);
	else
		proc_kill(proc_of(run, part));
	run->n_killed[part]++;
}

static bool start_part(struct run *run, enum part part)
{
	struct bridge *bridge = &run->bridge;

	switch (part) {
	case JACKD:
		return jack_server_start(&bridge->jack, &bridge->sandbox) == 0;
	case PIPEWIRE:
		return pipewire_server_start(&bridge->pipewire,
					     &bridge->sandbox) == 0;
	case LEAT_JACK:
		return bridge_start_jack_side(bridge);
	default:
		return bridge_start_pipewire_side(bridge);
	}
}

/* ---- what must stay ---- */

static int64_t port_id(struct run *run, const char *name)
{
	char reply[HELPER_REPLY];

	return helper_ask(&run->circle.pass, reply, "id %s", name) < 0
		       ? -1
		       : helper_value(reply, "id");
}

static void note_ports(struct run *run, int64_t ids[2])
{
	ids[0] = port_id(run, "leat.test.source:capture_FL");
	ids[1] = port_id(run, "leat.test.sink:playback_FL");
}

/* The nodes live as long as the daemon and the side that made them. */
static void check_ports(struct run *run)
{
	int64_t ids[2];

	note_ports(run, ids);
	expect(run, ids[0] >= 0 && ids[1] >= 0, "a node is missing");
	if (!run->killed[PIPEWIRE] && !run->killed[LEAT_PIPEWIRE])
		expect(run,
		       ids[0] == run->port_ids[0] && ids[1] == run->port_ids[1],
		       "the nodes are not those from before");
	memcpy(run->port_ids, ids, sizeof(ids));
}

static void check_side(struct run *run, enum part part)
{
	struct side *side = &run->sides[part];
	struct footprint now;
	char text[2][128];

	if (run->killed[part]) {
		*side = (struct side){ .rss_worst_kb = side->rss_worst_kb };
		return;
	}
	if (!expect(run, proc_is_running(proc_of(run, part)),
		    "a side has ended by itself") ||
	    !footprint_take(&now, proc_of(run, part)->pid))
		return;
	if (++side->n_rounds == WARM_UP)
		side->before = now;
	if (side->n_rounds <= WARM_UP)
		return;
	side->rss_growth_kb = now.rss_kb - side->before.rss_kb;
	if (side->rss_growth_kb > side->rss_worst_kb)
		side->rss_worst_kb = side->rss_growth_kb;
	if (!expect(run,
		    now.n_fds <= side->before.n_fds + METADATA_FDS &&
			    now.n_threads == side->before.n_threads,
		    "a side holds more than before"))
		printf("%s: before %s; now %s\n", part_names[part],
		       footprint_text(&side->before, text[0]),
		       footprint_text(&now, text[1]));
}

/*
 * What JACK's client heard all the while, if it lived: nothing strange. But a
 * client that dies leaves its port as it was, and JACK plays that again, or
 * the half of a block that it had come to, until it has noticed.
 */
static void check_heard(struct run *run)
{
	char reply[HELPER_REPLY];

	if (run->killed[JACKD] || run->killed[LEAT_JACK] ||
	    !expect(run, helper_ask(&run->circle.jack, reply, "report") == 0,
		    "the client in JACK is gone"))
		return;
	expect(run, helper_value(reply, "corrupt") == 0, "a corrupt frame");
	expect(run, helper_value(reply, "repeats") == 0, "a repeated frame");
}

/* ---- a round ---- */

/* The clients of a server that was killed are new, too. */
static bool start_clients(struct run *run)
{
	struct bridge *bridge = &run->bridge;

	if (run->killed[JACKD]) {
		proc_kill(&run->circle.jack.proc);
		if (sig_jack_start(&run->circle.jack, &bridge->sandbox,
				   bridge->jack.name, "sig", "--send", "--recv",
				   NULL) != 0)
			return false;
	}
	/* A side that has lived makes the connections that it had. */
	if (run->killed[LEAT_JACK] && !circle_connect(&run->circle))
		return false;
	if (run->killed[PIPEWIRE])
		return circle_pass_again(&run->circle, bridge);
	return !run->killed[LEAT_PIPEWIRE] || circle_link(&run->circle);
}

static void choose(struct run *run, enum part victims[2], unsigned *n)
{
	unsigned turn = run->only >= 0 ? (unsigned)run->only
				       : run->round % (N_PARTS + 2);

	*n = turn < N_PARTS ? 1 : 2;
	victims[0] = turn < N_PARTS ? (enum part)turn
				    : (enum part)random_below(run, N_PARTS);
	victims[1] =
		(enum part)((victims[0] + 1 + random_below(run, 3)) % N_PARTS);
	memset(run->killed, 0, sizeof(run->killed));
	for (unsigned i = 0; i < *n; i++)
		run->killed[victims[i]] = true;
	run->n_pairs += *n == 2;
}

static bool bring_back(struct run *run, const enum part victims[2], unsigned n)
{
	bool swapped = random_below(run, 2) == 1;

	for (unsigned i = 0; i < n; i++) {
		enum part part = victims[swapped ? n - 1 - i : i];

		if (!expect(run, start_part(run, part),
			    "a process does not start"))
			return false;
		if (i + 1 < n)
			sleep_ms((int)random_below(run, 100));
	}
	return true;
}

/*
 * A side counts from its own start, a server from the moment at which it
 * takes clients; of two, the later one's.
 */
static void wait_back(struct run *run, struct figures *resume,
		      long long from_ms)
{
	long long took_ms;

	/* New nodes have no links yet. */
	bool is_idle = run->killed[PIPEWIRE] || run->killed[LEAT_PIPEWIRE];
	const char *state = is_idle ? "idle" : "running";

	if (!expect(run, bridge_wait_state(state, BACK_MS),
		    "the link does not come back"))
		return;
	took_ms = now_ms() - from_ms;
	figures_add(resume, took_ms * 1000000);
	if (took_ms > SLOW_MS)
		tell_round(run, "slow", took_ms);
}

static bool play_round(struct run *run)
{
	enum part victims[2];
	long long from_ms;
	unsigned n;

	choose(run, victims, &n);
	if (!expect(run, helper_tell(&run->circle.jack, "reset") == 0,
		    "the client in JACK is gone"))
		return false;
	sleep_ms((int)random_below(run, 50));
	for (unsigned i = 0; i < n; i++) {
		kill_part(run, victims[i]);
		sleep_ms((int)random_below(run, 20));
	}
	sleep_ms((int)random_below(run, 200));
	from_ms = now_ms();
	if (!bring_back(run, victims, n))
		return false;
	wait_back(run, &run->resume[n == 1 ? victims[0] : N_PARTS],
		  n == 1 && victims[0] >= LEAT_JACK ? from_ms : now_ms());
	check_heard(run);
	if (!expect(run, start_clients(run), "a client does not start") ||
	    !expect(run, bridge_wait_state("running", BACK_MS),
		    "the link does not run") ||
	    !expect(run, circle_wait_exact(&run->circle, EXACT_FRAMES, BACK_MS),
		    "the circle is not exact again"))
		return false;
	check_ports(run);
	check_side(run, LEAT_JACK);
	check_side(run, LEAT_PIPEWIRE);
	return true;
}

/* ---- all of them ---- */

static void report(struct run *run)
{
	printf("%u rounds, %u of them of two at once; killed:", run->round,
	       run->n_pairs);
	for (int i = 0; i < N_PARTS; i++)
		printf(" %s %u", part_names[i], run->n_killed[i]);
	printf("\nmost growth of a side that lived: leat-jack %ld kB, "
	       "leat-pipewire %ld kB\n",
	       run->sides[LEAT_JACK].rss_worst_kb,
	       run->sides[LEAT_PIPEWIRE].rss_worst_kb);
	printf("the link is back after the return of\n");
	for (int i = 0; i <= N_PARTS; i++)
		if (run->resume[i].n > 0)
			figures_print(&run->resume[i], i < N_PARTS
							       ? part_names[i]
							       : "two at once");
}

static int play(struct run *run, unsigned n_rounds)
{
	bool ok = bridge_start(&run->bridge) &&
		  circle_start(&run->circle, &run->bridge) &&
		  circle_wait_exact(&run->circle, EXACT_FRAMES, BACK_MS);

	if (expect(run, ok, "the bridge does not come up"))
		note_ports(run, run->port_ids);
	while (ok && run->round < n_rounds && run->n_failures < FAILURES_MAX) {
		ok = play_round(run);
		run->round++;
	}
	report(run);
	if (run->n_failures)
		bridge_show(&run->bridge);
	circle_stop(&run->circle);
	expect(run, bridge_finish(&run->bridge) == 0, "a process is left over");
	for (int i = 0; i <= N_PARTS; i++)
		figures_finish(&run->resume[i]);
	printf("%u failures\n", run->n_failures);
	return run->n_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int part_named(const char *name)
{
	for (int i = 0; i < N_PARTS; i++)
		if (strcmp(name, part_names[i]) == 0)
			return i;
	return -1;
}

static bool parse(struct run *run, unsigned *n_rounds, int argc, char **argv)
{
	run->random = (uint64_t)now_ms() | 1;
	run->only = -1;
	*n_rounds = ROUNDS;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--long") == 0)
			*n_rounds = ROUNDS_LONG;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--count") == 0)
			*n_rounds = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			run->random = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--only") != 0 ||
			 (run->only = part_named(argv[++i])) < 0)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct run run;
	unsigned n_rounds;
	const char *why;

	if (!parse(&run, &n_rounds, argc, argv))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", (unsigned long long)run.random);
	why = bridge_init(&run.bridge, PERIOD);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	run.bridge.jack_side_args = wait_args;
	run.bridge.pipewire_args = wait_args;
	return play(&run, n_rounds);
}
