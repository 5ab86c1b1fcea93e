/* SPDX-License-Identifier: MIT */
/* What the measures share. */
#ifndef LEAT_BENCH_BENCH_H
#define LEAT_BENCH_BENCH_H

#include "contestant.h"
#include "stats.h"

#include <stdbool.h>
#include <stdint.h>

/* Stereo frames in the rings: 85 ms at 48 kHz, 32 KiB. */
#define BENCH_CAPACITY 4096u

/* Names of the floors. */
#define FLOOR_TRANSFER "transfer, in turn"
#define FLOOR_FLAGGED "transfer, flag per block"
#define FLOOR_FLAGS "two raw flags"
#define FLOOR_MEMCPY "memcpy + store"
#define FLOOR_READ "eventfd, read"
#define FLOOR_POLL "eventfd, poll + read"

struct bench {
	struct bench_figures figures;
	unsigned n_rounds;
	unsigned n_cores;
	bool quick;	      /* as little as shows that all works */
	bool peers;	      /* others' rings too */
	bool json;	      /* for programs */
	bool curves;	      /* for gnuplot */
	double tick_ns;	      /* of bench_ticks() */
	double overhead;      /* ticks, of bench_ticks() itself */
	unsigned n_wrong;     /* results that were not what they must be */
	unsigned n_repeated;  /* timings done again, as they were disturbed */
	unsigned n_disturbed; /* timings that stayed disturbed */
};

/* Whether this run has this contestant. */
bool bench_takes_part(const struct bench *bench,
		      const struct bench_contestant *contestant);

/* Count a result and, if it is wrong, say so. */
void bench_expect(struct bench *bench, bool right, const char *key,
		  const char *name);

/*
 * Whether to time something again: another program got one of the cores
 * meanwhile, and there are tries left. What came out is not looked at.
 */
bool bench_again(struct bench *bench, bool disturbed, unsigned *n_tries);

/* As much as asked for, or as little as a quick run takes. */
static inline uint64_t bench_amount(const struct bench *bench, uint64_t full,
				    uint64_t quick)
{
	return bench->quick ? quick : full;
}

/* Every contestant carries data that is compared to the last bit. */
void bench_check(struct bench *bench);

/* One round of each measure. */
void bench_send_round(struct bench *bench);
void bench_blocks_round(struct bench *bench);
void bench_items_round(struct bench *bench);
void bench_wake_round(struct bench *bench);
void bench_curves_round(struct bench *bench);

/* System calls while both ends are awake; once. */
void bench_count_raised(struct bench *bench);

void bench_report(const struct bench *bench);
void bench_report_curves(const struct bench *bench);

/* The machine, as text for people or as a JSON object. */
void bench_print_machine(const struct bench *bench);

#endif
