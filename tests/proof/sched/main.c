/* SPDX-License-Identifier: MIT */
/*
 * The shipped ring under every schedule, or under many.
 *
 *   proof-sched all [--long] [SCENARIO]    every interleaving of each, or of one
 *   proof-sched random [--long] [SEED [N]] N schedules, drawn like the scenario
 *   proof-sched replay MODEL SEED [TWIN]   one of these again, with a trace
 *   proof-sched twins                      each planted error must be found
 *
 * Shown: no wake-up is lost, items arrive in order and are what was sent, an
 * honest peer poisons nothing, spans lie inside the ring, the limit is kept,
 * and a descriptor is raised at a crossing and only there. See machine.h for
 * what the machine is, and scenario.c for what is run on it.
 */
#include "explore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WITH_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
	__has_feature(memory_sanitizer)
#define WITH_SANITIZER
#endif
#endif

static const char *const model_names[] = { "tso", "weak" };

static const char *const twin_names[N_TWINS] = {
	[TWIN_NONE] = "none",
	[TWIN_PRODUCER_PUBLISHES] = "producer-publishes",
	[TWIN_PRODUCER_SLEEPS] = "producer-sleeps",
	[TWIN_CONSUMER_PUBLISHES] = "consumer-publishes",
	[TWIN_CONSUMER_SLEEPS] = "consumer-sleeps",
	[TWIN_NO_RECHECK] = "no-recheck",
	[TWIN_CROSS_LATE] = "cross-late",
	[TWIN_CROSS_EARLY] = "cross-early",
	[TWIN_CROSS_NEVER] = "cross-never",
	[TWIN_RELAXED_STORE] = "relaxed-store",
	[TWIN_RELAXED_LOAD] = "relaxed-load",
	[TWIN_NO_READ_BARRIER] = "no-read-barrier",
	[TWIN_NO_WRITE_BARRIER] = "no-write-barrier",
	[TWIN_CLEAR_LATE] = "clear-late",
	[TWIN_MARK_FAR] = "mark-far",
};

/* ---- all ---- */

static int run_all(bool is_long, const char *name)
{
	uint64_t n_states = 0;
	int n_failed = 0;

	for (unsigned i = 0; i < n_scenarios; i++) {
		const struct scenario *s = &scenarios[i];

		for (int m = 0; m < 2; m++) {
			struct result result;

			if ((s->long_models >> m & 1 && !is_long) ||
			    (name && strcmp(s->name, name) != 0))
				continue;
			machine.model = (enum model)m;
			result = explore_all(s, true);
			n_states += result.n_states;
			n_failed += result.failure != NULL;
			printf("%-30s %-4s %10" PRIu64 " states %9" PRIu64
			       " runs  %s\n",
			       s->name, model_names[m], result.n_states,
			       result.n_runs,
			       result.failure ? result.failure : "ok");
			fflush(stdout);
		}
	}
	printf("%" PRIu64 " states, %d failed\n", n_states, n_failed);
	return n_failed > 0;
}

/* ---- random ---- */

static int run_random(bool is_long, uint64_t seed, uint64_t n_runs)
{
	int n_failed = 0;

	if (n_runs == 0)
		n_runs = is_long ? 10000000 : 400000;
	for (int m = 0; m < 2; m++) {
		struct result result;

		machine.model = (enum model)m;
		result = explore_random(NULL, seed, n_runs / 2);
		printf("%-4s %" PRIu64 " schedules from seed %" PRIu64
		       ", %" PRIu64 " steps: %s\n",
		       model_names[m], result.n_runs, seed, machine.n_steps,
		       result.failure ? result.failure : "ok");
		if (result.failure)
			printf("again, step by step: proof-sched replay %s "
			       "%" PRIu64 "\n",
			       model_names[m], result.seed);
		n_failed += result.failure != NULL;
	}
	return n_failed > 0;
}

static int find_name(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	fprintf(stderr, "there is no '%s'\n", name);
	exit(2);
}

static int run_replay(const char *model, const char *seed, const char *twin)
{
	struct result result;

	machine.model = (enum model)find_name(model, model_names, 2);
	if (twin)
		machine.twin = (enum twin)find_name(twin, twin_names, N_TWINS);
	result = explore_replay(NULL, strtoull(seed, NULL, 0));
	printf("%s\n", result.failure ? result.failure : "ok");
	return result.failure != NULL;
}

/* ---- twins ---- */

/* Which search has to find it, in what. */
static const struct {
	enum twin twin;
	enum model model;
	const char *scenario;
} twins[] = {
	{ TWIN_PRODUCER_PUBLISHES, MODEL_TSO, "one place" },
	{ TWIN_PRODUCER_PUBLISHES, MODEL_WEAK, "two items" },
	{ TWIN_PRODUCER_PUBLISHES, MODEL_TSO, "watermark" },
	{ TWIN_PRODUCER_PUBLISHES, MODEL_TSO, "room for many" },
	{ TWIN_PRODUCER_PUBLISHES, MODEL_TSO, "timed" },
	{ TWIN_PRODUCER_SLEEPS, MODEL_TSO, "one place" },
	{ TWIN_PRODUCER_SLEEPS, MODEL_WEAK, "two items" },
	{ TWIN_PRODUCER_SLEEPS, MODEL_TSO, "watermark" },
	{ TWIN_PRODUCER_SLEEPS, MODEL_TSO, "room for many" },
	{ TWIN_CONSUMER_PUBLISHES, MODEL_TSO, "one place" },
	{ TWIN_CONSUMER_PUBLISHES, MODEL_WEAK, "two items" },
	{ TWIN_CONSUMER_PUBLISHES, MODEL_TSO, "watermark" },
	{ TWIN_CONSUMER_PUBLISHES, MODEL_TSO, "room for many" },
	{ TWIN_CONSUMER_SLEEPS, MODEL_TSO, "one place" },
	{ TWIN_CONSUMER_SLEEPS, MODEL_WEAK, "two items" },
	{ TWIN_CONSUMER_SLEEPS, MODEL_TSO, "watermark" },
	{ TWIN_CONSUMER_SLEEPS, MODEL_TSO, "room for many" },
	{ TWIN_CONSUMER_SLEEPS, MODEL_TSO, "timed" },
	{ TWIN_NO_RECHECK, MODEL_TSO, "one place" },
	{ TWIN_NO_RECHECK, MODEL_WEAK, "one place" },
	{ TWIN_NO_RECHECK, MODEL_TSO, "timed" },
	{ TWIN_CROSS_LATE, MODEL_TSO, "one place" },
	{ TWIN_CROSS_LATE, MODEL_TSO, "past 2^64" },
	{ TWIN_CROSS_EARLY, MODEL_TSO, "one place" },
	{ TWIN_CROSS_NEVER, MODEL_TSO, "wrap" },
	{ TWIN_CROSS_NEVER, MODEL_TSO, "timed" },
	{ TWIN_RELAXED_STORE, MODEL_WEAK, "one place" },
	{ TWIN_RELAXED_STORE, MODEL_WEAK, "poll" },
	{ TWIN_RELAXED_LOAD, MODEL_WEAK, "one place" },
	{ TWIN_RELAXED_LOAD, MODEL_WEAK, "poll" },
	{ TWIN_NO_READ_BARRIER, MODEL_WEAK, "timed" },
	{ TWIN_NO_WRITE_BARRIER, MODEL_WEAK, "timed, poll" },
	{ TWIN_RELAXED_STORE, MODEL_WEAK, "stamps" },
	{ TWIN_RELAXED_LOAD, MODEL_WEAK, "stamps" },
	{ TWIN_NO_READ_BARRIER, MODEL_WEAK, "stamps" },
	{ TWIN_NO_WRITE_BARRIER, MODEL_WEAK, "stamps" },
	{ TWIN_RELAXED_STORE, MODEL_WEAK, "stamp log" },
	{ TWIN_RELAXED_LOAD, MODEL_WEAK, "stamp log" },
	{ TWIN_NO_READ_BARRIER, MODEL_WEAK, "stamp log" },
	{ TWIN_NO_WRITE_BARRIER, MODEL_WEAK, "stamp log" },
	{ TWIN_RELAXED_STORE, MODEL_WEAK, "event log" },
	{ TWIN_RELAXED_LOAD, MODEL_WEAK, "event log" },
	{ TWIN_NO_READ_BARRIER, MODEL_WEAK, "event log" },
	{ TWIN_NO_WRITE_BARRIER, MODEL_WEAK, "event log" },
	{ TWIN_RELAXED_STORE, MODEL_WEAK, "load cycles" },
	{ TWIN_RELAXED_LOAD, MODEL_WEAK, "load cycles" },
	{ TWIN_NO_READ_BARRIER, MODEL_WEAK, "load cycles" },
	{ TWIN_NO_WRITE_BARRIER, MODEL_WEAK, "load cycles" },
	{ TWIN_RELAXED_STORE, MODEL_WEAK, "tap" },
	{ TWIN_RELAXED_LOAD, MODEL_WEAK, "tap" },
	{ TWIN_NO_READ_BARRIER, MODEL_WEAK, "tap" },
	{ TWIN_NO_WRITE_BARRIER, MODEL_WEAK, "tap, larger blocks" },
	{ TWIN_CLEAR_LATE, MODEL_TSO, "one place" },
	{ TWIN_CLEAR_LATE, MODEL_WEAK, "watermark" },
	{ TWIN_MARK_FAR, MODEL_TSO, "one place" },
	{ TWIN_MARK_FAR, MODEL_TSO, "timed" },
};

static const struct scenario *find_scenario(const char *name)
{
	for (unsigned i = 0; i < n_scenarios; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	fprintf(stderr, "there is no scenario '%s'\n", name);
	exit(2);
}

static int run_twins(void)
{
	unsigned n = sizeof(twins) / sizeof(twins[0]), n_missed = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct scenario *s = find_scenario(twins[i].scenario);
		struct result all, chance;

		machine.model = twins[i].model;
		machine.twin = twins[i].twin;
		all = explore_all(s, false);
		chance = explore_random(NULL, 1, 1000000);
		n_missed += !all.failure || !chance.failure;
		printf("%-18s %-4s %-14s run %" PRIu64
		       ": %s; by chance: run %" PRIu64 "\n",
		       twin_names[twins[i].twin], model_names[twins[i].model],
		       s->name, all.n_runs,
		       all.failure ? all.failure : "NOT FOUND", chance.n_runs);
		if (!chance.failure)
			printf("NOT FOUND by chance\n");
	}
	printf("%u twins, %u not found\n", n, n_missed);
	return n_missed > 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: proof-sched all|random|twins [--long] [SEED "
			"[N]]\n       proof-sched replay MODEL SEED [TWIN]\n");
	return 2;
}

int main(int argc, char **argv)
{
	bool is_long = argc > 2 && strcmp(argv[2], "--long") == 0;
	char **rest = argv + 2 + is_long;
	int n_rest = argc - 2 - is_long;

#ifdef WITH_SANITIZER
	printf("skipped: sanitizers do not follow stacks that are changed\n");
	return 77;
#endif
	if (argc < 2)
		return usage();
	if (strcmp(argv[1], "all") == 0)
		return run_all(is_long, n_rest > 0 ? rest[0] : NULL);
	if (strcmp(argv[1], "random") == 0)
		return run_random(is_long,
				  n_rest > 0 ? strtoull(rest[0], NULL, 0) : 1,
				  n_rest > 1 ? strtoull(rest[1], NULL, 0) : 0);
	if (strcmp(argv[1], "replay") == 0 && n_rest >= 2)
		return run_replay(rest[0], rest[1],
				  n_rest > 2 ? rest[2] : NULL);
	if (strcmp(argv[1], "twins") == 0)
		return run_twins();
	return usage();
}
