/* SPDX-License-Identifier: MIT */
/* A thread of ours in a server's process. */
#ifndef LEAT_CLI_THREAD_H
#define LEAT_CLI_THREAD_H

#include <leat/attributes.h>

#include <pthread.h>
#include <stddef.h>

/*
 * Start a thread called "leat". It has no realtime priority, whatever the calling
 * thread has, and takes none of the process's signals: those are the host's.
 *
 * @return  0, or a negative errno.
 */
LEAT_MUST_CHECK int leat_thread_start(pthread_t *thread, size_t stack_bytes,
				      void *(*run)(void *user), void *user);

#endif
