/* SPDX-License-Identifier: MIT */
#include "proto.h"

#include <leat/positions.h>

#include <errno.h>
#include <string.h>

void leat_message_init(struct leat_message *message,
		       enum leat_message_type type)
{
	memset(message, 0, sizeof(*message));
	message->magic = LEAT_PROTO_MAGIC;
	message->version = LEAT_PROTO_VERSION;
	message->type = (uint16_t)type;
}

static uint32_t count_loads(const struct leat_message *message)
{
	uint32_t loads = message->body.status.loads;

	return (uint32_t)__builtin_popcount(loads);
}

/* How many descriptors a message may bring. */
static int check_fds(const struct leat_message *message)
{
	uint32_t min = 0, max = 0;

	switch (message->type) {
	case LEAT_MESSAGE_HELLO:
		/* The PipeWire side brings its counters, a tool nothing. */
		min = max = message->body.hello.role == LEAT_ROLE_PIPEWIRE;
		break;
	case LEAT_MESSAGE_OFFER:
	case LEAT_MESSAGE_ACCEPT:
		min = max = 3;
		break;
	case LEAT_MESSAGE_STATUS:
		min = 1 + count_loads(message);
		max = min + 1;
		break;
	case LEAT_MESSAGE_LOAD:
		min = max = 1;
		break;
	case LEAT_MESSAGE_TAP:
		/* Both, or none: there is no wire. */
		min = max = message->n_fds ? 2 : 0;
		break;
	case LEAT_MESSAGE_SPEC:
	case LEAT_MESSAGE_BYE:
	case LEAT_MESSAGE_ROOM:
	case LEAT_MESSAGE_LATENCY:
		break;
	default:
		return -EPROTO;
	}
	return message->n_fds >= min && message->n_fds <= max ? 0 : -EPROTO;
}

/* What a terminal would obey, and what would begin a line in a log. */
static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* It ends, and can be printed as it is. */
static bool is_sentence(const char *text, size_t text_bytes)
{
	for (size_t i = 0; i < text_bytes; i++) {
		if (text[i] == 0)
			return true;
		if (is_control(text[i]))
			return false;
	}
	return false;
}

static int check_body(const struct leat_message *message)
{
	struct leat_link_spec spec;
	struct leat_link_latency latency;

	switch (message->type) {
	case LEAT_MESSAGE_HELLO:
		return message->body.hello.role >= LEAT_ROLE_PIPEWIRE &&
				       message->body.hello.role <= LEAT_ROLE_TAP
			       ? 0
			       : -EPROTO;
	case LEAT_MESSAGE_SPEC:
		return leat_spec_unpack(&spec, &message->body.spec);
	case LEAT_MESSAGE_BYE:
		return is_sentence(message->body.bye.text,
				   sizeof(message->body.bye.text))
			       ? 0
			       : -EPROTO;
	case LEAT_MESSAGE_ROOM:
		return message->body.room.n_frames <= LEAT_FRAMES_CAPACITY_MAX
			       ? 0
			       : -EPROTO;
	case LEAT_MESSAGE_LATENCY:
		return leat_latency_unpack(&latency, &message->body.latency);
	case LEAT_MESSAGE_TAP:
		return leat_tap_check(&message->body.tap, message->n_fds);
	case LEAT_MESSAGE_STATUS:
		return message->body.status.loads <= (LEAT_STATUS_JACK_LOAD |
						      LEAT_STATUS_PIPEWIRE_LOAD)
			       ? 0
			       : -EPROTO;
	default:
		return 0;
	}
}

void leat_message_bye(struct leat_message *message, const char *text)
{
	char *to = message->body.bye.text;
	size_t n = strnlen(text, sizeof(message->body.bye.text) - 1);

	leat_message_init(message, LEAT_MESSAGE_BYE);
	for (size_t i = 0; i < n; i++)
		to[i] = is_control(text[i]) ? '?' : text[i];
}

int leat_message_check(const void *bytes, size_t n_bytes, uint32_t n_fds)
{
	struct leat_message message;
	int res;

	if (n_bytes != sizeof(message))
		return -EPROTO;
	memcpy(&message, bytes, sizeof(message));
	if (message.magic != LEAT_PROTO_MAGIC)
		return -EPROTO;
	if (message.version != LEAT_PROTO_VERSION)
		return -ENOTSUP;
	if (message.reserved != 0 || message.n_fds != n_fds)
		return -EPROTO;
	res = check_fds(&message);
	return res < 0 ? res : check_body(&message);
}

void leat_spec_pack(struct leat_spec_message *message,
		    const struct leat_link_spec *spec)
{
	memset(message, 0, sizeof(*message));
	message->rate_hz = spec->rate_hz;
	message->period = spec->period;
	message->capacity = spec->capacity;
	message->jack_alive = spec->jack_alive;
	message->capacity_max = spec->capacity_max;
	memcpy(message->link_name, spec->link_name, sizeof(spec->link_name));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		message->n_channels[d] = spec->n_channels[d];
		message->ring_flags[d] = spec->ring_flags[d];
		memcpy(message->position[d], spec->position[d],
		       sizeof(message->position[d]));
	}
}

int leat_spec_check(const struct leat_link_spec *spec)
{
	const struct leat_wire_message none = { 0 };
	struct leat_frames_format format;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_spec_format(spec, (enum leat_direction)d, &none, &format);
		if (leat_frames_format_check(&format) < 0)
			return -EPROTO;
		for (uint32_t i = 0; i < spec->n_channels[d]; i++)
			if (!leat_position_name(spec->position[d][i]))
				return -EPROTO;
	}
	if (spec->period == 0 || spec->period > spec->capacity / 2 ||
	    spec->capacity_max > LEAT_FRAMES_CAPACITY_MAX)
		return -EPROTO;
	return leat_link_name_check(spec->link_name, NULL) < 0 ? -EPROTO : 0;
}

int leat_spec_unpack(struct leat_link_spec *spec,
		     const struct leat_spec_message *message)
{
	memset(spec, 0, sizeof(*spec));
	if (message->jack_alive > 1)
		return -EPROTO;
	spec->rate_hz = message->rate_hz;
	spec->period = message->period;
	spec->capacity = message->capacity;
	spec->jack_alive = message->jack_alive;
	spec->capacity_max = message->capacity_max;
	memcpy(spec->link_name, message->link_name, sizeof(spec->link_name));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		spec->n_channels[d] = message->n_channels[d];
		spec->ring_flags[d] = message->ring_flags[d];
		memcpy(spec->position[d], message->position[d],
		       sizeof(spec->position[d]));
	}
	return leat_spec_check(spec);
}

uint32_t leat_spec_capacity_max(const struct leat_link_spec *spec)
{
	uint64_t n_channels = 0, capacity = LEAT_LINK_CAPACITY_MAX;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		n_channels += spec->n_channels[d];
	while (n_channels * capacity * sizeof(float) >
	       LEAT_LINK_SAMPLES_MAX_BYTES)
		capacity /= 2;
	return capacity > spec->capacity ? (uint32_t)capacity : spec->capacity;
}

uint32_t leat_spec_grown(const struct leat_link_spec *spec, uint32_t n_frames)
{
	uint32_t most = leat_spec_capacity_max(spec);
	uint32_t capacity = spec->capacity;

	while (capacity < n_frames && capacity < most)
		capacity *= 2;
	return capacity;
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
	return value < most ? value : most;
}

void leat_latency_limit(struct leat_link_latency *latency, uint32_t rate_hz)
{
	uint32_t most = LEAT_LATENCY_MAX_S * rate_hz;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		struct leat_latency_range *beyond = &latency->beyond[d];

		beyond->max = at_most(beyond->max, most);
		beyond->min = at_most(beyond->min, beyond->max);
		if (latency->added[d] != LEAT_LATENCY_FOLLOW)
			latency->added[d] = at_most(latency->added[d], most);
	}
}

void leat_latency_pack(struct leat_latency_message *message,
		       const struct leat_link_latency *latency)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		message->min[d] = latency->beyond[d].min;
		message->max[d] = latency->beyond[d].max;
		message->added[d] = latency->added[d];
	}
}

int leat_latency_unpack(struct leat_link_latency *latency,
			const struct leat_latency_message *message)
{
	const uint32_t most = LEAT_LATENCY_MAX_S * LEAT_RATE_MAX_HZ;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		if (message->min[d] > message->max[d] ||
		    message->max[d] > most ||
		    (message->added[d] > most &&
		     message->added[d] != LEAT_LATENCY_FOLLOW))
			return -EPROTO;
		latency->beyond[d].min = message->min[d];
		latency->beyond[d].max = message->max[d];
		latency->added[d] = message->added[d];
	}
	return 0;
}

void leat_spec_format(const struct leat_link_spec *spec,
		      enum leat_direction direction,
		      const struct leat_wire_message *wire,
		      struct leat_frames_format *format)
{
	*format = (struct leat_frames_format){
		.n_channels = spec->n_channels[direction],
		.capacity = spec->capacity,
		.rate_hz = spec->rate_hz,
		.ring_flags = spec->ring_flags[direction],
		.direction = direction,
		.generation = wire->generation,
		.first_index = wire->first_index,
	};
}

void leat_tap_pack(struct leat_tap_message *message,
		   const struct leat_link_spec *spec,
		   const struct leat_wire_message *wire)
{
	memset(message, 0, sizeof(*message));
	message->generation = wire->generation;
	message->first_index = wire->first_index;
	message->rate_hz = spec->rate_hz;
	message->capacity = spec->capacity;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		message->n_channels[d] = spec->n_channels[d];
		message->ring_flags[d] = spec->ring_flags[d];
		memcpy(message->position[d], spec->position[d],
		       sizeof(message->position[d]));
	}
}

void leat_tap_format_of(const struct leat_tap_message *message,
			enum leat_direction direction,
			struct leat_frames_format *format)
{
	*format = (struct leat_frames_format){
		.n_channels = message->n_channels[direction],
		.capacity = message->capacity,
		.rate_hz = message->rate_hz,
		.ring_flags = message->ring_flags[direction],
		.direction = direction,
		.generation = message->generation,
		.first_index = message->first_index,
	};
}

int leat_tap_check(const struct leat_tap_message *message, uint32_t n_fds)
{
	struct leat_frames_format format;

	if (n_fds == 0)
		return 0;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_tap_format_of(message, (enum leat_direction)d, &format);
		if (leat_frames_format_check(&format) < 0)
			return -EPROTO;
		for (uint32_t i = 0; i < format.n_channels; i++)
			if (!leat_position_name(message->position[d][i]))
				return -EPROTO;
	}
	return 0;
}

bool leat_spec_same_rings(const struct leat_link_spec *a,
			  const struct leat_link_spec *b)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (a->n_channels[d] != b->n_channels[d] ||
		    a->ring_flags[d] != b->ring_flags[d])
			return false;
	return a->rate_hz == b->rate_hz && a->capacity == b->capacity;
}
