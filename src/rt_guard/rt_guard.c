/* SPDX-License-Identifier: MIT */
#include "rt_guard.h"

#include "syscalls.h"
#include <leat/inline/atomics.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>

static __thread bool is_watched;

int leat_rt_guard_check(struct leat_error *error)
{
	if (!leat_syscalls_watch())
		return leat_error_set(error, -ENOTSUP,
				      "--rt-guard cannot count system calls "
				      "here: that takes x86-64, Linux 5.11 or "
				      "newer, and no sanitizer; leave it out");
	leat_syscalls_unwatch();
	return 0;
}

static long count_faults(void) LEAT_RT
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage) < 0)
		return 0;
	return usage.ru_minflt + usage.ru_majflt;
}

void leat_rt_guard_begin(struct leat_rt_guard *guard)
{
	if (!guard)
		return;
	if (!is_watched)
		is_watched = leat_syscalls_watch();
	guard->n_allowed = 0;
	guard->faults_before = count_faults();
	leat_syscalls_begin();
}

void leat_rt_guard_allow(struct leat_rt_guard *guard, unsigned n)
{
	if (guard && guard->n_allowed <= UINT_MAX - n)
		guard->n_allowed += n;
}

static void note(struct leat_rt_guard *guard, unsigned n_calls,
		 unsigned n_faults) LEAT_RT
{
	bool first = leat_word_peek(&guard->n_calls) == 0 &&
		     leat_word_peek(&guard->n_faults) == 0;

	if (n_calls > 0)
		leat_word_set(&guard->last_call,
			      (uint64_t)leat_syscalls_last());
	leat_word_add(&guard->n_calls, n_calls);
	leat_word_add(&guard->n_faults, n_faults);
	if (first && guard->found)
		guard->found(guard->user);
}

void leat_rt_guard_end(struct leat_rt_guard *guard)
{
	unsigned n_calls, n_faults;

	if (!guard)
		return;
	n_calls = leat_syscalls_end();
	n_calls -= n_calls < guard->n_allowed ? n_calls : guard->n_allowed;
	n_faults = (unsigned)(count_faults() - guard->faults_before);
	leat_word_add(&guard->n_callbacks, 1);
	if (n_calls > 0 || n_faults > 0)
		note(guard, n_calls, n_faults);
}

bool leat_rt_guard_tell(const struct leat_rt_guard *guard, char *text,
			size_t text_bytes)
{
	uint64_t n_calls = leat_word_peek(&guard->n_calls);
	uint64_t n_faults = leat_word_peek(&guard->n_faults);
	int n = snprintf(
		text, text_bytes,
		"realtime guard: %" PRIu64 " callbacks, %" PRIu64
		" system calls that should not be and %" PRIu64 " page faults",
		leat_word_peek(&guard->n_callbacks), n_calls, n_faults);

	if (n_calls > 0 && n >= 0 && (size_t)n < text_bytes)
		snprintf(text + n, text_bytes - (size_t)n,
			 "; the last call had number %" PRIu64,
			 leat_word_peek(&guard->last_call));
	return n_calls == 0 && n_faults == 0;
}
