/* SPDX-License-Identifier: MIT */
/* <leat/load.h>: how a load is found and opened, and what of it is known. */
#include <leat/load.h>

#include "helpers.h"
#include "link/histogram.h"
#include "load_rig.h"
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

/* What is to be set to NULL where there is none. */
static uint64_t anything;
static struct leat_load *const not_null = (struct leat_load *)&anything;

/* ---- through a link ---- */

static void test_both_sides_are_read(void)
{
	struct leat_side_load jack, pipewire;
	struct leat_link_status status;
	unsigned n_fds = unit_count_fds();
	struct node host, guest;
	struct leat_load *load;

	load_open_both(&host, &guest);
	leat_histogram_add(
		&leat_host_load(host.host)->histogram[LEAT_LOAD_WAKEUP], 5000);
	leat_histogram_add(
		&leat_guest_load(guest.guest)->histogram[LEAT_LOAD_INTERVAL],
		7000);
	leat_word_set(&leat_host_status(host.host)->xruns, 3);
	CU_ASSERT_EQUAL_FATAL(load_ask(&load, &host, &guest), 0);
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
	load_close_both(&host, &guest);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* Each histogram of each side is the one that it is said to be. */
static void test_each_kind_is_read(void)
{
	struct leat_side_load recorded;
	struct node host, guest;
	struct leat_load *load;

	load_open_both(&host, &guest);
	for (uint64_t kind = 0; kind < LEAT_N_LOAD_KINDS; kind++) {
		leat_histogram_add(&leat_host_load(host.host)->histogram[kind],
				   100 + kind);
		leat_histogram_add(
			&leat_guest_load(guest.guest)->histogram[kind],
			200 + kind);
	}
	CU_ASSERT_EQUAL_FATAL(load_ask(&load, &host, &guest), 0);
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
	load_close_both(&host, &guest);
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

	load_open_both(&host, &guest);
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
	load_close_both(&host, &guest);
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
	CU_ASSERT_EQUAL_FATAL(load_ask(&load, &host, &nobody_else), 0);
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
	struct leat_load *load = not_null;

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

	load_open_both(&host, &guest);
	fd = leat_connect(NODE_LINK, NULL);
	CU_ASSERT_FATAL(fd >= 0);
	say_type(fd, LEAT_MESSAGE_HELLO, 0);
	node_settle(&host, &guest);
	CU_ASSERT_EQUAL_FATAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.n_fds, 2);
	CU_ASSERT_EQUAL(message.body.status.loads, 0);
	close_all(fds);
	close(fd);
	load_close_both(&host, &guest);
}

/* A guest that sends none is fine; the tool is told of the host's alone. */
static void test_an_older_guest(void)
{
	struct leat_side_load jack, pipewire;
	struct host_test test;
	struct leat_load *load;

	host_open(&test);
	say_hello(&test);
	CU_ASSERT_EQUAL_FATAL(load_ask(&load, &test.host, &nobody), 0);
	leat_load_read(load, LEAT_LOAD_JACK, &jack);
	leat_load_read(load, LEAT_LOAD_PIPEWIRE, &pipewire);
	CU_ASSERT_TRUE(jack.known);
	CU_ASSERT_FALSE(pipewire.known);
	leat_load_close(load);
	host_close(&test);
}

/* ---- answers that we make ourselves ---- */

static bool knows(const struct leat_load *load, enum leat_load_side side)
{
	static struct leat_side_load recorded;

	leat_load_read(load, side, &recorded);
	return recorded.known;
}

/* Each bit stands for a part of its own. */
static void test_parts_of_an_answer(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_load *load;

	CU_ASSERT_EQUAL_FATAL(load_answer(&load, 0, -1, -1), 0);
	CU_ASSERT_FALSE(knows(load, LEAT_LOAD_JACK));
	CU_ASSERT_FALSE(knows(load, LEAT_LOAD_PIPEWIRE));
	CU_ASSERT_EQUAL(leat_load_n_taps(load), LEAT_UNKNOWN);
	CU_ASSERT_EQUAL(leat_load_n_cycles(load, LEAT_LOAD_JACK), 0);
	leat_load_close(load);
	CU_ASSERT_EQUAL_FATAL(load_answer(&load, LEAT_STATUS_JACK_LOAD,
					  load_forge(0, 0, 28672), -1),
			      0);
	CU_ASSERT_TRUE(knows(load, LEAT_LOAD_JACK));
	CU_ASSERT_FALSE(knows(load, LEAT_LOAD_PIPEWIRE));
	leat_load_close(load);
	CU_ASSERT_EQUAL_FATAL(load_answer(&load, LEAT_STATUS_PIPEWIRE_LOAD,
					  load_forge(0, 0, 28672), -1),
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
	CU_ASSERT_EQUAL(load_answer(&load, 3, load_forge(0, 0, 28672),
				    load_forge(0, 1, 4096)),
			-EPROTO);
	CU_ASSERT_PTR_NULL(load);
	CU_ASSERT_EQUAL(load_answer(&load, 3, load_forge(0, 1, 28672),
				    load_forge(0, 0, 28672)),
			-EPROTO);
	load_make_pair(pair);
	say_type(pair[0], LEAT_MESSAGE_OFFER, 3);
	CU_ASSERT_EQUAL(leat_load_answer(&load, pair[1]), -EPROTO);
	close(pair[0]);
	load = not_null;
	load_make_pair(pair);
	say_type(pair[0], LEAT_MESSAGE_HELLO, 0);
	CU_ASSERT_EQUAL(leat_load_answer(&load, pair[1]), -EPROTO);
	CU_ASSERT_PTR_NULL(load);
	close(pair[0]);
	load = not_null;
	load_make_pair(pair);
	/* Not yet: it is still there to be asked. */
	CU_ASSERT_EQUAL(leat_load_answer(&load, pair[1]), -EAGAIN);
	CU_ASSERT_PTR_NULL(load);
	close(pair[0]);
	CU_ASSERT_EQUAL(leat_load_answer(&load, pair[1]), -ENOENT);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* Who asks for the status alone does not look at what else comes. */
static void test_parts_that_are_not_wanted(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_link_status status;

	CU_ASSERT_EQUAL(leat_status_answer(load_say(LEAT_STATUS_JACK_LOAD,
						    load_forge(0, 1, 4096), -1),
					   &status),
			0);
	CU_ASSERT_FALSE(status.pipewire.present);
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
	say_load(&test, load_forge(0, 0, 28672));
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	say_load(&test, load_forge(0, 0, 28672));
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	host_close(&test);
}

static const struct unit_test tests[] = {
	{ "link", "both sides", test_both_sides_are_read },
	{ "link", "each kind", test_each_kind_is_read },
	{ "link", "by name", test_opened_by_name },
	{ "link", "one side", test_a_side_that_is_away_is_not_known },
	{ "link", "none", test_nobody_hosts_it },
	{ "older", "tool", test_an_older_tool },
	{ "older", "guest", test_an_older_guest },
	{ "answer", "its parts", test_parts_of_an_answer },
	{ "answer", "none", test_answers_that_are_none },
	{ "answer", "not wanted", test_parts_that_are_not_wanted },
	{ "hostile", "no part", test_a_part_that_is_none },
	{ "hostile", "two parts", test_a_second_part },
};

UNIT_MAIN(tests)
