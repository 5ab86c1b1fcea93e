/* SPDX-License-Identifier: MIT */
#include "jack_bridge/port_name.h"

#include "runner.h"

#include <leat/positions.h>

#include <CUnit/CUnit.h>

#include <string.h>

static const uint8_t all[] = {
	LEAT_POSITION_FL,   LEAT_POSITION_FR,  LEAT_POSITION_FC,
	LEAT_POSITION_LFE,  LEAT_POSITION_SL,  LEAT_POSITION_SR,
	LEAT_POSITION_FLC,  LEAT_POSITION_FRC, LEAT_POSITION_RC,
	LEAT_POSITION_RL,   LEAT_POSITION_RR,  LEAT_POSITION_TC,
	LEAT_POSITION_TFL,  LEAT_POSITION_TFC, LEAT_POSITION_TFR,
	LEAT_POSITION_TRL,  LEAT_POSITION_TRC, LEAT_POSITION_TRR,
	LEAT_POSITION_MONO, LEAT_POSITION_AUX0
};

static bool group_is(uint8_t position, const uint8_t *positions, uint32_t n,
		     const char *expected)
{
	char group[64] = "untouched";
	bool has = leat_jack_port_group(group, sizeof(group), LEAT_TO_JACK,
					position, positions, n);

	return expected ? has && strcmp(group, expected) == 0
			: !has && strcmp(group, "untouched") == 0;
}

static void test_names(void)
{
	char name[64];

	leat_jack_port_name(name, sizeof(name), LEAT_TO_PIPEWIRE,
			    LEAT_POSITION_FL);
	CU_ASSERT_STRING_EQUAL(name, "to_pipewire_FL");
	leat_jack_port_name(name, sizeof(name), LEAT_TO_JACK,
			    LEAT_POSITION_AUX63);
	CU_ASSERT_STRING_EQUAL(name, "from_pipewire_AUX63");
	leat_jack_port_pretty_name(name, sizeof(name), LEAT_TO_PIPEWIRE,
				   LEAT_POSITION_LFE);
	CU_ASSERT_STRING_EQUAL(name, "To PipeWire Subwoofer");
	leat_jack_port_pretty_name(name, sizeof(name), LEAT_TO_JACK,
				   LEAT_POSITION_MONO);
	CU_ASSERT_STRING_EQUAL(name, "From PipeWire Mono");
}

static void test_pairs(void)
{
	const uint32_t n = sizeof(all);

	CU_ASSERT(group_is(LEAT_POSITION_FL, all, n, "From PipeWire Front"));
	CU_ASSERT(group_is(LEAT_POSITION_FR, all, n, "From PipeWire Front"));
	CU_ASSERT(group_is(LEAT_POSITION_SR, all, n, "From PipeWire Side"));
	CU_ASSERT(group_is(LEAT_POSITION_FLC, all, n,
			   "From PipeWire Front Center Pair"));
	CU_ASSERT(group_is(LEAT_POSITION_RL, all, n, "From PipeWire Rear"));
	CU_ASSERT(
		group_is(LEAT_POSITION_TFR, all, n, "From PipeWire Top Front"));
	CU_ASSERT(
		group_is(LEAT_POSITION_TRL, all, n, "From PipeWire Top Rear"));
}

static void test_single(void)
{
	static const uint8_t alone[] = {
		LEAT_POSITION_FC,   LEAT_POSITION_LFE, LEAT_POSITION_RC,
		LEAT_POSITION_TC,   LEAT_POSITION_TFC, LEAT_POSITION_TRC,
		LEAT_POSITION_MONO, LEAT_POSITION_AUX0
	};

	for (size_t i = 0; i < sizeof(alone); i++)
		CU_ASSERT(group_is(alone[i], all, sizeof(all), NULL));
}

/* Half of a pair is none. */
static void test_half(void)
{
	static const uint8_t halves[] = { LEAT_POSITION_FL, LEAT_POSITION_RR };

	CU_ASSERT(group_is(LEAT_POSITION_FL, halves, 2, NULL));
	CU_ASSERT(group_is(LEAT_POSITION_RR, halves, 2, NULL));
	CU_ASSERT(group_is(LEAT_POSITION_FL, all, 1, NULL));
	CU_ASSERT(group_is(LEAT_POSITION_FL, all, 2, "From PipeWire Front"));
}

static const struct unit_test tests[] = {
	{ "names", "of a port", test_names },
	{ "groups", "pairs", test_pairs },
	{ "groups", "what is no pair", test_single },
	{ "groups", "half a pair", test_half },
};

UNIT_MAIN(tests)
