/* SPDX-License-Identifier: MIT */
/*
 * Counts the system calls that a thread makes, raw ones included: "Syscall User
 * Dispatch" in the kernel's admin guide. Without CUnit.
 */
#ifndef LEAT_UNIT_SYSCALLS_H
#define LEAT_UNIT_SYSCALLS_H

#include <stdbool.h>

/* For the calling thread; false if this machine or build cannot do it. */
bool syscalls_watch(void);

/* Between these two each call is made, and counted. */
void syscalls_begin(void);
unsigned syscalls_end(void);

/* The number of the last that was counted. */
int syscalls_last(void);

#endif
