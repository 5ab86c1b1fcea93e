/* SPDX-License-Identifier: MIT */
#include "adaptive.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A clock that jumps by more is another clock. */
#define JUMP_MAX_S 10

/* JACK silent for longer than this is away; what follows is a new start. */
#define AWAY_NS UINT64_C(10000000000)

/* ---- set-up ---- */

/* The base follows with the first cycle. */
static int init_target(struct leat_target *target,
		       const struct leat_pw_adaptive_config *config)
{
	const struct leat_target_config wanted = {
		.rate_hz = config->jack_rate_hz,
		.fixed_frames = config->latency.fixed,
		.min_frames = config->latency.min,
		.max_frames = config->latency.max,
	};

	return leat_target_init(target, &wanted);
}

static int init_way(struct leat_pw_adaptive *self, enum leat_direction d)
{
	const struct leat_pw_adaptive_config *config = &self->config;
	bool to_jack = d == LEAT_TO_JACK;
	struct leat_resampler_config resampler = {
		.n_channels = config->n_channels[d],
		.in_rate_hz = to_jack ? config->pw_rate_hz
				      : config->jack_rate_hz,
		.out_rate_hz = to_jack ? config->jack_rate_hz
				       : config->pw_rate_hz,
		/* A whole quantum, and what a cross-fade takes of it. */
		.max_feed = 2 * LEAT_PW_ADAPTIVE_QUANTUM_MAX,
	};
	int res = leat_resampler_create(&self->way[d].resampler, &resampler);

	self->way[d].ratio =
		(double)config->jack_rate_hz / resampler.in_rate_hz;
	if (res == 0)
		res = init_target(&self->way[d].target, config);
	if (res < 0)
		return res;
	return leat_splice_init(&self->way[d].splice, resampler.n_channels,
				resampler.out_rate_hz);
}

static int init_planes(struct leat_pw_adaptive *self)
{
	uint32_t n = self->config.n_channels[LEAT_TO_JACK];
	size_t room = LEAT_PW_ADAPTIVE_QUANTUM_MAX;

	self->samples = calloc(room * n + 1, sizeof(float));
	if (!self->samples)
		return -ENOMEM;
	for (uint32_t c = 0; c < n; c++)
		self->planes[c] = self->samples + c * room;
	return 0;
}

int leat_pw_adaptive_create(struct leat_pw_adaptive **adaptive,
			    const struct leat_pw_adaptive_config *config,
			    struct leat_side_words *words)
{
	struct leat_pw_adaptive *self = calloc(1, sizeof(*self));
	int res;

	*adaptive = NULL;
	if (!self)
		return -ENOMEM;
	self->config = *config;
	self->words = &words->clock;
	res = init_planes(self);
	for (int d = 0; d < LEAT_N_DIRECTIONS && res == 0; d++) {
		self->way[d].words = &words->direction[d];
		self->way[d].delay = &words->clock.resampler_delay[d];
		res = init_way(self, (enum leat_direction)d);
	}
	if (res < 0) {
		leat_pw_adaptive_destroy(self);
		return res;
	}
	leat_pw_adaptive_restart(self);
	*adaptive = self;
	return 0;
}

void leat_pw_adaptive_destroy(struct leat_pw_adaptive *adaptive)
{
	if (!adaptive)
		return;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_resampler_destroy(adaptive->way[d].resampler);
		leat_splice_finish(&adaptive->way[d].splice);
	}
	free(adaptive->samples);
	free(adaptive);
}

/* ---- beginning anew ---- */

static void forget_places(struct leat_pw_adaptive *self) LEAT_RT
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		self->way[d].placed = false;
		self->way[d].interrupted = true;
	}
}

void leat_pw_adaptive_restart(struct leat_pw_adaptive *adaptive)
{
	leat_clock_loop_init(&adaptive->loop, adaptive->config.jack_rate_hz,
			     adaptive->config.pw_rate_hz);
	adaptive->n_stamps = 0;
	adaptive->begun = false;
	adaptive->n_jack = 0;
	adaptive->silent_since_ns = 0;
	forget_places(adaptive);
}

void leat_pw_adaptive_pause(struct leat_pw_adaptive *adaptive)
{
	leat_clock_loop_upset(&adaptive->loop);
	forget_places(adaptive);
}

/* ---- what P and Q mean for the two ---- */

static uint32_t base_of(const struct leat_pw_adaptive *self,
			enum leat_direction d) LEAT_RT
{
	const struct leat_pw_adaptive_config *config = &self->config;
	uint32_t half = leat_resampler_half_taps(self->way[d].resampler);

	if (d == LEAT_TO_JACK)
		return leat_target_base_to_jack(config->period, half,
						config->jack_rate_hz,
						config->pw_rate_hz);
	return leat_target_base_to_pipewire(
		self->quantum, half, config->jack_rate_hz, config->pw_rate_hz);
}

/* A margin that was learned is kept, and so is what was counted. */
static void set_periods(struct leat_pw_adaptive *self) LEAT_RT
{
	const struct leat_pw_adaptive_config *config = &self->config;
	uint32_t q = leat_target_base_to_pipewire(
		self->quantum, 0, config->jack_rate_hz, config->pw_rate_hz);

	uint32_t limit =
		leat_slip_limit(config->period, q, config->jack_rate_hz);

	self->spare =
		leat_target_spare(config->period, q, config->jack_rate_hz);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		struct leat_pw_adaptive_way *way = &self->way[d];

		if (way->slip.limit == 0)
			leat_slip_init(&way->slip, (enum leat_direction)d,
				       limit);
		way->slip.limit = limit;
		leat_target_set_base(&way->target,
				     base_of(self, (enum leat_direction)d));
		leat_target_set_most(&way->target,
				     self->capacity > self->spare
					     ? self->capacity - self->spare
					     : 0);
	}
}

uint32_t leat_pw_adaptive_room(const struct leat_pw_adaptive *adaptive)
{
	double most = 0;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		most = fmax(most, leat_target_wanted(&adaptive->way[d].target));
	return (uint32_t)ceil(most) + adaptive->spare;
}

uint32_t leat_pw_adaptive_raised(const struct leat_pw_adaptive *adaptive,
				 enum leat_direction direction)
{
	const struct leat_pw_latency *wanted = &adaptive->config.latency;
	uint32_t most = wanted->fixed ? wanted->fixed : wanted->max;
	uint32_t least = leat_target_least(&adaptive->way[direction].target);

	return most > 0 && most < least ? least : 0;
}

void leat_pw_adaptive_set_period(struct leat_pw_adaptive *adaptive,
				 uint32_t period)
{
	adaptive->config.period = period;
	if (adaptive->begun)
		set_periods(adaptive);
}

/* ---- what the status says ---- */

void leat_pw_adaptive_forget(struct leat_clock_words *words)
{
	leat_word_set(&words->rate_ppm, LEAT_UNKNOWN);
	leat_word_set(&words->loop_error_frames, LEAT_UNKNOWN);
	leat_word_set(&words->loop_bandwidth_hz, LEAT_UNKNOWN);
	leat_word_set(&words->jitter_us, LEAT_UNKNOWN);
	leat_word_set(&words->last_upset_s, LEAT_UNKNOWN);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_word_set(&words->resampler_delay[d], LEAT_UNKNOWN);
}

static void tell_clock(const struct leat_pw_adaptive *self) LEAT_RT
{
	const struct leat_clock_loop *loop = &self->loop;
	struct leat_clock_words *words = self->words;

	if (!leat_clock_loop_running(loop)) {
		leat_pw_adaptive_forget(words);
		return;
	}
	leat_word_set_double(&words->rate_ppm, leat_clock_loop_ppm(loop));
	leat_word_set_double(&words->loop_error_frames,
			     leat_clock_loop_error_frames(loop));
	leat_word_set_double(&words->loop_bandwidth_hz,
			     leat_clock_loop_bandwidth_hz(loop));
	leat_word_set_double(&words->jitter_us,
			     leat_clock_loop_jitter_us(loop));
	leat_word_set_double(&words->last_upset_s, loop->since_upset_s);
}

static uint64_t whole(double frames) LEAT_RT
{
	return frames > 0 ? (uint64_t)(frames + 0.5) : 0;
}

void leat_pw_adaptive_tell(struct leat_pw_adaptive_way *way, double latency)
{
	leat_word_set(&way->words->target,
		      whole(leat_target_frames(&way->target)));
	leat_word_set(&way->words->latency, whole(latency));
	leat_word_set_double(way->delay,
			     leat_resampler_delay(way->resampler) * way->ratio);
}

/* ---- a cycle ---- */

static bool other_clock(const struct leat_pw_adaptive *self,
			const struct leat_pw_adaptive_cycle *cycle) LEAT_RT
{
	int64_t ahead = (int64_t)(cycle->clock.frame - self->position);
	int64_t most = (int64_t)self->config.pw_rate_hz * JUMP_MAX_S;

	return cycle->clock_id != self->clock_id || ahead < 0 || ahead > most;
}

/* How long JACK has been silent; its ring's indices go on where they were. */
static void watch_silence(struct leat_pw_adaptive *self, uint64_t now_ns)
	LEAT_RT
{
	if (!leat_clock_loop_stale(&self->loop))
		self->silent_since_ns = 0;
	else if (self->silent_since_ns == 0)
		self->silent_since_ns = now_ns;
	else if (now_ns - self->silent_since_ns > AWAY_NS)
		forget_places(self);
}

/*
 * Frames that the streams played since the last cycle began. When the quantum
 * changes, a driver's position may go on by the one or by the other.
 */
static uint64_t advance(const struct leat_pw_adaptive *self,
			const struct leat_pw_adaptive_cycle *cycle) LEAT_RT
{
	uint64_t n = cycle->clock.frame - self->position;

	return n == cycle->quantum ? self->quantum : n;
}

/*
 * Up to PipeWire 0.3.67 the cycle with which the quantum changes has the new
 * length, but takes as long as the old one. So from then on the time is
 * another at which a frame is played, by the difference and to the frame.
 */
static int64_t moved(const struct leat_pw_adaptive *self,
		     const struct leat_pw_adaptive_cycle *cycle, uint64_t n)
	LEAT_RT
{
	int64_t step = self->quantum_step;
	double passed =
		(double)(int64_t)(cycle->clock.time_ns - self->time_ns) * 1e-9 *
		self->config.pw_rate_hz;

	return fabs((double)(int64_t)n - passed) >
			       fabs((double)((int64_t)n - step) - passed)
		       ? step
		       : 0;
}

static void begin(struct leat_pw_adaptive *self,
		  const struct leat_pw_adaptive_cycle *cycle, uint32_t capacity)
	LEAT_RT
{
	if (self->begun) {
		uint64_t n = advance(self, cycle);

		leat_clock_loop_move(&self->loop, moved(self, cycle, n));
		if (n > self->quantum)
			leat_pw_adaptive_note_hole(self, n - self->quantum);
		self->frame += n;
		self->quantum_step =
			(int64_t)cycle->quantum - (int64_t)self->quantum;
	} else {
		self->frame = cycle->clock.frame;
		self->quantum_step = 0;
	}
	self->clock_id = cycle->clock_id;
	self->position = cycle->clock.frame;
	self->time_ns = cycle->clock.time_ns;
	if (!self->begun || self->quantum != cycle->quantum ||
	    self->capacity != capacity) {
		self->begun = true;
		self->quantum = cycle->quantum;
		self->capacity = capacity;
		set_periods(self);
	}
}

/* Frames of JACK's newest cycle: the ring's index less the stamp's. */
static void note_period(struct leat_pw_adaptive *self,
			const struct leat_frames_consumer *in, uint64_t newest)
	LEAT_RT
{
	uint64_t n = newest - self->stamp.index;

	/* Not if the stamp is newer than the index. */
	if (self->stamp_is_new && n > 0 &&
	    n <= leat_frames_consumer_format(in)->capacity)
		self->n_jack = (uint32_t)n;
}

bool leat_pw_adaptive_update(struct leat_pw_adaptive *adaptive,
			     struct leat_frames_consumer *in,
			     const struct leat_pw_adaptive_cycle *cycle)
{
	uint32_t capacity = leat_frames_consumer_format(in)->capacity;
	struct leat_clock_cycle clock = cycle->clock;
	uint64_t newest;
	uint32_t n;
	unsigned events;

	if (adaptive->begun && cycle->clock_id == adaptive->clock_id &&
	    cycle->clock.frame == adaptive->position)
		return false;
	if (adaptive->begun && other_clock(adaptive, cycle)) {
		uint64_t n_stamps = adaptive->n_stamps;

		leat_pw_adaptive_restart(adaptive);
		adaptive->n_stamps = n_stamps;
	}
	begin(adaptive, cycle, capacity);
	clock.frame = adaptive->frame;
	newest = leat_consumer_newest(leat_frames_consumer_ring(in));
	n = leat_frames_get_stamps(in, &adaptive->n_stamps, adaptive->stamps);
	adaptive->stamp_is_new = n > 0;
	if (n > 0)
		adaptive->stamp = adaptive->stamps[n - 1];
	note_period(adaptive, in, newest);
	leat_clock_loop_expect(
		&adaptive->loop,
		(double)adaptive->n_jack / adaptive->config.jack_rate_hz,
		(double)cycle->quantum / adaptive->config.pw_rate_hz);
	events = leat_clock_loop_update(&adaptive->loop, &clock,
					adaptive->stamps, n);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (events & LEAT_CLOCK_UPSET)
			adaptive->way[d].interrupted = true;
	watch_silence(adaptive, cycle->clock.time_ns);
	tell_clock(adaptive);
	return true;
}

bool leat_pw_adaptive_live(const struct leat_pw_adaptive *adaptive)
{
	return adaptive->begun && leat_clock_loop_running(&adaptive->loop) &&
	       !leat_clock_loop_stale(&adaptive->loop) &&
	       adaptive->quantum <= LEAT_PW_ADAPTIVE_QUANTUM_MAX;
}
