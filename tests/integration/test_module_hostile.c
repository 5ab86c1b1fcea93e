/* SPDX-License-Identifier: MIT */
/*
 * libpipewire-module-leat in a real daemon, and in JACK's place somebody who
 * does what he likes: he is silent, lies, hangs up, and wakes without end. The
 * daemon answers all the while, has as many descriptors and threads afterwards as
 * before, and gets a link when somebody decent comes. Nor is it killed for having
 * no pause (attack.h).
 */
#include "attack.h"

#include "fault/footprint.h"
#include "unit/helpers.h"
#include "unit/runner.h"

#include <leat/inline/atomics.h>

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_MS 20000
/* How long something goes on at full speed. */
#define RACE_MS 1500
#define N_LIES 60

static struct attack attack;
static struct bridge *const bridge = &attack.bridge;
static struct foe *const foe = &attack.foe;
static struct footprint before;

static void test_comes_up(void)
{
	CU_ASSERT_FATAL(attack_begin(&attack));
	/* Once round, so that what libraries keep is there. */
	CU_ASSERT_FATAL(attack_link(&attack));
	attack_leave(&attack);
	CU_ASSERT_FATAL(foe_meet(foe));
	foe_leave(foe);
	CU_ASSERT(footprint_take(&before, bridge->pipewire.proc.pid));
}

/* ---- before there is a link ---- */

static void test_never_accepted(void)
{
	long long end_ms = now_ms() + RACE_MS;

	CU_ASSERT_FATAL(attack.up);
	while (now_ms() < end_ms)
		CU_ASSERT(attack_answers(&attack));
}

static void test_silent(void)
{
	CU_ASSERT_FATAL(foe_meet(foe));
	CU_ASSERT(attack_answers(&attack));
	foe_leave(foe);
}

static void test_garbage(void)
{
	unsigned char bytes[sizeof(struct leat_message)];

	for (int i = 0; i < N_LIES; i++) {
		CU_ASSERT_FATAL(foe_meet(foe));
		for (size_t n = 0; n < sizeof(bytes); n++)
			bytes[n] = (unsigned char)rand();
		(void)foe_send(foe->fd, bytes,
			       i % 2 ? sizeof(bytes) : (size_t)i, NULL, 0);
		CU_ASSERT(foe_is_dropped(foe->fd));
		foe_leave(foe);
	}
	CU_ASSERT(attack_answers(&attack));
}

/* Rings as large as there may be, again and again. */
static void test_huge(void)
{
	struct leat_link_spec spec = foe->spec;

	foe->spec.capacity = 1u << 18;
	for (int i = 0; i < 8; i++) {
		CU_ASSERT_FATAL(foe_host(foe));
		CU_ASSERT(attack_answers(&attack));
		foe_leave(foe);
	}
	foe->spec = spec;
}

/* And larger than a daemon should have to bear. */
static void test_too_large(void)
{
	struct leat_link_spec spec = foe->spec;

	spec.capacity = LEAT_FRAMES_CAPACITY_MAX;
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_FATAL(foe_meet(foe));
		CU_ASSERT(foe_say_spec(foe, &spec));
		CU_ASSERT(foe_is_told(foe->fd, "more memory than"));
		foe_leave(foe);
	}
	CU_ASSERT(attack_answers(&attack));
}

/* ---- with a link ---- */

static void wake(struct attack *self, long long end_ms)
{
	while (now_ms() < end_ms)
		for (int i = 0; i < 1000; i++)
			attack_raise(self);
}

static void test_wakes_without_end(void)
{
	CU_ASSERT_FATAL(attack_link(&attack));
	CU_ASSERT(attack_race(&attack, wake, 2, RACE_MS));
	attack_leave(&attack);
}

static void test_lies(void)
{
	CU_ASSERT_FATAL(attack_link(&attack));
	for (unsigned i = 0; i < N_LIES; i++) {
		leat_word_store(
			&foe_producer(foe)->words.index,
			foe_value(i % FOE_N_VALUES, foe->wire.first_index, 64));
		attack_raise(&attack);
		usleep(1000);
		foe_leave(foe);
		CU_ASSERT_FATAL(foe_host(foe));
	}
	CU_ASSERT(attack_answers(&attack));
	attack_leave(&attack);
}

/* ---- afterwards ---- */

static bool is_as_before(void *arg)
{
	struct footprint *after = arg;

	return footprint_take(after, bridge->pipewire.proc.pid) &&
	       after->n_fds <= before.n_fds &&
	       after->n_threads == before.n_threads;
}

static void test_nothing_left(void)
{
	struct footprint after;
	char text[2][128];

	CU_ASSERT_FATAL(foe_meet(foe));
	foe_leave(foe);
	CU_ASSERT(wait_for(is_as_before, &after, STATE_MS));
	printf("before: %s\nafter:  %s\n", footprint_text(&before, text[0]),
	       footprint_text(&after, text[1]));
}

static bool is_idle(void *arg)
{
	struct leat_link_status status;

	(void)arg;
	return leat_status_query(HONEST_LINK, &status) == 0 &&
	       strcmp(leat_link_status_state(&status), "idle") == 0;
}

static void test_decent_peer(void)
{
	const char *const argv[] = { bridge_program("leat-jack"), HONEST_LINK,
				     NULL };
	struct proc_options options = { .log = "/dev/null", .merged = true };

	foe_finish(foe);
	CU_ASSERT_FATAL(jack_server_start(&bridge->jack, &bridge->sandbox) ==
			0);
	CU_ASSERT_FATAL(proc_start(&bridge->jack_side, argv, &options) == 0);
	CU_ASSERT(wait_for(is_idle, NULL, STATE_MS));
	CU_ASSERT_EQUAL(proc_stop(&bridge->jack_side, 3000), 0);
	CU_ASSERT_EQUAL(bridge_finish(bridge), 0);
}

static const struct unit_test tests[] = {
	{ "module", "comes up", test_comes_up },
	{ "module", "never accepted", test_never_accepted },
	{ "module", "silent", test_silent },
	{ "module", "garbage", test_garbage },
	{ "module", "huge rings", test_huge },
	{ "module", "rings that are too large", test_too_large },
	{ "module", "wakes without end", test_wakes_without_end },
	{ "module", "lies", test_lies },
	{ "module", "nothing is left", test_nothing_left },
	{ "module", "a decent peer", test_decent_peer },
};

int main(int argc, char **argv)
{
	const char *why;

	setenv("LEAT_TEST_FORM", "module", 1);
	why = bridge_init(bridge, 256);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
