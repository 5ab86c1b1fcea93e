/* SPDX-License-Identifier: MIT */
#include "side.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(struct leat_direction_words) == LEAT_LINE_BYTES, "ABI");
_Static_assert(offsetof(struct leat_side_words, direction) == LEAT_LINE_BYTES,
	       "ABI");
_Static_assert(offsetof(struct leat_side_words, clock) == 512, "ABI");
_Static_assert(sizeof(struct leat_clock_words) == LEAT_LINE_BYTES, "ABI");
_Static_assert(sizeof(struct leat_side_part) <= 4096, "one page");

/* Of struct leat_clock_words, behind the first. */
#define N_CLOCK_WORDS                                                          \
	(offsetof(struct leat_clock_words, pad) / sizeof(struct leat_word) - 1)

static void side_header(struct leat_part_header *header)
{
	memset(header, 0, sizeof(*header));
	header->magic = LEAT_PART_MAGIC;
	header->version = LEAT_PART_VERSION;
	header->kind = LEAT_PART_STATUS;
	header->total_bytes = 4096;
}

static void set_unknown(struct leat_word *first, const void *end)
{
	for (struct leat_word *word = first; (const void *)word < end; word++)
		leat_word_set(word, LEAT_UNKNOWN);
}

int leat_side_create(struct leat_shm *shm)
{
	struct leat_side_part *part;
	int res = leat_shm_create(shm, "leat-status", 4096);

	if (res < 0)
		return res;
	part = shm->addr;
	side_header(&part->header);
	set_unknown(&part->words.alive, part->words.direction);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		set_unknown(&part->words.direction[d].index,
			    part->words.direction[d].pad);
	set_unknown(&part->words.clock.rate_ppm, part->words.clock.pad);
	leat_word_set(&part->words.clock.n_words, N_CLOCK_WORDS);
	leat_word_set(&part->words.pid, (uint64_t)getpid());
	return 0;
}

int leat_side_attach(struct leat_shm *shm, int fd)
{
	struct leat_part_header wanted;
	int res = leat_shm_attach(shm, fd, 4096);

	if (res < 0)
		return res;
	side_header(&wanted);
	if (memcmp(shm->addr, &wanted, sizeof(wanted)) != 0) {
		leat_shm_finish(shm);
		return -EPROTO;
	}
	return 0;
}

/* ---- reading ---- */

static void read_side(struct leat_side_status *status,
		      const struct leat_side_words *words)
{
	memset(status, 0xff, sizeof(*status));
	status->present = words != NULL;
	status->server[0] = 0;
	if (!words)
		return;
	status->alive = leat_word_peek(&words->alive);
	status->rate_hz = leat_word_peek(&words->rate_hz);
	status->period = leat_word_peek(&words->period);
	status->cycles = leat_word_peek(&words->cycles);
	status->xruns = leat_word_peek(&words->xruns);
	status->skipped_periods = leat_word_peek(&words->skipped_periods);
	status->mode = leat_word_peek(&words->mode);
	status->reason = leat_word_peek(&words->reason);
	status->running = leat_word_peek(&words->running);
	status->reconnects = leat_word_peek(&words->reconnects);
	status->pid = leat_word_peek(&words->pid);
	status->rests = leat_word_peek(&words->rests);
	memcpy(status->server, words->server, sizeof(status->server) - 1);
	status->server[sizeof(status->server) - 1] = 0;
}

/* What a consumer knows of a direction. */
static void read_consumer(struct leat_direction_status *status,
			  const struct leat_direction_words *words)
{
	status->frames = leat_word_peek(&words->frames);
	status->underruns = leat_word_peek(&words->underruns);
	status->lost = leat_word_peek(&words->lost);
	status->inserted = leat_word_peek(&words->inserted);
	status->slips = leat_word_peek(&words->slips);
	status->target = leat_word_peek(&words->target);
	status->latency_frames = leat_word_peek(&words->latency);
}

/*
 * The fill is a distance; a timed consumer may be ahead, which is none, or
 * behind by more than there is room for.
 */
static uint64_t fill(const struct leat_direction_words *producer,
		     const struct leat_direction_words *consumer,
		     uint64_t capacity)
{
	uint64_t written = leat_word_peek(&producer->index);
	uint64_t read = leat_word_peek(&consumer->index);

	if (written == LEAT_UNKNOWN || read == LEAT_UNKNOWN)
		return LEAT_UNKNOWN;
	if (written - read >= UINT64_C(1) << 63)
		return 0;
	return written - read < capacity ? written - read : capacity;
}

static uint64_t sum_known(uint64_t a, uint64_t b)
{
	if (a == LEAT_UNKNOWN || b == LEAT_UNKNOWN)
		return a == LEAT_UNKNOWN ? b : a;
	return a + b;
}

static void read_direction(struct leat_direction_status *status,
			   const struct leat_direction_words *producer,
			   const struct leat_direction_words *consumer,
			   bool runs)
{
	if (consumer) {
		read_consumer(status, consumer);
		status->overruns = leat_word_peek(&consumer->overruns);
		status->poisoned = leat_word_peek(&consumer->poisoned);
	}
	if (producer) {
		status->wakeups = leat_word_peek(&producer->wakeups);
		status->overruns = sum_known(
			status->overruns, leat_word_peek(&producer->overruns));
		status->lost = sum_known(status->lost,
					 leat_word_peek(&producer->lost));
		status->poisoned = sum_known(
			status->poisoned, leat_word_peek(&producer->poisoned));
	}
	if (producer && consumer && runs)
		status->fill = fill(producer, consumer, status->capacity);
}

/* In adaptive mode the PipeWire side places the frames, both ways. */
static void read_placed(struct leat_direction_status *status,
			const struct leat_direction_words *pw)
{
	uint64_t target = leat_word_peek(&pw->target);
	uint64_t latency = leat_word_peek(&pw->latency);

	status->slips = sum_known(status->slips, leat_word_peek(&pw->slips));
	status->inserted =
		sum_known(status->inserted, leat_word_peek(&pw->inserted));
	if (target != LEAT_UNKNOWN)
		status->target = target;
	if (latency != LEAT_UNKNOWN)
		status->latency_frames = latency;
}

/* What a side hears on its own graph; an older program has a 0 there. */
static void read_beyond(struct leat_span_status *span,
			const struct leat_direction_words *words)
{
	uint64_t word = words ? leat_word_peek(&words->beyond) : LEAT_UNKNOWN;

	if (word == LEAT_UNKNOWN || !(word & LEAT_BEYOND_KNOWN))
		return;
	span->min = (uint32_t)word;
	span->max = (word & ~LEAT_BEYOND_KNOWN) >> 32;
}

/* A sum of three that cannot be, of a hostile side's, is not known. */
static uint64_t end_to_end(uint64_t jack, uint64_t link, uint64_t pipewire,
			   int64_t trim)
{
	int64_t sum;

	if (jack == LEAT_UNKNOWN || pipewire == LEAT_UNKNOWN ||
	    link > UINT32_MAX || trim > INT32_MAX || trim < INT32_MIN)
		return LEAT_UNKNOWN;
	sum = (int64_t)(jack + link + pipewire) + trim;
	return sum > 0 ? (uint64_t)sum : 0;
}

static void read_whole(struct leat_direction_status *status,
		       const struct leat_direction_words *jack,
		       const struct leat_direction_words *pw)
{
	const struct leat_span_status *in_jack = &status->beyond_jack;
	const struct leat_span_status *in_pw = &status->beyond_pipewire;
	int64_t trim = (int64_t)leat_word_peek(&jack->trim);

	read_beyond(&status->beyond_jack, jack);
	read_beyond(&status->beyond_pipewire, pw);
	status->end_to_end.min = end_to_end(
		in_jack->min, status->latency_frames, in_pw->min, trim);
	status->end_to_end.max = end_to_end(
		in_jack->max, status->latency_frames, in_pw->max, trim);
}

/* Where an older program has no word yet, there are zeros. */
static double measured(const struct leat_clock_words *words,
		       const struct leat_word *word)
{
	if ((uint64_t)(word - &words->n_words) >
	    leat_word_peek(&words->n_words))
		return NAN;
	return leat_word_peek_double(word);
}

static void read_clock(struct leat_link_status *status,
		       const struct leat_clock_words *words)
{
	struct leat_clock_status *clock = &status->clock;

	clock->rate_ppm = measured(words, &words->rate_ppm);
	clock->loop_error_frames = measured(words, &words->loop_error_frames);
	clock->loop_bandwidth_hz = measured(words, &words->loop_bandwidth_hz);
	clock->jitter_us = measured(words, &words->jitter_us);
	clock->last_upset_s = measured(words, &words->last_upset_s);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		status->direction[d].resampler_delay =
			measured(words, &words->resampler_delay[d]);
}

void leat_status_read(struct leat_link_status *status,
		      const struct leat_side_words *jack,
		      const struct leat_side_words *pipewire)
{
	const struct leat_direction_words *pw = NULL;
	bool runs; /* where nobody reads, the fill means nothing */

	read_side(&status->jack, jack);
	read_side(&status->pipewire, pipewire);
	runs = status->pipewire.running == 1;
	if (pipewire)
		pw = pipewire->direction;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		memset(&status->direction[d], 0xff,
		       sizeof(status->direction[d]));
		status->direction[d].n_channels =
			leat_word_peek(&jack->n_channels[d]);
		status->direction[d].capacity =
			leat_word_peek(&jack->capacity[d]);
	}
	read_direction(&status->direction[LEAT_TO_PIPEWIRE],
		       &jack->direction[LEAT_TO_PIPEWIRE],
		       pw ? &pw[LEAT_TO_PIPEWIRE] : NULL, runs);
	read_direction(&status->direction[LEAT_TO_JACK],
		       pw ? &pw[LEAT_TO_JACK] : NULL,
		       &jack->direction[LEAT_TO_JACK], runs);
	memset(&status->clock, 0xff, sizeof(status->clock));
	if (pw) {
		read_placed(&status->direction[LEAT_TO_JACK],
			    &pw[LEAT_TO_JACK]);
		read_clock(status, &pipewire->clock);
	}
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		read_whole(&status->direction[d], &jack->direction[d],
			   pw ? &pw[d] : NULL);
}
