/* SPDX-License-Identifier: MIT */
/**
 * A bridge between two clocks that drift, and what is heard through it: tones
 * from JACK to PipeWire and back, and from PipeWire to JACK, judged in windows
 * of a tenth of a second while they come in.
 *
 *	drift_run_init(&run, &setup)       in a process of its own
 *	drift_run_start(&run)
 *	drift_run_listen(&run, seconds)
 *	drift_figures(&run, &figures)      see drift_figures.h
 *	drift_run_finish(&run)
 */
#ifndef TEST_DRIFT_RUN_H
#define TEST_DRIFT_RUN_H

#include "bridge.h"
#include "jack_tones.h"
#include "pw_tones.h"

/** What is judged: each way by itself, and there and back. */
enum leg { LEG_TO_PIPEWIRE, LEG_TO_JACK, LEG_CIRCLE, N_LEGS };

struct drift_setup {
	uint32_t jack_rate_hz, period;
	uint32_t pw_rate_hz, quantum;
	const char *mode;     /* NULL: none given */
	double ppm;	      /* JACK's clock against PipeWire's */
	double ramp_ppm;      /* added to it over the time of listening */
	double stall_every_s; /* a client of JACK's oversleeps; 0: never */
	unsigned stall_us;    /* so much */
	bool plain;	      /* two channels, nothing is judged */
	bool no_bridge;	      /* the servers and their clients alone */
};

/** One leg in one window. */
struct leg_window {
	struct moment from;
	struct upsets upsets;
	int64_t least_late_ns;	/* of the thread that heard it */
	double ppm;		/* of JACK's clock */
	double sinad_db;	/* of this window */
	double second_sinad_db; /* of the ten that end here; else NAN */
	double amplitude;
	double click; /* what no sine of that pitch does from frame to frame */
	double turns; /* where the low tone is at its first sample */
};

/** What the bridge said. */
struct told {
	int64_t time_ns;
	struct leat_link_status status;
};

struct drift_run {
	struct drift_setup setup;
	struct bridge bridge;
	struct drift *drift;
	struct jack_tones jack;
	struct pw_tones *pw;
	struct leg_window *legs[N_LEGS];
	struct told *told;
	uint32_t n_windows[N_LEGS], n_told, n_max;
	float *seconds[N_LEGS];		       /* the windows of this second, */
	uint32_t n_second[N_LEGS];	       /* so many so far */
	uint64_t bridge_cpu_ns, server_cpu_ns; /* while it listened */
	double listened_s;
	char drift_path[128], drift_env[160], preload_env[600];
	const char *env[3];
};

/** Enter the sandbox. NULL, or why it cannot run here. */
const char *drift_run_init(struct drift_run *run,
			   const struct drift_setup *setup, double seconds);

/** Start everything; true once it runs. */
bool drift_run_start(struct drift_run *run);

void drift_run_listen(struct drift_run *run, double seconds);

/** End it. Whether it ended as it should. */
bool drift_run_finish(struct drift_run *run);

#endif
