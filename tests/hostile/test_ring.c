/* SPDX-License-Identifier: MIT */
/*
 * A peer that got its parts in and then lies in them: indices, marks, stamps,
 * what it does; word by word, and racing the callback at full speed.
 */
#include "scene.h"

#include "unit/helpers.h"

#include <leat/inline/atomics.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Come in as what the honest side waits for. */
static bool come_in(struct scene *scene)
{
	return scene->honest.role == HONEST_HOST ? foe_join(&scene->foe)
						 : foe_host(&scene->foe);
}

static void leave(struct scene *scene)
{
	struct foe *foe = &scene->foe;

	if (scene->honest.role == HONEST_HOST)
		foe_leave(foe);
	else {
		foe_leave(foe);
		foe->wire.generation++;
	}
}

static void expect_in(struct scene *scene)
{
	struct honest_report *report = scene->honest.report;
	uint64_t n = report->n_wires;

	CU_ASSERT_FATAL(come_in(scene));
	CU_ASSERT_FATAL(honest_wait(&scene->honest, &report->n_wires, n + 1));
}

/* A hundred of its callbacks, or a hundred looks of its data loop. */
static void let_it_run(struct scene *scene)
{
	struct honest_report *report = scene->honest.report;

	CU_ASSERT(honest_wait(&scene->honest, &report->n_callbacks,
			      report->n_callbacks + 20));
}

/* ---- one word at a time ---- */

/* Where an honest producer that was at `seen` cannot be. */
static bool goes_back(uint64_t seen, uint64_t now)
{
	return now - seen >= UINT64_C(1) << 63;
}

/* The producer's index: back is impossible; ahead is possible, but no block. */
static void attack_index(enum honest_role role)
{
	struct scene scene;

	scene_open(&scene, role);
	for (unsigned i = 0; i < 2 * FOE_N_VALUES; i++) {
		struct foe *foe = &scene.foe;
		uint64_t first, value;

		expect_in(&scene);
		first = foe->wire.first_index;
		value = foe_value(i / 2, first, 64);
		/* As it is, and as far from where it was. */
		if (i % 2)
			value += first;
		leat_word_store(&foe_producer(foe)->words.index, value);
		if (scene.honest.role == HONEST_GUEST)
			(void)!write(foe->peer_fds[2], "12345678", 8);
		if (goes_back(first, value)) {
			scene_expect_poisoned(&scene);
			leave(&scene);
			continue;
		}
		let_it_run(&scene);
		CU_ASSERT_EQUAL(scene.honest.report->n_gone, scene.n_gone);
		leave(&scene);
		scene_expect_gone(&scene, "");
	}
	scene_close(&scene);
}

static void test_index_to_host(void)
{
	attack_index(HONEST_HOST);
}

static void test_index_to_guest(void)
{
	attack_index(HONEST_GUEST);
}

/* What is no index: each other word, with each value. */
static void attack_words(enum honest_role role)
{
	struct scene scene;

	scene_open(&scene, role);
	for (unsigned w = 0; w < 9; w++) {
		struct foe *foe = &scene.foe;
		struct leat_producer_part *part;
		struct leat_word *word;

		expect_in(&scene);
		part = foe_producer(foe);
		word = w == 0	? &part->words.wake_at
		       : w == 1 ? &part->stamp.sequence
		       : w == 2 ? &part->stamp.index
		       : w == 3 ? &part->stamp.frame_time
		       : w == 4 ? &part->stamp.time_ns
		       : w == 5 ? &part->activity
		       : w == 6 ? &part->log.n_written
		       : w == 7 ? &foe_consumer(foe)->words.index
				: &foe_consumer(foe)->words.wake_at;
		for (unsigned i = 0; i < FOE_N_VALUES; i++) {
			leat_word_store(
				word, foe_value(i, foe->wire.first_index, 64));
			leat_word_store(&part->words.index,
					foe->wire.first_index + i * 64);
			if (role == HONEST_GUEST)
				(void)!write(foe->peer_fds[2], "12345678", 8);
			usleep(2000);
		}
		CU_ASSERT_EQUAL(scene.honest.report->n_gone, scene.n_gone);
		leave(&scene);
		scene_expect_gone(&scene, "");
	}
	CU_ASSERT_EQUAL(scene.honest.report->n_poisoned, 0);
	scene_close(&scene);
}

static void test_words_to_host(void)
{
	attack_words(HONEST_HOST);
}

static void test_words_to_guest(void)
{
	attack_words(HONEST_GUEST);
}

/* In, and never moving. */
static void attack_frozen(enum honest_role role)
{
	struct scene scene;

	scene_open(&scene, role);
	expect_in(&scene);
	usleep(50000);
	scene_expect_calm(&scene);
	CU_ASSERT_EQUAL(scene.honest.report->n_gone, 0);
	scene_close(&scene);
}

static void test_frozen_to_host(void)
{
	attack_frozen(HONEST_HOST);
}

static void test_frozen_to_guest(void)
{
	attack_frozen(HONEST_GUEST);
}

/* ---- at full speed ---- */

struct race {
	struct scene *scene;
	bool forward; /* in ways that an honest peer might go */
	uint64_t n_stores;
};

/* All words of both parts, again and again. */
static void scribble(struct race *race, const struct foe *foe, int ms,
		     uint64_t *state)
{
	struct leat_producer_part *part = foe_producer(foe);
	uint64_t index = foe->wire.first_index;
	int64_t end_ms = unit_now_ms() + ms;
	unsigned n = 0;

	while (n++ % 1024 != 0 || unit_now_ms() < end_ms) {
		uint64_t r = (uint64_t)unit_random(state) << 32 |
			     unit_random(state);

		index += race->forward ? r % 100 : r;
		leat_word_store(&part->words.index, index);
		leat_word_store(&part->words.wake_at, index + r % 64);
		leat_word_store(&part->stamp.sequence, r & ~UINT64_C(1));
		leat_word_store(&part->stamp.index, index - r % 8192);
		leat_word_store(&part->stamp.time_ns, r);
		leat_word_store(&part->activity, r % 4);
		leat_word_store(&part->log.n_written, r % 2 ? r : index);
		leat_word_store(&part->log.slots[r % 64].number, r);
		leat_word_store(&foe_consumer(foe)->words.index, index);
		leat_word_store(&foe_consumer(foe)->words.wake_at,
				index + r % 128);
		race->n_stores += 10;
	}
}

/* Wake it, so that it looks. */
static void prod(const struct scene *scene)
{
	if (scene->honest.role == HONEST_GUEST)
		(void)!send(scene->foe.peer_fds[2], "12345678", 8,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* As long as it lasts, with a new link for each time that it is sent away. */
static int run_race(void *user)
{
	struct race *race = user;
	struct scene *scene = race->scene;
	int64_t end_ms = unit_now_ms() + scene_race_ms();
	uint64_t state = 88172645463325252u;

	while (unit_now_ms() < end_ms) {
		/* It may be sent away for what the last one did. */
		if (!come_in(scene)) {
			leave(scene);
			continue;
		}
		for (int i = 0; i < 4; i++) {
			prod(scene);
			scribble(race, &scene->foe, 2, &state);
		}
		leave(scene);
	}
	printf("%lu stores\n", (unsigned long)race->n_stores);
	fflush(stdout);
	return race->n_stores > 10000 ? 0 : 2;
}

static void attack_racing(enum honest_role role, bool forward)
{
	struct race race = { .forward = forward };
	struct scene scene;
	pid_t pid;

	race.scene = &scene;
	scene_open(&scene, role);
	pid = unit_fork(run_race, &race);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	CU_ASSERT(scene.honest.report->n_wires > 2);
	scene_expect_calm(&scene);
	if (!forward)
		CU_ASSERT(scene.honest.report->n_poisoned > 0);
	scene_close(&scene);
}

static void test_racing_to_host(void)
{
	attack_racing(HONEST_HOST, true);
	attack_racing(HONEST_HOST, false);
}

static void test_racing_to_guest(void)
{
	attack_racing(HONEST_GUEST, true);
	attack_racing(HONEST_GUEST, false);
}

static const struct unit_test tests[] = {
	{ "to a host", "index", test_index_to_host },
	{ "to a host", "other words", test_words_to_host },
	{ "to a host", "frozen", test_frozen_to_host },
	{ "to a host", "racing", test_racing_to_host },
	{ "to a guest", "index", test_index_to_guest },
	{ "to a guest", "other words", test_words_to_guest },
	{ "to a guest", "frozen", test_frozen_to_guest },
	{ "to a guest", "racing", test_racing_to_guest },
};

SCENE_MAIN(tests)
