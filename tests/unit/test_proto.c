/* SPDX-License-Identifier: MIT */
#include "link/latency.h"
#include "link/proto.h"

#include <leat/positions.h>

#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- messages that are right, to be changed in one place each ---- */

static struct leat_link_spec a_spec(void)
{
	struct leat_link_spec spec = {
		.link_name = "main",
		.rate_hz = 48000,
		.period = 256,
		.n_channels = { 2, 6 },
		.capacity = 4096,
		.ring_flags = { LEAT_RING_TIMED, LEAT_RING_POLL },
		.jack_alive = true,
	};

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_positions_default(spec.position[d], spec.n_channels[d]);
	return spec;
}

static struct leat_link_latency a_latency(void)
{
	return (struct leat_link_latency){
		.beyond = { { 10, 20 }, { 0, 7680000 } },
		.added = { 1234, LEAT_LATENCY_FOLLOW },
	};
}

static struct leat_message a_message(enum leat_message_type type,
				     uint32_t n_fds)
{
	struct leat_link_latency latency = a_latency();
	struct leat_link_spec spec = a_spec();
	struct leat_message message;

	leat_message_init(&message, type);
	message.n_fds = n_fds;
	if (type == LEAT_MESSAGE_SPEC)
		leat_spec_pack(&message.body.spec, &spec);
	else if (type == LEAT_MESSAGE_HELLO)
		message.body.hello.role = n_fds > 0 ? LEAT_ROLE_PIPEWIRE
						    : LEAT_ROLE_TOOL;
	else if (type == LEAT_MESSAGE_BYE)
		strcpy(message.body.bye.text, "so long");
	else if (type == LEAT_MESSAGE_LATENCY)
		leat_latency_pack(&message.body.latency, &latency);
	return message;
}

static int check(const struct leat_message *message)
{
	return leat_message_check(message, sizeof(*message), message->n_fds);
}

/* Each type with a number of descriptors that it may have. */
static const struct {
	enum leat_message_type type;
	uint32_t n_fds;
} kinds[] = {
	{ LEAT_MESSAGE_HELLO, 0 },  { LEAT_MESSAGE_HELLO, 1 },
	{ LEAT_MESSAGE_SPEC, 0 },   { LEAT_MESSAGE_OFFER, 3 },
	{ LEAT_MESSAGE_ACCEPT, 3 }, { LEAT_MESSAGE_STATUS, 1 },
	{ LEAT_MESSAGE_STATUS, 2 }, { LEAT_MESSAGE_BYE, 0 },
	{ LEAT_MESSAGE_ROOM, 0 },   { LEAT_MESSAGE_LATENCY, 0 },
	{ LEAT_MESSAGE_LOAD, 1 },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct leat_message a_kind(size_t i)
{
	return a_message(kinds[i].type, kinds[i].n_fds);
}

/* ---- header ---- */

static void test_right_ones_are_accepted(void)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		struct leat_message message = a_kind(i);

		CU_ASSERT_EQUAL(check(&message), 0);
	}
}

/* Behind the status parts, of which there are one or two. */
static void test_load_parts_of_a_status(void)
{
	for (uint32_t loads = 0; loads < 4; loads++)
		for (uint32_t n_fds = 0; n_fds <= 5; n_fds++) {
			struct leat_message message =
				a_message(LEAT_MESSAGE_STATUS, n_fds);
			uint32_t n_status =
				n_fds - (uint32_t)__builtin_popcount(loads);

			message.body.status.loads = loads;
			CU_ASSERT_EQUAL(check(&message) == 0,
					n_status == 1 || n_status == 2);
		}
	for (uint32_t bit = 2; bit < 32; bit++) {
		struct leat_message message = a_message(LEAT_MESSAGE_STATUS, 2);

		message.body.status.loads = 1u << bit;
		CU_ASSERT_EQUAL(check(&message), -EPROTO);
	}
}

static void test_layout(void)
{
	static const unsigned char begin[16] = { 'l', 'e', 'a', 't', 2, 0, 6 };
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_BYE);
	CU_ASSERT_EQUAL(sizeof(message), 512);
	CU_ASSERT_EQUAL(memcmp(&message, begin, sizeof(begin)), 0);
	for (size_t i = 0; i < sizeof(message.body); i++)
		CU_ASSERT_EQUAL(message.body.bytes[i], 0);
}

static void test_magic(void)
{
	for (size_t i = 0; i < N_KINDS; i++)
		for (int bit = 0; bit < 32; bit++) {
			struct leat_message message = a_kind(i);

			message.magic ^= UINT32_C(1) << bit;
			CU_ASSERT_EQUAL(check(&message), -EPROTO);
		}
}

static void test_version(void)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		struct leat_message message = a_kind(i);

		message.version = 0;
		CU_ASSERT_EQUAL(check(&message), -ENOTSUP);
		message.version = LEAT_PROTO_VERSION - 1;
		CU_ASSERT_EQUAL(check(&message), -ENOTSUP);
		message.version = LEAT_PROTO_VERSION + 1;
		CU_ASSERT_EQUAL(check(&message), -ENOTSUP);
		message.version = UINT16_MAX;
		CU_ASSERT_EQUAL(check(&message), -ENOTSUP);
		/* Only of leat's messages is it a version. */
		message.magic = 0;
		CU_ASSERT_EQUAL(check(&message), -EPROTO);
	}
}

static void test_type(void)
{
	for (uint32_t n_fds = 0; n_fds <= 3; n_fds++) {
		static const uint16_t types[] = { 0, 11, 12, 0x0101,
						  UINT16_MAX };

		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			struct leat_message message =
				a_message(LEAT_MESSAGE_OFFER, n_fds);

			message.type = types[i];
			CU_ASSERT_EQUAL(check(&message), -EPROTO);
		}
	}
}

static void test_reserved(void)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		struct leat_message message = a_kind(i);

		message.reserved = 1;
		CU_ASSERT_EQUAL(check(&message), -EPROTO);
		message.reserved = 0x80000000u;
		CU_ASSERT_EQUAL(check(&message), -EPROTO);
	}
}

static void test_size(void)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		struct leat_message messages[2] = { a_kind(i), a_kind(i) };
		static const size_t sizes[] = { 0, 1, 15, 16, 511, 513, 1024 };

		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			CU_ASSERT_EQUAL(leat_message_check(messages, sizes[j],
							   kinds[i].n_fds),
					-EPROTO);
	}
}

/* ---- descriptors ---- */

static bool may_have(enum leat_message_type type, uint32_t n_fds)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].type == type && kinds[i].n_fds == n_fds)
			return true;
	return false;
}

static void test_number_of_descriptors(void)
{
	for (size_t i = 0; i < N_KINDS; i++)
		for (uint32_t n_fds = 0; n_fds <= 4; n_fds++) {
			struct leat_message message =
				a_message(kinds[i].type, n_fds);

			/* Which role it is, decides: see below. */
			if (kinds[i].type == LEAT_MESSAGE_HELLO)
				continue;
			CU_ASSERT_EQUAL(
				check(&message),
				may_have(kinds[i].type, n_fds) ? 0 : -EPROTO);
		}
}

static void test_descriptors_of_a_hello(void)
{
	for (uint32_t n_fds = 0; n_fds <= 4; n_fds++) {
		struct leat_message message =
			a_message(LEAT_MESSAGE_HELLO, n_fds);

		message.body.hello.role = LEAT_ROLE_TOOL;
		CU_ASSERT_EQUAL(check(&message), n_fds == 0 ? 0 : -EPROTO);
		message.body.hello.role = LEAT_ROLE_TAP;
		CU_ASSERT_EQUAL(check(&message), n_fds == 0 ? 0 : -EPROTO);
		message.body.hello.role = LEAT_ROLE_PIPEWIRE;
		CU_ASSERT_EQUAL(check(&message), n_fds == 1 ? 0 : -EPROTO);
	}
}

/* What a message says came with it, against what did. */
static void test_descriptors_that_came(void)
{
	for (size_t i = 0; i < N_KINDS; i++)
		for (uint32_t n_fds = 0; n_fds <= 4; n_fds++) {
			struct leat_message message = a_kind(i);

			CU_ASSERT_EQUAL(leat_message_check(&message,
							   sizeof(message),
							   n_fds),
					n_fds == kinds[i].n_fds ? 0 : -EPROTO);
		}
}

/* ---- bodies ---- */

static void test_roles(void)
{
	static const uint32_t roles[] = { 0, 4, 0x101, UINT32_MAX };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		for (uint32_t n_fds = 0; n_fds < 2; n_fds++) {
			struct leat_message message =
				a_message(LEAT_MESSAGE_HELLO, n_fds);

			message.body.hello.role = roles[i];
			CU_ASSERT_EQUAL(check(&message), -EPROTO);
		}
}

static struct leat_message a_tap(uint32_t n_fds)
{
	const struct leat_wire_message wire = { 7, UINT64_MAX };
	struct leat_link_spec spec = a_spec();
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_TAP);
	message.n_fds = n_fds;
	leat_tap_pack(&message.body.tap, &spec, &wire);
	return message;
}

static void expect_bad_tap(size_t offset, uint32_t value)
{
	struct leat_message message = a_tap(2);

	memcpy((char *)&message.body.tap + offset, &value, sizeof(value));
	CU_ASSERT_EQUAL(check(&message), -EPROTO);
	/* Where there is no wire, nothing is said of it. */
	message.n_fds = 0;
	CU_ASSERT_EQUAL(check(&message), 0);
}

static void test_tap(void)
{
	struct leat_frames_format format;
	struct leat_message message = a_tap(2);
	struct leat_link_spec spec = a_spec();

	CU_ASSERT_EQUAL(check(&message), 0);
	leat_tap_format_of(&message.body.tap, LEAT_TO_JACK, &format);
	CU_ASSERT_EQUAL(format.n_channels, spec.n_channels[LEAT_TO_JACK]);
	CU_ASSERT_EQUAL(format.capacity, spec.capacity);
	CU_ASSERT_EQUAL(format.direction, LEAT_TO_JACK);
	CU_ASSERT_EQUAL(format.generation, 7);
	CU_ASSERT_EQUAL(format.first_index, UINT64_MAX);
	for (uint32_t n_fds = 1; n_fds <= 4; n_fds++) {
		message = a_tap(n_fds);
		CU_ASSERT_EQUAL(check(&message), n_fds == 2 ? 0 : -EPROTO);
	}
#define BAD(member, value)                                                     \
	expect_bad_tap(offsetof(struct leat_tap_message, member), value)
	BAD(rate_hz, 999);
	BAD(rate_hz, 768001);
	BAD(capacity, 63);
	BAD(capacity, 100);
	BAD(capacity, 1u << 25);
	BAD(n_channels[0], 65);
	BAD(n_channels[1], UINT32_MAX);
	BAD(ring_flags[0], 4);
	BAD(ring_flags[1], UINT32_MAX);
	BAD(position[0], UINT32_MAX);
	BAD(position[1], UINT32_MAX);
#undef BAD
}

/* It is logged: one line, and nothing that a terminal obeys. */
static void test_bye_is_plain(void)
{
	struct leat_message message = a_message(LEAT_MESSAGE_BYE, 0);
	char text[1000];

	for (int c = 1; c < 256; c++) {
		message.body.bye.text[3] = (char)c;
		CU_ASSERT_EQUAL(check(&message),
				c < 0x20 || c == 0x7f ? -EPROTO : 0);
	}
	message.body.bye.text[3] = 'x';
	message.body.bye.text[0] = '\n';
	CU_ASSERT_EQUAL(check(&message), -EPROTO);
	/* What a side says itself is made so. */
	leat_message_bye(&message, "one\ntwo \x1b[2J \xc3\xa4");
	CU_ASSERT_EQUAL(check(&message), 0);
	CU_ASSERT_STRING_EQUAL(message.body.bye.text, "one?two ?[2J \xc3\xa4");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	leat_message_bye(&message, text);
	CU_ASSERT_EQUAL(check(&message), 0);
	CU_ASSERT_EQUAL(strlen(message.body.bye.text), 383);
}

static void test_bye_ends(void)
{
	struct leat_message message = a_message(LEAT_MESSAGE_BYE, 0);

	memset(message.body.bye.text, 'x', sizeof(message.body.bye.text));
	CU_ASSERT_EQUAL(check(&message), -EPROTO);
	/* An end that lies behind the text is none. */
	CU_ASSERT_EQUAL(message.body.bytes[sizeof(struct leat_bye)], 0);
	message.body.bye.text[sizeof(message.body.bye.text) - 1] = 0;
	CU_ASSERT_EQUAL(check(&message), 0);
	message.body.bye.text[0] = 0;
	CU_ASSERT_EQUAL(check(&message), 0);
}

static void test_room_in_range(void)
{
	struct leat_message message = a_message(LEAT_MESSAGE_ROOM, 0);

	message.body.room.n_frames = 1u << 24;
	CU_ASSERT_EQUAL(check(&message), 0);
	message.body.room.n_frames++;
	CU_ASSERT_EQUAL(check(&message), -EPROTO);
	message.body.room.n_frames = UINT32_MAX;
	CU_ASSERT_EQUAL(check(&message), -EPROTO);
}

/* ---- the spec ---- */

static void test_spec_survives(void)
{
	struct leat_link_spec spec = a_spec(), back;
	struct leat_spec_message message;

	memset(&message, 0xff, sizeof(message));
	memset(&back, 0xff, sizeof(back));
	strcpy(spec.link_name, "a23456789.123456789_123456789-12");
	leat_spec_pack(&message, &spec);
	CU_ASSERT_EQUAL(leat_spec_unpack(&back, &message), 0);
	CU_ASSERT_STRING_EQUAL(back.link_name, spec.link_name);
	CU_ASSERT_EQUAL(back.rate_hz, 48000);
	CU_ASSERT_EQUAL(back.period, 256);
	CU_ASSERT_EQUAL(back.capacity, 4096);
	CU_ASSERT_TRUE(back.jack_alive);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_EQUAL(back.n_channels[d], spec.n_channels[d]);
		CU_ASSERT_EQUAL(back.ring_flags[d], spec.ring_flags[d]);
		CU_ASSERT_EQUAL(memcmp(back.position[d], spec.position[d], 64),
				0);
	}
	spec.jack_alive = false;
	leat_spec_pack(&message, &spec);
	CU_ASSERT_EQUAL(leat_spec_unpack(&back, &message), 0);
	CU_ASSERT_FALSE(back.jack_alive);
}

/* Both ways that a spec is judged: alone, and in a message. */
static void expect_spec(const struct leat_spec_message *spec, int res)
{
	struct leat_message message;
	struct leat_link_spec unpacked;

	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	message.body.spec = *spec;
	CU_ASSERT_EQUAL(leat_spec_unpack(&unpacked, spec), res);
	CU_ASSERT_EQUAL(check(&message), res);
}

static struct leat_spec_message a_packed_spec(void)
{
	struct leat_link_spec spec = a_spec();
	struct leat_spec_message message;

	leat_spec_pack(&message, &spec);
	return message;
}

/* A field of a spec, with a value and what is to become of it. */
struct field_case {
	size_t offset;
	uint32_t value;
	int res;
};

#define FIELD(name) offsetof(struct leat_spec_message, name)

static const struct field_case field_cases[] = {
	{ FIELD(rate_hz), 0, -EPROTO },
	{ FIELD(rate_hz), 999, -EPROTO },
	{ FIELD(rate_hz), 1000, 0 },
	{ FIELD(rate_hz), 768000, 0 },
	{ FIELD(rate_hz), 768001, -EPROTO },
	{ FIELD(rate_hz), UINT32_MAX, -EPROTO },
	{ FIELD(period), 0, -EPROTO },
	{ FIELD(period), 1, 0 },
	{ FIELD(period), 2048, 0 },
	{ FIELD(period), 2049, -EPROTO },
	{ FIELD(period), UINT32_MAX, -EPROTO },
	{ FIELD(n_channels[0]), 0, 0 },
	{ FIELD(n_channels[0]), 3, -EPROTO },
	{ FIELD(n_channels[0]), 65, -EPROTO },
	{ FIELD(n_channels[0]), UINT32_MAX, -EPROTO },
	{ FIELD(n_channels[1]), 0, 0 },
	{ FIELD(n_channels[1]), 7, -EPROTO },
	{ FIELD(n_channels[1]), 65, -EPROTO },
	{ FIELD(n_channels[1]), UINT32_MAX, -EPROTO },
	{ FIELD(capacity), 0, -EPROTO },
	{ FIELD(capacity), 256, -EPROTO },
	{ FIELD(capacity), 512, 0 },
	{ FIELD(capacity), 4095, -EPROTO },
	{ FIELD(capacity), 1u << 24, 0 },
	{ FIELD(capacity), 1u << 25, -EPROTO },
	{ FIELD(capacity), UINT32_MAX, -EPROTO },
	{ FIELD(ring_flags[0]), 3, 0 },
	{ FIELD(ring_flags[0]), 4, -EPROTO },
	{ FIELD(ring_flags[0]), 0x80000000u, -EPROTO },
	{ FIELD(ring_flags[1]), 0, 0 },
	{ FIELD(ring_flags[1]), 4, -EPROTO },
	{ FIELD(ring_flags[1]), UINT32_MAX, -EPROTO },
	{ FIELD(capacity_max), 0, 0 },
	{ FIELD(capacity_max), 1u << 24, 0 },
	{ FIELD(capacity_max), (1u << 24) + 1, -EPROTO },
	{ FIELD(capacity_max), UINT32_MAX, -EPROTO },
	{ FIELD(jack_alive), 0, 0 },
	{ FIELD(jack_alive), 2, -EPROTO },
	{ FIELD(jack_alive), 256, -EPROTO },
	{ FIELD(jack_alive), UINT32_MAX, -EPROTO },
};

static void test_spec_fields(void)
{
	for (size_t i = 0; i < sizeof(field_cases) / sizeof(field_cases[0]);
	     i++) {
		const struct field_case *field = &field_cases[i];
		struct leat_spec_message spec = a_packed_spec();

		memcpy((unsigned char *)&spec + field->offset, &field->value,
		       sizeof(field->value));
		expect_spec(&spec, field->res);
	}
}

/* Channels up to the greatest number, if each has a position. */
static void test_spec_of_64_channels(void)
{
	struct leat_spec_message spec = a_packed_spec();

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		spec.n_channels[d] = 64;
		leat_positions_default(spec.position[d], 64);
	}
	expect_spec(&spec, 0);
	spec.position[0][63] = LEAT_POSITION_NONE;
	expect_spec(&spec, -EPROTO);
	spec.position[0][63] = LEAT_POSITION_AUX63;
	spec.position[1][63] = 200;
	expect_spec(&spec, -EPROTO);
}

static void test_spec_positions(void)
{
	static const uint8_t bad[] = { 0, 20, 63, 128, 255 };

	for (size_t i = 0; i < sizeof(bad); i++)
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
			struct leat_spec_message spec = a_packed_spec();

			spec.position[d][spec.n_channels[d] - 1] = bad[i];
			expect_spec(&spec, -EPROTO);
			/* Beyond the channels there are, it says nothing. */
			spec = a_packed_spec();
			spec.position[d][spec.n_channels[d]] = bad[i];
			expect_spec(&spec, 0);
		}
}

static void test_spec_names(void)
{
	static const char *const bad[] = { "",	  ".x",	 "-x",	    "a b",
					   "a/b", "a\n", "\xc3\xa4" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct leat_spec_message spec = a_packed_spec();

		memset(spec.link_name, 0, sizeof(spec.link_name));
		snprintf(spec.link_name, sizeof(spec.link_name), "%s", bad[i]);
		expect_spec(&spec, -EPROTO);
	}
}

/* Cut off, it would be another link's name. */
static void test_spec_names_end(void)
{
	struct leat_spec_message spec = a_packed_spec();

	memset(spec.link_name, 'a', sizeof(spec.link_name));
	expect_spec(&spec, -EPROTO);
	spec.link_name[33] = 0;
	expect_spec(&spec, -EPROTO);
	spec.link_name[32] = 0;
	expect_spec(&spec, 0);
}

/* What an older side does not say, and a newer one says beyond us. */
static void test_features(void)
{
	static const uint32_t features[] = { 0, LEAT_FEATURE_LATENCY, 2,
					     UINT32_MAX };

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct leat_message message = a_message(LEAT_MESSAGE_HELLO, 1);

		message.body.hello.features = features[i];
		CU_ASSERT_EQUAL(check(&message), 0);
		message = a_message(LEAT_MESSAGE_SPEC, 0);
		message.body.spec.features = features[i];
		CU_ASSERT_EQUAL(check(&message), 0);
	}
	/* Where they are is part of the format. */
	CU_ASSERT_EQUAL(offsetof(struct leat_message, body.hello.features), 20);
	CU_ASSERT_EQUAL(offsetof(struct leat_message, body.spec.features), 220);
}

/* ---- latency ---- */

static void test_latency_survives(void)
{
	struct leat_link_latency latency = a_latency(), back;
	struct leat_latency_message message;

	memset(&message, 0xff, sizeof(message));
	memset(&back, 0xff, sizeof(back));
	leat_latency_pack(&message, &latency);
	CU_ASSERT_EQUAL(leat_latency_unpack(&back, &message), 0);
	CU_ASSERT_TRUE(leat_latency_same(&latency, &back));
	CU_ASSERT_EQUAL(back.beyond[LEAT_TO_PIPEWIRE].min, 10);
	CU_ASSERT_EQUAL(back.beyond[LEAT_TO_PIPEWIRE].max, 20);
	CU_ASSERT_EQUAL(back.beyond[LEAT_TO_JACK].min, 0);
	CU_ASSERT_EQUAL(back.beyond[LEAT_TO_JACK].max, 7680000);
	CU_ASSERT_EQUAL(back.added[LEAT_TO_PIPEWIRE], 1234);
	CU_ASSERT_EQUAL(back.added[LEAT_TO_JACK], LEAT_LATENCY_FOLLOW);
}

/* Ten seconds at the highest rate, min not above max, and nothing else. */
static void test_latency_fields(void)
{
	static const struct {
		uint32_t min, max, added;
		int res;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 7680000, 7680000, 7680000, 0 },
		{ 0, 7680001, 0, -EPROTO },
		{ 7680001, 7680001, 0, -EPROTO },
		{ 0, UINT32_MAX, 0, -EPROTO },
		{ 1, 0, 0, -EPROTO },
		{ UINT32_MAX, 0, 0, -EPROTO },
		{ 0, 0, 7680001, -EPROTO },
		{ 0, 0, UINT32_MAX - 1, -EPROTO },
		{ 0, 0, UINT32_MAX, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
			struct leat_message message =
				a_message(LEAT_MESSAGE_LATENCY, 0);

			message.body.latency.min[d] = cases[i].min;
			message.body.latency.max[d] = cases[i].max;
			message.body.latency.added[d] = cases[i].added;
			CU_ASSERT_EQUAL(check(&message), cases[i].res);
		}
}

static void test_latency_is_limited(void)
{
	struct leat_link_latency latency = {
		.beyond = { { 500000, 600000 }, { 9, 5 } },
		.added = { 700000, LEAT_LATENCY_FOLLOW },
	};
	struct leat_link_latency other;

	leat_latency_limit(&latency, 48000);
	CU_ASSERT_EQUAL(latency.beyond[0].min, 480000);
	CU_ASSERT_EQUAL(latency.beyond[0].max, 480000);
	CU_ASSERT_EQUAL(latency.beyond[1].min, 5);
	CU_ASSERT_EQUAL(latency.beyond[1].max, 5);
	CU_ASSERT_EQUAL(latency.added[0], 480000);
	CU_ASSERT_EQUAL(latency.added[1], LEAT_LATENCY_FOLLOW);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		other = latency;
		other.beyond[d].min--;
		CU_ASSERT_FALSE(leat_latency_same(&latency, &other));
		other = latency;
		other.beyond[d].max++;
		CU_ASSERT_FALSE(leat_latency_same(&latency, &other));
		other = latency;
		other.added[d]--;
		CU_ASSERT_FALSE(leat_latency_same(&latency, &other));
	}
}

/* ---- rings for a spec ---- */

static void test_format_of_a_direction(void)
{
	const struct leat_wire_message wire = { 9, 1234 };
	struct leat_link_spec spec = a_spec();

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		struct leat_frames_format format;

		leat_spec_format(&spec, (enum leat_direction)d, &wire, &format);
		CU_ASSERT_EQUAL(format.n_channels, spec.n_channels[d]);
		CU_ASSERT_EQUAL(format.ring_flags, spec.ring_flags[d]);
		CU_ASSERT_EQUAL(format.direction, (uint32_t)d);
		CU_ASSERT_EQUAL(format.capacity, 4096);
		CU_ASSERT_EQUAL(format.rate_hz, 48000);
		CU_ASSERT_EQUAL(format.generation, 9);
		CU_ASSERT_EQUAL(format.first_index, 1234);
	}
}

static void test_same_rings(void)
{
	const struct leat_link_spec a = a_spec();
	struct leat_link_spec b = a;

	CU_ASSERT_TRUE(leat_spec_same_rings(&a, &b));
	b.period = 64;
	b.jack_alive = false;
	b.position[0][0] = LEAT_POSITION_AUX0;
	CU_ASSERT_TRUE(leat_spec_same_rings(&a, &b));
	b.rate_hz = 44100;
	CU_ASSERT_FALSE(leat_spec_same_rings(&a, &b));
	b = a;
	b.capacity *= 2;
	CU_ASSERT_FALSE(leat_spec_same_rings(&a, &b));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		b = a;
		b.n_channels[d]--;
		CU_ASSERT_FALSE(leat_spec_same_rings(&a, &b));
		b = a;
		b.ring_flags[d] = 0;
		CU_ASSERT_FALSE(leat_spec_same_rings(&a, &b));
	}
}

/* ---- room ---- */

static void expect_most(uint32_t n_to_pipewire, uint32_t n_to_jack,
			uint32_t capacity, uint32_t most)
{
	struct leat_link_spec spec = a_spec();

	spec.n_channels[LEAT_TO_PIPEWIRE] = n_to_pipewire;
	spec.n_channels[LEAT_TO_JACK] = n_to_jack;
	spec.capacity = capacity;
	CU_ASSERT_EQUAL(leat_spec_capacity_max(&spec), most);
	CU_ASSERT_EQUAL(leat_spec_grown(&spec, UINT32_MAX), most);
}

/* 2^20 frames, and 64 MiB both ways together. */
static void test_most_room(void)
{
	expect_most(2, 2, 16384, 1u << 20);
	expect_most(0, 0, 64, 1u << 20);
	expect_most(8, 8, 64, 1u << 20);
	expect_most(9, 8, 64, 1u << 19);
	expect_most(64, 64, 16384, 1u << 17);
	expect_most(64, 0, 16384, 1u << 18);
	/* What there is already stays. */
	expect_most(64, 64, 1u << 18, 1u << 18);
	expect_most(2, 2, 1u << 24, 1u << 24);
}

static void test_grown(void)
{
	struct leat_link_spec spec = a_spec();

	spec.capacity = 256;
	CU_ASSERT_EQUAL(leat_spec_grown(&spec, 0), 256);
	CU_ASSERT_EQUAL(leat_spec_grown(&spec, 256), 256);
	CU_ASSERT_EQUAL(leat_spec_grown(&spec, 257), 512);
	CU_ASSERT_EQUAL(leat_spec_grown(&spec, 1024), 1024);
	CU_ASSERT_EQUAL(leat_spec_grown(&spec, 1025), 2048);
}

static const struct unit_test tests[] = {
	{ "header", "right ones", test_right_ones_are_accepted },
	{ "header", "load parts", test_load_parts_of_a_status },
	{ "header", "layout", test_layout },
	{ "header", "magic", test_magic },
	{ "header", "version", test_version },
	{ "header", "type", test_type },
	{ "header", "reserved", test_reserved },
	{ "header", "size", test_size },
	{ "descriptors", "how many", test_number_of_descriptors },
	{ "descriptors", "of a hello", test_descriptors_of_a_hello },
	{ "descriptors", "that came", test_descriptors_that_came },
	{ "bodies", "roles", test_roles },
	{ "bodies", "tap", test_tap },
	{ "bodies", "room", test_room_in_range },
	{ "bodies", "bye", test_bye_ends },
	{ "bodies", "plain bye", test_bye_is_plain },
	{ "spec", "survives", test_spec_survives },
	{ "spec", "fields", test_spec_fields },
	{ "spec", "64 channels", test_spec_of_64_channels },
	{ "spec", "positions", test_spec_positions },
	{ "spec", "names", test_spec_names },
	{ "spec", "names end", test_spec_names_end },
	{ "versions", "features", test_features },
	{ "latency", "survives", test_latency_survives },
	{ "latency", "fields", test_latency_fields },
	{ "latency", "limited", test_latency_is_limited },
	{ "rings", "format", test_format_of_a_direction },
	{ "rings", "the same", test_same_rings },
	{ "room", "the most", test_most_room },
	{ "room", "grown", test_grown },
};

UNIT_MAIN(tests)
