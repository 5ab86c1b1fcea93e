/* SPDX-License-Identifier: MIT */
/*
 * A witness of the machine's own stalls: a thread on each processor, in a
 * process of its own, that sleeps a little and notes when it wakes late. What
 * it saw within a time that was measured is not the doing of what was
 * measured.
 *
 * It has a higher priority than the graphs, so nothing of theirs keeps it from
 * waking. As it is a process like the servers and the bridge, whoever stops
 * all processes of an experiment stops it as well, and it says so afterwards.
 */
#ifndef LEAT_XRUN_WITNESS_H
#define LEAT_XRUN_WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define WITNESS_STALLS 65536u

struct witness_stall {
	int64_t start_ns;
	int64_t end_ns;
	int32_t cpu;
};

/* Shared with the process that watches. */
struct witness {
	pid_t pid;
	bool is_realtime;
	_Atomic uint32_t n_stalls; /* ever; the newest ones are kept */
	struct witness_stall stalls[WITNESS_STALLS];
};

/* NULL if there is no memory or no process to be had. */
struct witness *witness_start(void);
void witness_stop(struct witness *witness);

/* The time from start to end, without what the machine stalled in it. */
int64_t witness_net_ns(const struct witness *witness, int64_t start_ns,
		       int64_t end_ns);

/* Whether the machine was stalled at any time from start to end. */
bool witness_saw(const struct witness *witness, int64_t start_ns,
		 int64_t end_ns);

#endif
