/* SPDX-License-Identifier: MIT */
/*
 * A library to preload into jackd: see drift.h.
 *
 * Its timed driver asks two functions how long to sleep: FirstCycle(now), which
 * makes now the beginning of its schedule, and CurrentCycle(now), which works
 * the sleep out from that schedule, in microseconds. Both are told a time that
 * runs faster or slower, and what they answer is brought back to true time.
 * Nothing else in jackd sees the difference. An xrun, where CurrentCycle() finds
 * itself too late, stays one.
 *
 * The names are those of jackd2's C++ class (common/JackTimedDriver.h), which
 * libjackserver.so exports and calls through its table of symbols.
 */
#include "drift.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#if __SIZEOF_LONG__ == 8
#define TAKES_U64 "Em"
#else
#define TAKES_U64 "Ey"
#endif
#define FIRST_CYCLE "_ZN4Jack15JackTimedDriver10FirstCycle" TAKES_U64
#define CURRENT_CYCLE "_ZN4Jack15JackTimedDriver12CurrentCycle" TAKES_U64

typedef int cycle_fn(void *driver, uint64_t now_us);

int first_cycle(void *driver, uint64_t now_us) __asm__(FIRST_CYCLE);
int current_cycle(void *driver, uint64_t now_us) __asm__(CURRENT_CYCLE);

/* The driver's thread alone uses these. */
static struct drift *drift;
static cycle_fn *first, *current;
static double ppm;	  /* of the bent clock now, */
static double bent_us;	  /* which showed this */
static double bent_at_us; /* at that true time */

static void *find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("LEAT_DRIFT");
	union {
		void *symbol;
		cycle_fn *function;
	} first_found = { .symbol = find(FIRST_CYCLE) },
	  current_found = { .symbol = find(CURRENT_CYCLE) };

	first = first_found.function;
	current = current_found.function;
	if (path && drift_open(&drift, path) < 0)
		drift = NULL;
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

/* The bent clock goes on from where it was when its speed changes. */
static double bend(double true_us)
{
	double wanted = drift_ppm(drift);

	if (bent_at_us == 0)
		bent_us = true_us;
	else
		bent_us += (true_us - bent_at_us) * (1 + ppm * 1e-6);
	bent_at_us = true_us;
	ppm = wanted;
	return bent_us;
}

/* Tell when the next cycle is due. */
static void tell(double due_us)
{
	uint64_t n = atomic_load(&drift->n_due);

	atomic_store(&drift->due_ns[n % DRIFT_N_DUE], llround(due_us * 1e3));
	atomic_store(&drift->n_due, n + 1);
}

static int cycle(cycle_fn *function, void *driver, uint64_t given_us)
{
	double true_us, bent, whole, wait_us;
	int bent_wait_us;

	if (!drift)
		return function(driver, given_us);
	true_us = now_us();
	bent = bend(true_us);
	whole = floor(bent);
	bent_wait_us = function(driver, (uint64_t)whole);
	if (bent_wait_us < 0)
		return bent_wait_us;
	wait_us = fmax((bent_wait_us - (bent - whole)) / (1 + ppm * 1e-6), 0);
	tell(true_us + wait_us);
	return (int)lround(wait_us);
}

__attribute__((visibility("default"))) int first_cycle(void *driver,
						       uint64_t given_us)
{
	if (drift)
		atomic_fetch_add(&drift->n_starts, 1);
	return cycle(first, driver, given_us);
}

__attribute__((visibility("default"))) int current_cycle(void *driver,
							 uint64_t given_us)
{
	return cycle(current, driver, given_us);
}
