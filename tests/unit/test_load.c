/* SPDX-License-Identifier: MIT */
#include <leat/load.h>

#include "helpers.h"
#include "link/histogram.h"
#include "link/load_part.h"
#include "link/load_record.h"
#include "node.h"
#include "peers.h"
#include "runner.h"
#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ---- the part ---- */

static void test_new_part_has_nothing(void)
{
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
	leat_shm_finish(&shm);
	CU_ASSERT_PTR_NULL(leat_load_part_words(&shm));
}

/* A part of a peer's, with one word changed and so many bytes. */
static int forge(size_t offset, int flip, size_t n_bytes)
{
	struct leat_shm shm, whole;
	int fd;

	CU_ASSERT_FATAL(leat_load_part_create(&whole) == 0);
	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", n_bytes) == 0);
	memcpy(shm.addr, whole.addr,
	       n_bytes < whole.size_bytes ? n_bytes : whole.size_bytes);
	((unsigned char *)shm.addr)[offset] ^= (unsigned char)flip;
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	leat_shm_finish(&whole);
	return fd;
}

static void test_attach_refuses(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge(0, 0, 28672)), 0);
	CU_ASSERT_PTR_NOT_NULL(leat_load_part_words(&shm));
	leat_shm_finish(&shm);
	for (size_t i = 0; i < sizeof(struct leat_part_header); i++) {
		/* It may be of any size that is there. */
		if (i == 16 || i == 17)
			continue;
		CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge(i, 1, 28672)),
				-EPROTO);
		CU_ASSERT_EQUAL(shm.fd, -1);
	}
	/* It says that it is larger than it is, or is larger than any. */
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge(17, 0x80, 28672)),
			-EPROTO);
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge(0, 0, 4096)),
			-EPROTO);
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge(0, 0, 2 << 20)),
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
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge(words, 7, 65536)), 0);
	CU_ASSERT_PTR_NOT_NULL(leat_load_part_words(&shm));
	leat_shm_finish(&shm);
	/* A kind less, another number of buckets, of slots. */
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(leat_load_part_attach(
					&shm, forge(words + 8 * i, 1, 28672)),
				0);
		CU_ASSERT_PTR_NULL(leat_load_part_words(&shm));
		leat_shm_finish(&shm);
	}
}

/* Its header says so much, and there is no more: nothing is read beyond. */
static void test_a_short_part_is_not_read(void)
{
	struct leat_shm shm;
	int fd = forge(17, 0x60, 4096); /* 28672 becomes 4096 */

	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, fd), 0);
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

/* ---- through a link ---- */

static void open_both(struct node *host, struct node *guest)
{
	struct leat_link_spec spec = node_spec();

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(node_host(host, &spec) == 0);
	CU_ASSERT_FATAL(node_guest(guest) == 0);
	CU_ASSERT_FATAL(node_connect(guest));
	node_settle(host, guest);
}

static void close_both(struct node *host, struct node *guest)
{
	node_close(guest);
	node_close(host);
	unit_rundir_remove();
}

/* Ask as leat_load_open() does, with the host in this thread. */
static int ask(struct leat_load **load, struct node *host, struct node *guest)
{
	int fd = leat_status_ask(NODE_LINK);

	CU_ASSERT_FATAL(fd >= 0);
	node_settle(host, guest);
	return leat_load_answer(load, fd);
}

static void test_both_sides_are_read(void)
{
	struct leat_side_load jack, pipewire;
	struct leat_link_status status;
	unsigned n_fds = unit_count_fds();
	struct node host, guest;
	struct leat_load *load;

	open_both(&host, &guest);
	leat_histogram_add(
		&leat_host_load(host.host)->histogram[LEAT_LOAD_WAKEUP], 5000);
	leat_histogram_add(
		&leat_guest_load(guest.guest)->histogram[LEAT_LOAD_INTERVAL],
		7000);
	leat_word_set(&leat_host_status(host.host)->xruns, 3);
	CU_ASSERT_EQUAL_FATAL(ask(&load, &host, &guest), 0);
	leat_load_read(load, LEAT_LOAD_JACK, &jack);
	leat_load_read(load, LEAT_LOAD_PIPEWIRE, &pipewire);
	CU_ASSERT_TRUE(jack.known && pipewire.known);
	CU_ASSERT_EQUAL(jack.histogram[LEAT_LOAD_WAKEUP].max_ns, 5000);
	CU_ASSERT_EQUAL(jack.histogram[LEAT_LOAD_INTERVAL].n, 0);
	CU_ASSERT_EQUAL(pipewire.histogram[LEAT_LOAD_INTERVAL].n, 1);
	leat_load_status(load, &status);
	CU_ASSERT_EQUAL(status.jack.xruns, 3);
	CU_ASSERT_TRUE(status.pipewire.present);
	CU_ASSERT_EQUAL(leat_load_n_taps(load), 0);
	leat_load_close(load);
	close_both(&host, &guest);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_a_side_that_is_away_is_not_known(void)
{
	struct leat_link_spec spec = node_spec();
	struct node host, nobody_else = { 0 };
	struct leat_side_load pipewire;
	struct leat_load_cycle cycles[LEAT_LOAD_N_SLOTS];
	uint64_t n_read = 0, n_lost;
	struct leat_load *load;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(node_host(&host, &spec) == 0);
	CU_ASSERT_EQUAL_FATAL(ask(&load, &host, &nobody_else), 0);
	memset(&pipewire, 0xff, sizeof(pipewire));
	leat_load_read(load, LEAT_LOAD_PIPEWIRE, &pipewire);
	CU_ASSERT_FALSE(pipewire.known);
	CU_ASSERT_EQUAL(pipewire.histogram[LEAT_LOAD_DURATION].n, 0);
	CU_ASSERT_EQUAL(leat_load_cycles(load, LEAT_LOAD_PIPEWIRE, &n_read,
					 cycles, &n_lost),
			0);
	CU_ASSERT_EQUAL(n_lost, 0);
	leat_load_close(load);
	node_close(&host);
	unit_rundir_remove();
}

static void test_nobody_hosts_it(void)
{
	struct leat_load *load = (struct leat_load *)&words;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL(leat_load_open(&load, NODE_LINK), -ENOENT);
	CU_ASSERT_PTR_NULL(load);
	CU_ASSERT_EQUAL(leat_load_open(&load, "/"), -EINVAL);
	unit_rundir_remove();
}

/* ---- with programs that are older ---- */

/* A tool that does not ask for it gets what it always got. */
static void test_an_older_tool(void)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];
	struct node host, guest;
	int fd;

	open_both(&host, &guest);
	fd = leat_connect(NODE_LINK, NULL);
	CU_ASSERT_FATAL(fd >= 0);
	say_type(fd, LEAT_MESSAGE_HELLO, 0);
	node_settle(&host, &guest);
	CU_ASSERT_EQUAL_FATAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.n_fds, 2);
	CU_ASSERT_EQUAL(message.body.status.loads, 0);
	close_all(fds);
	close(fd);
	close_both(&host, &guest);
}

/* A guest that sends none is fine; the tool is told of the host's alone. */
static void test_an_older_guest(void)
{
	struct leat_side_load jack, pipewire;
	struct host_test test;
	struct leat_load *load;

	host_open(&test);
	say_hello(&test);
	CU_ASSERT_EQUAL_FATAL(ask(&load, &test.host, &nobody), 0);
	leat_load_read(load, LEAT_LOAD_JACK, &jack);
	leat_load_read(load, LEAT_LOAD_PIPEWIRE, &pipewire);
	CU_ASSERT_TRUE(jack.known);
	CU_ASSERT_FALSE(pipewire.known);
	leat_load_close(load);
	host_close(&test);
}

/* ---- of a guest that lies ---- */

static void say_load(struct host_test *test, int fd)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_LOAD);
	say(test->fd, &message, &fd, 1);
	close(fd);
	host_settle(test);
}

static void test_a_part_that_is_none(void)
{
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	say_load(&test, eventfd(0, EFD_CLOEXEC));
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	host_close(&test);
}

static void test_a_second_part(void)
{
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	say_load(&test, forge(0, 0, 28672));
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	say_load(&test, forge(0, 0, 28672));
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	host_close(&test);
}

/* ---- cycles by themselves ---- */

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

	open_both(&host, &guest);
	own = leat_host_load(host.host);
	CU_ASSERT_EQUAL_FATAL(ask(&load, &host, &guest), 0);
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
	close_both(&host, &guest);
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

	open_both(&host, &guest);
	CU_ASSERT_EQUAL_FATAL(ask(&load, &host, &guest), 0);
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
	close_both(&host, &guest);
}

static const struct unit_test tests[] = {
	{ "part", "new", test_new_part_has_nothing },
	{ "part", "forged", test_attach_refuses },
	{ "part", "other layouts", test_other_layouts_are_not_read },
	{ "part", "short", test_a_short_part_is_not_read },
	{ "recording", "long and late", test_only_long_and_late_ones_are_kept },
	{ "recording", "unknown", test_what_is_unknown_is_not_recorded },
	{ "recording", "times", test_times },
	{ "link", "both sides", test_both_sides_are_read },
	{ "link", "one side", test_a_side_that_is_away_is_not_known },
	{ "link", "none", test_nobody_hosts_it },
	{ "older", "tool", test_an_older_tool },
	{ "older", "guest", test_an_older_guest },
	{ "hostile", "no part", test_a_part_that_is_none },
	{ "hostile", "two parts", test_a_second_part },
	{ "cycles", "in order", test_cycles_come_once_and_in_order },
	{ "cycles", "whole", test_cycles_are_whole_while_written },
};

UNIT_MAIN(tests)
