/* SPDX-License-Identifier: MIT */
/*
 * The bytes of doc/format.md, told once more: who changes one of them changes
 * the page, a version, and this.
 */
#include "link/load_part.h"
#include "link/part.h"
#include "link/proto.h"
#include "link/side.h"

#include <leat/positions.h>

#include "node.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>

/* Numbers are those of a little-endian machine, as in the page. */
static uint64_t number_at(const void *memory, size_t offset, size_t n_bytes)
{
	const unsigned char *bytes = (const unsigned char *)memory + offset;
	uint64_t number = 0;

	for (size_t i = n_bytes; i-- > 0;)
		number = number << 8 | bytes[i];
	return number;
}

struct field {
	size_t offset;
	size_t n_bytes;
	uint64_t value;
};

/* These fields are there, and between and behind them all is 0. */
static void expect_fields(const void *memory, size_t n_bytes,
			  const struct field *fields, size_t n_fields)
{
	unsigned char copy[4096];

	CU_ASSERT_FATAL(n_bytes <= sizeof(copy));
	memcpy(copy, memory, n_bytes);
	for (size_t i = 0; i < n_fields; i++) {
		CU_ASSERT_EQUAL(
			number_at(copy, fields[i].offset, fields[i].n_bytes),
			fields[i].value);
		memset(copy + fields[i].offset, 0, fields[i].n_bytes);
	}
	for (size_t i = 0; i < n_bytes; i++)
		CU_ASSERT_EQUAL(copy[i], 0);
}

#define EXPECT_FIELDS(memory, n_bytes, fields)                                 \
	expect_fields(memory, n_bytes, fields,                                 \
		      sizeof(fields) / sizeof((fields)[0]))

/* ---- parts ---- */

static const struct leat_frames_format format = {
	.n_channels = 3,
	.capacity = 1024,
	.rate_hz = 44100,
	.ring_flags = LEAT_RING_TIMED,
	.direction = LEAT_TO_JACK,
	.generation = 0x1122334455667788,
	.first_index = 0x99aabbccddeeff00,
};

static void test_producer_header(void)
{
	static const struct field fields[] = {
		{ 0, 8, 0x747261707461656c },
		{ 8, 4, 2 },
		{ 12, 4, 1 },
		{ 16, 8, 20480 }, /* 4096 + 3 * 4224, in whole pages */
		{ 24, 8, 0x1122334455667788 },
		{ 32, 8, 0x99aabbccddeeff00 },
		{ 40, 4, 1 },
		{ 44, 4, 3 },
		{ 48, 4, 1024 },
		{ 52, 4, 44100 },
		{ 56, 4, 2 },
		{ 64, 8, 4096 },
		{ 72, 8, 4224 },
	};
	struct leat_part_header header;

	memset(&header, 0x55, sizeof(header));
	leat_part_header_init(&header, LEAT_PART_PRODUCER, &format);
	EXPECT_FIELDS(&header, sizeof(header), fields);
	CU_ASSERT_EQUAL(
		leat_part_header_check(&header, LEAT_PART_PRODUCER, &format),
		0);
	CU_ASSERT_EQUAL(
		leat_part_header_check(&header, LEAT_PART_CONSUMER, &format),
		-EPROTO);
	CU_ASSERT_EQUAL(memcmp(&header, "leatpart", 8), 0);
}

static void test_consumer_header(void)
{
	struct leat_part_header header;

	leat_part_header_init(&header, LEAT_PART_CONSUMER, &format);
	CU_ASSERT_EQUAL(number_at(&header, 12, 4), 2);
	CU_ASSERT_EQUAL(number_at(&header, 16, 8), 4096);
	CU_ASSERT_EQUAL(sizeof(struct leat_consumer_part), 384);
}

static void test_status_part(void)
{
	struct leat_side_words *words;
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_side_create(&shm) == 0);
	CU_ASSERT_EQUAL(shm.size_bytes, 4096);
	CU_ASSERT_EQUAL(number_at(shm.addr, 0, 8), 0x747261707461656c);
	CU_ASSERT_EQUAL(number_at(shm.addr, 8, 4), 2);
	CU_ASSERT_EQUAL(number_at(shm.addr, 12, 4), 3);
	CU_ASSERT_EQUAL(number_at(shm.addr, 16, 8), 4096);
	words = leat_side(&shm);
	words->alive.atomic_value = 10;
	words->running.atomic_value = 11;
	words->direction[LEAT_TO_PIPEWIRE].slips.atomic_value = 12;
	words->direction[LEAT_TO_JACK].poisoned.atomic_value = 13;
	words->direction[LEAT_TO_JACK].beyond.atomic_value = 15;
	words->direction[LEAT_TO_JACK].trim.atomic_value = 16;
	strcpy(words->server, "name");
	words->clock.resampler_delay[LEAT_TO_JACK].atomic_value = 14;
	CU_ASSERT_EQUAL(number_at(shm.addr, 128, 8), 10);
	CU_ASSERT_EQUAL(number_at(shm.addr, 192, 8), 11);
	CU_ASSERT_EQUAL(number_at(shm.addr, 256 + 48, 8), 12);
	CU_ASSERT_EQUAL(number_at(shm.addr, 384 + 80, 8), 13);
	CU_ASSERT_EQUAL(number_at(shm.addr, 384 + 88, 8), 15);
	CU_ASSERT_EQUAL(number_at(shm.addr, 384 + 96, 8), 16);
	CU_ASSERT_EQUAL(memcmp((char *)shm.addr + 512, "name", 5), 0);
	CU_ASSERT_EQUAL(number_at(shm.addr, 640, 8), 7);
	CU_ASSERT_EQUAL(number_at(shm.addr, 648, 8), UINT64_MAX);
	CU_ASSERT_EQUAL(number_at(shm.addr, 640 + 56, 8), 14);
	leat_shm_finish(&shm);
}

static void test_load_part(void)
{
	struct leat_load_words *words;
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_load_part_create(&shm) == 0);
	CU_ASSERT_EQUAL(number_at(shm.addr, 0, 8), 0x747261707461656c);
	CU_ASSERT_EQUAL(number_at(shm.addr, 12, 4), 4);
	CU_ASSERT_EQUAL(number_at(shm.addr, 16, 8), 28672);
	CU_ASSERT_EQUAL(number_at(shm.addr, 128, 8), 3);
	CU_ASSERT_EQUAL(number_at(shm.addr, 136, 8), 800);
	CU_ASSERT_EQUAL(number_at(shm.addr, 144, 8), 128);
	words = leat_load_part_own(&shm);
	words->n_taps.atomic_value = 10;
	words->n_written.atomic_value = 11;
	words->slots[127].period_ns.atomic_value = 12;
	words->histogram[LEAT_LOAD_WAKEUP].max_ns.atomic_value = 13;
	words->histogram[LEAT_LOAD_WAKEUP].counts[799].atomic_value = 14;
	CU_ASSERT_EQUAL(number_at(shm.addr, 152, 8), 10);
	CU_ASSERT_EQUAL(number_at(shm.addr, 256, 8), 11);
	CU_ASSERT_EQUAL(number_at(shm.addr, 384 + 127 * 48 + 40, 8), 12);
	CU_ASSERT_EQUAL(number_at(shm.addr, 6528 * 3 + 8, 8), 13);
	CU_ASSERT_EQUAL(number_at(shm.addr, 6656 + 6528 * 2 + 799 * 8, 8), 14);
	leat_shm_finish(&shm);
}

/* ---- messages ---- */

static void test_types(void)
{
	CU_ASSERT_EQUAL(LEAT_MESSAGE_HELLO, 1);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_SPEC, 2);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_OFFER, 3);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_ACCEPT, 4);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_STATUS, 5);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_BYE, 6);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_ROOM, 8);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_LOAD, 10);
	CU_ASSERT_EQUAL(LEAT_ROLE_PIPEWIRE, 1);
	CU_ASSERT_EQUAL(LEAT_ROLE_TOOL, 2);
}

static void test_message_head(void)
{
	static const struct field fields[] = {
		{ 0, 4, 0x7461656c }, { 4, 2, 2 },  { 6, 2, 3 },
		{ 16, 8, 5 },	      { 24, 8, 6 },
	};
	struct leat_message message;

	memset(&message, 0x55, sizeof(message));
	leat_message_init(&message, LEAT_MESSAGE_OFFER);
	message.body.wire.generation = 5;
	message.body.wire.first_index = 6;
	CU_ASSERT_EQUAL(sizeof(message), 512);
	CU_ASSERT_EQUAL(sizeof(message.body.bye.text), 384);
	EXPECT_FIELDS(&message, sizeof(message), fields);
}

/* What a name leaves of its place is 0, whatever was there before. */
static void test_spec_body(void)
{
	static const struct field fields[] = {
		{ 0, 4, 48000 },
		{ 4, 4, 64 },
		{ 8, 4, 1 },
		{ 12, 4, 2 },
		{ 16, 4, 256 },
		{ 20, 4, 1 },
		{ 24, 4, 2 },
		{ 28, 4, 1 },
		{ 32, 4, 0x74696e75 }, /* "unit" */
		{ 72, 1, LEAT_POSITION_MONO },
		{ 136, 1, LEAT_POSITION_FL },
		{ 137, 1, LEAT_POSITION_FR },
		{ 200, 4, 0x12345 },
	};
	struct leat_link_spec spec = node_spec();
	struct leat_spec_message message;

	spec.n_channels[LEAT_TO_PIPEWIRE] = 1;
	spec.n_channels[LEAT_TO_JACK] = 2;
	spec.ring_flags[LEAT_TO_PIPEWIRE] = LEAT_RING_POLL;
	spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_TIMED;
	spec.capacity_max = 0x12345;
	memset(spec.position, 0, sizeof(spec.position));
	spec.position[LEAT_TO_PIPEWIRE][0] = LEAT_POSITION_MONO;
	spec.position[LEAT_TO_JACK][0] = LEAT_POSITION_FL;
	spec.position[LEAT_TO_JACK][1] = LEAT_POSITION_FR;
	memset(&message, 0x55, sizeof(message));
	leat_spec_pack(&message, &spec);
	EXPECT_FIELDS(&message, sizeof(message), fields);
	/* And each position counts. */
	CU_ASSERT_EQUAL(leat_spec_unpack(&spec, &message), 0);
	message.position[LEAT_TO_JACK][0] = 255;
	CU_ASSERT_EQUAL(leat_spec_unpack(&spec, &message), -EPROTO);
}

static void test_room_body(void)
{
	static const struct field fields[] = {
		{ 0, 4, 0x7461656c },
		{ 4, 2, 2 },
		{ 6, 2, 8 },
		{ 16, 4, 0x54321 },
	};
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_ROOM);
	message.body.room.n_frames = 0x54321;
	EXPECT_FIELDS(&message, sizeof(message), fields);
}

static void test_tap_body(void)
{
	static const struct field fields[] = {
		{ 0, 8, 0x1122334455667788 },
		{ 8, 8, 0x99aabbccddeeff00 },
		{ 16, 4, 48000 },
		{ 20, 4, 256 },
		{ 24, 4, 2 },
		{ 28, 4, 1 },
		{ 32, 4, 2 },
		{ 36, 4, 1 },
		{ 40, 1, LEAT_POSITION_FL },
		{ 41, 1, LEAT_POSITION_FR },
		{ 104, 1, LEAT_POSITION_MONO },
	};
	const struct leat_wire_message wire = { 0x1122334455667788,
						0x99aabbccddeeff00 };
	struct leat_link_spec spec = node_spec();
	struct leat_tap_message message;

	spec.ring_flags[LEAT_TO_PIPEWIRE] = LEAT_RING_TIMED;
	spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_POLL;
	memset(&message, 0x55, sizeof(message));
	leat_tap_pack(&message, &spec, &wire);
	EXPECT_FIELDS(&message, sizeof(message), fields);
	CU_ASSERT_EQUAL(LEAT_MESSAGE_TAP, 9);
	CU_ASSERT_EQUAL(LEAT_ROLE_TAP, 3);
}

/* What a producer's part holds for taps. */
static void test_events(void)
{
	struct leat_producer_part part = { 0 };
	struct leat_event_sums sums = { .n_jumps = 0xffffff };

	part.events.n_slots.atomic_value = 32;
	part.events.block_max.atomic_value = 64;
	leat_event_log_write(&part.events, &sums, 1, LEAT_EVENT_JUMP, 2);
	leat_event_log_write(&part.events, &sums, 1, LEAT_EVENT_JUMP, 2);
	for (int i = 0; i < 31; i++)
		leat_event_log_write(&part.events, &sums, 5, LEAT_EVENT_XRUN,
				     6);
	CU_ASSERT_EQUAL(number_at(&part, 2824, 8), 32);
	CU_ASSERT_EQUAL(number_at(&part, 2832, 8), 64);
	CU_ASSERT_EQUAL(number_at(&part, 2816, 8), 33);
	CU_ASSERT_EQUAL(number_at(&part, 2944, 8), 33);
	CU_ASSERT_EQUAL(number_at(&part, 2952, 8), 5);
	CU_ASSERT_EQUAL(number_at(&part, 2960, 8), 6);
	CU_ASSERT_EQUAL(number_at(&part, 2968, 1), 2);
	CU_ASSERT_EQUAL(number_at(&part, 2969, 3), 1);
	CU_ASSERT_EQUAL(number_at(&part, 2972, 4), 31 * 6);
	CU_ASSERT_EQUAL(number_at(&part, 2944 + 31 * 32, 8), 32);
	CU_ASSERT_EQUAL(sizeof(part), 3968);
	CU_ASSERT_EQUAL(LEAT_EVENT_JUMP, 1);
	CU_ASSERT_EQUAL(LEAT_EVENT_DROPPED, 3);
	CU_ASSERT_EQUAL(LEAT_EVENT_INSERTED, 4);
}

static const struct unit_test tests[] = {
	{ "parts", "the header of a producer", test_producer_header },
	{ "parts", "the header of a consumer", test_consumer_header },
	{ "parts", "a status part", test_status_part },
	{ "parts", "a load part", test_load_part },
	{ "messages", "types", test_types },
	{ "messages", "the head", test_message_head },
	{ "messages", "a spec", test_spec_body },
	{ "messages", "room", test_room_body },
	{ "messages", "a tap", test_tap_body },
	{ "parts", "events", test_events },
};

UNIT_MAIN(tests)
