/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include "clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* The cores that bench_cores_init() chose; constant from then on. */
static int cores[2] = { -1, -1 };

unsigned bench_cores_init(void)
{
	cpu_set_t set;
	unsigned n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	for (size_t i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &set))
			cores[n++] = (int)i;
	if (n == 1)
		cores[1] = cores[0];
	bench_pin(0);
	return n;
}

void bench_pin(unsigned which)
{
	cpu_set_t set;

	if (cores[which] < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cores[which], &set);
	/* Where that is forbidden the figures are worse, not wrong. */
	(void)sched_setaffinity(0, sizeof(set), &set);
}

struct far {
	void (*fn)(void *arg);
	void *arg;
	struct bench_flag ready;
	struct bench_flag go;
	long n_disturbances;
};

/* How often this thread was made to give up its core. */
static long n_disturbances(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) < 0 ? 0 : usage.ru_nivcsw;
}

static void *run_far(void *user)
{
	struct far *far = user;
	long before;

	bench_pin(1);
	before = n_disturbances();
	bench_flag_set(&far->ready, 1);
	bench_flag_wait(&far->go, 1);
	far->fn(far->arg);
	far->n_disturbances = n_disturbances() - before;
	return NULL;
}

struct bench_timing bench_pair(void (*near_fn)(void *arg),
			       void (*far_fn)(void *arg), void *arg)
{
	struct far far = { .fn = far_fn, .arg = arg };
	struct bench_timing timing = { 0 };
	pthread_t thread;
	uint64_t start;
	long before;

	if (pthread_create(&thread, NULL, run_far, &far) != 0) {
		perror("pthread_create");
		exit(2);
	}
	bench_flag_wait(&far.ready, 1);
	before = n_disturbances();
	start = bench_now_ns();
	bench_flag_set(&far.go, 1);
	near_fn(arg);
	pthread_join(thread, NULL);
	timing.ns = bench_now_ns() - start;
	timing.disturbed = n_disturbances() > before || far.n_disturbances > 0;
	return timing;
}
