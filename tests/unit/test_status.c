/* SPDX-License-Identifier: MIT */
#include <leat/status.h>

#include "helpers.h"
#include "link/side.h"
#include <leat/inline/atomics.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* ---- the part ---- */

static void side_open(struct leat_shm *shm)
{
	CU_ASSERT_FATAL(leat_side_create(shm) == 0);
}

/* All words of a stretch of memory are unknown. */
static bool all_unknown(const struct leat_word *word, const void *end)
{
	for (; (const void *)word < end; word++)
		if (leat_word_peek(word) != LEAT_UNKNOWN)
			return false;
	return true;
}

static bool all_zero(const uint8_t *bytes, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void test_new_side_knows_nothing(void)
{
	struct leat_side_words *words;
	struct leat_shm shm;

	side_open(&shm);
	words = leat_side(&shm);
	CU_ASSERT_TRUE(all_unknown(&words->alive, &words->pid));
	CU_ASSERT_EQUAL(leat_word_peek(&words->pid), (uint64_t)getpid());
	CU_ASSERT_EQUAL(leat_word_peek(&words->rests), LEAT_UNKNOWN);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		CU_ASSERT_TRUE(all_unknown(&words->direction[d].index,
					   words->direction[d].pad));
	/* What is not used yet is 0, so that it can be used one day. */
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		CU_ASSERT_TRUE(all_zero(words->direction[d].pad,
					sizeof(words->direction[d].pad)));
	CU_ASSERT_STRING_EQUAL(words->server, "");
	CU_ASSERT_EQUAL(leat_word_peek(&words->clock.n_words), 7);
	CU_ASSERT_TRUE(all_unknown(&words->clock.rate_ppm, words->clock.pad));
	CU_ASSERT_TRUE(all_zero(words->clock.pad, sizeof(words->clock.pad)));
	CU_ASSERT_TRUE(all_zero(words->pad_server, sizeof(words->pad_server)));
	leat_shm_finish(&shm);
}

/* A part like one of a peer's, with one byte changed. */
static int forge(size_t offset, int flip)
{
	struct leat_part_header *header;
	struct leat_shm shm;
	int fd;

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 4096) == 0);
	header = shm.addr;
	header->magic = LEAT_PART_MAGIC;
	header->version = LEAT_PART_VERSION;
	header->kind = LEAT_PART_STATUS;
	header->total_bytes = 4096;
	((unsigned char *)shm.addr)[offset] ^= (unsigned char)flip;
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	return fd;
}

static void test_attach(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm, peer;

	side_open(&shm);
	leat_word_set(&leat_side(&shm)->xruns, 5);
	CU_ASSERT_EQUAL_FATAL(leat_side_attach(&peer, dup(shm.fd)), 0);
	CU_ASSERT_EQUAL(leat_word_peek(&leat_side(&peer)->xruns), 5);
	leat_word_set(&leat_side(&shm)->xruns, 6);
	CU_ASSERT_EQUAL(leat_word_peek(&leat_side(&peer)->xruns), 6);
	leat_shm_finish(&peer);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_attach_refuses(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm, whole;
	int fd;

	CU_ASSERT_EQUAL(leat_side_attach(&shm, forge(0, 0)), 0);
	leat_shm_finish(&shm);
	for (size_t i = 0; i < sizeof(struct leat_part_header); i++) {
		CU_ASSERT_EQUAL(leat_side_attach(&shm, forge(i, 1)), -EPROTO);
		CU_ASSERT_EQUAL(shm.fd, -1);
	}
	/* A byte short, although the page that it lies on is not. */
	CU_ASSERT_FATAL(leat_side_create(&whole) == 0);
	CU_ASSERT_FATAL(
		leat_shm_create_constant(&shm, "unit", whole.addr, 4095) == 0);
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	leat_shm_finish(&whole);
	CU_ASSERT_EQUAL(leat_side_attach(&shm, fd), -EPROTO);
	CU_ASSERT_EQUAL(leat_side_attach(&shm, -1), -EPROTO);
	CU_ASSERT_EQUAL(leat_side_attach(&shm, dup(0)), -EPROTO);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* ---- reading one side ---- */

/* Give each word of a side another value, so that none passes for another. */
static void number(struct leat_side_words *words, uint64_t base)
{
	struct leat_word *word = &words->alive;

	memset(words, 0, sizeof(*words));
	for (uint64_t i = 0;
	     i < offsetof(struct leat_side_words, direction) / 8; i++)
		leat_word_set(&word[i], base + i);
	for (uint64_t d = 0; d < LEAT_N_DIRECTIONS; d++) {
		word = &words->direction[d].index;
		for (uint64_t i = 0;
		     i < offsetof(struct leat_direction_words, pad) / 8; i++)
			leat_word_set(&word[i], base + 100 * (d + 1) + i);
	}
	strcpy(words->server, "default");
}

static void expect_side(const struct leat_side_status *status,
			const struct leat_side_words *words)
{
	CU_ASSERT_TRUE(status->present);
	CU_ASSERT_EQUAL(status->alive, leat_word_peek(&words->alive));
	CU_ASSERT_EQUAL(status->rate_hz, leat_word_peek(&words->rate_hz));
	CU_ASSERT_EQUAL(status->period, leat_word_peek(&words->period));
	CU_ASSERT_EQUAL(status->cycles, leat_word_peek(&words->cycles));
	CU_ASSERT_EQUAL(status->xruns, leat_word_peek(&words->xruns));
	CU_ASSERT_EQUAL(status->skipped_periods,
			leat_word_peek(&words->skipped_periods));
	CU_ASSERT_EQUAL(status->mode, leat_word_peek(&words->mode));
	CU_ASSERT_EQUAL(status->reason, leat_word_peek(&words->reason));
	CU_ASSERT_EQUAL(status->running, leat_word_peek(&words->running));
	CU_ASSERT_EQUAL(status->reconnects, leat_word_peek(&words->reconnects));
	CU_ASSERT_EQUAL(status->pid, leat_word_peek(&words->pid));
	CU_ASSERT_EQUAL(status->rests, leat_word_peek(&words->rests));
	CU_ASSERT_STRING_EQUAL(status->server, words->server);
}

static void test_sides_are_read(void)
{
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;

	number(&jack, 1000);
	number(&pipewire, 2000);
	leat_status_read(&status, &jack, &pipewire);
	expect_side(&status.jack, &jack);
	expect_side(&status.pipewire, &pipewire);
}

static void test_absent_side_is_unknown(void)
{
	struct leat_link_status status;
	struct leat_side_words jack;

	number(&jack, 1000);
	leat_status_read(&status, &jack, NULL);
	expect_side(&status.jack, &jack);
	CU_ASSERT_FALSE(status.pipewire.present);
	CU_ASSERT_EQUAL(status.pipewire.alive, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status.pipewire.rate_hz, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status.pipewire.xruns, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status.pipewire.reason, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status.pipewire.pid, LEAT_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(status.pipewire.server, "");
}

/* A name that does not end is cut off and not read past. */
static void test_endless_server_name(void)
{
	struct leat_link_status status;
	struct leat_side_words jack;

	number(&jack, 0);
	memset(jack.server, 'x', sizeof(jack.server));
	leat_status_read(&status, &jack, &jack);
	CU_ASSERT_EQUAL(strlen(status.jack.server), LEAT_STATUS_NAME_BYTES - 1);
	CU_ASSERT_EQUAL(strlen(status.pipewire.server),
			LEAT_STATUS_NAME_BYTES - 1);
	CU_ASSERT_EQUAL(memcmp(status.jack.server, jack.server,
			       LEAT_STATUS_NAME_BYTES - 1),
			0);
}

/* ---- reading a direction ---- */

static void expect_direction(const struct leat_direction_status *status,
			     const struct leat_direction_words *producer,
			     const struct leat_direction_words *consumer)
{
	CU_ASSERT_EQUAL(status->inserted, leat_word_peek(&consumer->inserted));
	CU_ASSERT_EQUAL(status->slips, leat_word_peek(&consumer->slips));
	CU_ASSERT_EQUAL(status->target, leat_word_peek(&consumer->target));
	CU_ASSERT_EQUAL(status->latency_frames,
			leat_word_peek(&consumer->latency));

	CU_ASSERT_EQUAL(status->frames, leat_word_peek(&consumer->frames));
	CU_ASSERT_EQUAL(status->underruns,
			leat_word_peek(&consumer->underruns));
	CU_ASSERT_EQUAL(status->wakeups, leat_word_peek(&producer->wakeups));
	CU_ASSERT_EQUAL(status->overruns,
			leat_word_peek(&producer->overruns) +
				leat_word_peek(&consumer->overruns));
	CU_ASSERT_EQUAL(status->lost, leat_word_peek(&producer->lost) +
					      leat_word_peek(&consumer->lost));
	CU_ASSERT_EQUAL(status->poisoned,
			leat_word_peek(&producer->poisoned) +
				leat_word_peek(&consumer->poisoned));
}

/* As the PipeWire side has them in follow mode. */
static void forget_places(struct leat_side_words *pipewire)
{
	struct leat_direction_words *words = &pipewire->direction[LEAT_TO_JACK];

	leat_word_set(&words->inserted, LEAT_UNKNOWN);
	leat_word_set(&words->slips, LEAT_UNKNOWN);
	leat_word_set(&words->target, LEAT_UNKNOWN);
	leat_word_set(&words->latency, LEAT_UNKNOWN);
}

/* In adaptive mode it knows better than JACK's side what is on its way. */
static void test_places_are_the_pipewire_sides(void)
{
	const struct leat_direction_words *words, *other;
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;
	const struct leat_direction_status *to_jack =
		&status.direction[LEAT_TO_JACK];

	number(&jack, 1000);
	number(&pipewire, 2000);
	leat_status_read(&status, &jack, &pipewire);
	words = &pipewire.direction[LEAT_TO_JACK];
	other = &jack.direction[LEAT_TO_JACK];
	CU_ASSERT_EQUAL(to_jack->target, leat_word_peek(&words->target));
	CU_ASSERT_EQUAL(to_jack->latency_frames,
			leat_word_peek(&words->latency));
	CU_ASSERT_EQUAL(to_jack->slips, leat_word_peek(&words->slips) +
						leat_word_peek(&other->slips));
	CU_ASSERT_EQUAL(to_jack->inserted,
			leat_word_peek(&words->inserted) +
				leat_word_peek(&other->inserted));
	/* The other way it is the consumer anyway. */
	CU_ASSERT_EQUAL(
		status.direction[LEAT_TO_PIPEWIRE].target,
		leat_word_peek(&pipewire.direction[LEAT_TO_PIPEWIRE].target));
}

static void test_directions_are_merged(void)
{
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;

	number(&jack, 1000);
	number(&pipewire, 2000);
	forget_places(&pipewire);
	leat_status_read(&status, &jack, &pipewire);
	expect_direction(&status.direction[LEAT_TO_PIPEWIRE],
			 &jack.direction[LEAT_TO_PIPEWIRE],
			 &pipewire.direction[LEAT_TO_PIPEWIRE]);
	expect_direction(&status.direction[LEAT_TO_JACK],
			 &pipewire.direction[LEAT_TO_JACK],
			 &jack.direction[LEAT_TO_JACK]);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_EQUAL(status.direction[d].n_channels,
				leat_word_peek(&jack.n_channels[d]));
		CU_ASSERT_EQUAL(status.direction[d].capacity,
				leat_word_peek(&jack.capacity[d]));
	}
}

/* With one side only: what it does not know itself is unknown. */
static void test_directions_of_one_side(void)
{
	const struct leat_direction_status *status;
	struct leat_link_status link;
	struct leat_side_words jack;

	number(&jack, 1000);
	leat_status_read(&link, &jack, NULL);
	status = &link.direction[LEAT_TO_PIPEWIRE];
	CU_ASSERT_EQUAL(
		status->wakeups,
		leat_word_peek(&jack.direction[LEAT_TO_PIPEWIRE].wakeups));
	CU_ASSERT_EQUAL(status->frames, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status->underruns, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status->target, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status->fill, LEAT_UNKNOWN);
	status = &link.direction[LEAT_TO_JACK];
	CU_ASSERT_EQUAL(status->frames,
			leat_word_peek(&jack.direction[LEAT_TO_JACK].frames));
	CU_ASSERT_EQUAL(status->wakeups, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status->fill, LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(status->n_channels,
			leat_word_peek(&jack.n_channels[LEAT_TO_JACK]));
}

/* The sum of what both sides count, or what one of them knows. */
static void expect_sum(uint64_t jack_count, uint64_t pipewire_count,
		       uint64_t sum)
{
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;

	number(&jack, 0);
	number(&pipewire, 0);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_word_set(&jack.direction[d].poisoned, jack_count);
		leat_word_set(&pipewire.direction[d].poisoned, pipewire_count);
		leat_word_set(&jack.direction[d].overruns, jack_count);
		leat_word_set(&pipewire.direction[d].overruns, pipewire_count);
		leat_word_set(&jack.direction[d].lost, jack_count);
		leat_word_set(&pipewire.direction[d].lost, pipewire_count);
	}
	leat_status_read(&status, &jack, &pipewire);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_EQUAL(status.direction[d].poisoned, sum);
		CU_ASSERT_EQUAL(status.direction[d].overruns, sum);
		CU_ASSERT_EQUAL(status.direction[d].lost, sum);
	}
}

static void test_sums(void)
{
	expect_sum(2, 3, 5);
	expect_sum(0, 0, 0);
	expect_sum(LEAT_UNKNOWN, 3, 3);
	expect_sum(2, LEAT_UNKNOWN, 2);
	expect_sum(LEAT_UNKNOWN, 0, 0);
	expect_sum(LEAT_UNKNOWN, LEAT_UNKNOWN, LEAT_UNKNOWN);
}

/* ---- what lies beyond ---- */

static uint64_t span_word(uint64_t min, uint64_t max)
{
	return LEAT_BEYOND_KNOWN | max << 32 | min;
}

static void set_beyond(struct leat_side_words *words, uint64_t to_pipewire,
		       uint64_t to_jack)
{
	leat_word_set(&words->direction[LEAT_TO_PIPEWIRE].beyond, to_pipewire);
	leat_word_set(&words->direction[LEAT_TO_JACK].beyond, to_jack);
}

/* The link takes 100 frames each way. */
static void make_beyond(struct leat_side_words *jack,
			struct leat_side_words *pipewire, int64_t trim)
{
	memset(jack, 0, sizeof(*jack));
	memset(pipewire, 0, sizeof(*pipewire));
	set_beyond(jack, span_word(10, 10), span_word(20, 30));
	set_beyond(pipewire, span_word(4000, 5000), span_word(0, 6000));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_word_set(&jack->direction[d].latency, 100);
		leat_word_set(&pipewire->direction[d].latency, 100);
		leat_word_set(&jack->direction[d].trim, (uint64_t)trim);
		leat_word_set(&pipewire->direction[d].trim, 77777);
	}
}

static void expect_span(const struct leat_span_status *span, uint64_t min,
			uint64_t max)
{
	CU_ASSERT_EQUAL(span->min, min);
	CU_ASSERT_EQUAL(span->max, max);
}

static void expect_whole(int64_t trim, uint64_t to_pipewire_min,
			 uint64_t to_pipewire_max, uint64_t to_jack_min,
			 uint64_t to_jack_max)
{
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;

	make_beyond(&jack, &pipewire, trim);
	leat_status_read(&status, &jack, &pipewire);
	expect_span(&status.direction[LEAT_TO_PIPEWIRE].end_to_end,
		    to_pipewire_min, to_pipewire_max);
	expect_span(&status.direction[LEAT_TO_JACK].end_to_end, to_jack_min,
		    to_jack_max);
}

static void test_end_to_end(void)
{
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;

	make_beyond(&jack, &pipewire, 0);
	leat_status_read(&status, &jack, &pipewire);
	expect_span(&status.direction[LEAT_TO_JACK].beyond_jack, 20, 30);
	expect_span(&status.direction[LEAT_TO_JACK].beyond_pipewire, 0, 6000);
	expect_whole(0, 4110, 5110, 120, 6130);
	expect_whole(7, 4117, 5117, 127, 6137);
	/* Nothing takes less than no time. */
	expect_whole(-1000, 3110, 4110, 0, 5130);
	/* As far as a trim can be. */
	expect_whole(INT32_MIN, 0, 0, 0, 0);
	expect_whole((int64_t)INT32_MIN - 1, LEAT_UNKNOWN, LEAT_UNKNOWN,
		     LEAT_UNKNOWN, LEAT_UNKNOWN);
	expect_whole(INT32_MAX, 4110u + INT32_MAX, 5110u + INT32_MAX,
		     120u + INT32_MAX, 6130u + INT32_MAX);
}

static void test_end_to_end_unknown(void)
{
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;
	const struct leat_direction_status *d =
		&status.direction[LEAT_TO_PIPEWIRE];

	/* Without the other side; of an older program, whose words are 0. */
	make_beyond(&jack, &pipewire, 0);
	leat_status_read(&status, &jack, NULL);
	expect_span(&d->beyond_jack, 10, 10);
	expect_span(&d->beyond_pipewire, LEAT_UNKNOWN, LEAT_UNKNOWN);
	expect_span(&d->end_to_end, LEAT_UNKNOWN, LEAT_UNKNOWN);
	set_beyond(&pipewire, 0, LEAT_UNKNOWN);
	leat_status_read(&status, &jack, &pipewire);
	for (int i = 0; i < LEAT_N_DIRECTIONS; i++) {
		expect_span(&status.direction[i].beyond_pipewire, LEAT_UNKNOWN,
			    LEAT_UNKNOWN);
		expect_span(&status.direction[i].end_to_end, LEAT_UNKNOWN,
			    LEAT_UNKNOWN);
	}
	make_beyond(&jack, &pipewire, 0);
	set_beyond(&jack, LEAT_UNKNOWN, 0);
	leat_status_read(&status, &jack, &pipewire);
	for (int i = 0; i < LEAT_N_DIRECTIONS; i++)
		expect_span(&status.direction[i].end_to_end, LEAT_UNKNOWN,
			    LEAT_UNKNOWN);
	/* The link itself, or a trim that cannot be. */
	make_beyond(&jack, &pipewire, INT64_MAX);
	leat_status_read(&status, &jack, &pipewire);
	expect_span(&d->end_to_end, LEAT_UNKNOWN, LEAT_UNKNOWN);
	make_beyond(&jack, &pipewire, 0);
	leat_word_set(&pipewire.direction[LEAT_TO_PIPEWIRE].latency,
		      LEAT_UNKNOWN);
	leat_status_read(&status, &jack, &pipewire);
	expect_span(&d->end_to_end, LEAT_UNKNOWN, LEAT_UNKNOWN);
}

/* ---- the two clocks ---- */

static void set_clock(struct leat_clock_words *words, uint64_t n_words)
{
	leat_word_set(&words->n_words, n_words);
	leat_word_set_double(&words->rate_ppm, -12.5);
	leat_word_set_double(&words->loop_error_frames, 0.25);
	leat_word_set_double(&words->loop_bandwidth_hz, 0.005);
	leat_word_set_double(&words->jitter_us, 17);
	leat_word_set_double(&words->last_upset_s, 3600);
	leat_word_set_double(&words->resampler_delay[LEAT_TO_PIPEWIRE], 48);
	leat_word_set_double(&words->resampler_delay[LEAT_TO_JACK], 44.1);
}

static void read_clock(struct leat_link_status *status, uint64_t n_words)
{
	struct leat_side_words jack, pipewire;

	number(&jack, 1000);
	number(&pipewire, 2000);
	set_clock(&jack.clock, 7);
	set_clock(&pipewire.clock, n_words);
	leat_word_set_double(&jack.clock.rate_ppm, 99);
	leat_status_read(status, &jack, &pipewire);
}

static void expect_no_clock(const struct leat_link_status *status)
{
	CU_ASSERT_TRUE(isnan(status->clock.rate_ppm));
	CU_ASSERT_TRUE(isnan(status->clock.loop_error_frames));
	CU_ASSERT_TRUE(isnan(status->clock.loop_bandwidth_hz));
	CU_ASSERT_TRUE(isnan(status->clock.jitter_us));
	CU_ASSERT_TRUE(isnan(status->clock.last_upset_s));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		CU_ASSERT_TRUE(isnan(status->direction[d].resampler_delay));
}

static void test_clock_is_the_pipewire_sides(void)
{
	struct leat_link_status status;

	read_clock(&status, 7);
	CU_ASSERT_EQUAL(status.clock.rate_ppm, -12.5);
	CU_ASSERT_EQUAL(status.clock.loop_error_frames, 0.25);
	CU_ASSERT_EQUAL(status.clock.loop_bandwidth_hz, 0.005);
	CU_ASSERT_EQUAL(status.clock.jitter_us, 17);
	CU_ASSERT_EQUAL(status.clock.last_upset_s, 3600);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].resampler_delay, 48);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].resampler_delay, 44.1);
}

/* An older program has zeros there, a newer one more words. */
static void test_clock_of_other_programs(void)
{
	struct leat_link_status status;

	read_clock(&status, 0);
	expect_no_clock(&status);
	read_clock(&status, 5);
	CU_ASSERT_EQUAL(status.clock.last_upset_s, 3600);
	CU_ASSERT_TRUE(
		isnan(status.direction[LEAT_TO_PIPEWIRE].resampler_delay));
	read_clock(&status, UINT64_MAX);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].resampler_delay, 44.1);
}

static void test_clock_is_unknown(void)
{
	struct leat_link_status status;
	struct leat_side_words *words;
	struct leat_shm shm;

	side_open(&shm);
	words = leat_side(&shm);
	leat_status_read(&status, words, words);
	expect_no_clock(&status);
	set_clock(&words->clock, 7);
	leat_status_read(&status, words, NULL);
	expect_no_clock(&status);
	leat_shm_finish(&shm);
}

/* ---- fill ---- */

static void expect_fill_if(uint64_t running, uint64_t written,
			   uint64_t read_index, uint64_t fill)
{
	struct leat_side_words jack, pipewire;
	struct leat_link_status status;

	number(&jack, 0);
	number(&pipewire, 0);
	leat_word_set(&jack.direction[LEAT_TO_PIPEWIRE].index, written);
	leat_word_set(&pipewire.direction[LEAT_TO_PIPEWIRE].index, read_index);
	leat_word_set(&pipewire.direction[LEAT_TO_JACK].index, written);
	leat_word_set(&jack.direction[LEAT_TO_JACK].index, read_index);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_word_set(&jack.capacity[d], 1024);
	leat_word_set(&pipewire.running, running);
	leat_status_read(&status, &jack, &pipewire);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_PIPEWIRE].fill, fill);
	CU_ASSERT_EQUAL(status.direction[LEAT_TO_JACK].fill, fill);
}

static void expect_fill(uint64_t written, uint64_t read_index, uint64_t fill)
{
	expect_fill_if(1, written, read_index, fill);
	/* Where nobody reads, it means nothing. */
	expect_fill_if(0, written, read_index, LEAT_UNKNOWN);
	expect_fill_if(2, written, read_index, LEAT_UNKNOWN);
	expect_fill_if(LEAT_UNKNOWN, written, read_index, LEAT_UNKNOWN);
}

static void test_fill(void)
{
	expect_fill(0, 0, 0);
	expect_fill(500, 100, 400);
	expect_fill(3, UINT64_MAX - 2, 6);
	expect_fill(1000, 900, 100);
	expect_fill(1023, 0, 1023);
	expect_fill(1024, 0, 1024);
	/* A timed consumer may have been lapped, */
	expect_fill(1025, 0, 1024);
	expect_fill(UINT64_C(1) << 40, 0, 1024);
	expect_fill((UINT64_C(1) << 63) - 1, 0, 1024);
	/* or be ahead of the producer. */
	expect_fill(100, 101, 0);
	expect_fill(UINT64_C(1) << 63, 0, 0);
	expect_fill(100, 500, 0);
	expect_fill(UINT64_MAX - 2, 3, 0);
	expect_fill(LEAT_UNKNOWN, 5, LEAT_UNKNOWN);
	expect_fill(5, LEAT_UNKNOWN, LEAT_UNKNOWN);
}

/* ---- state and reason ---- */

/* What is known of a link, and what it is called. */
struct state_case {
	uint64_t jack_alive;
	bool present;
	uint64_t pipewire_alive, running, reason;
	const char *state;
	uint64_t told_reason;
};

#define U LEAT_UNKNOWN

static const struct state_case state_cases[] = {
	{ 0, true, 1, 1, LEAT_REASON_NONE, "no-jack", LEAT_REASON_NO_JACK },
	{ U, true, 1, 1, LEAT_REASON_NONE, "no-jack", LEAT_REASON_NO_JACK },
	{ 2, true, 1, 1, LEAT_REASON_NONE, "no-jack", LEAT_REASON_NO_JACK },
	{ 0, false, U, U, U, "no-jack", LEAT_REASON_NO_JACK },
	{ 1, false, U, U, U, "no-peer", LEAT_REASON_NO_PEER },
	{ 1, true, 0, 0, LEAT_REASON_NO_PIPEWIRE, "no-pipewire",
	  LEAT_REASON_NO_PIPEWIRE },
	{ 1, true, U, U, U, "no-pipewire", U },
	{ 1, true, 0, 0, LEAT_REASON_RATES_DIFFER, "refused",
	  LEAT_REASON_RATES_DIFFER },
	{ 1, true, 1, 0, LEAT_REASON_RATES_DIFFER, "refused",
	  LEAT_REASON_RATES_DIFFER },
	{ 1, true, 1, 1, LEAT_REASON_RATES_DIFFER, "running",
	  LEAT_REASON_RATES_DIFFER },
	{ 1, true, 1, 1, LEAT_REASON_RATES_AGREE, "running",
	  LEAT_REASON_RATES_AGREE },
	{ 1, true, 1, 1, LEAT_REASON_OTHER_DRIVER, "running",
	  LEAT_REASON_OTHER_DRIVER },
	{ 1, true, 1, 0, LEAT_REASON_OTHER_DRIVER, "suspended",
	  LEAT_REASON_OTHER_DRIVER },
	{ 1, true, 1, 0, LEAT_REASON_NOT_LINKED, "idle",
	  LEAT_REASON_NOT_LINKED },
	{ 1, true, 1, U, LEAT_REASON_NONE, "idle", LEAT_REASON_NONE },
};

static void test_states(void)
{
	for (size_t i = 0; i < sizeof(state_cases) / sizeof(state_cases[0]);
	     i++) {
		const struct state_case *c = &state_cases[i];
		struct leat_link_status status;

		memset(&status, 0xff, sizeof(status));
		status.jack.present = true;
		status.jack.alive = c->jack_alive;
		status.pipewire.present = c->present;
		status.pipewire.alive = c->pipewire_alive;
		status.pipewire.running = c->running;
		status.pipewire.reason = c->reason;
		CU_ASSERT_STRING_EQUAL(leat_link_status_state(&status),
				       c->state);
		CU_ASSERT_EQUAL(leat_link_status_reason(&status),
				c->told_reason);
	}
}

static void test_reasons_have_texts(void)
{
	CU_ASSERT_STRING_EQUAL(leat_reason_text(LEAT_REASON_NONE), "");
	CU_ASSERT_STRING_EQUAL(leat_reason_text(LEAT_N_REASONS), "");
	CU_ASSERT_STRING_EQUAL(leat_reason_text(LEAT_UNKNOWN), "");
	CU_ASSERT_STRING_EQUAL(leat_reason_text(UINT64_C(1) << 32), "");
	for (uint64_t a = 1; a < LEAT_N_REASONS; a++) {
		CU_ASSERT_TRUE(strlen(leat_reason_text(a)) > 10);
		for (uint64_t b = 1; b < a; b++)
			CU_ASSERT_STRING_NOT_EQUAL(leat_reason_text(a),
						   leat_reason_text(b));
	}
}

static const struct unit_test tests[] = {
	{ "part", "knows nothing", test_new_side_knows_nothing },
	{ "part", "attach", test_attach },
	{ "part", "attach refuses", test_attach_refuses },
	{ "sides", "read", test_sides_are_read },
	{ "sides", "absent", test_absent_side_is_unknown },
	{ "sides", "endless name", test_endless_server_name },
	{ "directions", "merged", test_directions_are_merged },
	{ "directions", "places", test_places_are_the_pipewire_sides },
	{ "directions", "of one side", test_directions_of_one_side },
	{ "directions", "sums", test_sums },
	{ "beyond", "end to end", test_end_to_end },
	{ "beyond", "not known", test_end_to_end_unknown },
	{ "directions", "fill", test_fill },
	{ "clocks", "read", test_clock_is_the_pipewire_sides },
	{ "clocks", "other programs", test_clock_of_other_programs },
	{ "clocks", "unknown", test_clock_is_unknown },
	{ "state", "states", test_states },
	{ "state", "reasons", test_reasons_have_texts },
};

UNIT_MAIN(tests)
