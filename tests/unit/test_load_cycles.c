/* SPDX-License-Identifier: MIT */
/* <leat/load.h>: cycles one by one, those that are lost, and torn ones. */
#include <leat/load.h>

#include "link/load_part.h"
#include "link/load_record.h"
#include "link/proto.h"
#include "load_rig.h"
#include "node.h"
#include "runner.h"
#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static uint32_t read_cycles(const struct leat_load *load, uint64_t *n_read,
			    struct leat_load_cycle *cycles, uint64_t *n_lost)
{
	return leat_load_cycles(load, LEAT_LOAD_JACK, n_read, cycles, n_lost);
}

static void keep_in(struct leat_load_words *to, uint64_t start_ns)
{
	leat_load_record(to, &(struct leat_load_cycle){
				     .start_ns = start_ns,
				     .duration_ns = start_ns + 1,
				     .interval_ns = start_ns + 2,
				     .wakeup_ns = start_ns + 3,
				     .period_ns = 0,
			     });
}

static void test_cycles_come_once_and_in_order(void)
{
	struct leat_load_cycle cycles[LEAT_LOAD_N_SLOTS];
	uint64_t n_read = 0, n_lost = 9;
	struct leat_load_words *own;
	struct node host, guest;
	struct leat_load *load;

	load_open_both(&host, &guest);
	own = leat_host_load(host.host);
	CU_ASSERT_EQUAL_FATAL(load_ask(&load, &host, &guest), 0);
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost), 0);
	keep_in(own, 10);
	keep_in(own, 20);
	CU_ASSERT_EQUAL(leat_load_n_cycles(load, LEAT_LOAD_JACK), 2);
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost), 2);
	CU_ASSERT_EQUAL(n_lost, 0);
	CU_ASSERT_EQUAL(cycles[0].start_ns, 10);
	CU_ASSERT_EQUAL(cycles[1].start_ns, 20);
	CU_ASSERT_EQUAL(cycles[1].duration_ns, 21);
	CU_ASSERT_EQUAL(cycles[1].interval_ns, 22);
	CU_ASSERT_EQUAL(cycles[1].wakeup_ns, 23);
	CU_ASSERT_EQUAL(cycles[1].period_ns, 0);
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost), 0);
	/* More than there is room for. */
	for (uint64_t i = 0; i < LEAT_LOAD_N_SLOTS + 5; i++)
		keep_in(own, 100 + i);
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost),
			LEAT_LOAD_N_SLOTS);
	CU_ASSERT_EQUAL(n_lost, 5);
	CU_ASSERT_EQUAL(cycles[0].start_ns, 105);
	CU_ASSERT_EQUAL(cycles[LEAT_LOAD_N_SLOTS - 1].start_ns, 232);
	/* It goes backwards, or far ahead: what is there is read, no more. */
	leat_word_set(&own->n_written, 3);
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost), 0);
	CU_ASSERT_EQUAL(n_lost, 3);
	CU_ASSERT_EQUAL(n_read, 3);
	leat_word_set(&own->n_written, UINT64_MAX - 1);
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost), 0);
	CU_ASSERT_EQUAL(n_read, UINT64_MAX - 1);
	CU_ASSERT_EQUAL(n_lost, UINT64_MAX - 4);
	leat_load_close(load);
	load_close_both(&host, &guest);
}

/* Words of our own, which are read as JACK's. */
static struct leat_load_words *open_own(struct leat_load **load,
					struct leat_shm *shm)
{
	CU_ASSERT_FATAL(leat_load_part_create(shm) == 0);
	CU_ASSERT_EQUAL_FATAL(
		load_answer(load, LEAT_STATUS_JACK_LOAD, dup(shm->fd), -1), 0);
	return leat_load_part_own(shm);
}

static void close_own(struct leat_load *load, struct leat_shm *shm)
{
	leat_load_close(load);
	leat_shm_finish(shm);
}

static void keep_many_in(struct leat_load_words *to, uint64_t n_cycles)
{
	for (uint64_t i = 1; i <= n_cycles; i++)
		keep_in(to, 10 * i);
}

/* From there on; all of them, without those that are lost. */
static void expect_cycles(const struct leat_load *load, uint64_t n_read,
			  uint64_t n_written, uint64_t n_lost_wanted)
{
	static struct leat_load_cycle cycles[LEAT_LOAD_N_SLOTS];
	uint64_t n_wanted = n_written < n_read + n_lost_wanted
				    ? 0
				    : n_written - n_read - n_lost_wanted;
	uint64_t n_lost = UINT64_MAX;
	uint32_t n = read_cycles(load, &n_read, cycles, &n_lost);

	CU_ASSERT_EQUAL(n, n_wanted);
	CU_ASSERT_EQUAL(n_lost, n_lost_wanted);
	CU_ASSERT_EQUAL(n_read, n_written);
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(cycles[i].start_ns,
				10 * (n_written - n + i + 1));
}

static void test_old_cycles_are_passed_over(void)
{
	struct leat_load_words *own;
	struct leat_load *load;
	struct leat_shm shm;

	own = open_own(&load, &shm);
	keep_many_in(own, LEAT_LOAD_N_SLOTS);
	expect_cycles(load, 0, 128, 0);
	expect_cycles(load, 127, 128, 0);
	expect_cycles(load, 128, 128, 0);
	keep_in(own, 1290);
	expect_cycles(load, 0, 129, 1);
	expect_cycles(load, 1, 129, 0);
	expect_cycles(load, 129, 129, 0);
	keep_in(own, 1300);
	expect_cycles(load, 0, 130, 2);
	close_own(load, &shm);
}

/* Of another process before: all that is there is new. */
static void test_what_went_back_is_read_anew(void)
{
	static struct leat_load_cycle cycles[LEAT_LOAD_N_SLOTS];
	struct leat_load_words *own;
	struct leat_load *load;
	uint64_t n_read = 4, n_lost;
	struct leat_shm shm;

	own = open_own(&load, &shm);
	keep_many_in(own, 3);
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost), 3);
	CU_ASSERT_EQUAL(n_read, 3);
	CU_ASSERT_EQUAL(n_lost, 0);
	CU_ASSERT_EQUAL(cycles[0].start_ns, 10);
	close_own(load, &shm);
}

/* One that is being written, and those before it, are lost. */
static void test_torn_cycles_are_lost(void)
{
	struct leat_load_words *own;
	struct leat_load *load;
	struct leat_shm shm;

	own = open_own(&load, &shm);
	keep_many_in(own, 6);
	for (uint64_t i = 0; i < 6; i++) {
		leat_word_set(&own->slots[i].number, 0);
		expect_cycles(load, 0, 6, i + 1);
		/* Or is a later one. */
		leat_word_set(&own->slots[i].number, i + 1 + 128);
		expect_cycles(load, 0, 6, i + 1);
		leat_word_set(&own->slots[i].number, i + 1);
	}
	/* Two of them, and some that were overwritten. */
	for (uint64_t i = 7; i <= 130; i++)
		keep_in(own, 10 * i);
	expect_cycles(load, 0, 130, 2);
	leat_word_set(&own->slots[4].number, 0);
	leat_word_set(&own->slots[7].number, 0);
	expect_cycles(load, 0, 130, 8);
	close_own(load, &shm);
}

static void test_all_of_a_cycle_is_read(void)
{
	struct leat_load_cycle cycles[LEAT_LOAD_N_SLOTS];
	const struct leat_load_cycle kept = { 11, 22, 33, 44, 15 };
	struct leat_load_words *own;
	uint64_t n_read = 0, n_lost;
	struct leat_load *load;
	struct leat_shm shm;

	own = open_own(&load, &shm);
	leat_load_record(own, &kept);
	memset(cycles, 0xff, sizeof(cycles));
	CU_ASSERT_EQUAL(read_cycles(load, &n_read, cycles, &n_lost), 1);
	CU_ASSERT_EQUAL(memcmp(&cycles[0], &kept, sizeof(kept)), 0);
	close_own(load, &shm);
}

/* One writes as fast as it can, the other reads: each is whole, or lost. */
static void *keep_many(void *user)
{
	for (uint64_t i = 1; i <= 200000; i++)
		keep_in(user, i * 16);
	return NULL;
}

static bool is_whole(const struct leat_load_cycle *cycle)
{
	return cycle->start_ns % 16 == 0 &&
	       cycle->duration_ns == cycle->start_ns + 1 &&
	       cycle->interval_ns == cycle->start_ns + 2 &&
	       cycle->wakeup_ns == cycle->start_ns + 3;
}

static void test_cycles_are_whole_while_written(void)
{
	struct leat_load_cycle cycles[LEAT_LOAD_N_SLOTS];
	uint64_t n_read = 0, n_lost, n_seen = 0, last_ns = 0;
	unsigned n_wrong = 0;
	struct node host, guest;
	struct leat_load *load;
	pthread_t writer;

	load_open_both(&host, &guest);
	CU_ASSERT_EQUAL_FATAL(load_ask(&load, &host, &guest), 0);
	CU_ASSERT_FATAL(pthread_create(&writer, NULL, keep_many,
				       leat_host_load(host.host)) == 0);
	while (n_read < 200000) {
		uint32_t n = read_cycles(load, &n_read, cycles, &n_lost);

		for (uint32_t i = 0; i < n; i++) {
			n_wrong += !is_whole(&cycles[i]);
			n_wrong += cycles[i].start_ns <= last_ns;
			last_ns = cycles[i].start_ns;
		}
		n_seen += n + n_lost;
	}
	pthread_join(writer, NULL);
	CU_ASSERT_EQUAL(n_wrong, 0);
	CU_ASSERT_EQUAL(n_seen, 200000);
	CU_ASSERT_EQUAL(last_ns, 200000 * 16);
	leat_load_close(load);
	load_close_both(&host, &guest);
}

static const struct unit_test tests[] = {
	{ "cycles", "in order", test_cycles_come_once_and_in_order },
	{ "cycles", "old", test_old_cycles_are_passed_over },
	{ "cycles", "back", test_what_went_back_is_read_anew },
	{ "cycles", "torn", test_torn_cycles_are_lost },
	{ "cycles", "all of one", test_all_of_a_cycle_is_read },
	{ "cycles", "whole", test_cycles_are_whole_while_written },
};

UNIT_MAIN(tests)
