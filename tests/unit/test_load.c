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
#include <sched.h>
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
	CU_ASSERT_EQUAL(leat_load_part_attach(&shm, forge(0, 0, MOST_BYTES)),
			0);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(
		leat_load_part_attach(&shm, forge(0, 0, MOST_BYTES + 4096)),
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

/* Each histogram of each side is the one that it is said to be. */
static void test_each_kind_is_read(void)
{
	struct leat_side_load recorded;
	struct node host, guest;
	struct leat_load *load;

	open_both(&host, &guest);
	for (uint64_t kind = 0; kind < LEAT_N_LOAD_KINDS; kind++) {
		leat_histogram_add(&leat_host_load(host.host)->histogram[kind],
				   100 + kind);
		leat_histogram_add(
			&leat_guest_load(guest.guest)->histogram[kind],
			200 + kind);
	}
	CU_ASSERT_EQUAL_FATAL(ask(&load, &host, &guest), 0);
	for (uint64_t side = 0; side < LEAT_N_LOAD_SIDES; side++) {
		memset(&recorded, 0xff, sizeof(recorded));
		leat_load_read(load, (enum leat_load_side)side, &recorded);
		for (uint64_t kind = 0; kind < LEAT_N_LOAD_KINDS; kind++) {
			CU_ASSERT_EQUAL(recorded.histogram[kind].n, 1);
			CU_ASSERT_EQUAL(recorded.histogram[kind].max_ns,
					100 * (side + 1) + kind);
		}
	}
	leat_load_close(load);
	close_both(&host, &guest);
}

/* By its name, with its host in this thread. */
struct opening {
	struct leat_load *load;
	int res;
	bool over;
};

static void *open_by_name(void *user)
{
	struct opening *opening = user;

	opening->res = leat_load_open(&opening->load, NODE_LINK);
	__atomic_store_n(&opening->over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void test_opened_by_name(void)
{
	int64_t until_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	struct opening opening = { NULL, 1, false };
	unsigned n_fds = unit_count_fds();
	struct leat_side_load jack;
	struct node host, guest;
	pthread_t opener;

	open_both(&host, &guest);
	leat_histogram_add(
		&leat_host_load(host.host)->histogram[LEAT_LOAD_DURATION], 77);
	CU_ASSERT_FATAL(pthread_create(&opener, NULL, open_by_name, &opening) ==
			0);
	while (!__atomic_load_n(&opening.over, __ATOMIC_ACQUIRE) &&
	       unit_now_ms() < until_ms) {
		node_settle(&host, &guest);
		sched_yield();
	}
	pthread_join(opener, NULL);
	CU_ASSERT_EQUAL_FATAL(opening.res, 0);
	close_both(&host, &guest);
	/* What it was stays readable. */
	leat_load_read(opening.load, LEAT_LOAD_JACK, &jack);
	CU_ASSERT_EQUAL(jack.histogram[LEAT_LOAD_DURATION].max_ns, 77);
	leat_load_close(opening.load);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	leat_load_close(NULL);
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
	/* Nor is anything lost that was read of the one before. */
	n_read = 5;
	CU_ASSERT_EQUAL(leat_load_cycles(load, LEAT_LOAD_PIPEWIRE, &n_read,
					 cycles, &n_lost),
			0);
	CU_ASSERT_EQUAL(n_lost, 0);
	CU_ASSERT_EQUAL(leat_load_n_cycles(load, LEAT_LOAD_PIPEWIRE), 0);
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

/* ---- answers that we make ourselves ---- */

static void make_pair(int pair[2])
{
	CU_ASSERT_FATAL(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			   pair) == 0);
}

/* The answer of a host with these load parts, whose descriptors it takes. */
static int answer(struct leat_load **load, uint32_t loads, int part,
		  int other_part)
{
	struct leat_message message;
	struct leat_shm status;
	int pair[2];

	make_pair(pair);
	CU_ASSERT_FATAL(leat_side_create(&status) == 0);
	leat_message_init(&message, LEAT_MESSAGE_STATUS);
	message.body.status.loads = loads;
	say(pair[0], &message, (int[]){ status.fd, part, other_part },
	    1u + (part >= 0) + (other_part >= 0));
	leat_shm_finish(&status);
	close(pair[0]);
	if (part >= 0)
		close(part);
	if (other_part >= 0)
		close(other_part);
	return leat_load_answer(load, pair[1]);
}

static bool knows(const struct leat_load *load, enum leat_load_side side)
{
	static struct leat_side_load recorded;

	leat_load_read(load, side, &recorded);
	return recorded.known;
}

static struct leat_load *const not_null = (struct leat_load *)&words;

/* Each bit stands for a part of its own. */
static void test_parts_of_an_answer(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_load *load;

	CU_ASSERT_EQUAL_FATAL(answer(&load, 0, -1, -1), 0);
	CU_ASSERT_FALSE(knows(load, LEAT_LOAD_JACK));
	CU_ASSERT_FALSE(knows(load, LEAT_LOAD_PIPEWIRE));
	CU_ASSERT_EQUAL(leat_load_n_taps(load), LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(leat_load_n_cycles(load, LEAT_LOAD_JACK), 0);
	leat_load_close(load);
	CU_ASSERT_EQUAL_FATAL(
		answer(&load, LEAT_STATUS_JACK_LOAD, forge(0, 0, 28672), -1),
		0);
	CU_ASSERT_TRUE(knows(load, LEAT_LOAD_JACK));
	CU_ASSERT_FALSE(knows(load, LEAT_LOAD_PIPEWIRE));
	leat_load_close(load);
	CU_ASSERT_EQUAL_FATAL(answer(&load, LEAT_STATUS_PIPEWIRE_LOAD,
				     forge(0, 0, 28672), -1),
			      0);
	CU_ASSERT_FALSE(knows(load, LEAT_LOAD_JACK));
	CU_ASSERT_TRUE(knows(load, LEAT_LOAD_PIPEWIRE));
	leat_load_close(load);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_answers_that_are_none(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_load *load = not_null;
	int pair[2];

	/* One part will do, and the other one will not. */
	CU_ASSERT_EQUAL(answer(&load, 3, forge(0, 0, 28672), forge(0, 1, 4096)),
			-EPROTO);
	CU_ASSERT_PTR_NULL(load);
	load = not_null;
	make_pair(pair);
	say_type(pair[0], LEAT_MESSAGE_HELLO, 0);
	CU_ASSERT_EQUAL(leat_load_answer(&load, pair[1]), -EPROTO);
	CU_ASSERT_PTR_NULL(load);
	close(pair[0]);
	load = not_null;
	make_pair(pair);
	/* Not yet: it is still there to be asked. */
	CU_ASSERT_EQUAL(leat_load_answer(&load, pair[1]), -EAGAIN);
	CU_ASSERT_PTR_NULL(load);
	close(pair[0]);
	CU_ASSERT_EQUAL(leat_load_answer(&load, pair[1]), -ENOENT);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
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

/* Words of our own, which are read as JACK's. */
static struct leat_load_words *open_own(struct leat_load **load,
					struct leat_shm *shm)
{
	CU_ASSERT_FATAL(leat_load_part_create(shm) == 0);
	CU_ASSERT_EQUAL_FATAL(
		answer(load, LEAT_STATUS_JACK_LOAD, dup(shm->fd), -1), 0);
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
	{ "part", "the last byte", test_the_last_byte_counts },
	{ "recording", "long and late", test_only_long_and_late_ones_are_kept },
	{ "recording", "unknown", test_what_is_unknown_is_not_recorded },
	{ "recording", "times", test_times },
	{ "link", "both sides", test_both_sides_are_read },
	{ "link", "each kind", test_each_kind_is_read },
	{ "link", "by name", test_opened_by_name },
	{ "link", "one side", test_a_side_that_is_away_is_not_known },
	{ "link", "none", test_nobody_hosts_it },
	{ "older", "tool", test_an_older_tool },
	{ "older", "guest", test_an_older_guest },
	{ "answer", "its parts", test_parts_of_an_answer },
	{ "answer", "none", test_answers_that_are_none },
	{ "hostile", "no part", test_a_part_that_is_none },
	{ "hostile", "two parts", test_a_second_part },
	{ "cycles", "in order", test_cycles_come_once_and_in_order },
	{ "cycles", "old", test_old_cycles_are_passed_over },
	{ "cycles", "back", test_what_went_back_is_read_anew },
	{ "cycles", "torn", test_torn_cycles_are_lost },
	{ "cycles", "all of one", test_all_of_a_cycle_is_read },
	{ "cycles", "whole", test_cycles_are_whole_while_written },
};

UNIT_MAIN(tests)
