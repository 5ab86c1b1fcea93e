/* SPDX-License-Identifier: MIT */
/*
 * --rt-guard: counts what a realtime callback must not do, while it runs for
 * real: system calls, but for those that are allowed, and page faults.
 *
 * It costs each callback two system calls and some microseconds of its own. One
 * thread of a process can be guarded.
 */
#ifndef LEAT_RT_GUARD_H
#define LEAT_RT_GUARD_H

#include <leat/attributes.h>
#include <leat/link.h>
#include <leat/ring.h>

#include <stdbool.h>
#include <stddef.h>

struct leat_rt_guard {
	/* Called on the guarded thread, at the first finding. */
	void (*found)(void *user) LEAT_RT;
	void *user;

	/* For any thread to read. */
	struct leat_word n_callbacks;
	struct leat_word n_calls;  /* that were not allowed */
	struct leat_word n_faults; /* minor and major ones */
	struct leat_word last_call;

	/* Of the guarded thread. */
	unsigned n_allowed; /* calls of this callback */
	long faults_before;
};

/*
 * Whether this machine and build can count: 0, or -ENOTSUP with a sentence.
 * Thread: any but a guarded one.
 */
int leat_rt_guard_check(struct leat_error *error);

/*
 * Around a callback. A NULL guard does nothing. The first call on a thread makes
 * it the guarded one.
 */
LEAT_RT void leat_rt_guard_begin(struct leat_rt_guard *guard);
LEAT_RT void leat_rt_guard_end(struct leat_rt_guard *guard);

/* Within it: n of its calls are meant to be. NULL is fine. */
LEAT_RT void leat_rt_guard_allow(struct leat_rt_guard *guard, unsigned n);

/* What was found so far, in a sentence. Returns whether it is nothing. */
bool leat_rt_guard_tell(const struct leat_rt_guard *guard, char *text,
			size_t text_bytes);

#endif
