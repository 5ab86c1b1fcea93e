/* SPDX-License-Identifier: MIT */
/*
 * Adaptive mode's realtime half on two graphs that are only memory, each on a
 * bent clock of its own, in virtual time: what is heard, and what is counted.
 */
#include "bent.h"
#include "link/part.h"
#include "runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>
#include <sys/mman.h>

/* ---- runs ---- */

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

	bent_open(&bent, p, q, pw_rate_hz, ppm);
	bent_run(&bent, 8);
	/* Beginning is no slip. */
	CU_ASSERT_EQUAL(bent_slipped(&bent, LEAT_TO_PIPEWIRE), 0);
	CU_ASSERT_EQUAL(bent_slipped(&bent, LEAT_TO_JACK), 0);
	bent_expect_quiet(&bent, 30);
	expect_clocks_told(&bent, 38);
	bent_close(&bent);
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
	bent_run(bent, 2);
	bent_expect_quiet(bent, 10);
}

static void expect_told(const struct bent *bent, int d, uint64_t silence)
{
	const struct leat_slip *slip = &bent->adaptive->way[d].slip;

	CU_ASSERT_EQUAL(peek(&bent_words(bent, d)->slips), slip->n_slips);
	CU_ASSERT_EQUAL(peek(&bent_words(bent, d)->lost), slip->lost);
	CU_ASSERT_EQUAL(peek(&bent_words(bent, d)->inserted),
			slip->inserted + silence);
}

/*
 * Frames inserted less frames lost on the way to JACK, by all who count there:
 * how much later JACK hears one of PipeWire's frames, reckoned in frames.
 */
static double account(const struct bent *bent)
{
	const struct leat_direction_words *words =
		bent_words(bent, LEAT_TO_JACK);

	return (double)(int64_t)(peek(&words->inserted) - peek(&words->lost) +
				 bent->n_missing * bent->p - bent->n_cut);
}

/* Taps are told of each slip towards JACK, as many frames as are counted. */
static void expect_logged(const struct bent *bent)
{
	const struct leat_direction_words *words =
		bent_words(bent, LEAT_TO_JACK);
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
	return bent_jack_at(bent) + bent_target(bent, LEAT_TO_JACK) -
	       (double)bent->frame * JACK_HZ / bent->pw_rate_hz *
		       bent->jack_speed;
}

static void stall(double jack_s, double pw_s)
{
	struct bent bent;
	const int d = LEAT_TO_PIPEWIRE;
	uint64_t cycles, played;
	double counted, heard;

	bent_open(&bent, 128, 256, 48000, 100);
	bent_run(&bent, 8);
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
			peek(&bent_words(&bent, d)->underruns));
	expect_told(&bent, d, peek(&bent_words(&bent, d)->underruns) * bent.q);
	CU_ASSERT_DOUBLE_EQUAL(account(&bent) - counted,
			       heard_at(&bent) - heard, 6);
	expect_logged(&bent);
	if (jack_s > 0.05)
		CU_ASSERT(peek(&bent_words(&bent, d)->underruns) > 0);
	if (pw_s > 0.05)
		CU_ASSERT(bent.n_missing > 0);
	bent_close(&bent);
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

	bent_open(&bent, 256, 256, 48000, 0);
	bent_run(&bent, 8);
	bent.jack_due_s += 60;
	bent_run(&bent, 0);
	inserted = peek(&bent_words(&bent, LEAT_TO_PIPEWIRE)->inserted);
	CU_ASSERT(inserted > 9 * JACK_HZ && inserted < 11 * JACK_HZ);
	expect_back(&bent);
	CU_ASSERT_EQUAL(bent_slipped(&bent, LEAT_TO_PIPEWIRE), 0);
	bent_close(&bent);
}

/* The first wake-up after a pause is late: the next ones say so. */
static void test_late_return(void)
{
	struct bent bent;

	bent_open(&bent, 256, 256, 48000, 0);
	bent_run(&bent, 8);
	bent.jack_due_s += 0.1;
	bent.jack_late_s = 0.005;
	bent_run(&bent, 0.02);
	bent_expect_on_target(&bent);
	bent_close(&bent);
}

/* JACK's period changes: to JACK nothing moves but what is reported. */
static void test_period_changes(void)
{
	struct bent bent;

	bent_open(&bent, 256, 256, 48000, 0);
	bent_run(&bent, 8);
	bent.p = 128;
	leat_pw_adaptive_set_period(bent.adaptive, 128);
	/* JACK's first block of the new length ends where it has to. */
	bent_run(&bent, 0.1);
	bent_expect_quiet(&bent, 5);
	bent_close(&bent);
}

/* ---- what the user wants ---- */

static void expect_targets(const struct bent *bent, double frames)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_DOUBLE_EQUAL(bent_target(bent, d), frames, 0.1);
		CU_ASSERT_EQUAL(peek(&bent_words(bent, d)->target),
				(uint64_t)lround(frames));
	}
}

/* Whatever P and Q become. */
static void test_fixed_latency(void)
{
	const struct leat_pw_latency wanted = { 1000, 0, 0 };
	struct bent bent;

	bent_open_with(&bent, 256, 256, 48000, 100, &wanted);
	bent_run(&bent, 8);
	bent_expect_quiet(&bent, 5);
	expect_targets(&bent, 1000);
	bent.q = 512;
	bent_run(&bent, 8);
	bent_expect_quiet(&bent, 5);
	expect_targets(&bent, 1000);
	bent.p = 128;
	leat_pw_adaptive_set_period(bent.adaptive, 128);
	bent_run(&bent, 8);
	bent_expect_quiet(&bent, 5);
	expect_targets(&bent, 1000);
	CU_ASSERT_EQUAL(leat_pw_adaptive_raised(bent.adaptive, LEAT_TO_JACK),
			0);
	bent_close(&bent);
}

static void test_bounded_latency(void)
{
	const struct leat_pw_latency low = { 0, 1200, 0 };
	const struct leat_pw_latency high = { 0, 0, 330 };
	struct bent bent;

	bent_open_with(&bent, 256, 256, 48000, 0, &low);
	bent_run(&bent, 8);
	bent_expect_quiet(&bent, 5);
	expect_targets(&bent, 1200);
	bent_close(&bent);
	bent_open_with(&bent, 256, 256, 48000, 0, &high);
	bent_run(&bent, 8);
	bent_expect_quiet(&bent, 5);
	expect_targets(&bent, 330);
	bent_close(&bent);
}

/* Less than there can be is the least, and what it is can be told. */
static void test_least_latency(void)
{
	const struct leat_pw_latency wanted = { 100, 0, 0 };
	struct bent bent;

	bent_open_with(&bent, 256, 256, 48000, 0, &wanted);
	bent_run(&bent, 8);
	bent_expect_quiet(&bent, 5);
	expect_targets(&bent, 256 + 48 + 16);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		CU_ASSERT_EQUAL(leat_pw_adaptive_raised(bent.adaptive, d),
				256 + 48 + 16);
	bent.q = 512;
	bent_run(&bent, 1);
	CU_ASSERT_EQUAL(
		leat_pw_adaptive_raised(bent.adaptive, LEAT_TO_PIPEWIRE),
		512 + 48 + 16);
	CU_ASSERT_EQUAL(leat_pw_adaptive_raised(bent.adaptive, LEAT_TO_JACK),
			256 + 48 + 16);
	bent_close(&bent);
}

/* What the ring has no room for is not aimed at, and nothing goes wrong. */
static void test_ring_has_no_room(void)
{
	const struct leat_pw_latency wanted = { 3000, 0, 0 };
	const uint32_t spare = 2 * (256 + 256) + 960 + 192;
	struct bent bent;

	bent_open_with(&bent, 256, 256, 48000, 0, &wanted);
	bent_run(&bent, 8);
	bent_expect_quiet(&bent, 5);
	expect_targets(&bent, CIRCLE_CAPACITY - spare);
	CU_ASSERT_EQUAL(leat_pw_adaptive_room(bent.adaptive), 3000 + spare);
	bent_close(&bent);
}

/* A change to q2 and back: nothing is silent, and soon it is all as it was. */
static void change_quantum(uint32_t p, uint32_t q, uint32_t q2, int counts)
{
	struct bent bent;

	bent_open(&bent, p, q, 48000, 50);
	bent.counts = counts;
	bent.shift = counts == COUNTS_FIRST ? q : 0;
	bent_run(&bent, 8);
	for (int i = 0; i < 2; i++) {
		uint64_t n_missing = bent.n_missing;
		/* The graph itself leaves a hole: too few for the time. */
		bool holed = counts == COUNTS_LATE && (q2 > q) == i;
		uint32_t hole = q2 > q ? q2 - q : q - q2;
		uint32_t most = (holed ? hole : 0) + p;

		bent.q = i ? q : q2;
		bent_run(&bent, 2);
		CU_ASSERT(bent.n_missing - n_missing <=
			  (most + bent.p - 1) / bent.p);
		CU_ASSERT_EQUAL(
			peek(&bent_words(&bent, LEAT_TO_PIPEWIRE)->underruns),
			0);
		bent_expect_quiet(&bent, 10);
	}
	CU_ASSERT_EQUAL(bent.adaptive->loop.n_upsets, 0);
	bent_close(&bent);
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

	bent_open(&bent, 128, 256, 48000, 20);
	bent_run(&bent, 8);
	n_missing = bent.n_missing;
	bent.pw_due_s += 200.0 / 48000;
	bent_run(&bent, 2);
	CU_ASSERT(bent.n_missing - n_missing < 8);
	bent_expect_quiet(&bent, 10);
	bent_close(&bent);
}

/* A longer period is no stall. */
static void test_period_grows(void)
{
	struct bent bent;

	bent_open(&bent, 256, 256, 48000, 50);
	bent_run(&bent, 8);
	bent.p = 1024;
	bent_run(&bent, 0.05);
	leat_pw_adaptive_set_period(bent.adaptive, 1024);
	bent_run(&bent, 2);
	CU_ASSERT_EQUAL(bent.adaptive->loop.n_upsets, 0);
	CU_ASSERT_EQUAL(peek(&bent_words(&bent, LEAT_TO_PIPEWIRE)->underruns),
			0);
	bent_expect_quiet(&bent, 10);
	bent_close(&bent);
}

/* Another driver's clock counts from elsewhere. */
static void test_frame_count_jumps(void)
{
	struct bent bent;

	bent_open(&bent, 256, 256, 48000, 0);
	bent_run(&bent, 8);
	bent.frame -= 1000000;
	expect_back(&bent);
	bent_close(&bent);
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
