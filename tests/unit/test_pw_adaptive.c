/* SPDX-License-Identifier: MIT */
/*
 * Adaptive mode's realtime half on two graphs that are only memory, each on a
 * bent clock of its own, in virtual time: what is heard, and what is counted.
 */
#include "circle.h"
#include "link/part.h"
#include "pw_bridge/adaptive.h"
#include "runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#define JACK_HZ 48000
#define TONE_HZ 1000
#define QUANTUM_MAX 1024
/* Rougher than a sine, and a slower or faster one of 0.5 %, ever is. */
#define BEND_MAX 1e-3
#define NEAR (JACK_HZ / 1000)

/* A stream that ought to be a sine, looked at by its second differences. */
struct ear {
	double step;
	double last[2];
	double worst; /* bend since the last look */
	uint64_t n;
};

struct bent {
	struct circle circle;
	struct leat_side_words words;
	struct leat_pw_adaptive *adaptive;
	uint32_t p, q, pw_rate_hz;
	enum { COUNTS_LAST, COUNTS_FIRST, COUNTS_LATE } counts;
	uint32_t q_before;
	uint32_t shift;		     /* that it began with */
	double jack_speed, pw_speed; /* of their clocks */
	double jack_due_s, pw_due_s;
	double jack_late_s;    /* its next wake-up */
	uint64_t index, frame; /* W, and PipeWire's */
	struct ear ear[LEAT_N_DIRECTIONS];
	uint64_t n_missing; /* cycles of JACK's without its block */
	uint64_t n_cut;	    /* frames of which a block was only a part */
	bool wrong;	    /* a jump that nobody counted */
	uint64_t n_played;
	float samples[CIRCLE_CHANNELS][QUANTUM_MAX];
	float *planes[CIRCLE_CHANNELS];
	const float *inputs[CIRCLE_CHANNELS];
};

static uint64_t peek(const struct leat_word *word)
{
	return leat_word_peek(word);
}

static const struct leat_direction_words *words_of(const struct bent *bent,
						   int d)
{
	return &bent->words.direction[d];
}

/* Frames lost less frames inserted by slips, as the words have it. */
static int64_t slipped(const struct bent *bent, int d)
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

/* ---- JACK's cycle ---- */

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

/* ---- PipeWire's cycle ---- */

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
	int64_t was = slipped(bent, d);
	bool played = leat_pw_adaptive_read(bent->adaptive,
					    bent->circle.pipewire.in,
					    bent->planes, bent->q);

	bent->n_played += played;
	listen(&bent->ear[d], bent->samples[0], bent->q);
	if (placed && played)
		check_way(bent, source_at(bent) - before,
			  slipped(bent, d) - was);
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
	int64_t was = slipped(bent, d);

	make_tone(bent->samples[0], bent->q, bent->frame, bent->pw_rate_hz);
	memcpy(bent->samples[1], bent->samples[0], sizeof(bent->samples[0]));
	if (leat_pw_adaptive_write(bent->adaptive, bent->circle.pipewire.out,
				   bent->inputs, bent->q) &&
	    steady && slipped(bent, d) == was)
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

/* ---- runs ---- */

static void bend_with(struct bent *bent, uint32_t p, uint32_t q,
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

static void bend(struct bent *bent, uint32_t p, uint32_t q, uint32_t pw_rate_hz,
		 double jack_ppm)
{
	const struct leat_pw_latency any = { 0, 0, 0 };

	bend_with(bent, p, q, pw_rate_hz, jack_ppm, &any);
}

static void finish(struct bent *bent)
{
	CU_ASSERT_FALSE(bent->wrong);
	leat_pw_adaptive_destroy(bent->adaptive);
	circle_close(&bent->circle);
}

static void run(struct bent *bent, double seconds)
{
	double end_s = fmax(bent->jack_due_s, bent->pw_due_s) + seconds;

	while (bent->jack_due_s < end_s || bent->pw_due_s < end_s) {
		if (bent->jack_due_s < bent->pw_due_s)
			jack_cycle(bent);
		else
			pw_cycle(bent);
	}
}

/* Where JACK truly is at the graph's next cycle. */
static double jack_at(const struct bent *bent)
{
	return (double)(int64_t)(bent->index - (UINT64_MAX - 1000)) +
	       (bent->pw_due_s - bent->jack_due_s) * JACK_HZ * bent->jack_speed;
}

static double target_of(const struct bent *bent, int d)
{
	return leat_target_frames(&bent->adaptive->way[d].target);
}

static void expect_on_target(const struct bent *bent)
{
	double fraction, frames;
	uint64_t at = leat_resampler_position(
		bent->adaptive->way[LEAT_TO_JACK].resampler, &fraction);

	CU_ASSERT_DOUBLE_EQUAL(jack_at(bent) - source_at(bent),
			       target_of(bent, LEAT_TO_PIPEWIRE), NEAR);
	/* A frame of the graph's is heard P after its index comes up. */
	frames =
		((double)(int64_t)(at - bent->frame - bent->shift) + fraction) *
		JACK_HZ / bent->pw_rate_hz;
	CU_ASSERT_DOUBLE_EQUAL(sink_at(bent) + bent->p - jack_at(bent) - frames,
			       target_of(bent, LEAT_TO_JACK), NEAR);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_DOUBLE_EQUAL(
			(double)peek(&words_of(bent, d)->latency),
			target_of(bent, d), NEAR);
		CU_ASSERT_DOUBLE_EQUAL((double)peek(&words_of(bent, d)->target),
				       target_of(bent, d), 1);
	}
}

/* Half a minute in which nothing happens, and nothing is counted. */
static void expect_quiet(struct bent *bent, double seconds)
{
	struct leat_side_words before = bent->words;
	uint64_t n_missing = bent->n_missing;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		worst_since(&bent->ear[d]);
	run(bent, seconds);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct leat_direction_words *was = &before.direction[d];
		const struct leat_direction_words *is = words_of(bent, d);

		CU_ASSERT_EQUAL(peek(&is->underruns), peek(&was->underruns));
		CU_ASSERT_EQUAL(peek(&is->slips), peek(&was->slips));
		CU_ASSERT_EQUAL(peek(&is->lost), peek(&was->lost));
		CU_ASSERT_EQUAL(peek(&is->inserted), peek(&was->inserted));
		CU_ASSERT(worst_since(&bent->ear[d]) < BEND_MAX);
		CU_ASSERT(fabs(bent->ear[d].last[1]) > 0 ||
			  fabs(bent->ear[d].last[0]) > 0);
	}
	CU_ASSERT_EQUAL(bent->n_missing, n_missing);
	expect_on_target(bent);
}

static double measure(const struct leat_word *word)
{
	return leat_word_peek_double(word);
}

/* What the status says of the two clocks, which are known here. */
static void expect_clocks_told(const struct bent *bent, double seconds)
{
	const struct leat_clock_words *told = &bent->words.clock;
	double half = LEAT_RESAMPLER_TAPS / 2;

	CU_ASSERT_DOUBLE_EQUAL(measure(&told->rate_ppm),
			       1e6 * (bent->jack_speed - 1), 1);
	CU_ASSERT_DOUBLE_EQUAL(measure(&told->loop_error_frames), 0, 1);
	CU_ASSERT(measure(&told->loop_bandwidth_hz) > 0);
	CU_ASSERT(measure(&told->loop_bandwidth_hz) < LEAT_CLOCK_START_HZ);
	CU_ASSERT(measure(&told->jitter_us) >= 0);
	CU_ASSERT(measure(&told->jitter_us) < 10);
	CU_ASSERT_DOUBLE_EQUAL(measure(&told->last_upset_s), seconds, 0.1);
	/* To PipeWire at JACK's rate, to JACK at PipeWire's. */
	CU_ASSERT_DOUBLE_EQUAL(
		measure(&told->resampler_delay[LEAT_TO_PIPEWIRE]),
		half * fmax(1, (double)JACK_HZ / bent->pw_rate_hz), 3);
	CU_ASSERT_DOUBLE_EQUAL(
		measure(&told->resampler_delay[LEAT_TO_JACK]),
		half * fmax(1, (double)JACK_HZ / bent->pw_rate_hz), 3);
}

static void settle_and_listen(uint32_t p, uint32_t q, uint32_t pw_rate_hz,
			      double ppm)
{
	struct bent bent;

	bend(&bent, p, q, pw_rate_hz, ppm);
	run(&bent, 8);
	/* Beginning is no slip. */
	CU_ASSERT_EQUAL(slipped(&bent, LEAT_TO_PIPEWIRE), 0);
	CU_ASSERT_EQUAL(slipped(&bent, LEAT_TO_JACK), 0);
	expect_quiet(&bent, 30);
	expect_clocks_told(&bent, 38);
	finish(&bent);
}

static void test_equal_rates(void)
{
	settle_and_listen(256, 256, 48000, 0);
	settle_and_listen(128, 128, 48000, 200);
	settle_and_listen(64, 512, 48000, -1000);
	settle_and_listen(512, 64, 48000, 1000);
}

static void test_other_rates(void)
{
	settle_and_listen(256, 256, 44100, 150);
	settle_and_listen(128, 512, 96000, -150);
}

/* ---- stalls ---- */

static void expect_back(struct bent *bent)
{
	run(bent, 2);
	expect_quiet(bent, 10);
}

static void expect_told(const struct bent *bent, int d, uint64_t silence)
{
	const struct leat_slip *slip = &bent->adaptive->way[d].slip;

	CU_ASSERT_EQUAL(peek(&words_of(bent, d)->slips), slip->n_slips);
	CU_ASSERT_EQUAL(peek(&words_of(bent, d)->lost), slip->lost);
	CU_ASSERT_EQUAL(peek(&words_of(bent, d)->inserted),
			slip->inserted + silence);
}

/*
 * Frames inserted less frames lost on the way to JACK, by all who count there:
 * how much later JACK hears one of PipeWire's frames, reckoned in frames.
 */
static double account(const struct bent *bent)
{
	const struct leat_direction_words *words = words_of(bent, LEAT_TO_JACK);

	return (double)(int64_t)(peek(&words->inserted) - peek(&words->lost) +
				 bent->n_missing * bent->p - bent->n_cut);
}

/* Taps are told of each slip towards JACK, as many frames as are counted. */
static void expect_logged(const struct bent *bent)
{
	const struct leat_direction_words *words = words_of(bent, LEAT_TO_JACK);
	uint64_t n_frames[LEAT_EVENT_INSERTED + 1] = { 0 }, n_read = 0, n_lost;
	struct leat_event events[LEAT_EVENT_LOG_SIZE];
	const struct leat_producer_part *part =
		mmap(NULL, LEAT_PART_PLANES_OFFSET, PROT_READ, MAP_SHARED,
		     leat_frames_producer_fd(bent->circle.pipewire.out), 0);
	uint32_t n;

	CU_ASSERT_FATAL(part != MAP_FAILED);
	n = leat_event_log_read(&part->events, &n_read, events, &n_lost);
	CU_ASSERT_EQUAL(n_lost, 0);
	for (uint32_t i = 0; i < n; i++)
		n_frames[events[i].kind] += events[i].n_frames;
	CU_ASSERT_EQUAL(n_frames[LEAT_EVENT_INSERTED], peek(&words->inserted));
	CU_ASSERT_EQUAL(n_frames[LEAT_EVENT_DROPPED], peek(&words->lost));
	munmap((void *)(uintptr_t)part, LEAT_PART_PLANES_OFFSET);
}

static double heard_at(const struct bent *bent)
{
	return jack_at(bent) + target_of(bent, LEAT_TO_JACK) -
	       (double)bent->frame * JACK_HZ / bent->pw_rate_hz *
		       bent->jack_speed;
}

static void stall(double jack_s, double pw_s)
{
	struct bent bent;
	const int d = LEAT_TO_PIPEWIRE;
	uint64_t cycles, played;
	double counted, heard;

	bend(&bent, 128, 256, 48000, 100);
	run(&bent, 8);
	counted = account(&bent);
	heard = heard_at(&bent);
	played = bent.n_played;
	cycles = bent.frame / bent.q;
	bent.jack_due_s += jack_s;
	bent.pw_due_s += pw_s;
	expect_back(&bent);
	cycles = bent.frame / bent.q - cycles;
	/* Each cycle was played or counted, and silence to the frame. */
	CU_ASSERT_EQUAL(cycles - (bent.n_played - played),
			peek(&words_of(&bent, d)->underruns));
	expect_told(&bent, d, peek(&words_of(&bent, d)->underruns) * bent.q);
	CU_ASSERT_DOUBLE_EQUAL(account(&bent) - counted,
			       heard_at(&bent) - heard, 6);
	expect_logged(&bent);
	if (jack_s > 0.05)
		CU_ASSERT(peek(&words_of(&bent, d)->underruns) > 0);
	if (pw_s > 0.05)
		CU_ASSERT(bent.n_missing > 0);
	finish(&bent);
}

static void test_jack_stalls(void)
{
	stall(0.0027, 0);
	stall(0.1, 0);
	stall(1, 0);
}

static void test_pipewire_stalls(void)
{
	stall(0, 0.006);
	stall(0, 0.1);
	stall(0, 1);
}

/* After 10 s it is a new start; nothing was lost that anybody waits for. */
static void test_jack_is_away(void)
{
	struct bent bent;
	uint64_t inserted;

	bend(&bent, 256, 256, 48000, 0);
	run(&bent, 8);
	bent.jack_due_s += 60;
	run(&bent, 0);
	inserted = peek(&words_of(&bent, LEAT_TO_PIPEWIRE)->inserted);
	CU_ASSERT(inserted > 9 * JACK_HZ && inserted < 11 * JACK_HZ);
	expect_back(&bent);
	CU_ASSERT_EQUAL(slipped(&bent, LEAT_TO_PIPEWIRE), 0);
	finish(&bent);
}

/* The first wake-up after a pause is late: the next ones say so. */
static void test_late_return(void)
{
	struct bent bent;

	bend(&bent, 256, 256, 48000, 0);
	run(&bent, 8);
	bent.jack_due_s += 0.1;
	bent.jack_late_s = 0.005;
	run(&bent, 0.02);
	expect_on_target(&bent);
	finish(&bent);
}

/* JACK's period changes: to JACK nothing moves but what is reported. */
static void test_period_changes(void)
{
	struct bent bent;

	bend(&bent, 256, 256, 48000, 0);
	run(&bent, 8);
	bent.p = 128;
	leat_pw_adaptive_set_period(bent.adaptive, 128);
	/* JACK's first block of the new length ends where it has to. */
	run(&bent, 0.1);
	expect_quiet(&bent, 5);
	finish(&bent);
}

/* ---- what the user wants ---- */

static void expect_targets(const struct bent *bent, double frames)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_DOUBLE_EQUAL(target_of(bent, d), frames, 0.1);
		CU_ASSERT_EQUAL(peek(&words_of(bent, d)->target),
				(uint64_t)lround(frames));
	}
}

/* Whatever P and Q become. */
static void test_fixed_latency(void)
{
	const struct leat_pw_latency wanted = { 1000, 0, 0 };
	struct bent bent;

	bend_with(&bent, 256, 256, 48000, 100, &wanted);
	run(&bent, 8);
	expect_quiet(&bent, 5);
	expect_targets(&bent, 1000);
	bent.q = 512;
	run(&bent, 8);
	expect_quiet(&bent, 5);
	expect_targets(&bent, 1000);
	bent.p = 128;
	leat_pw_adaptive_set_period(bent.adaptive, 128);
	run(&bent, 8);
	expect_quiet(&bent, 5);
	expect_targets(&bent, 1000);
	CU_ASSERT_EQUAL(leat_pw_adaptive_raised(bent.adaptive, LEAT_TO_JACK),
			0);
	finish(&bent);
}

static void test_bounded_latency(void)
{
	const struct leat_pw_latency low = { 0, 1200, 0 };
	const struct leat_pw_latency high = { 0, 0, 330 };
	struct bent bent;

	bend_with(&bent, 256, 256, 48000, 0, &low);
	run(&bent, 8);
	expect_quiet(&bent, 5);
	expect_targets(&bent, 1200);
	finish(&bent);
	bend_with(&bent, 256, 256, 48000, 0, &high);
	run(&bent, 8);
	expect_quiet(&bent, 5);
	expect_targets(&bent, 330);
	finish(&bent);
}

/* Less than there can be is the least, and what it is can be told. */
static void test_least_latency(void)
{
	const struct leat_pw_latency wanted = { 100, 0, 0 };
	struct bent bent;

	bend_with(&bent, 256, 256, 48000, 0, &wanted);
	run(&bent, 8);
	expect_quiet(&bent, 5);
	expect_targets(&bent, 256 + 48 + 16);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		CU_ASSERT_EQUAL(leat_pw_adaptive_raised(bent.adaptive, d),
				256 + 48 + 16);
	bent.q = 512;
	run(&bent, 1);
	CU_ASSERT_EQUAL(
		leat_pw_adaptive_raised(bent.adaptive, LEAT_TO_PIPEWIRE),
		512 + 48 + 16);
	CU_ASSERT_EQUAL(leat_pw_adaptive_raised(bent.adaptive, LEAT_TO_JACK),
			256 + 48 + 16);
	finish(&bent);
}

/* What the ring has no room for is not aimed at, and nothing goes wrong. */
static void test_ring_has_no_room(void)
{
	const struct leat_pw_latency wanted = { 3000, 0, 0 };
	const uint32_t spare = 2 * (256 + 256) + 960 + 192;
	struct bent bent;

	bend_with(&bent, 256, 256, 48000, 0, &wanted);
	run(&bent, 8);
	expect_quiet(&bent, 5);
	expect_targets(&bent, CIRCLE_CAPACITY - spare);
	CU_ASSERT_EQUAL(leat_pw_adaptive_room(bent.adaptive), 3000 + spare);
	finish(&bent);
}

/* A change to q2 and back: nothing is silent, and soon it is all as it was. */
static void change_quantum(uint32_t p, uint32_t q, uint32_t q2, int counts)
{
	struct bent bent;

	bend(&bent, p, q, 48000, 50);
	bent.counts = counts;
	bent.shift = counts == COUNTS_FIRST ? q : 0;
	run(&bent, 8);
	for (int i = 0; i < 2; i++) {
		uint64_t n_missing = bent.n_missing;
		/* The graph itself leaves a hole: too few for the time. */
		bool holed = counts == COUNTS_LATE && (q2 > q) == i;
		uint32_t hole = q2 > q ? q2 - q : q - q2;
		uint32_t most = (holed ? hole : 0) + p;

		bent.q = i ? q : q2;
		run(&bent, 2);
		CU_ASSERT(bent.n_missing - n_missing <=
			  (most + bent.p - 1) / bent.p);
		CU_ASSERT_EQUAL(
			peek(&words_of(&bent, LEAT_TO_PIPEWIRE)->underruns), 0);
		expect_quiet(&bent, 10);
	}
	CU_ASSERT_EQUAL(bent.adaptive->loop.n_upsets, 0);
	finish(&bent);
}

static void test_quantum_changes(void)
{
	for (int counts = COUNTS_LAST; counts <= COUNTS_LATE; counts++) {
		change_quantum(256, 64, 1024, counts);
		change_quantum(128, 1024, 256, counts);
	}
}

/*
 * A small hole of the graph's, less than what is caught up, but more than JACK
 * has in store: it misses some periods, and not for as long as catching up takes.
 */
static void test_small_hole(void)
{
	struct bent bent;
	uint64_t n_missing;

	bend(&bent, 128, 256, 48000, 20);
	run(&bent, 8);
	n_missing = bent.n_missing;
	bent.pw_due_s += 200.0 / 48000;
	run(&bent, 2);
	CU_ASSERT(bent.n_missing - n_missing < 8);
	expect_quiet(&bent, 10);
	finish(&bent);
}

/* A longer period is no stall. */
static void test_period_grows(void)
{
	struct bent bent;

	bend(&bent, 256, 256, 48000, 50);
	run(&bent, 8);
	bent.p = 1024;
	run(&bent, 0.05);
	leat_pw_adaptive_set_period(bent.adaptive, 1024);
	run(&bent, 2);
	CU_ASSERT_EQUAL(bent.adaptive->loop.n_upsets, 0);
	CU_ASSERT_EQUAL(peek(&words_of(&bent, LEAT_TO_PIPEWIRE)->underruns), 0);
	expect_quiet(&bent, 10);
	finish(&bent);
}

/* Another driver's clock counts from elsewhere. */
static void test_frame_count_jumps(void)
{
	struct bent bent;

	bend(&bent, 256, 256, 48000, 0);
	run(&bent, 8);
	bent.frame -= 1000000;
	expect_back(&bent);
	finish(&bent);
}

static void test_configurations(void)
{
	struct leat_pw_adaptive_config config = {
		.jack_rate_hz = 8000,
		.pw_rate_hz = 192000,
		.period = 64,
		.n_channels = { 2, 2 },
	};
	struct leat_pw_adaptive *adaptive;
	struct leat_side_words words = { 0 };

	CU_ASSERT_EQUAL(leat_pw_adaptive_create(&adaptive, &config, &words),
			-EINVAL);
	CU_ASSERT_PTR_NULL(adaptive);
	leat_pw_adaptive_destroy(NULL);
	config.pw_rate_hz = 48000;
	config.latency = (struct leat_pw_latency){ 0, 300, 299 };
	CU_ASSERT_EQUAL(leat_pw_adaptive_create(&adaptive, &config, &words),
			-EINVAL);
	CU_ASSERT_PTR_NULL(adaptive);
	config.latency.max = 300;
	config.n_channels[0] = 0;
	config.n_channels[1] = 0;
	CU_ASSERT_EQUAL_FATAL(
		leat_pw_adaptive_create(&adaptive, &config, &words), 0);
	leat_pw_adaptive_destroy(adaptive);
}

static const struct unit_test tests[] = {
	{ "steady", "equal rates", test_equal_rates },
	{ "steady", "other rates", test_other_rates },
	{ "stalls", "JACK", test_jack_stalls },
	{ "stalls", "PipeWire", test_pipewire_stalls },
	{ "stalls", "a late return", test_late_return },
	{ "stalls", "JACK is away", test_jack_is_away },
	{ "changes", "JACK's period", test_period_changes },
	{ "changes", "JACK's period grows", test_period_grows },
	{ "changes", "a small hole", test_small_hole },
	{ "changes", "PipeWire's quantum", test_quantum_changes },
	{ "changes", "the frame count", test_frame_count_jumps },
	{ "latency", "fixed", test_fixed_latency },
	{ "latency", "bounded", test_bounded_latency },
	{ "latency", "the least", test_least_latency },
	{ "latency", "no room", test_ring_has_no_room },
	{ "set-up", "configurations", test_configurations },
};

UNIT_MAIN(tests)
