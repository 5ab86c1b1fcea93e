/* SPDX-License-Identifier: MIT */
#include "witness.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STEP_NS 500000
#define PRIORITY 98
#define PROCESSORS_MAX 64
#define STALLS_MAX 65536u

struct stall {
	uint64_t from_ns, to_ns;
};

struct witness {
	pthread_t thread;
	atomic_uint n;
	struct stall stalls[STALLS_MAX];
};

static struct witness *witnesses[PROCESSORS_MAX];
static int n_witnesses;
static atomic_bool ends;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *watch(void *arg)
{
	struct witness *self = arg;
	uint64_t due_ns = now_ns();

	while (!ends) {
		struct timespec due;
		uint64_t now;
		unsigned n = self->n;

		due_ns += STEP_NS;
		due.tv_sec = (time_t)(due_ns / 1000000000);
		due.tv_nsec = (long)(due_ns % 1000000000);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		now = now_ns();
		if (now > due_ns + WITNESS_LATE_NS && n < STALLS_MAX) {
			self->stalls[n].from_ns = due_ns;
			self->stalls[n].to_ns = now;
			self->n = n + 1;
		}
		if (now > due_ns)
			due_ns = now;
	}
	return NULL;
}

static bool start_on(int processor)
{
	struct sched_param priority = { .sched_priority = PRIORITY };
	struct witness *self = calloc(1, sizeof(*self));
	pthread_attr_t attr;
	cpu_set_t set;
	int res;

	if (!self)
		return false;
	CPU_ZERO(&set);
	CPU_SET((size_t)processor, &set);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &priority);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	res = pthread_create(&self->thread, &attr, watch, self);
	pthread_attr_destroy(&attr);
	if (res != 0) {
		free(self);
		return false;
	}
	witnesses[n_witnesses++] = self;
	return true;
}

const char *witness_start(void)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return "the processors cannot be asked for";
	for (int i = 0; i < CPU_SETSIZE && n_witnesses < PROCESSORS_MAX; i++)
		if (CPU_ISSET((size_t)i, &allowed) && !start_on(i))
			return "there are no realtime rights for a witness";
	return NULL;
}

void witness_stop(void)
{
	ends = true;
	for (int i = 0; i < n_witnesses; i++) {
		pthread_join(witnesses[i]->thread, NULL);
		free(witnesses[i]);
	}
	n_witnesses = 0;
	ends = false;
}

uint64_t witness_n_stalls(void)
{
	uint64_t n = 0;

	for (int i = 0; i < n_witnesses; i++)
		n += witnesses[i]->n;
	return n;
}

bool witness_saw(uint64_t from_ns, uint64_t to_ns)
{
	for (int i = 0; i < n_witnesses; i++) {
		const struct witness *self = witnesses[i];

		for (unsigned k = self->n; k-- > 0;) {
			if (self->stalls[k].to_ns < from_ns)
				break;
			if (self->stalls[k].from_ns <= to_ns)
				return true;
		}
	}
	return false;
}
