/* SPDX-License-Identifier: MIT */
/*
 * To JACK: the resampler's positions are PipeWire's frames, and what comes out
 * is written where JACK will be. The ring's index only goes forwards: to go
 * there, silence is written; to go back, frames of PipeWire's are left out.
 */
#include "adaptive.h"

#include <leat/inline/atomics.h>

#include <math.h>
#include <string.h>

struct writer {
	struct leat_pw_adaptive *self;
	struct leat_pw_adaptive_way *way;
	struct leat_resampler *resampler;
	struct leat_frames_producer *out;
	const float *const *planes;
	uint32_t n_frames;
};

/* ---- into the ring ---- */

static uint64_t own_index(const struct writer *writer) LEAT_RT
{
	return leat_producer_index(leat_frames_producer_ring(writer->out));
}

static void copy(void *user, const struct leat_frames_room *room) LEAT_RT
{
	float *const *planes = user;

	for (uint32_t c = 0; c < room->n_channels; c++)
		memcpy(leat_frames_room_plane(room, c),
		       planes[c] + room->n_before,
		       room->n_frames * sizeof(float));
}

/* The next piece, which lies in self->planes. */
static void send(struct writer *writer, uint32_t n) LEAT_RT
{
	leat_splice_mix(&writer->way->splice, writer->self->planes, 0, n);
	leat_frames_send_at(writer->out, own_index(writer), n, copy,
			    writer->self->planes);
}

static void send_silence(struct writer *writer, uint64_t n) LEAT_RT
{
	while (n > 0) {
		uint32_t piece = n < LEAT_PW_ADAPTIVE_QUANTUM_MAX
					 ? (uint32_t)n
					 : LEAT_PW_ADAPTIVE_QUANTUM_MAX;

		for (uint32_t c = 0; c < writer->way->splice.n_channels; c++)
			memset(writer->self->planes[c], 0,
			       piece * sizeof(float));
		send(writer, piece);
		n -= piece;
	}
}

/* All that can be made of what was fed. */
static void send_ready(struct writer *writer, double speed) LEAT_RT
{
	for (;;) {
		uint32_t n = leat_resampler_ready(
			writer->resampler, LEAT_PW_ADAPTIVE_QUANTUM_MAX, speed);

		if (n == 0)
			return;
		leat_resampler_pull(writer->resampler, writer->self->planes, 0,
				    n, speed);
		send(writer, n);
	}
}

/* ---- from the graph ---- */

/* Feed this cycle's frames, at most n of them, from where it is fed on. */
static void feed_cycle(struct writer *writer, uint32_t n) LEAT_RT
{
	uint64_t done =
		leat_resampler_fed(writer->resampler) - writer->self->frame;

	/* A place beyond this cycle waits for its first frame. */
	if (done >= writer->n_frames)
		return;
	if (n > writer->n_frames - (uint32_t)done)
		n = writer->n_frames - (uint32_t)done;
	leat_resampler_feed(writer->resampler, writer->planes, (uint32_t)done,
			    n);
}

/* ---- places ---- */

/* Where a frame of PipeWire's belongs, less the ring's index. */
static double error_of(const struct writer *writer, uint64_t frame,
		       double fraction) LEAT_RT
{
	const struct leat_pw_adaptive *self = writer->self;
	double ratio =
		(double)self->config.jack_rate_hz / self->config.pw_rate_hz;
	double ahead =
		leat_target_frames(&writer->way->target) - self->config.period;

	return leat_clock_loop_distance(&self->loop, frame, own_index(writer)) +
	       fraction * ratio + ahead;
}

static double error_here(const struct writer *writer) LEAT_RT
{
	double fraction;
	uint64_t frame = leat_resampler_position(writer->resampler, &fraction);

	return error_of(writer, frame, fraction);
}

/*
 * JACK's newest cycle has read up to its stamp's index. Frames that were not
 * written by then; JACK has played silence for them, and counted it.
 */
static int64_t missed(const struct writer *writer) LEAT_RT
{
	int64_t n = (int64_t)(writer->self->stamp.index - own_index(writer));

	return n > 0 ? n : 0;
}

/*
 * What JACK will read next begins where it has read up to. If it has fallen
 * silent, a tail of what it heard before that is of no use.
 */
static void catch_up(struct writer *writer) LEAT_RT
{
	if (missed(writer) == 0)
		return;
	writer->way->sounding = false;
	leat_frames_send_at(writer->out, writer->self->stamp.index, 0, copy,
			    writer->self->planes);
}

static void cut(struct writer *writer) LEAT_RT
{
	double speed = 1 / leat_clock_loop_speed(&writer->self->loop, 0);

	if (!writer->way->sounding)
		leat_resampler_reset(writer->resampler, writer->self->frame);
	else
		feed_cycle(writer, leat_splice_need(&writer->way->splice,
						    writer->resampler, speed));
	leat_splice_cut(&writer->way->splice, writer->resampler, speed);
}

/* For taps: what is left out or put in here. */
static void note_slip(struct writer *writer, int64_t n) LEAT_RT
{
	if (n != 0)
		leat_frames_note(writer->out,
				 n > 0 ? LEAT_EVENT_INSERTED
				       : LEAT_EVENT_DROPPED,
				 (uint64_t)(n > 0 ? n : -n));
}

/*
 * Begin with this cycle's first frame, after as much silence as its place is
 * ahead; or with a later frame if it is behind.
 */
static void jump(struct writer *writer, int64_t n) LEAT_RT
{
	const struct leat_pw_adaptive *self = writer->self;
	double ratio =
		(double)self->config.jack_rate_hz / self->config.pw_rate_hz;
	double speed = 1 / leat_clock_loop_speed(&self->loop, 0);
	uint64_t frame = self->frame;
	double error;

	catch_up(writer);
	note_slip(writer, n);
	cut(writer);
	error = error_of(writer, frame, 0);
	if (error < 0) {
		frame += (uint64_t)ceil(-error / ratio);
		error = error_of(writer, frame, 0);
	}
	leat_resampler_reset(writer->resampler, frame);
	leat_resampler_set_speed(writer->resampler, speed);
	send_silence(writer, (uint64_t)llround(fmax(error, 0)));
	writer->way->sounding = true;
}

/* n: frames by which the way has become longer, less those JACK counted. */
static void count_jump(struct writer *writer, int64_t n) LEAT_RT
{
	struct leat_direction_words *words = writer->way->words;

	leat_word_add(n > 0 ? &words->inserted : &words->lost,
		      (uint64_t)(n > 0 ? n : -n));
}

/* Whether this cycle's frames are not those that have to come next. */
static bool torn(const struct writer *writer) LEAT_RT
{
	int64_t hole = (int64_t)(writer->self->frame -
				 leat_resampler_fed(writer->resampler));

	return hole > 0;
}

static void find_place(struct writer *writer) LEAT_RT
{
	struct leat_pw_adaptive_way *way = writer->way;
	int64_t n = 0, n_missed = missed(writer);

	if (way->placed) {
		n = leat_slip_take(&way->slip, error_here(writer),
				   way->interrupted || n_missed > 0);
		count_jump(writer, n - n_missed);
	}
	if (n != 0 || n_missed > 0)
		leat_word_add(&way->words->slips, way->placed);
	if (n != 0 || n_missed > 0 || !way->placed || torn(writer))
		jump(writer, way->placed ? n - n_missed : 0);
	way->placed = true;
	way->interrupted = false;
}

/*
 * JACK's newest cycle, which came since the last one of the graph, had what
 * was written then.
 */
static void note(struct writer *writer, double error) LEAT_RT
{
	const struct leat_pw_adaptive *self = writer->self;
	double slack = (double)(int64_t)(own_index(writer) - self->stamp.index);

	if (self->stamp_is_new && writer->way->placed &&
	    !writer->way->interrupted)
		leat_target_note(&writer->way->target, slack, -error,
				 (double)self->quantum /
					 self->config.pw_rate_hz);
}

bool leat_pw_adaptive_write(struct leat_pw_adaptive *adaptive,
			    struct leat_frames_producer *out,
			    const float *const *planes, uint32_t n_frames)
{
	struct leat_pw_adaptive_way *way = &adaptive->way[LEAT_TO_JACK];
	struct writer writer = {
		.self = adaptive,
		.way = way,
		.resampler = way->resampler,
		.out = out,
		.planes = planes,
		.n_frames = n_frames,
	};
	double error;

	if (!leat_pw_adaptive_live(adaptive) ||
	    n_frames > LEAT_PW_ADAPTIVE_QUANTUM_MAX) {
		way->interrupted = true;
		return false;
	}
	error = error_here(&writer);
	note(&writer, error);
	find_place(&writer);
	error = error_here(&writer);
	feed_cycle(&writer, n_frames);
	send_ready(&writer, 1 / leat_clock_loop_speed(&adaptive->loop, error));
	leat_word_set(&way->words->index, own_index(&writer));
	leat_pw_adaptive_tell(way, leat_target_frames(&way->target) - error);
	return true;
}
