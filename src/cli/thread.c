/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <sched.h>
#include <signal.h>

static int set_attributes(pthread_attr_t *attr, size_t stack_bytes)
{
	const struct sched_param usual = { .sched_priority = 0 };
	int res = pthread_attr_init(attr);

	if (res != 0)
		return res;
	pthread_attr_setinheritsched(attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(attr, SCHED_OTHER);
	pthread_attr_setschedparam(attr, &usual);
	pthread_attr_setstacksize(attr, stack_bytes);
	return 0;
}

int leat_thread_start(pthread_t *thread, size_t stack_bytes,
		      void *(*run)(void *user), void *user)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int res = set_attributes(&attr, stack_bytes);

	if (res != 0)
		return -res;
	/* A thread begins with what its maker has blocked. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	res = pthread_create(thread, &attr, run, user);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (res == 0)
		pthread_setname_np(*thread, "leat");
	return -res;
}
