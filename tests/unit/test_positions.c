/* SPDX-License-Identifier: MIT */
#include <leat/positions.h>

#include "runner.h"

#include <CUnit/CUnit.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_position(unsigned position)
{
	return (position > LEAT_POSITION_NONE &&
		position <= LEAT_POSITION_TRR) ||
	       (position >= LEAT_POSITION_AUX0 &&
		position <= LEAT_POSITION_AUX63);
}

static void test_every_position_has_a_name(void)
{
	for (unsigned p = 0; p < 256; p++) {
		const char *name = leat_position_name((uint8_t)p);
		const char *label = leat_position_label((uint8_t)p);

		CU_ASSERT_EQUAL(name != NULL, is_position(p));
		CU_ASSERT_EQUAL(label != NULL, is_position(p));
		if (name)
			CU_ASSERT_EQUAL(leat_position_parse(name), p);
		if (label)
			CU_ASSERT_TRUE(strlen(label) > 0);
	}
}

static void test_some_names(void)
{
	CU_ASSERT_STRING_EQUAL(leat_position_name(LEAT_POSITION_MONO), "MONO");
	CU_ASSERT_STRING_EQUAL(leat_position_name(LEAT_POSITION_FL), "FL");
	CU_ASSERT_STRING_EQUAL(leat_position_label(LEAT_POSITION_FL),
			       "Front Left");
	CU_ASSERT_STRING_EQUAL(leat_position_name(LEAT_POSITION_TRR), "TRR");
}

static void test_auxiliaries_are_numbered(void)
{
	char name[16], label[16];

	for (unsigned i = 0; i < 64; i++) {
		uint8_t position = (uint8_t)(LEAT_POSITION_AUX0 + i);

		snprintf(name, sizeof(name), "AUX%u", i);
		snprintf(label, sizeof(label), "Auxiliary %u", i);
		CU_ASSERT_STRING_EQUAL(leat_position_name(position), name);
		CU_ASSERT_STRING_EQUAL(leat_position_label(position), label);
	}
}

/* No two alike. */
static void test_labels_differ(void)
{
	for (unsigned a = 0; a < 128; a++)
		for (unsigned b = 0; b < a; b++)
			if (is_position(a) && is_position(b))
				CU_ASSERT_STRING_NOT_EQUAL(
					leat_position_label((uint8_t)a),
					leat_position_label((uint8_t)b));
}

static void test_parse_refuses(void)
{
	static const char *const bad[] = {
		"",    "fl",	"FL ",	 " FL",	  "F",	  "FLX",
		"AUX", "AUX64", "AUX01", "AUX-1", "NONE", "Front Left",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(leat_position_parse(bad[i]),
				LEAT_POSITION_NONE);
}

/* The names of a default layout, with a space behind each. */
static const char *layout(uint32_t n_channels, char text[64])
{
	uint8_t positions[8];

	text[0] = 0;
	leat_positions_default(positions, n_channels);
	for (uint32_t i = 0; i < n_channels; i++) {
		strcat(text, leat_position_name(positions[i]));
		strcat(text, " ");
	}
	return text;
}

static void test_usual_layouts(void)
{
	char text[64];

	CU_ASSERT_STRING_EQUAL(layout(0, text), "");
	CU_ASSERT_STRING_EQUAL(layout(1, text), "MONO ");
	CU_ASSERT_STRING_EQUAL(layout(2, text), "FL FR ");
	CU_ASSERT_STRING_EQUAL(layout(3, text), "FL FR LFE ");
	CU_ASSERT_STRING_EQUAL(layout(4, text), "FL FR RL RR ");
	CU_ASSERT_STRING_EQUAL(layout(5, text), "FL FR RL RR FC ");
	CU_ASSERT_STRING_EQUAL(layout(6, text), "FL FR RL RR FC LFE ");
	CU_ASSERT_STRING_EQUAL(layout(7, text),
			       "AUX0 AUX1 AUX2 AUX3 AUX4 AUX5 AUX6 ");
	CU_ASSERT_STRING_EQUAL(layout(8, text), "FL FR RL RR FC LFE SL SR ");
}

/* As many as asked for, each another one, and nothing behind them. */
static void test_layouts_of_every_size(void)
{
	for (uint32_t n = 0; n <= 64; n++) {
		uint8_t positions[66];
		bool used[256] = { false };

		memset(positions, 0xee, sizeof(positions));
		leat_positions_default(positions, n);
		for (uint32_t i = 0; i < n; i++) {
			CU_ASSERT_TRUE(is_position(positions[i]));
			CU_ASSERT_FALSE(used[positions[i]]);
			used[positions[i]] = true;
		}
		CU_ASSERT_EQUAL(positions[n], 0xee);
		if (n > 8)
			CU_ASSERT_EQUAL(positions[n - 1],
					LEAT_POSITION_AUX0 + n - 1);
	}
}

static const struct unit_test tests[] = {
	{ "names", "every position", test_every_position_has_a_name },
	{ "names", "some", test_some_names },
	{ "names", "auxiliaries", test_auxiliaries_are_numbered },
	{ "names", "labels differ", test_labels_differ },
	{ "names", "parse refuses", test_parse_refuses },
	{ "layouts", "usual", test_usual_layouts },
	{ "layouts", "every size", test_layouts_of_every_size },
};

UNIT_MAIN(tests)
