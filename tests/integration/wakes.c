/* SPDX-License-Identifier: MIT */
#include "wakes.h"

#include "cpu_time.h"
#include "proc.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As PipeWire's threads have it where they may. */
#define PRIORITY 83
#define N_MAX 16
#define NS_PER_S 1000000000

/* What a loop of PipeWire's does to be woken: epoll, then the count. */
static _Noreturn void pass_on(int from, int to)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	eventfd_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, from, &event);
	while (epoll_wait(epoll, &event, 1, -1) == 1 &&
	       eventfd_read(from, &n) == 0 && eventfd_write(to, 1) == 0)
		;
	_exit(1);
}

static void drive(int to, int64_t period_ns, double seconds)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	for (int64_t i = 0; i < (int64_t)(seconds * 1e9) / period_ns; i++) {
		at.tv_nsec += (long)period_ns;
		at.tv_sec += at.tv_nsec / NS_PER_S;
		at.tv_nsec %= NS_PER_S;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		eventfd_write(to, 1);
	}
}

static uint64_t sum_of(const pid_t *pids, unsigned n)
{
	uint64_t sum_ns = 0;

	for (unsigned i = 0; i < n; i++)
		sum_ns += cpu_time_ns(pids[i]);
	return sum_ns;
}

double wakes_cpu_s_min(unsigned n_processes, int64_t period_ns, double seconds)
{
	struct sched_param param = { .sched_priority = PRIORITY };
	unsigned n = n_processes < N_MAX ? n_processes : N_MAX;
	int fds[N_MAX + 1];
	pid_t pids[N_MAX];
	bool realtime = true;
	double cpu_s;

	for (unsigned i = 0; i <= n; i++)
		fds[i] = eventfd(0, EFD_CLOEXEC);
	for (unsigned i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			pass_on(fds[i], fds[i + 1]);
		if (sched_setscheduler(pids[i], SCHED_FIFO, &param) != 0)
			realtime = false;
	}
	drive(fds[0], period_ns, 1);
	cpu_s = -(double)sum_of(pids, n) / 1e9;
	drive(fds[0], period_ns, seconds);
	cpu_s += (double)sum_of(pids, n) / 1e9;
	for (unsigned i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	for (unsigned i = 0; i <= n; i++)
		close(fds[i]);
	return realtime ? cpu_s / seconds * 60 : -1;
}
