/* SPDX-License-Identifier: MIT */
/*
 * To PipeWire: the resampler's positions are indices of the ring from JACK.
 */
#include "adaptive.h"

#include <leat/inline/atomics.h>

#include <math.h>
#include <string.h>

/* The fastest that a cycle may have to be, when one asks for enough. */
#define SPEED_MOST 1.005

struct reader {
	struct leat_pw_adaptive *self;
	struct leat_pw_adaptive_way *way;
	struct leat_resampler *resampler;
	struct leat_frames_consumer *in;
	uint64_t newest; /* of the ring */
};

static void feed(void *user, const struct leat_frames_view *view) LEAT_RT
{
	leat_resampler_feed_strided(user, view->base, view->stride,
				    view->n_frames);
}

/* The next n frames of the ring; silence, and false, where they are not. */
static bool feed_next(struct reader *reader, uint32_t n) LEAT_RT
{
	struct leat_resampler *resampler = reader->resampler;
	uint64_t from = leat_resampler_fed(resampler);
	uint32_t n_fed;

	if (n == 0 ||
	    leat_frames_recv_at(reader->in, from, n, feed, resampler) == n)
		return true;
	n_fed = (uint32_t)(leat_resampler_fed(resampler) - from);
	leat_resampler_feed_zeros(resampler, n - n_fed);
	return false;
}

/* Frames of the ring beyond what was fed; negative if it is not so far. */
static int64_t ahead_of(const struct reader *reader) LEAT_RT
{
	return (int64_t)(reader->newest -
			 leat_resampler_fed(reader->resampler));
}

/* What was heard last goes into the tail of a cross-fade. */
static void cut(struct reader *reader) LEAT_RT
{
	double speed = leat_clock_loop_speed(&reader->self->loop, 0);
	uint32_t need = leat_splice_need(&reader->way->splice,
					 reader->resampler, speed);
	int64_t there = ahead_of(reader);

	if (!reader->way->sounding)
		leat_resampler_reset(reader->resampler,
				     leat_resampler_fed(reader->resampler));
	else if (there > 0)
		feed_next(reader, there < need ? (uint32_t)there : need);
	leat_splice_cut(&reader->way->splice, reader->resampler, speed);
}

/* Go to an index and the fraction of a frame. */
static void go_to(struct reader *reader, uint64_t index, double fraction)
	LEAT_RT
{
	uint32_t half = leat_resampler_half_taps(reader->resampler);

	leat_resampler_reset(reader->resampler, index - half);
	feed_next(reader, half + 1);
	leat_resampler_seek(reader->resampler, half + fraction);
	leat_resampler_set_speed(reader->resampler,
				 leat_clock_loop_speed(&reader->self->loop, 0));
	reader->way->sounding = true;
}

/* Where it should be less where it is. */
static double error_at(const struct reader *reader) LEAT_RT
{
	const struct leat_pw_adaptive *self = reader->self;
	double fraction;
	uint64_t index = leat_resampler_position(reader->resampler, &fraction);

	return leat_clock_loop_distance(&self->loop, self->frame, index) -
	       fraction - leat_target_frames(&reader->way->target);
}

/* Whether a cycle could be played after going by so many frames. */
static bool enough(const struct reader *reader, double error) LEAT_RT
{
	const struct leat_pw_adaptive_config *config = &reader->self->config;
	double ratio = (double)config->jack_rate_hz / config->pw_rate_hz;
	double fraction;
	uint64_t index = leat_resampler_position(reader->resampler, &fraction);
	double need = round(error) + fraction +
		      leat_resampler_half_taps(reader->resampler) + 2 +
		      reader->self->quantum * ratio * SPEED_MOST;

	return (double)(int64_t)(reader->newest - index) >= need;
}

/* A first place: nothing was lost on the way to it. */
static void place(struct reader *reader) LEAT_RT
{
	double error;

	/* Near enough for the map to be exact. */
	leat_resampler_reset(reader->resampler, reader->newest);
	error = floor(error_at(reader));
	leat_resampler_reset(reader->resampler,
			     reader->newest + (uint64_t)(int64_t)error);
	reader->way->sounding = false;
}

/* Slip if that is called for. Returns what is left of the error. */
static double slip(struct reader *reader, double error) LEAT_RT
{
	struct leat_pw_adaptive_way *way = reader->way;
	uint64_t lost = way->slip.lost, inserted = way->slip.inserted;
	uint64_t n_slips = way->slip.n_slips, index;
	int64_t n = leat_slip_take(&way->slip, error, way->interrupted);
	double fraction;

	leat_word_add(&way->words->slips, way->slip.n_slips - n_slips);
	leat_word_add(&way->words->lost, way->slip.lost - lost);
	leat_word_add(&way->words->inserted, way->slip.inserted - inserted);
	if (n == 0 && way->sounding)
		return error;
	index = leat_resampler_position(reader->resampler, &fraction);
	cut(reader);
	go_to(reader, index + (uint64_t)n, fraction);
	return error - (double)n;
}

/* ---- silence ---- */

static void count_silence(struct reader *reader, uint32_t n_frames) LEAT_RT
{
	const struct leat_pw_adaptive_config *config = &reader->self->config;
	uint64_t n = ((uint64_t)n_frames * config->jack_rate_hz +
		      config->pw_rate_hz / 2) /
		     config->pw_rate_hz;

	if (!reader->way->placed)
		return;
	leat_word_add(&reader->way->words->underruns, 1);
	leat_word_add(&reader->way->words->inserted, n);
}

/* The place stays where it is: the next slip is reckoned from there. */
static void fall_silent(struct reader *reader) LEAT_RT
{
	double fraction;
	uint64_t index = leat_resampler_position(reader->resampler, &fraction);

	cut(reader);
	leat_resampler_reset(reader->resampler, index);
	reader->way->sounding = false;
}

void leat_pw_adaptive_note_hole(struct leat_pw_adaptive *adaptive,
				uint64_t n_frames)
{
	struct leat_pw_adaptive_way *way = &adaptive->way[LEAT_TO_PIPEWIRE];
	const struct leat_pw_adaptive_config *config = &adaptive->config;

	if (!way->placed)
		return;
	leat_word_add(&way->words->inserted, (n_frames * config->jack_rate_hz +
					      config->pw_rate_hz / 2) /
						     config->pw_rate_hz);
	way->interrupted = true;
	way->sounding = false;
}

static bool play_silence(struct reader *reader, float *const *planes,
			 uint32_t n_frames) LEAT_RT
{
	struct leat_pw_adaptive_way *way = reader->way;

	count_silence(reader, n_frames);
	if (way->sounding)
		fall_silent(reader);
	way->interrupted = true;
	for (uint32_t c = 0; c < way->splice.n_channels; c++)
		memset(planes[c], 0, n_frames * sizeof(float));
	leat_splice_mix(&way->splice, planes, 0, n_frames);
	return false;
}

/* ---- sound ---- */

static void note(struct reader *reader, double slack, double error) LEAT_RT
{
	const struct leat_pw_adaptive_config *config = &reader->self->config;

	leat_target_note(&reader->way->target, slack, error,
			 (double)reader->self->quantum / config->pw_rate_hz);
}

static bool play(struct reader *reader, float *const *planes, uint32_t n_frames,
		 double error) LEAT_RT
{
	struct leat_pw_adaptive_way *way = reader->way;
	double speed = leat_clock_loop_speed(&reader->self->loop, error);
	uint32_t need = leat_resampler_need(reader->resampler, n_frames, speed);
	double slack = (double)(ahead_of(reader) - (int64_t)need);

	note(reader, slack, error);
	if (slack < 0)
		return play_silence(reader, planes, n_frames);
	if (!feed_next(reader, need)) {
		/* Overtaken by JACK: the place is lost. */
		leat_word_add(&way->words->overruns, 1);
		return play_silence(reader, planes, n_frames);
	}
	leat_resampler_pull(reader->resampler, planes, 0, n_frames, speed);
	leat_splice_mix(&way->splice, planes, 0, n_frames);
	leat_word_add(&way->words->frames, n_frames);
	leat_word_set(&way->words->index,
		      leat_resampler_fed(reader->resampler));
	leat_pw_adaptive_tell(way, leat_target_frames(&way->target) + error);
	return true;
}

bool leat_pw_adaptive_read(struct leat_pw_adaptive *adaptive,
			   struct leat_frames_consumer *in,
			   float *const *planes, uint32_t n_frames)
{
	struct leat_pw_adaptive_way *way = &adaptive->way[LEAT_TO_PIPEWIRE];
	struct reader reader = {
		.self = adaptive,
		.way = way,
		.resampler = way->resampler,
		.in = in,
		.newest = leat_consumer_newest(leat_frames_consumer_ring(in)),
	};
	double error;

	if (!leat_pw_adaptive_live(adaptive) ||
	    n_frames > LEAT_PW_ADAPTIVE_QUANTUM_MAX)
		return play_silence(&reader, planes, n_frames);
	if (!way->placed)
		place(&reader);
	error = error_at(&reader);
	/* While frames are missing nothing moves. */
	if (way->interrupted && !enough(&reader, error))
		return play_silence(&reader, planes, n_frames);
	if (!way->placed)
		go_to(&reader, leat_resampler_fed(reader.resampler), 0);
	else
		error = slip(&reader, error);
	way->placed = true;
	way->interrupted = false;
	return play(&reader, planes, n_frames, error);
}
