/* SPDX-License-Identifier: MIT */
#include "bent.h"

#include "link/part.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <string.h>
#include <sys/mman.h>

const struct leat_direction_words *bent_words(const struct bent *bent, int d)
{
	return &bent->words.direction[d];
}

int64_t bent_slipped(const struct bent *bent, int d)
{
	const struct leat_slip *slip = &bent->adaptive->way[d].slip;

	return (int64_t)(slip->lost - slip->inserted);
}

static void open_ear(struct ear *ear, uint32_t rate_hz)
{
	memset(ear, 0, sizeof(*ear));
	ear->step = 2 * M_PI * TONE_HZ / rate_hz;
}

static void listen(struct ear *ear, const float *samples, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		double bend = ear->last[0] + (double)samples[i] -
			      2 * cos(ear->step) * ear->last[1];

		if (ear->n++ > 1)
			ear->worst = fmax(ear->worst, fabs(bend));
		ear->last[0] = ear->last[1];
		ear->last[1] = (double)samples[i];
	}
}

static double worst_since(struct ear *ear)
{
	double worst = ear->worst;

	ear->worst = 0;
	return worst;
}

static void make_tone(float *samples, uint32_t n, uint64_t from,
		      uint32_t rate_hz)
{
	for (uint32_t i = 0; i < n; i++)
		samples[i] = (float)(0.5 * sin(2 * M_PI * TONE_HZ / rate_hz *
					       (double)((from + i) % rate_hz)));
}

static void take(void *user, const struct leat_frames_view *view) LEAT_RT
{
	float *samples = user;

	memcpy(samples + view->n_before, leat_frames_view_plane(view, 0),
	       view->n_frames * sizeof(float));
}

static void give(void *user, const struct leat_frames_room *room) LEAT_RT
{
	struct bent *bent = user;

	for (uint32_t c = 0; c < room->n_channels; c++)
		make_tone(leat_frames_room_plane(room, c), room->n_frames,
			  bent->index + room->n_before, JACK_HZ);
}

static void jack_cycle(struct bent *bent)
{
	struct leat_stamp stamp = {
		.index = bent->index,
		.frame_time = bent->index,
		.time_ns = (uint64_t)llround(
			(bent->jack_due_s + bent->jack_late_s) * 1e9),
	};
	float samples[QUANTUM_MAX] = { 0 };

	if (leat_frames_recv_at(bent->circle.jack.in, bent->index - bent->p,
				bent->p, take, samples) != bent->p) {
		uint64_t part = leat_consumer_newest(leat_frames_consumer_ring(
					bent->circle.jack.in)) -
				(bent->index - bent->p);

		bent->n_missing++;
		bent->n_cut += part < bent->p ? part : 0;
	}
	listen(&bent->ear[LEAT_TO_JACK], samples, bent->p);
	leat_frames_set_stamp(bent->circle.jack.out, &stamp);
	leat_frames_send_at(bent->circle.jack.out, bent->index, bent->p, give,
			    bent);
	bent->index += bent->p;
	bent->jack_late_s = 0;
	bent->jack_due_s += bent->p / (JACK_HZ * bent->jack_speed);
}

static double source_at(const struct bent *bent)
{
	double fraction;
	uint64_t at = leat_resampler_position(
		bent->adaptive->way[LEAT_TO_PIPEWIRE].resampler, &fraction);

	return (double)(int64_t)(at - (UINT64_MAX - 1000)) + fraction;
}

static double sink_at(const struct bent *bent)
{
	uint64_t at = leat_producer_index(
		leat_frames_producer_ring(bent->circle.pipewire.out));

	return (double)(int64_t)(at - (UINT64_MAX - 1000));
}

/*
 * A place goes on by Q frames, by the speed's 0.5 %, and what is counted. After
 * a slip nothing is left to catch up: then it is exact.
 */
static void check_way(struct bent *bent, double went, int64_t counted)
{
	double nominal = (double)bent->q * JACK_HZ / bent->pw_rate_hz;
	double most = counted ? 1.5 : 0.005 * nominal + 2;

	if (fabs(went - nominal - (double)counted) > most)
		bent->wrong = true;
}

static void read_source(struct bent *bent)
{
	const int d = LEAT_TO_PIPEWIRE;
	struct leat_pw_adaptive_way *way = &bent->adaptive->way[d];
	bool placed = way->placed;
	double before = source_at(bent);
	int64_t was = bent_slipped(bent, d);
	bool played = leat_pw_adaptive_read(bent->adaptive,
					    bent->circle.pipewire.in,
					    bent->planes, bent->q);

	bent->n_played += played;
	listen(&bent->ear[d], bent->samples[0], bent->q);
	if (placed && played)
		check_way(bent, source_at(bent) - before,
			  bent_slipped(bent, d) - was);
}

/* After a slip back, frames up to the new place are left out. */
static bool sink_waits(const struct bent *bent)
{
	uint64_t fed =
		leat_resampler_fed(bent->adaptive->way[LEAT_TO_JACK].resampler);

	return (int64_t)(fed - bent->frame - bent->shift) > 0;
}

static void write_sink(struct bent *bent)
{
	const int d = LEAT_TO_JACK;
	bool steady = bent->adaptive->way[d].placed && !sink_waits(bent);
	double before = sink_at(bent);
	int64_t was = bent_slipped(bent, d);

	make_tone(bent->samples[0], bent->q, bent->frame, bent->pw_rate_hz);
	memcpy(bent->samples[1], bent->samples[0], sizeof(bent->samples[0]));
	if (leat_pw_adaptive_write(bent->adaptive, bent->circle.pipewire.out,
				   bent->inputs, bent->q) &&
	    steady && bent_slipped(bent, d) == was)
		check_way(bent, sink_at(bent) - before, 0);
}

/* Up to PipeWire 0.3.67 the timer was set before the quantum changed. */
static uint32_t lasts(const struct bent *bent)
{
	return bent->counts == COUNTS_LATE && bent->q_before ? bent->q_before
							     : bent->q;
}

static void pw_cycle(struct bent *bent)
{
	struct leat_pw_adaptive_cycle cycle = {
		.clock_id = 7,
		.quantum = bent->q,
		.clock = { .frame =
				   bent->frame +
				   (bent->counts == COUNTS_FIRST ? bent->q : 0),
			   .time_ns = (uint64_t)llround(bent->pw_due_s * 1e9),
			   .rate_diff = bent->pw_speed },
	};

	if (!leat_pw_adaptive_update(bent->adaptive, bent->circle.pipewire.in,
				     &cycle))
		bent->wrong = true;
	read_source(bent);
	/* The second stream's call changes nothing. */
	if (leat_pw_adaptive_update(bent->adaptive, bent->circle.pipewire.in,
				    &cycle))
		bent->wrong = true;
	write_sink(bent);
	bent->frame += bent->q;
	bent->pw_due_s += lasts(bent) / (bent->pw_rate_hz * bent->pw_speed);
	bent->q_before = bent->q;
}

void bent_open_with(struct bent *bent, uint32_t p, uint32_t q,
		    uint32_t pw_rate_hz, double jack_ppm,
		    const struct leat_pw_latency *latency)
{
	struct leat_pw_adaptive_config config = {
		.jack_rate_hz = JACK_HZ,
		.pw_rate_hz = pw_rate_hz,
		.period = p,
		.n_channels = { CIRCLE_CHANNELS, CIRCLE_CHANNELS },
		.latency = *latency,
	};

	memset(bent, 0, sizeof(*bent));
	CU_ASSERT_FATAL(circle_open(&bent->circle));
	CU_ASSERT_EQUAL_FATAL(
		leat_pw_adaptive_create(&bent->adaptive, &config, &bent->words),
		0);
	bent->p = p;
	bent->q = q;
	bent->pw_rate_hz = pw_rate_hz;
	bent->jack_speed = 1 + jack_ppm * 1e-6;
	bent->pw_speed = 1;
	bent->jack_due_s = 1;
	bent->pw_due_s = 1.0021;
	bent->index = UINT64_MAX - 1000;
	bent->frame = 5000000;
	open_ear(&bent->ear[LEAT_TO_PIPEWIRE], pw_rate_hz);
	open_ear(&bent->ear[LEAT_TO_JACK], JACK_HZ);
	for (uint32_t c = 0; c < CIRCLE_CHANNELS; c++) {
		bent->planes[c] = bent->samples[c];
		bent->inputs[c] = bent->samples[c];
	}
}

void bent_open(struct bent *bent, uint32_t p, uint32_t q, uint32_t pw_rate_hz,
	       double jack_ppm)
{
	const struct leat_pw_latency any = { 0, 0, 0 };

	bent_open_with(bent, p, q, pw_rate_hz, jack_ppm, &any);
}

void bent_close(struct bent *bent)
{
	CU_ASSERT_FALSE(bent->wrong);
	leat_pw_adaptive_destroy(bent->adaptive);
	circle_close(&bent->circle);
}

void bent_run(struct bent *bent, double seconds)
{
	double end_s = fmax(bent->jack_due_s, bent->pw_due_s) + seconds;

	while (bent->jack_due_s < end_s || bent->pw_due_s < end_s) {
		if (bent->jack_due_s < bent->pw_due_s)
			jack_cycle(bent);
		else
			pw_cycle(bent);
	}
}

double bent_jack_at(const struct bent *bent)
{
	return (double)(int64_t)(bent->index - (UINT64_MAX - 1000)) +
	       (bent->pw_due_s - bent->jack_due_s) * JACK_HZ * bent->jack_speed;
}

double bent_target(const struct bent *bent, int d)
{
	return leat_target_frames(&bent->adaptive->way[d].target);
}

void bent_expect_on_target(const struct bent *bent)
{
	double fraction, frames;
	uint64_t at = leat_resampler_position(
		bent->adaptive->way[LEAT_TO_JACK].resampler, &fraction);

	CU_ASSERT_DOUBLE_EQUAL(bent_jack_at(bent) - source_at(bent),
			       bent_target(bent, LEAT_TO_PIPEWIRE), NEAR);
	/* A frame of the graph's is heard P after its index comes up. */
	frames =
		((double)(int64_t)(at - bent->frame - bent->shift) + fraction) *
		JACK_HZ / bent->pw_rate_hz;
	CU_ASSERT_DOUBLE_EQUAL(sink_at(bent) + bent->p - bent_jack_at(bent) -
				       frames,
			       bent_target(bent, LEAT_TO_JACK), NEAR);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_DOUBLE_EQUAL(
			(double)peek(&bent_words(bent, d)->latency),
			bent_target(bent, d), NEAR);
		CU_ASSERT_DOUBLE_EQUAL(
			(double)peek(&bent_words(bent, d)->target),
			bent_target(bent, d), 1);
	}
}

void bent_expect_quiet(struct bent *bent, double seconds)
{
	struct leat_side_words before = bent->words;
	uint64_t n_missing = bent->n_missing;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		worst_since(&bent->ear[d]);
	bent_run(bent, seconds);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct leat_direction_words *was = &before.direction[d];
		const struct leat_direction_words *is = bent_words(bent, d);

		CU_ASSERT_EQUAL(peek(&is->underruns), peek(&was->underruns));
		CU_ASSERT_EQUAL(peek(&is->slips), peek(&was->slips));
		CU_ASSERT_EQUAL(peek(&is->lost), peek(&was->lost));
		CU_ASSERT_EQUAL(peek(&is->inserted), peek(&was->inserted));
		CU_ASSERT(worst_since(&bent->ear[d]) < BEND_MAX);
		CU_ASSERT(fabs(bent->ear[d].last[1]) > 0 ||
			  fabs(bent->ear[d].last[0]) > 0);
	}
	CU_ASSERT_EQUAL(bent->n_missing, n_missing);
	bent_expect_on_target(bent);
}
