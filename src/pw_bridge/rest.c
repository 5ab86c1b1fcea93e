/* SPDX-License-Identifier: MIT */
#include "rest.h"

#include "cli/now.h"

#include <sys/resource.h>

bool leat_pw_rest_due(const struct leat_pw_rest *rest, uint64_t now_ns)
{
	return now_ns - rest->looked_ns >= LEAT_PW_REST_LOOK_NS;
}

bool leat_pw_rest_lacks(struct leat_pw_rest *rest, uint64_t now_ns,
			uint64_t n_sleeps)
{
	bool first = rest->looked_ns == 0;
	bool slept = first || n_sleeps != rest->n_sleeps;

	rest->looked_ns = now_ns;
	rest->n_sleeps = n_sleeps;
	return !slept;
}

/*
 * Each time the thread let go of the processor to wait for something; these are
 * what sets the kernel's account of RLIMIT_RTTIME back (enqueue_task_rt() in
 * kernel/sched/rt.c). To be interrupted by another thread is none of them.
 */
static uint64_t count_sleeps(void) LEAT_RT
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage) < 0)
		return 0;
	return (uint64_t)usage.ru_nvcsw;
}

bool leat_pw_rest_needed(struct leat_pw_rest *rest)
{
	uint64_t now_ns;

	if (!rest->held)
		return false;
	now_ns = leat_now_ns();
	return leat_pw_rest_due(rest, now_ns) &&
	       leat_pw_rest_lacks(rest, now_ns, count_sleeps());
}

void leat_pw_rest_over(struct leat_pw_rest *rest)
{
	(void)leat_pw_rest_lacks(rest, leat_now_ns(), count_sleeps());
}
