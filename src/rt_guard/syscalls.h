/* SPDX-License-Identifier: MIT */
/*
 * Counts the system calls that a thread makes, raw ones included: "Syscall User
 * Dispatch" in the kernel's admin guide. One thread of a process at a time.
 */
#ifndef LEAT_RT_GUARD_SYSCALLS_H
#define LEAT_RT_GUARD_SYSCALLS_H

#include <leat/attributes.h>

#include <stdbool.h>

/*
 * For the calling thread; false if this machine or build cannot do it. Takes
 * SIGSYS over.
 */
LEAT_RT bool leat_syscalls_watch(void);

/* Let the calling thread go. */
void leat_syscalls_unwatch(void);

/* Between these two each call is made, and counted. */
LEAT_RT void leat_syscalls_begin(void);
LEAT_RT unsigned leat_syscalls_end(void);

/* The number of the last that was counted. */
LEAT_RT int leat_syscalls_last(void);

#endif
