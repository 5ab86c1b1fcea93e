/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a message: what is accepted is in range in every field, and
 * what is in range survives being packed and unpacked. No state, no system
 * call.
 */
#include "fuzz.h"

#include "link/proto.h"

#include <leat/positions.h>

#include <errno.h>
#include <string.h>

static bool is_name(const char *name)
{
	size_t n = strnlen(name, 33);

	if (n == 0 || n == 33 || strchr("._-", name[0]))
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static void look_at_spec(const struct leat_link_spec *spec)
{
	MUST(is_name(spec->link_name));
	MUST(spec->rate_hz >= 1000 && spec->rate_hz <= 768000);
	MUST(spec->capacity >= 64 && spec->capacity <= 1u << 24);
	MUST((spec->capacity & (spec->capacity - 1)) == 0);
	MUST(spec->period >= 1 && spec->period <= spec->capacity / 2);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		MUST(spec->n_channels[d] <= 64);
		MUST(spec->ring_flags[d] <= 3);
		for (uint32_t i = 0; i < spec->n_channels[d]; i++)
			MUST(leat_position_name(spec->position[d][i]) &&
			     leat_position_label(spec->position[d][i]));
	}
	MUST(leat_spec_same_rings(spec, spec));
	MUST(spec->capacity_max <= 1u << 24);
	MUST(leat_spec_capacity_max(spec) >= spec->capacity);
	MUST(leat_spec_grown(spec, UINT32_MAX) == leat_spec_capacity_max(spec));
}

/* Packed and unpacked again it is the same. */
static void there_and_back(const struct leat_link_spec *spec)
{
	struct leat_message message;
	struct leat_link_spec back;

	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, spec);
	MUST(leat_message_check(&message, sizeof(message), 0) == 0);
	MUST(leat_spec_unpack(&back, &message.body.spec) == 0);
	MUST(strcmp(back.link_name, spec->link_name) == 0);
	MUST(back.rate_hz == spec->rate_hz && back.period == spec->period &&
	     back.capacity == spec->capacity &&
	     back.jack_alive == spec->jack_alive &&
	     back.capacity_max == spec->capacity_max);
	MUST(memcmp(back.n_channels, spec->n_channels,
		    sizeof(back.n_channels)) == 0);
	MUST(memcmp(back.ring_flags, spec->ring_flags,
		    sizeof(back.ring_flags)) == 0);
	MUST(memcmp(back.position, spec->position, sizeof(back.position)) == 0);
}

/* How many descriptors come with a type; doc/format.md has the table. */
static bool right_count(const struct leat_message *message, uint32_t n_fds)
{
	switch (message->type) {
	case LEAT_MESSAGE_HELLO:
		return n_fds ==
		       (message->body.hello.role == LEAT_ROLE_PIPEWIRE);
	case LEAT_MESSAGE_OFFER:
	case LEAT_MESSAGE_ACCEPT:
		return n_fds == 3;
	case LEAT_MESSAGE_STATUS:
		/* Load parts behind one or two status parts. */
		n_fds -= message->body.status.loads & 1;
		n_fds -= message->body.status.loads >> 1 & 1;
		return (n_fds == 1 || n_fds == 2) &&
		       message->body.status.loads < 4;
	case LEAT_MESSAGE_LOAD:
		return n_fds == 1;
	case LEAT_MESSAGE_TAP:
		return n_fds == 0 || n_fds == 2;
	default:
		return n_fds == 0;
	}
}

/* It is logged: one line, and nothing that a terminal obeys. */
static void look_at_text(const char *text)
{
	size_t n = strnlen(text, 384);

	MUST(n < 384);
	for (size_t i = 0; i < n; i++)
		MUST((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

/* 10 s at 768 kHz. */
static void look_at_latency(const struct leat_latency_message *message)
{
	struct leat_latency_message again;
	struct leat_link_latency latency;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		MUST(message->min[d] <= message->max[d]);
		MUST(message->max[d] <= 7680000);
		MUST(message->added[d] <= 7680000 ||
		     message->added[d] == UINT32_MAX);
	}
	MUST(leat_latency_unpack(&latency, message) == 0);
	leat_latency_pack(&again, &latency);
	MUST(memcmp(&again, message, sizeof(again)) == 0);
	leat_latency_limit(&latency, 1000);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		MUST(latency.beyond[d].min <= latency.beyond[d].max &&
		     latency.beyond[d].max <= 10000);
}

/* Of a wire, if there is one: nothing of it is used for arithmetic unchecked. */
static void look_at_tap(const struct leat_tap_message *message)
{
	MUST(message->rate_hz >= 1000 && message->rate_hz <= 768000);
	MUST(message->capacity >= 64 && message->capacity <= 1u << 24);
	MUST((message->capacity & (message->capacity - 1)) == 0);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		MUST(message->n_channels[d] <= 64);
		MUST(message->ring_flags[d] <= 3);
		for (uint32_t i = 0; i < message->n_channels[d]; i++)
			MUST(leat_position_name(message->position[d][i]));
	}
}

static void look_at_accepted(const struct leat_message *message, uint32_t n_fds)
{
	struct leat_link_spec spec;

	MUST(message->magic == 0x7461656c &&
	     message->version == LEAT_PROTO_VERSION);
	MUST(message->n_fds == n_fds && message->reserved == 0);
	MUST(message->type >= LEAT_MESSAGE_HELLO &&
	     message->type <= LEAT_MESSAGE_LOAD);
	MUST(right_count(message, n_fds));
	if (message->type == LEAT_MESSAGE_HELLO)
		MUST(message->body.hello.role == LEAT_ROLE_PIPEWIRE ||
		     message->body.hello.role == LEAT_ROLE_TOOL ||
		     message->body.hello.role == LEAT_ROLE_TAP);
	if (message->type == LEAT_MESSAGE_BYE)
		look_at_text(message->body.bye.text);
	if (message->type == LEAT_MESSAGE_ROOM)
		MUST(message->body.room.n_frames <= 1u << 24);
	if (message->type == LEAT_MESSAGE_TAP && n_fds > 0)
		look_at_tap(&message->body.tap);
	if (message->type == LEAT_MESSAGE_LATENCY)
		look_at_latency(&message->body.latency);
	if (message->type != LEAT_MESSAGE_SPEC)
		return;
	MUST(strnlen(message->body.spec.link_name, 40) <= 32);
	MUST(leat_spec_unpack(&spec, &message->body.spec) == 0);
	look_at_spec(&spec);
	there_and_back(&spec);
}

void fuzz_begin(void)
{
}

/* How many descriptors came, and the packet. */
void fuzz_one(struct fuzz_input *input)
{
	uint32_t n_fds = fuzz_u8(input);
	struct leat_message message;
	int res = leat_message_check(input->at, input->left, n_fds);

	MUST(res == 0 || res == -EPROTO || res == -ENOTSUP);
	if (res == -EPROTO)
		return;
	MUST(input->left == sizeof(message));
	memcpy(&message, input->at, sizeof(message));
	if (res == -ENOTSUP)
		MUST(message.version != LEAT_PROTO_VERSION);
	else
		look_at_accepted(&message, n_fds);
}

/* ---- seeds ---- */

static void put_message(struct leat_message *message, uint32_t n_fds,
			const char *name)
{
	struct fuzz_seed seed = { .n_bytes = 0 };

	message->n_fds = n_fds;
	fuzz_put_u8(&seed, n_fds);
	fuzz_put(&seed, message, sizeof(*message));
	fuzz_write_seed(&seed, name);
}

static void put_latency(void)
{
	static const struct leat_link_latency latency = {
		.beyond = { { 1, 480000 }, { 0, 64 } },
		.added = { 1000, LEAT_LATENCY_FOLLOW },
	};
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_LATENCY);
	leat_latency_pack(&message.body.latency, &latency);
	put_message(&message, 0, "latency");
}

static void put_loads(void)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_LOAD);
	put_message(&message, 1, "load");
	leat_message_init(&message, LEAT_MESSAGE_STATUS);
	message.body.status.loads = LEAT_STATUS_JACK_LOAD |
				    LEAT_STATUS_PIPEWIRE_LOAD;
	put_message(&message, 4, "status-loads");
}

static void put_tap(const struct leat_link_spec *spec)
{
	const struct leat_wire_message wire = { 1, 2 };
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_TAP);
	leat_tap_pack(&message.body.tap, spec, &wire);
	put_message(&message, 2, "tap");
	put_message(&message, 0, "tap-none");
}

static void put_spec(void)
{
	struct leat_link_spec spec = {
		.link_name = "a.name-of_32_characters_at_most_",
		.rate_hz = 48000,
		.period = 128,
		.n_channels = { 64, 2 },
		.capacity = 256,
		.ring_flags = { LEAT_RING_TIMED, LEAT_RING_POLL },
		.jack_alive = true,
	};
	struct leat_message message;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_positions_default(spec.position[d], spec.n_channels[d]);
	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, &spec);
	put_message(&message, 0, "spec");
	put_tap(&spec);
}

void fuzz_seeds(void)
{
	static const struct {
		const char *name;
		enum leat_message_type type;
		uint32_t n_fds;
	} plain[] = {
		{ "offer", LEAT_MESSAGE_OFFER, 3 },
		{ "accept", LEAT_MESSAGE_ACCEPT, 3 },
		{ "status", LEAT_MESSAGE_STATUS, 2 },
		{ "bye", LEAT_MESSAGE_BYE, 0 },
	};
	struct leat_message message;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		leat_message_init(&message, plain[i].type);
		memset(message.body.bytes, 'x', 383);
		put_message(&message, plain[i].n_fds, plain[i].name);
	}
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_PIPEWIRE;
	put_message(&message, 1, "hello");
	message.body.hello.role = LEAT_ROLE_TOOL;
	put_message(&message, 0, "hello-tool");
	message.body.hello.role = LEAT_ROLE_TAP;
	put_message(&message, 0, "hello-tap");
	message.version = LEAT_PROTO_VERSION + 1;
	put_message(&message, 0, "version");
	leat_message_init(&message, LEAT_MESSAGE_ROOM);
	message.body.room.n_frames = 65536;
	put_message(&message, 0, "room");
	put_loads();
	put_latency();
	put_spec();
}
