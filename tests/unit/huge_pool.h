/* SPDX-License-Identifier: MIT */
/* The machine's huge pages, some of which a test may need. */
#ifndef LEAT_UNIT_HUGE_POOL_H
#define LEAT_UNIT_HUGE_POOL_H

#include <stdbool.h>
#include <stddef.h>

/* A value of the pool in /proc/sys/vm, or 0 if it has none. */
size_t huge_pool_value(const char *name);

/* Huge pages of the usual size that nobody has or will have: from /sys. */
size_t huge_pool_free(void);

/*
 * Run a test program's tests in a child, while the machine has n_pages free
 * huge pages; afterwards it has as many as before, even if the child died.
 *
 * Without the pages, or the right to ask for them, they run all the same.
 */
int huge_pool_run(size_t n_pages, int (*fn)(void *user), void *user);

#endif
