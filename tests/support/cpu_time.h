/* SPDX-License-Identifier: MIT */
/** What a process has taken of the processors. */
#ifndef TEST_SUPPORT_CPU_TIME_H
#define TEST_SUPPORT_CPU_TIME_H

#include <stdint.h>
#include <sys/types.h>

/**
 * Time that its threads, those that have not ended, were run, ns: the first
 * number of /proc/PID/task/TID/schedstat. 0 where that is not told.
 */
uint64_t cpu_time_ns(pid_t pid);

#endif
