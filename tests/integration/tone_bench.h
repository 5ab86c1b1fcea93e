/* SPDX-License-Identifier: MIT */
/**
 * A tone that goes from JACK through PipeWire and back, and what must hold of
 * it whatever happened: leat-sig-tone is the client "sig" of JACK's, and
 * leat-sig-pw the node "pass" of PipeWire's that passes on what it gets.
 */
#ifndef TEST_TONE_BENCH_H
#define TEST_TONE_BENCH_H

#include "bridge.h"

#include <stdbool.h>
#include <stdint.h>

/** How long anything may take to be there again. */
#define TONE_BACK_MS 10000

/** A node that can take over our graph, once it is linked to our source. */
#define TONE_OTHER_DRIVER "other"

struct tone_bench {
	struct bridge bridge;
	struct helper tone;
	struct helper pass;
	uint32_t period;  /* JACK's, now */
	uint32_t rate_hz; /* JACK's, now */
	pid_t jack_side;  /* as they were started */
	pid_t pipewire_side;
	char object[1024];
};

/** Before anything else. NULL, or why it cannot run here. */
const char *tone_bench_init(struct tone_bench *bench, uint32_t period,
			    const char *mode);

/** Start all, and wait until the tone is whole. */
bool tone_bench_start(struct tone_bench *bench);
bool tone_bench_start_tone(struct tone_bench *bench);
bool tone_bench_link(struct tone_bench *bench);
/** End all. Returns whether nothing was left over. */
bool tone_bench_finish(struct tone_bench *bench);

/** A number of leat-sig-tone's report; INT64_MIN if there is none. */
int64_t tone_bench_ask(struct tone_bench *bench, const char *key);
void tone_bench_reset(struct tone_bench *bench);

/** Milliseconds of frames that were not whole since the reset. */
double tone_bench_gap_ms(struct tone_bench *bench);

/** Wait until nothing but whole frames has come for a while. */
bool tone_bench_wait_quiet(struct tone_bench *bench);

/** How many frames the tone takes on its way round, by the status. */
double tone_bench_told(const struct tone_bench *bench);

/** How many frames the tone is late beyond that. */
double tone_bench_off(struct tone_bench *bench);

/** Wait until that is less than `near` frames. */
bool tone_bench_wait_near(struct tone_bench *bench, double near,
			  int timeout_ms);

/** Wait until the bridge runs in this mode. */
bool tone_bench_wait_mode(uint64_t mode);

/** The same processes as at the start, and everything connected. */
bool tone_bench_same_processes(struct tone_bench *bench);
bool tone_bench_connected(struct tone_bench *bench);

/** Frames inserted less frames lost, both ways, as the status has it. */
int64_t tone_bench_account(const struct leat_link_status *status);

/** What was counted since, on stderr. */
void tone_bench_show(const struct leat_link_status *since);

/** JACK or PipeWire counted an xrun since. */
bool tone_bench_disturbed(const struct leat_link_status *since);

#endif
