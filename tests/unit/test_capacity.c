/* SPDX-License-Identifier: MIT */
#include "jack_bridge/capacity.h"

#include "runner.h"

#include <CUnit/CUnit.h>

static struct leat_jack_capacity usual(void)
{
	return (struct leat_jack_capacity){
		.rate_hz = 48000,
		.period = 256,
		.n_channels = 4,
		.history_ms = 2000,
		.most_bytes = LEAT_JACK_SAMPLES_MAX_BYTES,
	};
}

static void expect(const struct leat_jack_capacity *wanted, uint32_t capacity)
{
	CU_ASSERT_EQUAL(leat_jack_capacity(wanted), capacity);
}

/* A quarter of a second, or four periods. */
static void test_without_history(void)
{
	struct leat_jack_capacity wanted = usual();

	wanted.history_ms = 0;
	expect(&wanted, 16384);
	wanted.period = 4096;
	expect(&wanted, 16384);
	wanted.period = 4097;
	expect(&wanted, 32768);
	wanted.rate_hz = 192000;
	wanted.period = 64;
	expect(&wanted, 65536);
}

static void test_history(void)
{
	struct leat_jack_capacity wanted = usual();

	expect(&wanted, 131072);
	CU_ASSERT(leat_jack_capacity_history_ms(&wanted, 131072) >= 2000);
	wanted.history_ms = 10000;
	expect(&wanted, 524288);
	wanted.history_ms = 300000;
	expect(&wanted, 1u << 24);
	/* More than a ring can hold. */
	wanted.rate_hz = 768000;
	expect(&wanted, 1u << 24);
	CU_ASSERT(leat_jack_capacity_history_ms(&wanted, 1u << 24) < 22000);
}

/* The history has to do with what there is; what is needed has not. */
static void test_memory(void)
{
	struct leat_jack_capacity wanted = usual();

	wanted.most_bytes = 131072 * 16;
	expect(&wanted, 131072);
	wanted.most_bytes--;
	expect(&wanted, 65536);
	wanted.most_bytes = 0;
	expect(&wanted, 16384);
	wanted.history_ms = 300000;
	wanted.n_channels = 128;
	wanted.most_bytes = LEAT_JACK_SAMPLES_MAX_BYTES;
	expect(&wanted, 1u << 21);
	wanted.n_channels = 0;
	expect(&wanted, 1u << 24);
	CU_ASSERT(leat_jack_capacity_lockable_bytes() <=
		  LEAT_JACK_SAMPLES_MAX_BYTES);
}

static const struct unit_test tests[] = {
	{ "capacity", "without a history", test_without_history },
	{ "capacity", "with a history", test_history },
	{ "capacity", "memory", test_memory },
};

UNIT_MAIN(tests)
