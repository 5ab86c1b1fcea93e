/* SPDX-License-Identifier: MIT */
#include "witness.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* PipeWire's data loops have 88, jackd 80 or less. */
#define PRIORITY 95
#define SLEEP_NS 200000
#define LATE_NS 300000

/* How far back it is looked: longer than a stall that a run survives. */
#define LOOK_BACK 256u

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void note(struct witness *witness, int64_t start_ns, int64_t end_ns)
{
	uint32_t i = atomic_fetch_add(&witness->n_stalls, 1) % WITNESS_STALLS;

	witness->stalls[i] =
		(struct witness_stall){ start_ns, end_ns, sched_getcpu() };
}

static void *watch(void *user)
{
	const struct timespec nap = { .tv_nsec = SLEEP_NS };
	int64_t slept_ns = now_ns();

	for (;;) {
		int64_t woken_ns;

		nanosleep(&nap, NULL);
		woken_ns = now_ns();
		if (woken_ns - slept_ns > SLEEP_NS + LATE_NS)
			note(user, slept_ns + SLEEP_NS, woken_ns);
		slept_ns = woken_ns;
	}
	return NULL;
}

static void start_on(struct witness *witness, size_t cpu)
{
	struct sched_param param = { .sched_priority = PRIORITY };
	pthread_t thread;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (pthread_create(&thread, NULL, watch, witness) != 0)
		return;
	pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
	witness->is_realtime =
		pthread_setschedparam(thread, SCHED_FIFO, &param) == 0;
}

static void run(struct witness *witness)
{
	size_t n_cpus = (size_t)sysconf(_SC_NPROCESSORS_ONLN);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t cpu = 0; cpu < n_cpus; cpu++)
		start_on(witness, cpu);
	for (;;)
		pause();
}

struct witness *witness_start(void)
{
	struct witness *witness = mmap(NULL, sizeof(*witness),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (witness == MAP_FAILED)
		return NULL;
	pid = fork();
	if (pid == 0)
		run(witness);
	if (pid < 0) {
		munmap(witness, sizeof(*witness));
		return NULL;
	}
	witness->pid = pid;
	return witness;
}

void witness_stop(struct witness *witness)
{
	if (!witness)
		return;
	kill(witness->pid, SIGKILL);
	waitpid(witness->pid, NULL, 0);
	munmap(witness, sizeof(*witness));
}

/* Both processors may have stalled at once: the longest counts. */
int64_t witness_net_ns(const struct witness *witness, int64_t start_ns,
		       int64_t end_ns)
{
	uint32_t n = witness ? atomic_load(&witness->n_stalls) : 0;
	int64_t longest_ns = 0;

	for (uint32_t i = 0; i < LOOK_BACK && i < n; i++) {
		struct witness_stall stall =
			witness->stalls[(n - 1 - i) % WITNESS_STALLS];

		if (stall.start_ns < start_ns)
			stall.start_ns = start_ns;
		if (stall.end_ns > end_ns)
			stall.end_ns = end_ns;
		if (stall.end_ns - stall.start_ns > longest_ns)
			longest_ns = stall.end_ns - stall.start_ns;
	}
	return end_ns - start_ns - longest_ns;
}

bool witness_saw(const struct witness *witness, int64_t start_ns,
		 int64_t end_ns)
{
	uint32_t n = atomic_load(&witness->n_stalls);

	for (uint32_t i = 0; i < n && i < WITNESS_STALLS; i++)
		if (witness->stalls[i].start_ns <= end_ns &&
		    witness->stalls[i].end_ns >= start_ns)
			return true;
	return false;
}
