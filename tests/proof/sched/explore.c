/* SPDX-License-Identifier: MIT */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- everything ---- */

enum { N_CHOICES_MAX = 8192 };

/* What was chosen in this run, and of how many. */
static struct {
	unsigned short chosen[N_CHOICES_MAX];
	unsigned short n_options[N_CHOICES_MAX];
	unsigned n_known; /* chosen by the search, not at first sight */
	unsigned n;
} trail;

static unsigned choose_next(unsigned n_options, unsigned n_usual)
{
	unsigned i = trail.n++;

	(void)n_usual;
	if (i >= N_CHOICES_MAX) {
		machine.failure = "more choices than the search has room for";
		return 0;
	}
	if (i >= trail.n_known)
		trail.chosen[i] = 0;
	trail.n_options[i] = (unsigned short)n_options;
	return trail.chosen[i];
}

/* On to the next run: the last choice that has an option left. */
static bool advance(void)
{
	while (trail.n > 0) {
		unsigned i = --trail.n;

		if (++trail.chosen[i] < trail.n_options[i]) {
			trail.n_known = i + 1;
			return true;
		}
	}
	return false;
}

/* ---- states that were there before: a set of hashes ---- */

static struct {
	uint64_t *slots; /* 0: free */
	uint64_t mask;
	uint64_t n;
} set;

static bool set_put(uint64_t key)
{
	uint64_t i = key & set.mask;

	for (; set.slots[i]; i = (i + 1) & set.mask)
		if (set.slots[i] == key)
			return false;
	set.slots[i] = key;
	set.n++;
	return true;
}

static void set_init(uint64_t n_slots)
{
	set.slots = calloc(n_slots, sizeof(*set.slots));
	if (!set.slots) {
		perror("calloc");
		exit(1);
	}
	set.mask = n_slots - 1;
	set.n = 0;
}

static void set_grow(void)
{
	uint64_t *old = set.slots, n_old = set.mask + 1;

	set_init(2 * n_old);
	for (uint64_t i = 0; i < n_old; i++)
		if (old[i])
			set_put(old[i]);
	free(old);
}

static bool visit_new(uint64_t state)
{
	/* On the way to where this run leaves the last one. */
	if (trail.n < trail.n_known)
		return true;
	if (set.n > set.mask / 2)
		set_grow();
	return set_put(state ? state : 1);
}

static void trace_again(const struct scenario *scenario)
{
	bool seen;

	trail.n_known = trail.n;
	trail.n = 0;
	machine.tracing = true;
	machine_init(choose_next, NULL);
	scenario_run(scenario, &seen);
	machine.tracing = false;
}

struct result explore_all(const struct scenario *scenario, bool traced)
{
	struct result result = { 0 };
	bool seen;

	set_init(1 << 16);
	trail.n_known = 0;
	machine_init(choose_next, visit_new);
	do {
		trail.n = 0;
		result.failure = scenario_run(scenario, &seen);
		result.n_runs++;
	} while (!result.failure && advance());
	result.n_states = set.n;
	free(set.slots);
	if (result.failure && traced)
		trace_again(scenario);
	return result;
}

/* ---- chance ---- */

static uint64_t random_state;
static unsigned rarely; /* in 16: what is not usual */

/* SplitMix64 (Steele et al., 2014): any seed will do, 0 and 1 included. */
static uint64_t draw(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned choose_random(unsigned n_options, unsigned n_usual)
{
	uint64_t bits = draw();

	if (n_usual < n_options && (bits & 15) < rarely)
		return n_usual +
		       (unsigned)((bits >> 32) % (n_options - n_usual));
	return (unsigned)((bits >> 32) % n_usual);
}

/* Some runs have stores that linger, others have few. */
static const char *run_seed(const struct scenario *scenario, uint64_t seed)
{
	struct scenario drawn;
	bool seen;

	random_state = seed;
	rarely = 1u << draw() % 4;
	if (!scenario) {
		machine_reset(0);
		scenario_draw(&drawn);
		scenario = &drawn;
	}
	if (machine.tracing)
		scenario_print(scenario);
	return scenario_run(scenario, &seen);
}

struct result explore_random(const struct scenario *scenario, uint64_t seed,
			     uint64_t n_runs)
{
	struct result result = { 0 };

	machine_init(choose_random, NULL);
	while (!result.failure && result.n_runs < n_runs) {
		result.seed = seed + result.n_runs++;
		result.failure = run_seed(scenario, result.seed);
	}
	return result;
}

struct result explore_replay(const struct scenario *scenario, uint64_t seed)
{
	struct result result = { .seed = seed, .n_runs = 1 };

	machine_init(choose_random, NULL);
	machine.tracing = true;
	result.failure = run_seed(scenario, seed);
	machine.tracing = false;
	return result;
}
