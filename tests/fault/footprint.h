/* SPDX-License-Identifier: MIT */
/* What a process holds, as the kernel counts it. */
#ifndef LEAT_FAULT_FOOTPRINT_H
#define LEAT_FAULT_FOOTPRINT_H

#include <stdbool.h>
#include <sys/types.h>

struct footprint {
	long n_fds;
	long n_eventfds; /* of them */
	long n_mappings; /* lines of /proc/PID/maps */
	long n_threads;
	long rss_kb;
	long heap_bytes; /* as the process says itself */
};

/* Take it of a process; false if it is not there. */
bool footprint_take(struct footprint *footprint, pid_t pid);

/* Whether one is as large as another, memory within a few pages. */
bool footprint_same(const struct footprint *a, const struct footprint *b);

/* "5 descriptors, 30 mappings, 2 threads, 2040 kB, 900 bytes of heap" */
const char *footprint_text(const struct footprint *footprint, char text[128]);

#endif
