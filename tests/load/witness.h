/* SPDX-License-Identifier: MIT */
/*
 * A witness of the machine's own stalls: on each processor a thread above all
 * audio that wakes every half millisecond and notes when it was late. Who was
 * late while no witness was has nobody else to blame.
 */
#ifndef LEAT_LOAD_WITNESS_H
#define LEAT_LOAD_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

/* Later than this is a stall. */
#define WITNESS_LATE_NS 300000

/* NULL, or why there can be none. Starts a thread for each processor. */
const char *witness_start(void);
void witness_stop(void);

/* Stalls so far, of all processors. */
uint64_t witness_n_stalls(void);

/* Whether a processor was stalled at any time within [from, to], monotonic. */
bool witness_saw(uint64_t from_ns, uint64_t to_ns);

#endif
