/* SPDX-License-Identifier: MIT */
#include "resampler.h"

#include "resampler_kernel.h"
#include "resampler_table.h"

#include <leat/frames.h>

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Positions within the buffer, fixed point: 20 bits of whole frames, 44 of
 * fraction. A step of 2^-44 frames is 1 ps in 10 hours.
 */
#define FRACTION_BITS 44
#define ONE (UINT64_C(1) << FRACTION_BITS)
#define PHASE_BITS 8
#define REST_BITS (FRACTION_BITS - PHASE_BITS)

_Static_assert(1u << PHASE_BITS == LEAT_RESAMPLER_PHASES, "phases");

/* Frames kept behind the filter, so that a seek can go back. */
#define HISTORY 256u

struct leat_resampler {
	leat_kernel_fn kernel;
	const float *table;  /* rows of n_taps */
	float *buffer;	     /* planes of `room` samples */
	float *coefficients; /* n_taps */
	uint64_t base;	     /* index of the buffer's first frame */
	uint64_t at;	     /* position from there, fixed point */
	uint64_t step;	     /* fixed point, of the last pull's end */
	double ratio;	     /* input frames for an output frame */
	uint32_t n_taps;
	uint32_t n_channels;
	uint32_t n_kept; /* frames before the position that are kept */
	uint32_t n_fed;	 /* frames in the buffer */
	uint32_t room;	 /* frames of the buffer */
};

/* ---- set-up ---- */

static int check(const struct leat_resampler_config *config)
{
	uint32_t in = config->in_rate_hz, out = config->out_rate_hz;

	if (config->n_channels > LEAT_CHANNELS_MAX || in < LEAT_RATE_MIN_HZ ||
	    in > LEAT_RATE_MAX_HZ || out < LEAT_RATE_MIN_HZ ||
	    out > LEAT_RATE_MAX_HZ || in / LEAT_RESAMPLER_RATIO_MAX > out ||
	    out / LEAT_RESAMPLER_RATIO_MAX > in || config->max_feed > 1u << 18)
		return -EINVAL;
	return 0;
}

static uint32_t round_up(double n, uint32_t to)
{
	return ((uint32_t)ceil(n) + to - 1) / to * to;
}

static uint32_t choose_room(const struct leat_resampler *self,
			    uint32_t max_feed)
{
	double most = ceil(LEAT_RESAMPLER_PULL_MAX * self->ratio *
			   LEAT_RESAMPLER_SPEED_MAX);
	uint32_t n = (uint32_t)most > max_feed ? (uint32_t)most : max_feed;

	return round_up(self->n_kept + self->n_taps + n + 16, 16);
}

static float *allocate(size_t n_samples)
{
	size_t n_bytes = (n_samples * sizeof(float) + 63) / 64 * 64;
	float *samples = aligned_alloc(64, n_bytes);

	if (samples)
		memset(samples, 0, n_bytes);
	return samples;
}

int leat_resampler_create(struct leat_resampler **resampler,
			  const struct leat_resampler_config *config)
{
	struct leat_resampler *self;
	double down;
	int res = check(config);

	*resampler = NULL;
	if (res < 0)
		return res;
	self = calloc(1, sizeof(*self));
	if (!self)
		return -ENOMEM;
	self->ratio = (double)config->in_rate_hz / config->out_rate_hz;
	down = self->ratio > 1.0 ? self->ratio : 1.0;
	self->n_taps = round_up(LEAT_RESAMPLER_TAPS * down, LEAT_KERNEL_LANES);
	self->n_channels = config->n_channels;
	self->n_kept = self->n_taps / 2 + HISTORY;
	self->room = choose_room(self, config->max_feed);
	self->kernel = leat_kernel_choose();
	self->table = leat_table_create(self->n_taps, down);
	self->coefficients = allocate(self->n_taps);
	self->buffer = allocate((size_t)self->room * self->n_channels + 1);
	if (!self->table || !self->coefficients || !self->buffer) {
		leat_resampler_destroy(self);
		return -ENOMEM;
	}
	leat_resampler_reset(self, 0);
	*resampler = self;
	return 0;
}

void leat_resampler_destroy(struct leat_resampler *resampler)
{
	if (!resampler)
		return;
	leat_table_destroy(resampler->table);
	free(resampler->coefficients);
	free(resampler->buffer);
	free(resampler);
}

/* ---- positions ---- */

static double to_frames(uint64_t fixed) LEAT_RT
{
	return (double)fixed / (double)ONE;
}

static uint64_t to_step(const struct leat_resampler *self, double speed) LEAT_RT
{
	if (!(speed > LEAT_RESAMPLER_SPEED_MIN)) /* or not a number */
		speed = LEAT_RESAMPLER_SPEED_MIN;
	if (speed > LEAT_RESAMPLER_SPEED_MAX)
		speed = LEAT_RESAMPLER_SPEED_MAX;
	return (uint64_t)(self->ratio * speed * (double)ONE + 0.5);
}

/* By how much the step grows with each of n frames on its way to `end`. */
static int64_t growth(const struct leat_resampler *self, uint32_t n,
		      uint64_t end) LEAT_RT
{
	return n ? (int64_t)(end - self->step) / (int64_t)n : 0;
}

/* Where n frames later is. Exact: pull comes to the same by adding. */
static uint64_t after(const struct leat_resampler *self, uint32_t n,
		      uint64_t end) LEAT_RT
{
	uint64_t pairs = (uint64_t)n * (n + UINT64_C(1)) / 2;

	return self->at + n * self->step +
	       pairs * (uint64_t)growth(self, n, end);
}

/* The frame behind the last one that the filter covers at a position. */
static uint64_t covered(const struct leat_resampler *self, uint64_t at) LEAT_RT
{
	return (at >> FRACTION_BITS) + self->n_taps / 2 + 1;
}

/* The same for the last of n frames, which lies one step before the end. */
static uint64_t covered_by(const struct leat_resampler *self, uint32_t n,
			   uint64_t end) LEAT_RT
{
	uint64_t last;

	if (n == 0)
		return 0;
	last = after(self, n, end) - self->step -
	       (uint64_t)growth(self, n, end) * n;
	return covered(self, last);
}

uint32_t leat_resampler_half_taps(const struct leat_resampler *resampler)
{
	return resampler->n_taps / 2;
}

double leat_resampler_delay(const struct leat_resampler *resampler)
{
	return (double)resampler->n_fed - to_frames(resampler->at);
}

uint64_t leat_resampler_position(const struct leat_resampler *resampler,
				 double *fraction)
{
	*fraction = to_frames(resampler->at & (ONE - 1));
	return resampler->base + (resampler->at >> FRACTION_BITS);
}

uint64_t leat_resampler_fed(const struct leat_resampler *resampler)
{
	return resampler->base + resampler->n_fed;
}

uint32_t leat_resampler_need(const struct leat_resampler *resampler,
			     uint32_t n_out, double speed)
{
	uint64_t end = to_step(resampler, speed);
	uint64_t wanted;

	assert(n_out <= LEAT_RESAMPLER_PULL_MAX);
	wanted = covered_by(resampler, n_out, end);
	return wanted > resampler->n_fed ? (uint32_t)(wanted - resampler->n_fed)
					 : 0;
}

uint32_t leat_resampler_ready(const struct leat_resampler *resampler,
			      uint32_t max, double speed)
{
	uint64_t end = to_step(resampler, speed);
	uint32_t low = 0, high = LEAT_RESAMPLER_PULL_MAX;

	if (high > max)
		high = max;
	while (low < high) {
		uint32_t n = low + (high - low + 1) / 2;

		if (covered_by(resampler, n, end) <= resampler->n_fed)
			low = n;
		else
			high = n - 1;
	}
	return low;
}

/* ---- feeding ---- */

static float *plane(const struct leat_resampler *self, uint32_t c) LEAT_RT
{
	return self->buffer + (size_t)c * self->room;
}

/* Forget what lies behind the history. */
static void forget(struct leat_resampler *self) LEAT_RT
{
	uint32_t whole = (uint32_t)(self->at >> FRACTION_BITS);
	uint32_t n = whole > self->n_kept ? whole - self->n_kept : 0;

	if (n > self->n_fed)
		n = self->n_fed;
	if (n == 0)
		return;
	for (uint32_t c = 0; c < self->n_channels; c++)
		memmove(plane(self, c), plane(self, c) + n,
			(self->n_fed - n) * sizeof(float));
	self->n_fed -= n;
	self->at -= (uint64_t)n << FRACTION_BITS;
	self->base += n;
}

void leat_resampler_reset(struct leat_resampler *resampler, uint64_t position)
{
	for (uint32_t c = 0; c < resampler->n_channels; c++)
		memset(plane(resampler, c), 0,
		       resampler->n_kept * sizeof(float));
	resampler->n_fed = resampler->n_kept;
	resampler->base = position - resampler->n_kept;
	resampler->at = (uint64_t)resampler->n_kept << FRACTION_BITS;
	resampler->step = to_step(resampler, 1.0);
}

static uint32_t make_room(struct leat_resampler *self, uint32_t n_frames)
	LEAT_RT
{
	forget(self);
	return n_frames < self->room - self->n_fed ? n_frames
						   : self->room - self->n_fed;
}

uint32_t leat_resampler_feed(struct leat_resampler *resampler,
			     const float *const *planes, uint32_t offset,
			     uint32_t n_frames)
{
	uint32_t n = make_room(resampler, n_frames);

	for (uint32_t c = 0; c < resampler->n_channels; c++)
		memcpy(plane(resampler, c) + resampler->n_fed,
		       planes[c] + offset, n * sizeof(float));
	resampler->n_fed += n;
	return n;
}

uint32_t leat_resampler_feed_strided(struct leat_resampler *resampler,
				     const float *base, size_t stride,
				     uint32_t n_frames)
{
	uint32_t n = make_room(resampler, n_frames);

	for (uint32_t c = 0; c < resampler->n_channels; c++)
		memcpy(plane(resampler, c) + resampler->n_fed,
		       base + c * stride, n * sizeof(float));
	resampler->n_fed += n;
	return n;
}

static void end_plane(float *at, uint32_t n) LEAT_RT
{
	float last = at[-1];

	for (uint32_t i = 0; i < n; i++)
		at[i] = last * (float)(n - 1 - i) / (float)n;
}

uint32_t leat_resampler_feed_end(struct leat_resampler *resampler,
				 uint32_t n_frames)
{
	uint32_t n = make_room(resampler, n_frames);

	/* There always is a sample before: a reset leaves zeros. */
	for (uint32_t c = 0; c < resampler->n_channels; c++)
		end_plane(plane(resampler, c) + resampler->n_fed, n);
	resampler->n_fed += n;
	return n;
}

uint32_t leat_resampler_feed_zeros(struct leat_resampler *resampler,
				   uint32_t n_frames)
{
	uint32_t n = make_room(resampler, n_frames);

	for (uint32_t c = 0; c < resampler->n_channels; c++)
		memset(plane(resampler, c) + resampler->n_fed, 0,
		       n * sizeof(float));
	resampler->n_fed += n;
	return n;
}

/* ---- output ---- */

/* Lagrange's polynomial through -1, 0, 1 and 2, at x in [0, 1). */
static void weigh(float weight[4], float x) LEAT_RT
{
	float before = x + 1, after_one = x - 1, after_two = x - 2;

	weight[0] = -x * after_one * after_two / 6;
	weight[1] = before * after_one * after_two / 2;
	weight[2] = -before * x * after_two / 2;
	weight[3] = before * x * after_one / 6;
}

/* Put the filter where the position is. */
static void aim(const struct leat_resampler *self, uint64_t at,
		struct leat_kernel_frame *frame) LEAT_RT
{
	size_t first = (size_t)(at >> FRACTION_BITS) - self->n_taps / 2 + 1;
	size_t phase = (at & (ONE - 1)) >> REST_BITS;
	uint64_t rest = at & ((UINT64_C(1) << REST_BITS) - 1);

	frame->row = self->table + phase * self->n_taps;
	frame->input = self->buffer + first;
	weigh(frame->weight, (float)rest / (float)(UINT64_C(1) << REST_BITS));
}

uint32_t leat_resampler_pull(struct leat_resampler *resampler,
			     float *const *planes, uint32_t offset,
			     uint32_t n_out, double speed)
{
	uint64_t end = to_step(resampler, speed);
	int64_t more = growth(resampler, n_out, end);
	uint64_t step = resampler->step;
	struct leat_kernel_frame frame = {
		.row_stride = resampler->n_taps,
		.input_stride = resampler->room,
		.n_taps = resampler->n_taps,
		.n_channels = resampler->n_channels,
		.coefficients = resampler->coefficients,
	};

	if (n_out == 0 || n_out > LEAT_RESAMPLER_PULL_MAX ||
	    covered_by(resampler, n_out, end) > resampler->n_fed)
		return 0;
	for (uint32_t i = 0; i < n_out; i++) {
		aim(resampler, resampler->at, &frame);
		resampler->kernel(&frame, planes, (size_t)offset + i);
		step += (uint64_t)more;
		resampler->at += step;
	}
	resampler->step = end;
	return n_out;
}

void leat_resampler_set_speed(struct leat_resampler *resampler, double speed)
{
	resampler->step = to_step(resampler, speed);
}

double leat_resampler_seek(struct leat_resampler *resampler, double n_frames)
{
	double now, low, high, to;

	if (!isfinite(n_frames))
		return 0;
	forget(resampler);
	now = to_frames(resampler->at);
	low = resampler->n_taps / 2;
	high = resampler->n_fed;
	to = fmin(fmax(now + n_frames, low), fmax(high, now));
	resampler->at = (uint64_t)(to * (double)ONE);
	return to_frames(resampler->at) - now;
}
