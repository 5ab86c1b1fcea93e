/* SPDX-License-Identifier: MIT */
#include "link/stamp.h"

#include <leat/inline/atomics.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <sched.h>
#include <string.h>

static struct leat_stamp numbered(uint64_t n)
{
	return (struct leat_stamp){ n, n * 3 + 1, ~n };
}

static bool whole(const struct leat_stamp *stamp)
{
	struct leat_stamp expected = numbered(stamp->index);

	return memcmp(stamp, &expected, sizeof(expected)) == 0;
}

static void test_torn_words_are_never_seen(void)
{
	struct leat_stamp_words words = { 0 };
	struct leat_stamp stamp = numbered(5), before = stamp;

	leat_word_set(&words.sequence, 1);
	CU_ASSERT_FALSE(leat_stamp_read(&words, &stamp));
	CU_ASSERT_EQUAL(memcmp(&stamp, &before, sizeof(stamp)), 0);
	leat_word_set(&words.sequence, UINT64_MAX - 1);
	leat_stamp_write(&words, &before);
	CU_ASSERT_EQUAL(leat_word_peek(&words.sequence), 0);
	stamp = numbered(1);
	CU_ASSERT_TRUE(leat_stamp_read(&words, &stamp));
	CU_ASSERT_TRUE(whole(&stamp));
	CU_ASSERT_EQUAL(stamp.index, 5);
}

/* ---- a writer who comes between two loads, at each of them in turn ---- */

struct intruder {
	struct leat_stamp_words *words;
	struct leat_stamp_log *log;
	int n_until; /* loads until it writes */
};

static struct intruder intruder;

static uint64_t interrupted_peek(const struct leat_word *word)
{
	uint64_t value = leat_word_peek(word);
	struct leat_stamp stamp = numbered(100);

	if (--intruder.n_until != 0)
		return value;
	if (intruder.words)
		leat_stamp_write(intruder.words, &stamp);
	for (uint32_t i = 0; intruder.log && i < LEAT_STAMP_LOG_SIZE; i++)
		leat_stamp_log_write(intruder.log, &stamp);
	return value;
}

/* The library's own lines once more, with loads that can be interrupted. */
bool interrupted_read(const struct leat_stamp_words *words,
		      struct leat_stamp *stamp);
uint32_t interrupted_log_read(const struct leat_stamp_log *log,
			      uint64_t *n_read,
			      struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE]);
void unused_write(struct leat_stamp_words *words,
		  const struct leat_stamp *stamp);
void unused_log_write(struct leat_stamp_log *log,
		      const struct leat_stamp *stamp);

#define leat_word_peek interrupted_peek
#define leat_stamp_read interrupted_read
#define leat_stamp_log_read interrupted_log_read
#define leat_stamp_write unused_write
#define leat_stamp_log_write unused_log_write
#include "link/stamp.c"
#undef leat_word_peek
#undef leat_stamp_read
#undef leat_stamp_log_read
#undef leat_stamp_write
#undef leat_stamp_log_write

static void test_interrupted_reads(void)
{
	for (int n = 1; n <= 4; n++) {
		struct leat_stamp_words words = { 0 };
		struct leat_stamp stamp = numbered(7);

		leat_stamp_write(&words, &stamp);
		intruder = (struct intruder){ .words = &words, .n_until = n };
		CU_ASSERT_TRUE(interrupted_read(&words, &stamp));
		CU_ASSERT_TRUE(whole(&stamp));
		/* After the last load it is too late to be seen. */
		CU_ASSERT_EQUAL(stamp.index, n < 4 ? 100 : 7);
	}
}

static void test_interrupted_log(void)
{
	for (int n = 1; n <= 8; n++) {
		static struct leat_stamp_log log;
		struct leat_stamp stamp = numbered(7);
		struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE];
		uint64_t n_read = 0;
		uint32_t n_got;

		log = (struct leat_stamp_log){ 0 };
		leat_stamp_log_write(&log, &stamp);
		leat_stamp_log_write(&log, &stamp);
		intruder = (struct intruder){ .log = &log, .n_until = n };
		n_got = interrupted_log_read(&log, &n_read, stamps);
		for (uint32_t i = 0; i < n_got; i++)
			CU_ASSERT(whole(&stamps[i]) && stamps[i].index == 7);
		CU_ASSERT_EQUAL(n_got, n < 4 ? 0 : n < 8 ? 1 : 2);
	}
}

static void test_log_in_order(void)
{
	static struct leat_stamp_log log;
	struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE];
	uint64_t n_read = 0, next = 0;

	CU_ASSERT_EQUAL(leat_stamp_log_read(&log, &n_read, stamps), 0);
	for (uint64_t n = 0; n < 1000; n++) {
		struct leat_stamp stamp = numbered(n);
		uint32_t n_new;

		leat_stamp_log_write(&log, &stamp);
		if (n % 37 != 0)
			continue;
		n_new = leat_stamp_log_read(&log, &n_read, stamps);
		for (uint32_t i = 0; i < n_new; i++)
			CU_ASSERT_EQUAL(stamps[i].index, next++);
		CU_ASSERT_EQUAL(next, n + 1);
	}
}

static void test_log_overtaken(void)
{
	static struct leat_stamp_log log;
	struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE];
	uint64_t n_read = 0;

	for (uint64_t n = 0; n < 3 * LEAT_STAMP_LOG_SIZE + 7; n++) {
		struct leat_stamp stamp = numbered(n);

		leat_stamp_log_write(&log, &stamp);
	}
	CU_ASSERT_EQUAL(leat_stamp_log_read(&log, &n_read, stamps),
			LEAT_STAMP_LOG_SIZE);
	CU_ASSERT_EQUAL(stamps[0].index, 2 * LEAT_STAMP_LOG_SIZE + 7);
	CU_ASSERT_EQUAL(n_read, 3 * LEAT_STAMP_LOG_SIZE + 7);
	/* A slot that is being written is left out; a lie is not believed. */
	leat_word_set(&log.slots[8].number, 0);
	n_read = 0;
	CU_ASSERT_EQUAL(leat_stamp_log_read(&log, &n_read, stamps),
			LEAT_STAMP_LOG_SIZE - 1);
	leat_word_set(&log.n_written, UINT64_MAX);
	CU_ASSERT_EQUAL(leat_stamp_log_read(&log, &n_read, stamps), 0);
	leat_word_set(&log.n_written, 3);
	CU_ASSERT(leat_stamp_log_read(&log, &n_read, stamps) <= 3);
}

struct race {
	struct leat_stamp_words words;
	struct leat_stamp_log log;
	bool end;
};

static void *write_on(void *user)
{
	struct race *race = user;

	for (uint64_t n = 0; !__atomic_load_n(&race->end, __ATOMIC_RELAXED);
	     n++) {
		struct leat_stamp stamp = numbered(n);

		leat_stamp_write(&race->words, &stamp);
		leat_stamp_log_write(&race->log, &stamp);
		/* A writer that never rests leaves nothing to be read. */
		if (n % 50 == 0)
			sched_yield();
	}
	return NULL;
}

static void test_race(void)
{
	static struct race race;
	struct leat_stamp stamp = numbered(0);
	struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE];
	uint64_t n_read = 0, n_torn = 0, n_back = 0, n_seen = 0, last = 0;
	pthread_t thread;

	leat_stamp_write(&race.words, &stamp);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_on, &race),
			      0);
	for (int i = 0; i < 100000 || (n_seen < 1000 && i < 200000000); i++) {
		uint32_t n = leat_stamp_log_read(&race.log, &n_read, stamps);

		for (uint32_t k = 0; k < n; k++) {
			n_torn += !whole(&stamps[k]);
			n_back += n_seen++ > 0 && stamps[k].index <= last;
			last = stamps[k].index;
		}
		if (leat_stamp_read(&race.words, &stamp))
			n_torn += !whole(&stamp);
	}
	__atomic_store_n(&race.end, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(n_torn, 0);
	CU_ASSERT_EQUAL(n_back, 0);
	CU_ASSERT(n_seen >= 1000);
}

static const struct unit_test tests[] = {
	{ "stamp", "torn", test_torn_words_are_never_seen },
	{ "stamp", "interrupted", test_interrupted_reads },
	{ "log", "interrupted", test_interrupted_log },
	{ "log", "in order", test_log_in_order },
	{ "log", "overtaken", test_log_overtaken },
	{ "both", "race", test_race },
};

UNIT_MAIN(tests)
