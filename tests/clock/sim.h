/* SPDX-License-Identifier: MIT */
/*
 * Two graphs on two clocks in virtual time, with the loop between them that
 * adaptive mode has, and two rings of which only the indices are kept.
 *
 * Time is CLOCK_MONOTONIC as it would be if read without delay. Each graph's
 * cycles are due where its own clock says, and its threads wake late. What the
 * loop is told is what the bridges would know; what is judged is the truth.
 */
#ifndef LEAT_CLOCK_SIM_H
#define LEAT_CLOCK_SIM_H

#include "link/clock_loop.h"
#include "link/slip.h"
#include "link/stamp.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* How late threads wake. */
enum sim_jitter {
	SIM_UNIFORM,	/* 0 to jitter_s */
	SIM_EXPONENTIAL /* jitter_s in the mean, 5 times that at most */
};

/* One graph is silent for a while. */
struct sim_stall {
	double at_s; /* 0: none */
	double length_s;
	bool pipewire; /* who; else JACK */
	bool jumps;    /* its frame count goes on meanwhile */
};

struct sim_config {
	uint32_t p, q; /* frames of its own graph */
	uint32_t jack_hz, pw_hz;
	double jack_ppm, pw_ppm; /* clocks against CLOCK_MONOTONIC */
	double ramp_ppm_s;	 /* how JACK's changes, from ramp_at_s on */
	double ramp_at_s, ramp_end_s;
	double step_ppm, step_at_s; /* a sudden change; at 0: none */
	enum sim_jitter jitter_kind;
	double jack_jitter_s;
	double wander_s, wander_tau_s; /* more of it, which comes and goes */
	double pw_jitter_s;	       /* of PipeWire's wake-up */
	bool pw_stamps_late;	       /* nsec is the wake-up, as with ALSA */
	double margin;		       /* JACK frames */
	double length_s;
	double judge_from_s; /* what is before that is not judged */
	struct sim_stall stall;
	uint64_t seed;
	FILE *trace; /* a line each 0.1 s, or NULL */
	double trace_from_s;
};

struct sim_direction {
	uint64_t underruns; /* from judge_from_s on */
	uint64_t overruns;
	uint64_t all_underruns;
	double least_slack; /* JACK frames, from judge_from_s on */
	double error_mean;  /* latency against the target, JACK frames */
	double error_rms;   /* about the mean */
	double error_peak;  /* about nothing */
	double back_s;	    /* after the stall: within 1 ms for good */
	struct leat_slip slip;
	double moved;	      /* the sum of all slips, frames */
	uint64_t sent, heard; /* frames, whole */
};

struct sim_result {
	struct sim_direction direction[LEAT_N_DIRECTIONS];
	double sinad_db;       /* of 1 kHz in windows of 1 s, mean power */
	double sinad_least_db; /* the worst window */
	double noise_ppm;      /* rms of the correction about the truth */
	double settled_s;      /* from here on within a frame of the end's
				    mean, and 1 ppm */
	uint64_t n_updates;
	uint32_t n_upsets, n_reopenings;
	double bandwidth_hz; /* at the end */
	double jitter_us;    /* at the end */
};

struct sim_result sim_run(const struct sim_config *config);

/* 48 kHz, no drift, no jitter, 60 s; change what is wanted. */
struct sim_config sim_default(uint32_t p, uint32_t q);

#endif
