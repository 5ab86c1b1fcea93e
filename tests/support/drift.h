/* SPDX-License-Identifier: MIT */
/**
 * A JACK server whose clock is off, as a crystal is.
 *
 * jackd's dummy driver sleeps from cycle to cycle by CLOCK_MONOTONIC. With
 * libdrift.so preloaded, and a file named in LEAT_DRIFT, it does so by a clock
 * that runs at 1 + ppm of it; whoever else reads CLOCK_MONOTONIC, in jackd too,
 * sees it as it is. The file is mapped by both: the test says how far the clock
 * is off, at any time, and the driver says when its cycles are due, which is
 * the true clock of that graph, without the jitter of threads that wake up.
 */
#ifndef TEST_SUPPORT_DRIFT_H
#define TEST_SUPPORT_DRIFT_H

#include "sandbox.h"

#include <stdatomic.h>
#include <stdint.h>

/** The crystals of this world are never off by more. */
#define DRIFT_MOST_PPM 1000

/** Cycles whose due time is remembered. */
#define DRIFT_N_DUE 16

/** What the file holds. */
struct drift {
	_Atomic int64_t drift_ppb;	     /* the test's */
	_Atomic uint64_t n_due;		     /* cycles so far, and */
	_Atomic int64_t due_ns[DRIFT_N_DUE]; /* when those begin */
	_Atomic uint64_t n_starts;	     /* of the schedule: 1, and xruns */
};

/** Map the file, made by the first one who does. 0 or a negative errno. */
int drift_open(struct drift **drift, const char *path);
void drift_close(struct drift *drift);

/** From now on. Thread: any. RT-safe. */
void drift_set_ppm(struct drift *drift, double ppm);
double drift_ppm(const struct drift *drift);

/**
 * When the cycle began that runs at now_ns, CLOCK_MONOTONIC; 0 if none is
 * known. Thread: any. RT-safe.
 */
int64_t drift_began_ns(const struct drift *drift, int64_t now_ns);

/** How many cycles were due until then, and when the last of them was. */
uint64_t drift_count(const struct drift *drift, int64_t *due_ns);

#endif
