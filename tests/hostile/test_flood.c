/* SPDX-License-Identifier: MIT */
/*
 * Too much of what is allowed: connections that say nothing, that leave at
 * once, that come again and again; messages without end. The honest side
 * answers others meanwhile.
 */
#include "scene.h"

#include "unit/helpers.h"

#include <leat/status.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A tool gets its answer; a full queue of connections is tried again. */
static bool answers(void)
{
	struct leat_link_status status;
	int64_t end_ms = unit_now_ms() + 5000;
	int res;

	do
		res = leat_status_query(HONEST_LINK, &status);
	while (res == -EAGAIN && unit_now_ms() < end_ms && usleep(500) == 0);
	return res == 0;
}

/* ---- connections ---- */

#define N_OPEN 300

/* Slow-loris: connected, silent, and many of them. */
static void test_silent(void)
{
	unsigned n = scene_flood(3000, 100000);
	static struct foe foes[N_OPEN];
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (unsigned i = 0; i < N_OPEN; i++)
		foe_init(&foes[i]);
	for (unsigned i = 0; i < n; i++) {
		foe_finish(&foes[i % N_OPEN]);
		CU_ASSERT_FATAL(foe_connect(&foes[i % N_OPEN]));
		if (i % 500 == 0)
			CU_ASSERT(answers());
	}
	CU_ASSERT(answers());
	for (unsigned i = 0; i < N_OPEN; i++)
		foe_finish(&foes[i]);
	CU_ASSERT_EQUAL(scene.honest.report->n_gone, 0);
	scene_close(&scene);
}

static void test_come_and_go(void)
{
	unsigned n = scene_flood(3000, 100000);
	struct scene scene;
	struct foe foe;

	scene_open(&scene, HONEST_HOST);
	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_FATAL(foe_connect(&foe));
		foe_finish(&foe);
		if (i % 500 == 0)
			CU_ASSERT(answers());
	}
	CU_ASSERT_EQUAL(scene.honest.report->n_gone, 0);
	scene_close(&scene);
}

/* Each one is a guest, with a wire made for it, and has left already. */
static void test_hello_and_leave(void)
{
	unsigned n = scene_flood(300, 20000);
	struct leat_message hello;
	struct foe_memory status;
	struct scene scene;
	struct foe foe;

	scene_open(&scene, HONEST_HOST);
	foe_init(&foe);
	CU_ASSERT_FATAL(foe_make_status(&foe, FOE_SEALS));
	status = foe.status;
	leat_message_init(&hello, LEAT_MESSAGE_HELLO);
	hello.body.hello.role = LEAT_ROLE_PIPEWIRE;
	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_FATAL(foe_connect(&foe));
		CU_ASSERT_EQUAL(
			leat_message_send(foe.fd, &hello, &status.fd, 1), 0);
		foe_finish(&foe);
	}
	CU_ASSERT(answers());
	foe_memory_free(&status);
	scene_close(&scene);
}

/* Each one gets its link up, so the callback takes its wire, and leaves. */
static void test_join_and_leave(void)
{
	unsigned n = scene_flood(100, 10000);
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_FATAL(foe_join(&scene.foe));
		/* Sometimes before its wire has been played. */
		if (i % 3 == 0)
			usleep(100 * (i % 10));
		foe_leave(&scene.foe);
	}
	CU_ASSERT(answers());
	scene_close(&scene);
}

/* As many hosts as the guest can take. */
static void test_host_comes_and_goes(void)
{
	unsigned n = scene_flood(50, 5000);
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_FATAL(foe_host(&scene.foe));
		foe_leave(&scene.foe);
		scene.foe.wire.generation++;
	}
	scene_close(&scene);
}

/* A guest that is really one gets in while others knock. */
static int knock(void *user)
{
	int64_t end_ms = unit_now_ms() + scene_flood(1000, 10000);
	struct foe foe;

	(void)user;
	while (unit_now_ms() < end_ms)
		if (foe_connect(&foe))
			foe_finish(&foe);
	return 0;
}

static void test_good_peer_in_a_crowd(void)
{
	struct honest good;
	struct scene scene;
	pid_t pids[3];

	scene_open(&scene, HONEST_HOST);
	for (int i = 0; i < 3; i++)
		pids[i] = unit_fork(knock, NULL);
	CU_ASSERT_FATAL(honest_start(&good, HONEST_GUEST));
	CU_ASSERT(honest_wait(&scene.honest, &scene.honest.report->n_good, 20));
	CU_ASSERT_EQUAL(honest_stop(&good), 0);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(unit_wait_child(pids[i]), 0);
	scene_close(&scene);
}

/* ---- messages ---- */

#define N_POURING 6

/* One that is allowed and of no use, as fast as there is room. */
struct flood {
	const struct foe *foe;
	struct leat_message message;
	int fds[3];
	unsigned n_fds;
	bool *stop; /* shared with those who pour */
};

static int pour(void *user)
{
	struct flood *flood = user;
	int64_t end_ms = unit_now_ms() + 25000;
	unsigned long n = 0;

	while (!__atomic_load_n(flood->stop, __ATOMIC_SEQ_CST) &&
	       unit_now_ms() < end_ms)
		for (int i = 0; i < 100; i++)
			n += leat_message_send(flood->foe->fd, &flood->message,
					       flood->fds, flood->n_fds) == 0;
	printf("%lu messages\n", n);
	fflush(stdout);
	return 0;
}

/* It hears them, and everybody else too: its main loop goes round. */
static void pour_over(struct scene *scene, struct flood *flood)
{
	struct honest_report *report = scene->honest.report;
	pid_t pids[N_POURING];
	uint64_t n;

	flood->foe = &scene->foe;
	flood->stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(flood->stop != MAP_FAILED);
	for (int i = 0; i < N_POURING; i++)
		pids[i] = unit_fork(pour, flood);
	usleep(200000);
	n = report->n_rounds;
	CU_ASSERT(honest_wait(&scene->honest, &report->n_rounds, n + 5));
	if (scene->honest.role == HONEST_HOST)
		CU_ASSERT(answers());
	usleep((useconds_t)scene_race_ms() * 1000);
	__atomic_store_n(flood->stop, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < N_POURING; i++)
		CU_ASSERT_EQUAL(unit_wait_child(pids[i]), 0);
	munmap(flood->stop, 4096);
}

/* Acceptance of what was never offered, with three descriptors each. */
static void test_messages_to_host(void)
{
	struct flood flood = { .n_fds = 3 };
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	CU_ASSERT_FATAL(foe_join(&scene.foe));
	leat_message_init(&flood.message, LEAT_MESSAGE_ACCEPT);
	flood.message.body.wire.generation = 12345;
	for (int i = 0; i < 3; i++)
		flood.fds[i] = scene.foe.status.fd;
	pour_over(&scene, &flood);
	scene_close(&scene);
}

static void test_messages_to_guest(void)
{
	struct flood flood = { .n_fds = 0 };
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	CU_ASSERT_FATAL(foe_host(&scene.foe));
	leat_message_init(&flood.message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&flood.message.body.spec, &scene.foe.spec);
	pour_over(&scene, &flood);
	scene_close(&scene);
}

/* Its answers are not read. */
static void test_tools_that_do_not_read(void)
{
	unsigned n = scene_flood(300, 20000);
	static struct foe foes[N_OPEN];
	struct leat_message hello;
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	leat_message_init(&hello, LEAT_MESSAGE_HELLO);
	hello.body.hello.role = LEAT_ROLE_TOOL;
	for (unsigned i = 0; i < N_OPEN; i++)
		foe_init(&foes[i]);
	for (unsigned i = 0; i < n; i++) {
		foe_finish(&foes[i % N_OPEN]);
		CU_ASSERT_FATAL(foe_connect(&foes[i % N_OPEN]));
		(void)leat_message_send(foes[i % N_OPEN].fd, &hello, NULL, 0);
	}
	CU_ASSERT(answers());
	for (unsigned i = 0; i < N_OPEN; i++)
		foe_finish(&foes[i]);
	scene_close(&scene);
}

/* ---- taps ---- */

static bool say_tap(struct foe *foe)
{
	struct leat_message hello;

	leat_message_init(&hello, LEAT_MESSAGE_HELLO);
	hello.body.hello.role = LEAT_ROLE_TAP;
	return foe_connect(foe) &&
	       leat_message_send(foe->fd, &hello, NULL, 0) == 0;
}

/* Many, that come, do not read, and stay or go, while wires come and go. */
static void test_taps_that_do_not_read(void)
{
	unsigned n = scene_flood(2000, 100000);
	static struct foe foes[N_OPEN];
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (unsigned i = 0; i < N_OPEN; i++)
		foe_init(&foes[i]);
	for (unsigned i = 0; i < n; i++) {
		foe_finish(&foes[i % N_OPEN]);
		CU_ASSERT_FATAL(say_tap(&foes[i % N_OPEN]));
		/* Each of these makes news for all of them. */
		if (i % 100 == 99) {
			CU_ASSERT_FATAL(foe_join(&scene.foe));
			foe_leave(&scene.foe);
		}
		if (i % 500 == 0)
			CU_ASSERT(answers());
	}
	CU_ASSERT(answers());
	for (unsigned i = 0; i < N_OPEN; i++)
		foe_finish(&foes[i]);
	scene_close(&scene);
}

/* Whatever a tap says ends it: messages of each type, and what is none. */
static void test_taps_that_speak(void)
{
	unsigned n = scene_flood(500, 20000);
	uint64_t seed = 1;
	struct scene scene;
	struct foe foe;

	scene_open(&scene, HONEST_HOST);
	foe_init(&foe);
	for (unsigned i = 0; i < n; i++) {
		struct leat_message message;
		unsigned char junk[600];
		int fds[2] = { 0, 1 };

		CU_ASSERT_FATAL(say_tap(&foe));
		leat_message_init(&message, (enum leat_message_type)(i % 11));
		for (size_t b = 0; b < sizeof(junk); b++)
			junk[b] = (unsigned char)unit_random(&seed);
		if (i % 2)
			(void)leat_message_send(foe.fd, &message, fds, i % 3);
		else
			(void)foe_send(foe.fd, junk, 1 + i % sizeof(junk), fds,
				       i % 3);
		CU_ASSERT(foe_is_dropped(foe.fd));
		foe_finish(&foe);
	}
	CU_ASSERT(answers());
	scene_close(&scene);
}

static const struct unit_test tests[] = {
	{ "taps", "that do not read", test_taps_that_do_not_read },
	{ "taps", "that speak", test_taps_that_speak },
	{ "connections", "silent", test_silent },
	{ "connections", "come and go", test_come_and_go },
	{ "connections", "hello and leave", test_hello_and_leave },
	{ "connections", "join and leave", test_join_and_leave },
	{ "connections", "hosts come and go", test_host_comes_and_goes },
	{ "connections", "a good peer in a crowd", test_good_peer_in_a_crowd },
	{ "messages", "to a host", test_messages_to_host },
	{ "messages", "to a guest", test_messages_to_guest },
	{ "messages", "tools that do not read", test_tools_that_do_not_read },
};

SCENE_MAIN(tests)
