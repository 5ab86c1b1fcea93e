/* SPDX-License-Identifier: MIT */
#include "clock_loop.h"

#include "stamp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU (2 * M_PI)

/* What says that JACK is late weighs less: threads wake late, never early. */
#define LATE_WEIGHT 0.3
#define WEIGHT_UPDATES 512.0
/* A position of that variance is known. */
#define KNOWN 0.4
/* An error that many clips away is no noise. */
#define OUTSIDE 2.0
#define OUTSIDE_LEAST_S 500e-6
/* The position moves when it lasts so long: 24 cycles, but not for ever. */
#define N_OUTSIDE 24u
#define N_OUTSIDE_LEAST 4u
#define OUTSIDE_S 0.1
/* The first stamps after an upset are as doubtful as what they correct. */
#define N_YOUNG 8u
#define YOUNG_S 1e-3
#define N_YOUNG_MOVES 4u
/* After something far off, how long it is doubted that all is as it was. */
#define DOUBT_S 0.5
#define DOUBT_AGE_S 20.0
#define DOUBT_LEAST 8
#define DOUBT_MOST 256
#define DOUBT_LEAST_S 40e-6
/* So many moves, each within 4 s of the last: the drift is wrong. */
#define N_MOVES 3u
/* ... but not if it was a jump: no two clocks part as fast as that. */
#define JUMP (4 * LEAT_CLOCK_CORRECTION_MAX)
/* A graph that was silent for so long has stalled. */
#define STALL_S 0.02
#define STALL_CYCLES 3.0
/* ... and while its cycles are not known yet. */
#define STALL_UNKNOWN_S 1.0

/* After an upset so many stamps may say that those before them were late. */
#define N_FIRST 16u

/* The final bandwidth, after each block that is biased, or is not. */
#define WIDER 1.5
#define NARROWER 0.97
#define WIDEST_HZ 0.1

/* The follower: see leat_clock_loop_speed(). */
#define FOLLOW 2.0
#define FOLLOW_LEAST (FOLLOW * TAU * LEAT_CLOCK_NARROW_HZ)
#define FOLLOW_MOST 1.0
/* How soon it goes by another bandwidth; 1/s. */
#define FOLLOW_TURN 0.125
/* ... and of the drift that it goes by. */
#define SMOOTH 4.0
#define OFF_S 150e-6
#define OFF_GAIN 0.5
#define FAR_S 250e-6
#define FAR_GAIN 2.5

#define UNKNOWN 1e12
/* No position is further away; what lies may say so. */
#define FAR 1e18

static double clamp(double x, double low, double high) LEAT_RT
{
	/* What is not a number is low. */
	return !(x > low) ? low : x > high ? high : x;
}

/* ---- opening ---- */

static void open_position(struct leat_clock_loop *self) LEAT_RT
{
	self->var_position = UNKNOWN;
	self->var_both = 0;
	self->since_upset_s = 0;
	self->n_updates = 0;
	self->n_outside = 0;
	self->outside_s = 0;
	self->doubt.n_left = 0;
	leat_clock_noise_forget(&self->noise);
}

static void open_drift(struct leat_clock_loop *self) LEAT_RT
{
	open_position(self);
	self->var_drift = UNKNOWN;
	self->age_s = 0;
	self->n_weighed = 0;
	self->omega = TAU * LEAT_CLOCK_FINAL_HZ;
	self->follow_omega = self->omega;
	self->noise.mean_weight = 1;
	self->noise.variance = 0;
	self->noise.long_variance = 0;
}

void leat_clock_loop_init(struct leat_clock_loop *loop, uint32_t jack_rate_hz,
			  uint32_t pw_rate_hz)
{
	memset(loop, 0, sizeof(*loop));
	loop->jack_rate_hz = jack_rate_hz;
	loop->pw_rate_hz = pw_rate_hz;
	open_drift(loop);
}

void leat_clock_loop_upset(struct leat_clock_loop *loop)
{
	open_position(loop);
	loop->n_upsets++;
}

void leat_clock_loop_expect(struct leat_clock_loop *loop, double jack_s,
			    double cycle_s)
{
	/* Shorter ones will show in the mean, and nothing waits for that. */
	loop->interval_s = clamp(jack_s, loop->interval_s, 10);
	loop->cycle_s = clamp(cycle_s, loop->cycle_s, 10);
}

void leat_clock_loop_move(struct leat_clock_loop *loop, int64_t frames)
{
	loop->frame += (uint64_t)frames;
}

bool leat_clock_loop_running(const struct leat_clock_loop *loop)
{
	return loop->running;
}

/* ---- the map ---- */

/* Signed, and right across a wrap. */
static double difference(uint64_t a, uint64_t b) LEAT_RT
{
	return (double)(int64_t)(a - b);
}

static double nominal(const struct leat_clock_loop *self) LEAT_RT
{
	return (double)self->jack_rate_hz / self->pw_rate_hz;
}

double leat_clock_loop_distance(const struct leat_clock_loop *loop,
				uint64_t frame, uint64_t index)
{
	double ahead = difference(frame, loop->frame) * nominal(loop);

	return difference(loop->index, index) + loop->offset + ahead +
	       ahead * loop->drift;
}

static void move_by(struct leat_clock_loop *self, double frames) LEAT_RT
{
	double to = self->offset + clamp(frames, -FAR, FAR);
	double whole = floor(to);

	self->offset = to - whole;
	self->index += (uint64_t)(int64_t)whole;
}

/* Put the map at PipeWire's frame of now. */
static void move_on(struct leat_clock_loop *self,
		    const struct leat_clock_cycle *cycle) LEAT_RT
{
	double ahead = difference(cycle->frame, self->frame) * nominal(self);

	move_by(self, ahead + ahead * self->drift);
	self->frame = cycle->frame;
	self->time_ns = cycle->time_ns;
}

/* Where JACK is, past the map's index, when PipeWire's cycle begins. */
static double measure(const struct leat_clock_loop *self,
		      const struct leat_clock_cycle *cycle,
		      const struct leat_stamp *jack) LEAT_RT
{
	double rate_diff = cycle->rate_diff;
	double since_s = difference(cycle->time_ns, jack->time_ns) * 1e-9;
	double ahead;

	if (!(fabs(rate_diff - 1) < 0.01))
		rate_diff = 1;
	ahead = difference(jack->index, self->index) +
		since_s * self->jack_rate_hz * (1 + self->drift) * rate_diff;
	return clamp(ahead, -FAR, FAR);
}

static void begin(struct leat_clock_loop *self,
		  const struct leat_clock_cycle *cycle,
		  const struct leat_stamp *jack) LEAT_RT
{
	self->frame = cycle->frame;
	self->time_ns = cycle->time_ns;
	self->index = jack->index;
	self->offset = 0;
	move_by(self, measure(self, cycle, jack));
	self->running = true;
	self->stamp_ns = jack->time_ns;
}

/* ---- the gains ---- */

/* What the drift may have become since the last update, and the position. */
static void grow(struct leat_clock_loop *self, double dt) LEAT_RT
{
	double omega = self->age_s < LEAT_CLOCK_START_S
			       ? TAU * LEAT_CLOCK_START_HZ
			       : self->omega;
	double w2 = omega * omega;

	self->var_position += dt * (2 * self->var_both + dt * self->var_drift);
	self->var_both += dt * self->var_drift;
	self->var_drift += w2 * w2 * dt * self->interval_s;
	self->var_position = fmin(self->var_position, UNKNOWN);
	self->var_drift = fmin(self->var_drift, UNKNOWN);
}

/* Weigh one stamp, whose own variance is 1. */
static void correct(struct leat_clock_loop *self, double error_s) LEAT_RT
{
	double sum = self->var_position + 1;
	double gain = self->var_position / sum;
	double drift_gain = self->var_both / sum;

	move_by(self, gain * error_s * self->jack_rate_hz);
	self->drift = clamp(self->drift + drift_gain * error_s,
			    -LEAT_CLOCK_CORRECTION_MAX,
			    LEAT_CLOCK_CORRECTION_MAX);
	self->var_drift -= drift_gain * self->var_both;
	self->var_both *= 1 - gain;
	self->var_position *= 1 - gain;
	self->gain_omega =
		sqrt(fmax(drift_gain, 0) / fmax(self->interval_s, 1e-6));
}

/* ---- an update ---- */

/* The final bandwidth is what the noise allows, and what the drift needs. */
static bool note_block(struct leat_clock_loop *self, double error_s, double dt)
	LEAT_RT
{
	unsigned is = leat_clock_noise_block(&self->noise, error_s, dt,
					     1.0 / self->jack_rate_hz);

	if (is & LEAT_CLOCK_NOISE_BIASED) {
		self->omega = fmin(self->omega * WIDER, TAU * WIDEST_HZ);
		self->var_drift *= WIDER;
	} else if (is & LEAT_CLOCK_NOISE_KNOWN) {
		self->omega = fmax(self->omega * NARROWER,
				   leat_clock_noise_omega(&self->noise));
	}
	return is & LEAT_CLOCK_NOISE_LOPSIDED;
}

/* What was far off is over: is all as it was? */
static void doubt(struct leat_clock_loop *self) LEAT_RT
{
	/* Without a drift to go by there is nothing to wait with. */
	if (self->age_s < DOUBT_AGE_S)
		return;
	self->doubt.n_left =
		(uint32_t)clamp(DOUBT_S / fmax(self->interval_s, 1e-6),
				DOUBT_LEAST, DOUBT_MOST);
	self->doubt.n = 0;
	self->doubt.sum = 0;
	self->doubt.least = INFINITY;
	self->doubt.most = -INFINITY;
}

/*
 * Servers may begin their schedule anew after a late cycle, and be off by less
 * than what is far. While that is possible the map goes on by its drift alone;
 * then it goes where JACK is, if all stamps say that this is another place.
 */
static bool doubted(struct leat_clock_loop *self, double error_s) LEAT_RT
{
	double least = fmax(DOUBT_LEAST_S, self->noise.mean_abs), mean;

	if (self->doubt.n_left == 0)
		return false;
	self->doubt.n_left--;
	self->doubt.n++;
	self->doubt.sum += error_s;
	self->doubt.least = fmin(self->doubt.least, error_s);
	self->doubt.most = fmax(self->doubt.most, error_s);
	if (self->doubt.n_left > 0 ||
	    (self->doubt.most > -least && self->doubt.least < least))
		return true;
	mean = self->doubt.sum / self->doubt.n;
	move_by(self, mean * self->jack_rate_hz);
	open_position(self);
	self->var_position = 1.0 / self->doubt.n;
	self->n_upsets++;
	return true;
}

/*
 * Whether errors have been far off, to one side, for so long that it is the
 * map that is wrong. A stall's late stamps are over before that.
 */
static bool moved_away(struct leat_clock_loop *self, double error_s, double dt)
	LEAT_RT
{
	double limit = fmax(OUTSIDE * leat_clock_noise_clip_s(&self->noise),
			    OUTSIDE_LEAST_S);

	if (fabs(error_s) <= limit ||
	    (self->n_outside && error_s * self->outside_least < 0)) {
		if (self->n_outside)
			doubt(self);
		self->n_outside = 0;
		self->outside_s = 0;
		self->inside_s = error_s;
		return false;
	}
	if (self->n_outside == 0)
		self->jumped =
			fabs(error_s - self->inside_s) >
			leat_clock_noise_clip_s(&self->noise) + JUMP * dt;
	if (self->n_outside == 0 || fabs(error_s) < fabs(self->outside_least))
		self->outside_least = error_s;
	self->n_outside++;
	self->outside_s += dt;
	return self->n_outside >= N_OUTSIDE ||
	       (self->n_outside >= N_OUTSIDE_LEAST &&
		self->outside_s >= OUTSIDE_S);
}

/* How long a graph with such an interval may be silent. */
static double usual_gap_s(double interval_s) LEAT_RT
{
	if (interval_s == 0)
		return STALL_UNKNOWN_S;
	return fmax(STALL_CYCLES * interval_s, STALL_S);
}

bool leat_clock_loop_stale(const struct leat_clock_loop *loop)
{
	return difference(loop->time_ns, loop->stamp_ns) * 1e-9 >
	       usual_gap_s(loop->interval_s);
}

/* Whether a graph was silent for longer than its cycles explain. */
static bool stalled(const struct leat_clock_loop *self, double gap_s,
		    double cycle_s) LEAT_RT
{
	return self->n_updates > 8 && (gap_s > usual_gap_s(self->interval_s) ||
				       cycle_s > usual_gap_s(self->cycle_s));
}

/* A running mean over 64; a first value is taken as it is. */
static void note_interval(double *interval_s, double dt, uint32_t n) LEAT_RT
{
	if (*interval_s == 0)
		*interval_s = dt;
	*interval_s += (dt - *interval_s) / fmin(64, n + 1.0);
}

static unsigned reopen(struct leat_clock_loop *self) LEAT_RT
{
	open_drift(self);
	self->n_reopenings++;
	return LEAT_CLOCK_REOPENED;
}

/*
 * The map goes where JACK is. A step of the position is an upset of its own,
 * however many there are; a map that JACK creeps away from again and again has
 * the wrong drift.
 */
static unsigned follow_move(struct leat_clock_loop *self) LEAT_RT
{
	bool again = self->since_upset_s < LEAT_CLOCK_START_S;

	self->n_moves = self->jumped ? 0 : again ? self->n_moves + 1 : 1;
	move_by(self, self->outside_least * self->jack_rate_hz);
	leat_clock_loop_upset(self);
	if (self->n_moves < N_MOVES)
		return LEAT_CLOCK_UPSET;
	self->n_moves = 0;
	return LEAT_CLOCK_UPSET | reopen(self);
}

/*
 * A graph that goes on after a pause may begin with a cycle that was late, or
 * with some at once. So of the first stamps the newer one is right, though not
 * for ever: a graph may be that irregular.
 */
static bool young_and_wrong(struct leat_clock_loop *self, double error_s)
	LEAT_RT
{
	double limit =
		fmax(OUTSIDE * leat_clock_noise_clip_s(&self->noise), YOUNG_S);

	if (self->n_updates >= N_YOUNG)
		self->n_young = 0;
	return self->n_updates > 0 && self->n_updates < N_YOUNG &&
	       self->age_s > LEAT_CLOCK_START_S && fabs(error_s) > limit &&
	       self->n_young++ < N_YOUNG_MOVES;
}

/*
 * Lateness has a sharp edge, no delay at all, and a long tail, which changes
 * with whatever else a machine does. So what is late counts less, and the map
 * lies nearer to the edge. The mean weight stays 1, so that gains are gains.
 */
static double weigh(struct leat_clock_loop *self, double error_s) LEAT_RT
{
	double weight = error_s < 0 ? LATE_WEIGHT : 1;
	double n = fmin(WEIGHT_UPDATES, self->n_weighed + 1.0);
	double *mean = &self->noise.mean_weight;

	self->n_weighed++;
	*mean += (weight - *mean) / n;
	/* While the position is being learned, each one may mean much. */
	return self->var_position < KNOWN ? error_s * weight / *mean : error_s;
}

/*
 * After an upset the position is learned from stamps of which the first ones
 * are late, by whatever it was that upset them. An early one puts that right.
 */
static void look_for_late_ones(struct leat_clock_loop *self, double error_s)
	LEAT_RT
{
	if (self->n_updates < N_FIRST && self->age_s > LEAT_CLOCK_START_S &&
	    error_s > self->noise.mean_abs)
		self->var_position = UNKNOWN;
}

/* Let one error work on the map. */
static unsigned use(struct leat_clock_loop *self, double error_s, double dt)
	LEAT_RT
{
	double clip = self->n_updates < N_YOUNG
			      ? INFINITY
			      : leat_clock_noise_clip_s(&self->noise);
	unsigned events = LEAT_CLOCK_UPDATED;

	note_interval(&self->interval_s, dt, self->n_updates);
	if (young_and_wrong(self, error_s)) {
		open_position(self);
		events |= LEAT_CLOCK_UPSET;
	}
	grow(self, dt);
	if (self->n_updates >= N_YOUNG) {
		if (moved_away(self, error_s, dt))
			return events | follow_move(self);
		if (leat_clock_noise_saturated(&self->noise, error_s, dt)) {
			return events | reopen(self);
		}
	}
	/* What is far off says nothing of the drift, and is not noise. */
	if (self->n_outside == 0) {
		double weighed = weigh(self, clamp(error_s, -clip, clip));

		if (doubted(self,
			    clamp(error_s, -OUTSIDE_LEAST_S, OUTSIDE_LEAST_S)))
			return events;
		look_for_late_ones(self, error_s);
		correct(self, weighed);
		leat_clock_noise_error(&self->noise, error_s, self->interval_s,
				       self->n_updates);
		if (note_block(self, weighed, dt))
			return events | reopen(self);
	}
	self->n_updates++;
	return events;
}

static unsigned use_stamp(struct leat_clock_loop *self,
			  const struct leat_clock_cycle *cycle,
			  const struct leat_stamp *jack) LEAT_RT
{
	double dt = difference(jack->time_ns, self->stamp_ns) * 1e-9;

	/* A peer may say what it likes, but not that time stands still. */
	if (!(dt > 0))
		return 0;
	self->stamp_ns = jack->time_ns;
	self->error_s = (measure(self, cycle, jack) - self->offset) /
			self->jack_rate_hz;
	return use(self, self->error_s, clamp(dt, 1e-6, 10));
}

/*
 * How much of what is off is worked off in a second, as soon as it is known and
 * then slowly, so that nobody hears it. This stands outside of the loop, so it
 * smoothes what the loop does without making it ring.
 */
static double follow_gain(const struct leat_clock_loop *self) LEAT_RT
{
	double learned = FOLLOW / fmax(self->age_s, 1e-3);

	return fmax(fmax(learned, FOLLOW * self->follow_omega), FOLLOW_LEAST);
}

/*
 * The loop widens at once, and who follows a target that moves is off by what
 * its gain makes of that: at another gain at once it would change its speed at
 * once, by half of the 2 ppm that a target moves at, and be heard.
 */
static void follow_bandwidth(struct leat_clock_loop *self, double dt) LEAT_RT
{
	self->follow_omega +=
		fmin(FOLLOW_TURN * dt, 1) * (self->omega - self->follow_omega);
}

/* The drift that is followed: what the loop learns, smoothed as well. */
static void follow_drift(struct leat_clock_loop *self, double dt) LEAT_RT
{
	double gain = SMOOTH * follow_gain(self);

	if (self->age_s < LEAT_CLOCK_START_S)
		gain = INFINITY;
	self->followed += fmin(gain * dt, 1) * (self->drift - self->followed);
}

/* Faster for the position while that is new, though the drift is not. */
static double position_gain(const struct leat_clock_loop *self) LEAT_RT
{
	double t = fmax(self->since_upset_s, 1e-3);
	double moved = FOLLOW / t * fmin(LEAT_CLOCK_START_S / t, 1);

	return fmin(fmax(moved, follow_gain(self)), FOLLOW_MOST);
}

unsigned leat_clock_loop_update(struct leat_clock_loop *loop,
				const struct leat_clock_cycle *cycle,
				const struct leat_stamp *jack,
				uint32_t n_stamps)
{
	unsigned events = 0;
	double dt, gap_s, cycle_s;

	if (!loop->running) {
		if (n_stamps > 0)
			begin(loop, cycle, &jack[n_stamps - 1]);
		return 0;
	}
	/* Before a full log's first stamp, others were lost. */
	gap_s = n_stamps > 0 && n_stamps < LEAT_STAMP_LOG_SIZE
			? difference(jack->time_ns, loop->stamp_ns) * 1e-9
			: 0;
	cycle_s = difference(cycle->time_ns, loop->time_ns) * 1e-9;
	if (stalled(loop, gap_s, cycle_s)) {
		leat_clock_loop_upset(loop);
		events |= LEAT_CLOCK_UPSET;
	} else if (cycle_s > 0) {
		note_interval(&loop->cycle_s, cycle_s, loop->n_updates);
	}
	dt = difference(cycle->frame, loop->frame) / loop->pw_rate_hz;
	move_on(loop, cycle);
	loop->age_s += dt;
	loop->since_upset_s += dt;
	for (uint32_t i = 0; i < n_stamps; i++)
		events |= use_stamp(loop, cycle, &jack[i]);
	follow_bandwidth(loop, clamp(dt, 0, 10));
	follow_drift(loop, clamp(dt, 0, 10));
	return events;
}

/* ---- what follows from it ---- */

/* What is beyond `from` of an error. */
static double beyond(double error_s, double from_s) LEAT_RT
{
	return error_s - clamp(error_s, -from_s, from_s);
}

/*
 * The drift, and a share of the error each second: a small one of what nobody
 * needs in a hurry, and much of what is far off, as after a stall or when the
 * target has gone up, so that it is back soon.
 */
double leat_clock_loop_speed(const struct leat_clock_loop *loop, double error)
{
	double error_s = error / loop->jack_rate_hz;
	double correction = loop->followed + position_gain(loop) * error_s +
			    OFF_GAIN * beyond(error_s, OFF_S) +
			    FAR_GAIN * beyond(error_s, FAR_S);

	return 1 + clamp(correction, -LEAT_CLOCK_CORRECTION_MAX,
			 LEAT_CLOCK_CORRECTION_MAX);
}

double leat_clock_loop_ppm(const struct leat_clock_loop *loop)
{
	return loop->drift * 1e6;
}

double leat_clock_loop_bandwidth_hz(const struct leat_clock_loop *loop)
{
	return loop->gain_omega / TAU;
}

double leat_clock_loop_error_frames(const struct leat_clock_loop *loop)
{
	return loop->error_s * loop->jack_rate_hz;
}

double leat_clock_loop_jitter_us(const struct leat_clock_loop *loop)
{
	return loop->noise.mean_abs * 1e6;
}
