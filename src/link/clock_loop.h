/* SPDX-License-Identifier: MIT */
/*
 * One map of JACK's frames against PipeWire's time, from noisy time stamps.
 *
 * Both graphs say, once a cycle, "frame n began at this CLOCK_MONOTONIC time".
 * From the two newest of these the loop computes where JACK was at the instant
 * PipeWire's cycle began, compares that with where the map says it was, and
 * corrects the map: a second-order delay-locked loop (F. Adriaensen, "Using a
 * DLL to filter time", 2005). Position is compared with position; the fill of
 * a ring is never looked at, and both directions use the one map.
 *
 * The loop's two gains come from what the map is known to be worth (a
 * covariance of position and drift): they are those of a straight line fitted
 * through all stamps since the last upset, until the bandwidth is down at the
 * final one. doc/clocks.md has the formulas and why they are these.
 *
 * An upset of the position (a stall, an xrun) moves the position and keeps the
 * drift; an upset of the drift starts anew.
 *
 * Everything here is arithmetic: no clock is read, nothing allocated. Call it
 * on one thread, PipeWire's data loop. RT-safe, in constant time.
 */
#ifndef LEAT_LINK_CLOCK_LOOP_H
#define LEAT_LINK_CLOCK_LOOP_H

#include "clock_noise.h"

#include <leat/attributes.h>
#include <leat/frames.h>

#include <stdbool.h>
#include <stdint.h>

/* The correction is brought into this range: 0.5 %. */
#define LEAT_CLOCK_CORRECTION_MAX 0.005

/* Bandwidth in the first seconds. */
#define LEAT_CLOCK_START_HZ 1.0
#define LEAT_CLOCK_START_S 4.0

/* What a call of leat_clock_loop_update() found: a sum of these. */
enum leat_clock_event {
	LEAT_CLOCK_UPDATED = 1, /* a new stamp was used */
	LEAT_CLOCK_UPSET = 2,	/* the position jumps; the drift is kept */
	LEAT_CLOCK_REOPENED = 4 /* the loop begins anew: widest, 4 s */
};

/* When a cycle of PipeWire's graph began. */
struct leat_clock_cycle {
	uint64_t frame;	  /* spa_io_clock.position */
	uint64_t time_ns; /* spa_io_clock.nsec */
	/* spa_io_clock.rate_diff: how fast its clock runs against
	   CLOCK_MONOTONIC, 1 if nothing is known. Only used to carry JACK's
	   stamp over less than a period. */
	double rate_diff;
};

struct leat_clock_loop {
	uint32_t jack_rate_hz;
	uint32_t pw_rate_hz;
	bool running;	      /* there is a map */
	uint64_t frame;	      /* PipeWire's, at which the map is */
	uint64_t time_ns;     /* of that frame, as stamped */
	uint64_t index;	      /* JACK's, whole frames, */
	double offset;	      /* and the rest, in frames */
	double drift;	      /* JACK's speed against PipeWire's, less 1 */
	double followed;      /* the same, smoothed */
	double var_position;  /* in units of one stamp's variance */
	double var_both;      /* the same, times 1/s */
	double var_drift;     /* the same, times 1/s^2 */
	double interval_s;    /* mean time between JACK's stamps */
	double cycle_s;	      /* mean time between PipeWire's cycles */
	double omega;	      /* final bandwidth now, rad/s */
	double follow_omega;  /* the same, smoothed */
	double age_s;	      /* since the loop was opened */
	double since_upset_s; /* since the last upset of any kind */
	double error_s;	      /* of the last update, before clipping */
	double gain_omega;    /* bandwidth of the gains now, rad/s */
	uint64_t stamp_ns;    /* of the last stamp used */
	uint32_t n_updates;   /* since the last upset */
	uint32_t n_weighed;   /* since the loop was opened */
	uint32_t n_outside;   /* updates far off in a row, to one side */
	double outside_s;     /* how long that lasts */
	double outside_least; /* seconds; the least far of them */
	double inside_s;      /* the last error that was not far off */
	bool jumped;	      /* from there to the first far one at once */
	struct {
		uint32_t n_left; /* updates until it is decided */
		uint32_t n;	 /* updates so far */
		double sum;	 /* of their errors, seconds */
		double least;	 /* of them */
		double most;
	} doubt;	       /* whether JACK is where it was */
	uint32_t n_moves;      /* of the map, in a row */
	uint32_t n_upsets;     /* of the position */
	uint32_t n_young;      /* moves just after one, in a row */
	uint32_t n_reopenings; /* of all */
	struct leat_clock_noise noise;
};

/* Begin without a map. Also for new rates. */
LEAT_RT void leat_clock_loop_init(struct leat_clock_loop *loop,
				  uint32_t jack_rate_hz, uint32_t pw_rate_hz);

/*
 * A cycle of PipeWire begins, and these are the stamps of JACK's that it did
 * not see before, oldest first; their indices are the ring's at the start of
 * JACK's cycles. leat_stamp_log_read() collects them.
 *
 * Call it every cycle, before anything else of the loop's. It matters that no
 * stamp is missed: if only the newest were seen, the one that a cycle misses
 * would be a late one more often than not, and how often changes with the
 * slow beat of two nearly equal periods, which no filter can tell from drift.
 *
 * Returns a sum of enum leat_clock_event.
 */
LEAT_RT unsigned leat_clock_loop_update(struct leat_clock_loop *loop,
					const struct leat_clock_cycle *cycle,
					const struct leat_stamp *jack,
					uint32_t n_stamps);

/*
 * Something happened that makes the position doubtful, though not the drift: a
 * JACK xrun, a skipped period, PipeWire's node started again.
 */
LEAT_RT void leat_clock_loop_upset(struct leat_clock_loop *loop);

/*
 * The graphs' cycles are so long from now on. What is longer than they are by
 * much is a stall, so without this a longer period would begin with one.
 */
LEAT_RT void leat_clock_loop_expect(struct leat_clock_loop *loop, double jack_s,
				    double cycle_s);

/*
 * PipeWire's frames are played so many frames later than they were to be,
 * from this cycle on: it was known of before it was seen in the stamps.
 */
LEAT_RT void leat_clock_loop_move(struct leat_clock_loop *loop, int64_t frames);

/* Whether there is a map: positions mean something. */
LEAT_RT bool leat_clock_loop_running(const struct leat_clock_loop *loop);

/*
 * Whether JACK has been silent, as of the last update, for longer than its
 * periods explain. Until it is back, play silence and write nothing: what is
 * written now would be heard late.
 */
LEAT_RT bool leat_clock_loop_stale(const struct leat_clock_loop *loop);

/*
 * How far JACK is past `index` when PipeWire is at `frame`, in JACK frames;
 * negative if it is not there yet. Exact to 1e-9 frames for indices within
 * 2^20 frames of JACK's position.
 */
LEAT_RT double leat_clock_loop_distance(const struct leat_clock_loop *loop,
					uint64_t frame, uint64_t index);

/*
 * The speed at which a direction has to run so that it goes where the map says:
 * JACK frames for a PipeWire frame, against the nominal ratio.
 *
 * error: where it should be less where it is, in JACK frames. To PipeWire that
 * is a resampler's speed; to JACK the resampler's speed is 1 / this.
 */
LEAT_RT double leat_clock_loop_speed(const struct leat_clock_loop *loop,
				     double error);

/* ---- for the status ---- */

LEAT_RT double leat_clock_loop_ppm(const struct leat_clock_loop *loop);
LEAT_RT double leat_clock_loop_bandwidth_hz(const struct leat_clock_loop *loop);
LEAT_RT double leat_clock_loop_error_frames(const struct leat_clock_loop *loop);
LEAT_RT double leat_clock_loop_jitter_us(const struct leat_clock_loop *loop);

#endif
