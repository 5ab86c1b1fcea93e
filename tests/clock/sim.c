/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <math.h>
#include <string.h>

/* The resampler's half, at the rate of its input. */
#define HALF_TAPS 48
#define NEAR_S 1e-3
/* Stamps that PipeWire finds: as many as a log holds. */
#define N_STAMPS LEAT_STAMP_LOG_SIZE

struct graph {
	double rate_hz; /* nominal */
	uint32_t n;	/* frames of a cycle */
	double ppm;
	double due_s;  /* of the next cycle */
	double wake_s; /* when its thread runs */
	double last_wake_s;
	double jitter_s;
	double wander;	/* lateness in units of its deviation, signed */
	uint64_t frame; /* of the next cycle */
};

struct sum {
	double n, x, xx, peak;
};

/* A line through the error of the position, for one second. */
struct window {
	double begin_s, n, t, tt, e, te, ee;
};

struct sim {
	const struct sim_config *config;
	struct sim_result result;
	struct graph jack, pw;
	struct leat_clock_loop loop;
	struct leat_stamp stamps[N_STAMPS]; /* not seen yet, oldest first */
	uint32_t n_stamps;
	uint64_t read; /* JACK's newest index */
	uint64_t random;
	uint64_t written; /* to PipeWire: behind JACK's last frame */
	double where[LEAT_N_DIRECTIONS]; /* in JACK frames, past `origin` */
	uint64_t origin;
	double target[LEAT_N_DIRECTIONS];
	double filled; /* to JACK: what was written, past origin */
	double capacity;
	bool placed;
	bool interrupted[LEAT_N_DIRECTIONS];
	struct sum error[LEAT_N_DIRECTIONS];
	struct sum noise;
	struct window window;
	struct sum residue;
	double traced_s;
	double last_bad_s; /* not settled */
};

/* ---- chance ---- */

/* Marsaglia's xorshift64*; 0 to 1. */
static double chance(struct sim *self)
{
	self->random ^= self->random >> 12;
	self->random ^= self->random << 25;
	self->random ^= self->random >> 27;
	return (double)((self->random * UINT64_C(2685821657736338717)) >> 11) /
	       9007199254740992.0;
}

static double lateness(struct sim *self, double jitter_s)
{
	if (jitter_s <= 0)
		return 0;
	if (self->config->jitter_kind == SIM_UNIFORM)
		return jitter_s * chance(self);
	return fmin(-log(1 - chance(self)), 5) * jitter_s;
}

/* The sum of twelve is nearly normal; its deviation is 1. */
static double normal(struct sim *self)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += chance(self);
	return sum;
}

/*
 * Lateness that a machine has for some seconds and then has not, for whatever
 * else it does: a process of first order, folded, as nobody is early.
 */
static double wander(struct sim *self, struct graph *graph)
{
	const struct sim_config *config = self->config;
	double share;

	if (config->wander_s <= 0)
		return 0;
	share = fmin(graph->n / graph->rate_hz / config->wander_tau_s, 1);
	graph->wander += sqrt(2 * share) * normal(self) - share * graph->wander;
	return config->wander_s * fabs(graph->wander);
}

/* ---- the graphs' clocks ---- */

static double jack_ppm_at(const struct sim_config *config, double now_s)
{
	double ppm = config->jack_ppm;

	if (config->step_at_s > 0 && now_s >= config->step_at_s)
		ppm += config->step_ppm;
	if (config->ramp_ppm_s != 0 && now_s > config->ramp_at_s)
		ppm += config->ramp_ppm_s *
		       (fmin(now_s, config->ramp_end_s) - config->ramp_at_s);
	return ppm;
}

static bool in_stall(const struct sim_config *config, double now_s, bool pw)
{
	const struct sim_stall *stall = &config->stall;

	return stall->at_s > 0 && stall->pipewire == pw &&
	       now_s >= stall->at_s && now_s < stall->at_s + stall->length_s;
}

/* A thread wakes late, and never before it was done with the last cycle. */
static void wake(struct sim *self, struct graph *graph)
{
	double late_s = lateness(self, graph->jitter_s);

	if (graph == &self->jack)
		late_s += wander(self, graph);
	graph->wake_s = fmax(graph->due_s + late_s, graph->last_wake_s + 1e-6);
}

static void next_cycle(struct sim *self, struct graph *graph)
{
	const struct sim_config *config = self->config;
	bool pw = graph == &self->pw;
	double period_s;

	if (!pw)
		graph->ppm = jack_ppm_at(config, graph->due_s);
	period_s = graph->n / (graph->rate_hz * (1 + graph->ppm * 1e-6));
	graph->last_wake_s = graph->wake_s;
	graph->due_s += period_s;
	graph->frame += graph->n;
	if (in_stall(config, graph->due_s, pw)) {
		double end_s = config->stall.at_s + config->stall.length_s;

		if (!config->stall.jumps) {
			graph->due_s = end_s;
		} else {
			while (graph->due_s < end_s) {
				graph->due_s += period_s;
				graph->frame += graph->n;
			}
		}
	}
	wake(self, graph);
}

/* ---- judgement ---- */

static void add(struct sum *sum, double x)
{
	sum->n++;
	sum->x += x;
	sum->xx += x * x;
	if (fabs(x) > sum->peak)
		sum->peak = fabs(x);
}

static double mean(const struct sum *sum)
{
	return sum->n > 0 ? sum->x / sum->n : 0;
}

static double deviation(const struct sum *sum)
{
	double m = mean(sum);

	return sum->n > 0 ? sqrt(fmax(sum->xx / sum->n - m * m, 0)) : 0;
}

static double rms(const struct sum *sum)
{
	return sum->n > 0 ? sqrt(sum->xx / sum->n) : 0;
}

static bool judged(const struct sim *self, double now_s)
{
	return now_s >= self->config->judge_from_s;
}

/* Where JACK truly is, past origin, at a time near its next cycle. */
static double true_position(const struct sim *self, double now_s)
{
	const struct graph *jack = &self->jack;

	return (double)(int64_t)(jack->frame - self->origin) +
	       (now_s - jack->due_s) * jack->rate_hz * (1 + jack->ppm * 1e-6);
}

static double true_speed(const struct sim *self)
{
	return (1 + self->jack.ppm * 1e-6) / (1 + self->pw.ppm * 1e-6);
}

static void judge(struct sim *self, int d, double error, double now_s)
{
	struct sim_direction *direction = &self->result.direction[d];
	const struct sim_stall *stall = &self->config->stall;
	double limit = NEAR_S * self->config->jack_hz;

	if (judged(self, now_s))
		add(&self->error[d], error);
	if (stall->at_s > 0 && now_s > stall->at_s + stall->length_s &&
	    fabs(error) > limit)
		direction->back_s = now_s - stall->at_s - stall->length_s;
}

/* What a line leaves of a window's errors, mean square. */
static double residue(const struct window *w)
{
	double tt = w->tt - w->t * w->t / w->n;
	double te = w->te - w->t * w->e / w->n;
	double ee = w->ee - w->e * w->e / w->n;

	return fmax(ee - te * te / tt, 0) / w->n;
}

/*
 * A sine's frequency is fitted freely in SINAD, so a constant speed costs
 * nothing and the residue about a line is the phase noise.
 */
static void judge_window(struct sim *self, double error, double now_s)
{
	struct window *w = &self->window;
	double t = now_s - w->begin_s;

	if (!judged(self, now_s))
		return;
	if (t >= 1) {
		if (w->n > 3 && w->begin_s > 0)
			add(&self->residue, sqrt(residue(w)));
		*w = (struct window){ .begin_s = now_s };
		t = 0;
	}
	w->n++;
	w->t += t;
	w->tt += t * t;
	w->e += error;
	w->te += t * error;
	w->ee += error * error;
}

/* A phase that is off by x radians rms leaves a sine at -20 log10(x). */
static double sinad_db(double frames, double rate_hz)
{
	return -20 * log10(2 * M_PI * 1000 * frames / rate_hz + 1e-12);
}

static void judge_speed(struct sim *self, double speed, double now_s)
{
	double ppm = (speed / true_speed(self) - 1) * 1e6;

	if (judged(self, now_s))
		add(&self->noise, ppm);
	if (fabs(ppm) > 1)
		self->last_bad_s = now_s;
}

static void trace(struct sim *self, double error, double speed)
{
	double now_s = self->pw.due_s;

	if (!self->config->trace || now_s < self->config->trace_from_s ||
	    now_s < self->traced_s + 0.1)
		return;
	self->traced_s = now_s;
	fprintf(self->config->trace, "%.3f\t%.5f\t%.5f\t%.5f\t%.6f\t%.3f\n",
		now_s, error, (speed - 1) * 1e6, (true_speed(self) - 1) * 1e6,
		leat_clock_loop_bandwidth_hz(&self->loop),
		leat_clock_loop_jitter_us(&self->loop));
}

/* ---- the cycles ---- */

static void note_slack(struct sim *self, int d, double slack, double now_s)
{
	struct sim_direction *direction = &self->result.direction[d];

	if (slack < 0)
		direction->all_underruns++;
	if (!judged(self, now_s))
		return;
	if (slack < 0)
		direction->underruns++;
	direction->least_slack = fmin(direction->least_slack, slack);
}

static void publish(struct sim *self, const struct graph *jack)
{
	if (self->n_stamps == N_STAMPS) {
		memmove(self->stamps, self->stamps + 1,
			(N_STAMPS - 1) * sizeof(self->stamps[0]));
		self->n_stamps--;
	}
	self->stamps[self->n_stamps++] = (struct leat_stamp){
		.index = jack->frame,
		.frame_time = jack->frame,
		.time_ns = (uint64_t)llround(jack->wake_s * 1e9),
	};
	self->read = jack->frame;
}

static void jack_cycle(struct sim *self)
{
	struct graph *jack = &self->jack;
	double begin = (double)(int64_t)(jack->frame - self->origin);
	double slack = self->filled - begin - jack->n;

	if (self->placed) {
		note_slack(self, LEAT_TO_JACK, slack, jack->wake_s);
		self->interrupted[LEAT_TO_JACK] = slack < 0;
	}
	publish(self, jack);
	self->written = jack->frame + jack->n;
	next_cycle(self, jack);
}

/* Where a direction should be at a frame of PipeWire's, past origin. */
static double wanted(const struct sim *self, int d, uint64_t frame)
{
	double at = leat_clock_loop_distance(&self->loop, frame, self->origin);

	return d == LEAT_TO_PIPEWIRE ? at - self->target[d]
				     : at + self->target[d];
}

static double slip_by(struct sim *self, int d, double error)
{
	struct sim_direction *direction = &self->result.direction[d];
	double n = (double)leat_slip_take(&direction->slip, error,
					  self->interrupted[d]);

	direction->moved += n;
	self->where[d] += n;
	self->interrupted[d] = false;
	return error - n;
}

static void read_from_jack(struct sim *self, bool silent)
{
	const int d = LEAT_TO_PIPEWIRE;
	struct graph *pw = &self->pw;
	double ratio = (double)self->config->jack_hz / self->config->pw_hz;
	double there = (double)(int64_t)(self->written - self->origin);
	double error = wanted(self, d, pw->frame) - self->where[d];
	double speed, need, slack, late;

	/* While frames are missing nothing moves: that is decided later. */
	if (self->interrupted[d] &&
	    (silent || there < self->where[d] + round(error) + HALF_TAPS + 1 +
				       pw->n * ratio * 1.005))
		return;
	error = slip_by(self, d, error);
	speed = leat_clock_loop_speed(&self->loop, error);
	need = pw->n * ratio * speed;
	slack = there - self->where[d] - need - HALF_TAPS;
	note_slack(self, d, slack, pw->wake_s);
	if (slack < 0) {
		self->interrupted[d] = true;
		return;
	}
	if (judged(self, pw->wake_s) && there - self->where[d] > self->capacity)
		self->result.direction[d].overruns++;
	late = true_position(self, pw->due_s) - self->target[d] -
	       self->where[d];
	judge(self, d, late, pw->due_s);
	judge_window(self, late, pw->due_s);
	judge_speed(self, speed, pw->due_s);
	trace(self, late, speed);
	self->where[d] += need;
}

static void write_to_jack(struct sim *self, bool silent)
{
	const int d = LEAT_TO_JACK;
	struct graph *pw = &self->pw;
	double ratio = (double)self->config->jack_hz / self->config->pw_hz;
	double read = (double)(int64_t)(self->read - self->origin);
	double error = wanted(self, d, pw->frame - HALF_TAPS) - self->where[d];
	double speed;

	if (silent) {
		self->interrupted[d] = true;
		return;
	}
	error = slip_by(self, d, error);
	speed = leat_clock_loop_speed(&self->loop, error);
	judge(self, d,
	      self->where[d] + HALF_TAPS * ratio -
		      true_position(self, pw->due_s) - self->target[d],
	      pw->due_s);
	self->where[d] += pw->n * ratio * speed;
	/* What lies behind the ring's index cannot be written any more. */
	self->filled = fmax(self->filled, floor(self->where[d]));
	if (judged(self, pw->wake_s) && self->filled - read > self->capacity)
		self->result.direction[d].overruns++;
}

static void place(struct sim *self)
{
	uint64_t frame = self->pw.frame;

	self->where[0] = floor(wanted(self, 0, frame));
	self->where[1] = floor(wanted(self, 1, frame - HALF_TAPS));
	self->filled = self->where[1];
	self->placed = true;
}

static void pw_cycle(struct sim *self)
{
	const struct sim_config *config = self->config;
	struct graph *pw = &self->pw;
	struct leat_clock_cycle cycle = {
		.frame = pw->frame,
		.time_ns = (uint64_t)llround(
			(config->pw_stamps_late ? pw->wake_s : pw->due_s) *
			1e9),
		.rate_diff = 1 + pw->ppm * 1e-6,
	};
	unsigned events = leat_clock_loop_update(&self->loop, &cycle,
						 self->stamps, self->n_stamps);
	bool silent = leat_clock_loop_stale(&self->loop);

	self->n_stamps = 0;
	if (leat_clock_loop_running(&self->loop)) {
		if (!self->placed)
			place(self);
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
			if (events & LEAT_CLOCK_UPSET)
				self->interrupted[d] = true;
		read_from_jack(self, silent);
		write_to_jack(self, silent);
		self->result.n_updates += events & LEAT_CLOCK_UPDATED;
	}
	next_cycle(self, pw);
}

/* ---- a run ---- */

static void begin(struct sim *self, const struct sim_config *config)
{
	double ratio = (double)config->jack_hz / config->pw_hz;
	uint32_t q = (uint32_t)ceil(config->q * ratio);
	uint32_t limit = leat_slip_limit(config->p, q, config->jack_hz);

	memset(self, 0, sizeof(*self));
	self->config = config;
	self->random = config->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	self->jack = (struct graph){ .rate_hz = config->jack_hz,
				     .n = config->p,
				     .ppm = config->jack_ppm,
				     .jitter_s = config->jack_jitter_s };
	self->pw = (struct graph){ .rate_hz = config->pw_hz,
				   .n = config->q,
				   .ppm = config->pw_ppm,
				   .jitter_s = config->pw_jitter_s };
	/* Counts that wrap during the run, and not in step. */
	self->origin = self->jack.frame = UINT64_MAX - 1000000;
	self->pw.frame = UINT64_MAX - 2000000;
	self->jack.due_s = 1 + chance(self) * 0.1;
	self->pw.due_s = 1 + chance(self) * 0.1;
	wake(self, &self->jack);
	wake(self, &self->pw);
	leat_clock_loop_init(&self->loop, config->jack_hz, config->pw_hz);
	self->target[LEAT_TO_PIPEWIRE] =
		config->q * ratio + HALF_TAPS + config->margin;
	self->target[LEAT_TO_JACK] =
		config->p + HALF_TAPS * ratio + config->margin;
	self->capacity = 4.0 * (config->p + q) + 2 * config->margin + 1024;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_slip_init(&self->result.direction[d].slip,
			       (enum leat_direction)d, limit);
		self->result.direction[d].least_slack = 1e9;
	}
}

static void finish(struct sim *self)
{
	struct sim_result *result = &self->result;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		result->direction[d].error_mean = mean(&self->error[d]);
		result->direction[d].error_rms = deviation(&self->error[d]);
		result->direction[d].error_peak = self->error[d].peak;
	}
	result->sinad_db = sinad_db(rms(&self->residue), self->config->jack_hz);
	result->sinad_least_db =
		sinad_db(self->residue.peak, self->config->jack_hz);
	result->noise_ppm = rms(&self->noise);
	result->settled_s = self->last_bad_s;
	result->n_upsets = self->loop.n_upsets;
	result->n_reopenings = self->loop.n_reopenings;
	result->bandwidth_hz = leat_clock_loop_bandwidth_hz(&self->loop);
	result->jitter_us = leat_clock_loop_jitter_us(&self->loop);
}

struct sim_result sim_run(const struct sim_config *config)
{
	struct sim sim;

	begin(&sim, config);
	while (sim.pw.due_s < config->length_s) {
		if (sim.jack.wake_s <= sim.pw.wake_s)
			jack_cycle(&sim);
		else
			pw_cycle(&sim);
	}
	finish(&sim);
	return sim.result;
}

struct sim_config sim_default(uint32_t p, uint32_t q)
{
	return (struct sim_config){
		.p = p,
		.q = q,
		.jack_hz = 48000,
		.pw_hz = 48000,
		.margin = 48,
		.length_s = 60,
		.judge_from_s = 16,
		.seed = 1,
	};
}
