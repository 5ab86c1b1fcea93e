/* SPDX-License-Identifier: MIT */
#include <leat/inline/index.h>
#include <leat/ring.h>

#include "runner.h"

#include <CUnit/CUnit.h>

/* Indices at which 32 and 64 bits run over, and some that are plain. */
static const uint64_t bases[] = {
	0, 5, UINT32_MAX - 2, (UINT64_C(1) << 63) - 2, UINT64_MAX - 2,
};

#define N_BASES (sizeof(bases) / sizeof(bases[0]))

/* ---- between ---- */

static void test_between_includes_both_ends(void)
{
	for (size_t i = 0; i < N_BASES; i++) {
		uint64_t b = bases[i];

		CU_ASSERT_TRUE(leat_index_between(b, b, b));
		CU_ASSERT_TRUE(leat_index_between(b, b, b + 8));
		CU_ASSERT_TRUE(leat_index_between(b, b + 3, b + 8));
		CU_ASSERT_TRUE(leat_index_between(b, b + 8, b + 8));
	}
}

static void test_between_refuses_outside(void)
{
	for (size_t i = 0; i < N_BASES; i++) {
		uint64_t b = bases[i];

		CU_ASSERT_FALSE(leat_index_between(b, b + 1, b));
		CU_ASSERT_FALSE(leat_index_between(b, b - 1, b));
		CU_ASSERT_FALSE(leat_index_between(b, b + 9, b + 8));
		CU_ASSERT_FALSE(leat_index_between(b, b - 1, b + 8));
		CU_ASSERT_FALSE(
			leat_index_between(b, b + (UINT64_C(1) << 63), b + 8));
		CU_ASSERT_FALSE(
			leat_index_between(b, b + (UINT64_C(1) << 32), b + 8));
	}
}

/* ---- before ---- */

static void test_before_is_strict(void)
{
	for (size_t i = 0; i < N_BASES; i++) {
		uint64_t b = bases[i];

		CU_ASSERT_FALSE(leat_index_before(b, b));
		CU_ASSERT_TRUE(leat_index_before(b, b + 1));
		CU_ASSERT_FALSE(leat_index_before(b + 1, b));
		CU_ASSERT_TRUE(leat_index_before(b - 7, b + 7));
		CU_ASSERT_FALSE(leat_index_before(b + 7, b - 7));
	}
}

static void test_before_reaches_half_the_range(void)
{
	const uint64_t half = UINT64_C(1) << 63;

	for (size_t i = 0; i < N_BASES; i++) {
		uint64_t b = bases[i];

		CU_ASSERT_TRUE(leat_index_before(b, b + half - 1));
		CU_ASSERT_FALSE(leat_index_before(b, b + half));
		CU_ASSERT_FALSE(leat_index_before(b, b + half + 1));
	}
}

/* ---- crosses ---- */

static void test_crosses_only_what_is_passed(void)
{
	for (size_t i = 0; i < N_BASES; i++) {
		uint64_t b = bases[i];

		/* from b to b + 4: b + 1 to b + 4 are passed, b is not */
		CU_ASSERT_FALSE(leat_index_crosses(b, b + 4, b - 1));
		CU_ASSERT_FALSE(leat_index_crosses(b, b + 4, b));
		CU_ASSERT_TRUE(leat_index_crosses(b, b + 4, b + 1));
		CU_ASSERT_TRUE(leat_index_crosses(b, b + 4, b + 3));
		CU_ASSERT_TRUE(leat_index_crosses(b, b + 4, b + 4));
		CU_ASSERT_FALSE(leat_index_crosses(b, b + 4, b + 5));
	}
}

static void test_crosses_nothing_without_a_step(void)
{
	for (size_t i = 0; i < N_BASES; i++)
		for (uint64_t d = 0; d < 5; d++) {
			uint64_t b = bases[i];

			CU_ASSERT_FALSE(leat_index_crosses(b, b, b + d));
			CU_ASSERT_FALSE(leat_index_crosses(b, b, b - d));
		}
}

static void test_crosses_ignores_far_marks(void)
{
	for (size_t i = 0; i < N_BASES; i++) {
		uint64_t b = bases[i];

		CU_ASSERT_FALSE(
			leat_index_crosses(b, b + 4, b + (UINT64_C(1) << 63)));
		CU_ASSERT_FALSE(
			leat_index_crosses(b, b + 4, b + (UINT64_C(1) << 32)));
		CU_ASSERT_FALSE(
			leat_index_crosses(b, b + 4, b - (UINT64_C(1) << 32)));
	}
}

/* ---- offsets ---- */

static const uint32_t capacities[] = {
	1, 2, 3, 7, 64, 100, LEAT_RING_CAPACITY_MAX - 1, LEAT_RING_CAPACITY_MAX,
};

#define N_CAPACITIES (sizeof(capacities) / sizeof(capacities[0]))

static void test_advance_wraps(void)
{
	CU_ASSERT_EQUAL(leat_offset_advance(0, 0, 3), 0);
	CU_ASSERT_EQUAL(leat_offset_advance(0, 2, 3), 2);
	CU_ASSERT_EQUAL(leat_offset_advance(0, 3, 3), 0);
	CU_ASSERT_EQUAL(leat_offset_advance(2, 1, 3), 0);
	CU_ASSERT_EQUAL(leat_offset_advance(2, 2, 3), 1);
	CU_ASSERT_EQUAL(leat_offset_advance(2, UINT64_C(3000000000002), 3), 1);
	CU_ASSERT_EQUAL(leat_offset_advance(0, 1, 1), 0);
}

static void test_retreat_wraps(void)
{
	CU_ASSERT_EQUAL(leat_offset_retreat(0, 0, 3), 0);
	CU_ASSERT_EQUAL(leat_offset_retreat(2, 2, 3), 0);
	CU_ASSERT_EQUAL(leat_offset_retreat(0, 1, 3), 2);
	CU_ASSERT_EQUAL(leat_offset_retreat(1, 2, 3), 2);
	CU_ASSERT_EQUAL(leat_offset_retreat(1, UINT64_C(3000000000002), 3), 2);
	CU_ASSERT_EQUAL(leat_offset_retreat(0, 1, 1), 0);
}

static void test_retreat_undoes_advance(void)
{
	static const uint64_t distances[] = {
		0, 1, 2, 63, 64, 65, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX,
	};

	for (size_t i = 0; i < N_CAPACITIES; i++)
		for (size_t j = 0; j < sizeof(distances) / 8; j++) {
			uint32_t start = capacities[i] - 1;
			uint32_t there = leat_offset_advance(
				start, distances[j], capacities[i]);

			CU_ASSERT_TRUE(there < capacities[i]);
			CU_ASSERT_EQUAL(leat_offset_retreat(there, distances[j],
							    capacities[i]),
					start);
		}
}

static void test_advance_adds_up(void)
{
	for (size_t i = 0; i < N_CAPACITIES; i++) {
		uint32_t capacity = capacities[i], offset = 0;
		uint64_t total = 0;

		for (uint64_t step = 1; step < 200; step++) {
			uint64_t distance = step * UINT64_C(0x1000193);

			offset =
				leat_offset_advance(offset, distance, capacity);
			total += distance;
			CU_ASSERT_EQUAL(offset, total % capacity);
		}
	}
}

/* ---- spans ---- */

static void check_cut(uint32_t offset, uint32_t n_items, uint32_t capacity)
{
	uint32_t to_end = capacity - offset;
	struct leat_spans spans;

	leat_spans_cut(&spans, offset, n_items, capacity);
	CU_ASSERT_EQUAL(spans.n_items, n_items);
	CU_ASSERT_EQUAL(spans.span[0].offset, offset);
	CU_ASSERT_EQUAL(spans.span[0].n_items,
			n_items <= to_end ? n_items : to_end);
	CU_ASSERT_EQUAL(spans.span[1].offset, 0);
	CU_ASSERT_EQUAL(spans.span[1].n_items,
			n_items <= to_end ? 0 : n_items - to_end);
}

static void test_spans_of_every_small_ring(void)
{
	for (uint32_t capacity = 1; capacity <= 9; capacity++)
		for (uint32_t offset = 0; offset < capacity; offset++)
			for (uint32_t n = 0; n <= capacity; n++)
				check_cut(offset, n, capacity);
}

static void test_spans_of_the_largest_ring(void)
{
	const uint32_t capacity = LEAT_RING_CAPACITY_MAX;

	check_cut(0, capacity, capacity);
	check_cut(capacity - 1, capacity, capacity);
	check_cut(capacity / 2, capacity / 2, capacity);
	check_cut(capacity / 2, capacity / 2 + 1, capacity);
}

static const struct unit_test tests[] = {
	{ "between", "both ends count", test_between_includes_both_ends },
	{ "between", "outside is refused", test_between_refuses_outside },
	{ "before", "equal is not before", test_before_is_strict },
	{ "before", "half the range", test_before_reaches_half_the_range },
	{ "crosses", "old < mark <= now", test_crosses_only_what_is_passed },
	{ "crosses", "no step, no crossing",
	  test_crosses_nothing_without_a_step },
	{ "crosses", "far marks", test_crosses_ignores_far_marks },
	{ "offsets", "advance wraps", test_advance_wraps },
	{ "offsets", "retreat wraps", test_retreat_wraps },
	{ "offsets", "retreat undoes advance", test_retreat_undoes_advance },
	{ "offsets", "steps add up", test_advance_adds_up },
	{ "spans", "every small ring", test_spans_of_every_small_ring },
	{ "spans", "the largest ring", test_spans_of_the_largest_ring },
};

UNIT_MAIN(tests)
