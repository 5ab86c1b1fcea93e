/* SPDX-License-Identifier: MIT */
/* Load parts: what is one, and what is recorded in it. */
#include <leat/load.h>

#include "link/load_part.h"
#include "link/load_record.h"
#include "load_rig.h"
#include "peers.h"
#include "runner.h"
#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A larger part than this is none. */
#define MOST_BYTES ((size_t)1 << 20)

/* ---- the part ---- */

static void test_new_part_has_nothing(void)
{
	const struct leat_part_header *header;
	const struct leat_load_words *words;
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_load_part_create(&shm) == 0);
	words = leat_load_part_words(&shm);
	CU_ASSERT_PTR_NOT_NULL_FATAL(words);
	CU_ASSERT_EQUAL(leat_word_peek(&words->n_kinds), 3);
	CU_ASSERT_EQUAL(leat_word_peek(&words->n_buckets), 800);
	CU_ASSERT_EQUAL(leat_word_peek(&words->n_slots), 128);
	CU_ASSERT_EQUAL(leat_word_peek(&words->n_taps), LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(leat_word_peek(&words->n_written), 0);
	header = shm.addr;
	CU_ASSERT_EQUAL(header->version, 2);
	CU_ASSERT_EQUAL(header->total_bytes, 28672);
	CU_ASSERT_EQUAL(header->generation, 0);
	CU_ASSERT_EQUAL(header->reserved[47], 0);
	leat_shm_finish(&shm);
	CU_ASSERT_PTR_NULL(leat_load_part_words(&shm));
}

static void test_attach_refuses(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, load_forge(0, 0, 28672)),
			0);
	CU_ASSERT_PTR_NOT_NULL(leat_load_part_words(&shm));
	leat_shm_finish(&shm);
	for (size_t i = 0; i < sizeof(struct leat_part_header); i++) {
		/* It may be of any size that is there. */
		if (i == 16 || i == 17)
			continue;
		CU_ASSERT_EQUAL(
			leat_load_part_attach(&shm, load_forge(i, 1, 28672)),
			-EPROTO);
		CU_ASSERT_EQUAL(shm.fd, -1);
	}
	/* It says that it is larger than it is, or is larger than any. */
	CU_ASSERT_EQUAL(
		leat_load_part_attach(&shm, load_forge(17, 0x80, 28672)),
		-EPROTO);
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, load_forge(0, 0, 4096)),
			-EPROTO);
	CU_ASSERT_EQUAL(
		leat_load_part_attach(&shm, load_forge(0, 0, MOST_BYTES)), 0);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(leat_load_part_attach(
				&shm, load_forge(0, 0, MOST_BYTES + 4096)),
			-EPROTO);
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, dup(0)), -EPROTO);
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, -1), -EPROTO);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* Of a program that is newer: mapped, and read only as far as it is known. */
static void test_other_layouts_are_not_read(void)
{
	const size_t words = offsetof(struct leat_load_part, words);
	struct leat_shm shm;

	/* A kind more lies behind those that there are. */
	CU_ASSERT_EQUAL(
		leat_load_part_attach(&shm, load_forge(words, 7, 65536)), 0);
	CU_ASSERT_PTR_NOT_NULL(leat_load_part_words(&shm));
	leat_shm_finish(&shm);
	/* A kind less, another number of buckets, of slots. */
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(
			leat_load_part_attach(
				&shm, load_forge(words + 8 * i, 1, 28672)),
			0);
		CU_ASSERT_PTR_NULL(leat_load_part_words(&shm));
		leat_shm_finish(&shm);
	}
}

/* Its header says so much, and there is no more: nothing is read beyond. */
static void test_a_short_part_is_not_read(void)
{
	struct leat_shm shm;
	int fd = load_forge(17, 0x60, 4096); /* 28672 becomes 4096 */

	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, fd), 0);
	CU_ASSERT_PTR_NULL(leat_load_part_words(&shm));
	leat_shm_finish(&shm);
}

/* A part of so many bytes, and not of whole pages. */
static int forge_exactly(size_t n_bytes)
{
	struct leat_shm shm, whole;
	int fd;

	CU_ASSERT_FATAL(leat_load_part_create(&whole) == 0);
	((struct leat_part_header *)whole.addr)->total_bytes = n_bytes;
	CU_ASSERT_FATAL(leat_shm_create_constant(&shm, "unit", whole.addr,
						 n_bytes) == 0);
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	leat_shm_finish(&whole);
	return fd;
}

static void test_the_last_byte_counts(void)
{
	const size_t n_bytes = sizeof(struct leat_load_part);
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge_exactly(n_bytes)), 0);
	CU_ASSERT_PTR_NOT_NULL(leat_load_part_words(&shm));
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge_exactly(n_bytes - 1)),
			0);
	CU_ASSERT_PTR_NULL(leat_load_part_words(&shm));
	leat_shm_finish(&shm);
}

/* ---- recording ---- */

static struct leat_load_words words;

/* In microseconds, of a period of 1000. */
static void record(uint64_t start, uint64_t duration, uint64_t interval)
{
	leat_load_record(&words, &(struct leat_load_cycle){
					 .start_ns = start * 1000,
					 .duration_ns = duration * 1000,
					 .interval_ns = interval * 1000,
					 .wakeup_ns = 7000,
					 .period_ns = 1000000,
				 });
}

static void test_only_long_and_late_ones_are_kept(void)
{
	memset(&words, 0, sizeof(words));
	record(1, 500, 1500);
	CU_ASSERT_EQUAL(leat_word_peek(&words.n_written), 0);
	record(2, 501, 1000);
	CU_ASSERT_EQUAL(leat_word_peek(&words.n_written), 1);
	record(3, 10, 1501);
	CU_ASSERT_EQUAL(leat_word_peek(&words.n_written), 2);
	CU_ASSERT_EQUAL(leat_word_peek(&words.slots[1].start_ns), 3000);
	CU_ASSERT_EQUAL(leat_word_peek(&words.slots[1].duration_ns), 10000);
	CU_ASSERT_EQUAL(leat_word_peek(&words.slots[1].interval_ns), 1501000);
	CU_ASSERT_EQUAL(leat_word_peek(&words.slots[1].wakeup_ns), 7000);
	CU_ASSERT_EQUAL(leat_word_peek(&words.slots[1].period_ns), 1000000);
}

static void test_what_is_unknown_is_not_recorded(void)
{
	struct leat_load_cycle cycle = {
		.start_ns = 5,
		.duration_ns = 1000000,
		.interval_ns = LEAT_UNKNOWN,
		.wakeup_ns = LEAT_UNKNOWN,
		.period_ns = LEAT_UNKNOWN,
	};

	memset(&words, 0, sizeof(words));
	leat_load_record(&words, &cycle);
	CU_ASSERT_EQUAL(
		leat_word_peek(&words.histogram[LEAT_LOAD_DURATION].max_ns),
		1000000);
	CU_ASSERT_EQUAL(
		leat_word_peek(&words.histogram[LEAT_LOAD_INTERVAL].max_ns), 0);
	CU_ASSERT_EQUAL(
		leat_word_peek(&words.histogram[LEAT_LOAD_WAKEUP].max_ns), 0);
	/* No period, so none of them is late. */
	CU_ASSERT_EQUAL(leat_word_peek(&words.n_written), 0);
	/* The first of a stretch may be long, and is not late. */
	cycle.period_ns = 2000000;
	leat_load_record(&words, &cycle);
	CU_ASSERT_EQUAL(leat_word_peek(&words.n_written), 0);
	leat_load_record(NULL, &cycle);
}

static void test_times(void)
{
	CU_ASSERT_EQUAL(leat_load_period_ns(48, 48000), 1000000);
	CU_ASSERT_EQUAL(leat_load_period_ns(48, 0), LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(leat_load_since(100, 60), 40);
	CU_ASSERT_EQUAL(leat_load_since(60, 100), 0);
	CU_ASSERT_EQUAL(leat_load_since(UINT64_C(10000000001), 1),
			UINT64_C(10000000000));
	CU_ASSERT_EQUAL(leat_load_since(UINT64_C(10000000002), 1),
			LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(leat_load_since(1, UINT64_MAX), LEAT_UNKNOWN);
}

static const struct unit_test tests[] = {
	{ "part", "new", test_new_part_has_nothing },
	{ "part", "forged", test_attach_refuses },
	{ "part", "other layouts", test_other_layouts_are_not_read },
	{ "part", "short", test_a_short_part_is_not_read },
	{ "part", "the last byte", test_the_last_byte_counts },
	{ "recording", "long and late", test_only_long_and_late_ones_are_kept },
	{ "recording", "unknown", test_what_is_unknown_is_not_recorded },
	{ "recording", "times", test_times },
};

UNIT_MAIN(tests)
