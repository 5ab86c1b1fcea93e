/* SPDX-License-Identifier: MIT */
/*
 * A client of JACK's that does nothing but notice when a period was left out or
 * an xrun was reported, and when that was.
 */
#ifndef LEAT_LOAD_METER_H
#define LEAT_LOAD_METER_H

#include <stdbool.h>
#include <stdint.h>

struct witness;

/* witness: of the machine's stalls; it stays the caller's. */
bool meter_open(const char *server, const struct witness *witness);
void meter_close(void);

/* Whether it has had a cycle yet; to wait for. */
bool meter_is_called(void *unused);

struct meter_counts {
	uint64_t periods;     /* that it was called for */
	uint64_t late;	      /* cycles that began late or left some out */
	uint64_t unexplained; /* those that no witness was stalled for */
	uint64_t xruns;	      /* reported by the server */
};

/* Since the last call. Thread: one. */
struct meter_counts meter_take(void);

#endif
