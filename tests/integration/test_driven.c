/* SPDX-License-Identifier: MIT */
/*
 * PipeWire driven without end: in JACK's place is somebody who writes one block of
 * one frame after the other, each a whole cycle of the graph, and faster than the
 * graph runs. So the thread that runs it has always one more to run. It rests all
 * the same, the process that it is in is not killed, and PipeWire answers.
 *
 * The graph is a slow one here, as on a slow machine: a fast one he could drive
 * until it is more than any JACK server would, which ends the link.
 */
#include "attack.h"

#include "cli/now.h"
#include "link/stamp.h"
#include "unit/helpers.h"
#include "unit/runner.h"

#include <leat/inline/atomics.h>
#include <leat/positions.h>

#include <CUnit/CUnit.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESTS "keeps PipeWire's audio thread from sleeping"

/* How long it goes on; and how often, until there was a rest. */
#define RACE_MS 600
#define RACES_MAX 20

/* Between two blocks; and what a cycle takes at the least. */
#define BLOCK_US 300
#define CYCLE_US 3000

static struct attack attack;
static int n_races = 1;

/* One block more, and a stamp that goes with it. */
static void publish(struct leat_producer_part *producer, uint64_t *index)
{
	struct leat_stamp stamp = {
		.index = *index,
		.time_ns = leat_now_ns(),
	};

	leat_stamp_write(&producer->stamp, &stamp);
	leat_word_store(&producer->words.index, ++*index);
}

static void drive(struct attack *self, long long end_ms)
{
	struct leat_producer_part *producer = foe_producer(&self->foe);
	uint64_t index = leat_word_peek(&producer->words.index);
	const struct sched_param least = { .sched_priority = 1 };
	uint64_t due_ns = leat_now_ns();

	/* He waits for nobody but for those who play. */
	(void)sched_setscheduler(0, SCHED_FIFO, &least);
	while (due_ns < (uint64_t)end_ms * 1000000) {
		publish(producer, &index);
		attack_raise(self);
		due_ns = leat_now_ns() + UINT64_C(1000) * BLOCK_US;
		while (leat_now_ns() < due_ns)
			;
	}
}

static unsigned n_rests_said(void)
{
	return sandbox_count(&attack.bridge.sandbox, attack_log(&attack),
			     RESTS);
}

static void test_comes_up(void)
{
	char late[64];

	snprintf(late, sizeof(late), "%s:%d:0",
		 attack.bridge.form == BRIDGE_MODULE ? "pipewire"
						     : "leat-pipewire",
		 CYCLE_US);
	setenv("LEAT_LATE", late, 1);
	setenv("LD_PRELOAD", getenv("LEAT_LATE_LIBRARY"), 1);
	CU_ASSERT_FATAL(attack_begin(&attack));
	unsetenv("LD_PRELOAD");
}

/* On a machine that has much to do he may not be fast enough at once. */
static void drive_without_end(uint32_t n_channels)
{
	struct leat_link_spec *spec = &attack.foe.spec;
	uint8_t first = spec->position[0][0];
	unsigned n_before = n_rests_said();
	bool answers = true;
	int n = 0;

	CU_ASSERT_FATAL(attack.up);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		spec->n_channels[d] = n_channels;
		leat_positions_default(spec->position[d], n_channels);
		spec->position[d][0] = first;
	}
	CU_ASSERT_FATAL(attack_link(&attack));
	CU_ASSERT_FATAL(attack_is_realtime(&attack));
	do
		answers = attack_race(&attack, drive, 1, RACE_MS);
	while (answers && ++n < RACES_MAX &&
	       (n < n_races || n_rests_said() == n_before));
	CU_ASSERT(answers);
	CU_ASSERT(n_rests_said() > n_before);
	if (!answers || n_rests_said() == n_before)
		sandbox_show(&attack.bridge.sandbox, attack_log(&attack));
	attack_leave(&attack);
}

static void test_two_channels(void)
{
	drive_without_end(2);
}

/* Cycles that take longer: another count of them, and the same time. */
static void test_many_channels(void)
{
	drive_without_end(32);
}

static void test_ends(void)
{
	foe_finish(&attack.foe);
	CU_ASSERT_EQUAL(bridge_finish(&attack.bridge), 0);
}

static const struct unit_test tests[] = {
	{ "driven", "comes up", test_comes_up },
	{ "driven", "two channels", test_two_channels },
	{ "driven", "many channels", test_many_channels },
	{ "driven", "ends", test_ends },
};

/* test_driven [SECONDS]: how long it goes on at the least, each time. */
int main(int argc, char **argv)
{
	const char *why = bridge_init(&attack.bridge, 256);

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	if (argc > 1)
		n_races = atoi(argv[1]);
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
