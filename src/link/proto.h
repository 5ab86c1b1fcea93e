/* SPDX-License-Identifier: MIT */
/*
 * The messages of a link: fixed size, one per packet of a SOCK_SEQPACKET
 * socket. doc/format.md lists who sends which when.
 */
#ifndef LEAT_LINK_PROTO_H
#define LEAT_LINK_PROTO_H

#include <leat/link.h>

#include <stddef.h>
#include <stdint.h>

#define LEAT_PROTO_MAGIC 0x7461656cu /* "leat" */
#define LEAT_PROTO_VERSION 2u

/* File descriptors that travel with one message, at most. */
#define LEAT_PROTO_FDS_MAX 4u

enum leat_message_type {
	LEAT_MESSAGE_HELLO = 1, /* guest or tool: who it is */
	LEAT_MESSAGE_SPEC,	/* host: what the link is like */
	LEAT_MESSAGE_OFFER,	/* host: its parts of a new wire */
	LEAT_MESSAGE_ACCEPT,	/* guest: its parts of that wire */
	LEAT_MESSAGE_STATUS,	/* host to tool: where the counters are */
	LEAT_MESSAGE_BYE,	/* either: why it leaves */
	LEAT_MESSAGE_LATENCY,	/* either: what lies beyond it */
	LEAT_MESSAGE_ROOM,	/* guest: how much the rings must hold */
	LEAT_MESSAGE_TAP, /* host to tap: the producers' parts of a wire */
	LEAT_MESSAGE_LOAD /* guest: its load part */
};

/*
 * What a side understands beyond the first messages of this version, as bits
 * of its HELLO or its SPEC. It is told nothing else; unknown bits mean nothing.
 */
#define LEAT_FEATURE_LATENCY (1u << 0) /* LEAT_MESSAGE_LATENCY */
#define LEAT_FEATURE_LOAD (1u << 1)    /* LEAT_MESSAGE_LOAD; load in STATUS */

enum leat_role {
	LEAT_ROLE_PIPEWIRE = 1,
	LEAT_ROLE_TOOL = 2,
	LEAT_ROLE_TAP = 3
};

struct leat_hello {
	uint32_t role;	   /* enum leat_role */
	uint32_t features; /* LEAT_FEATURE_ */
};

/* struct leat_link_spec with fixed widths. */
struct leat_spec_message {
	uint32_t rate_hz;
	uint32_t period;
	uint32_t n_channels[LEAT_N_DIRECTIONS];
	uint32_t capacity;
	uint32_t ring_flags[LEAT_N_DIRECTIONS];
	uint32_t jack_alive;
	char link_name[40];
	uint8_t position[LEAT_N_DIRECTIONS][LEAT_CHANNELS_MAX];
	uint32_t capacity_max; /* 0 from a host that knows no ROOM */
	uint32_t features;     /* LEAT_FEATURE_, of the host */
};

/* What an offer and its acceptance agree on; the rest is in the spec. */
struct leat_wire_message {
	uint64_t generation;
	uint64_t first_index;
};

struct leat_room {
	uint32_t n_frames; /* at least, in each ring */
};

struct leat_bye {
	char text[384];
};

/* Which load parts travel behind the status parts; 0 from older hosts. */
#define LEAT_STATUS_JACK_LOAD (1u << 0)
#define LEAT_STATUS_PIPEWIRE_LOAD (1u << 1)

struct leat_status_message {
	uint32_t loads; /* LEAT_STATUS_ */
};

/* struct leat_link_latency, in frames of JACK's. */
struct leat_latency_message {
	uint32_t min[LEAT_N_DIRECTIONS];
	uint32_t max[LEAT_N_DIRECTIONS];
	uint32_t added[LEAT_N_DIRECTIONS]; /* or LEAT_LATENCY_FOLLOW */
};

/* What the parts of a wire are like; all 0, with none, where there is none. */
struct leat_tap_message {
	uint64_t generation;
	uint64_t first_index;
	uint32_t rate_hz;
	uint32_t capacity;
	uint32_t n_channels[LEAT_N_DIRECTIONS];
	uint32_t ring_flags[LEAT_N_DIRECTIONS];
	uint8_t position[LEAT_N_DIRECTIONS][LEAT_CHANNELS_MAX];
};

struct leat_message {
	uint32_t magic;	   /* LEAT_PROTO_MAGIC */
	uint16_t version;  /* LEAT_PROTO_VERSION */
	uint16_t type;	   /* enum leat_message_type */
	uint32_t n_fds;	   /* that travel with it */
	uint32_t reserved; /* 0 */
	union {
		struct leat_hello hello;
		struct leat_spec_message spec;
		struct leat_wire_message wire;
		struct leat_bye bye;
		struct leat_room room;
		struct leat_status_message status;
		struct leat_latency_message latency;
		struct leat_tap_message tap;
		uint8_t bytes[496];
	} body;
};

_Static_assert(sizeof(struct leat_message) == 512, "fixed size");
_Static_assert(offsetof(struct leat_message, body) == 16, "ABI");

/* A message of a type, with everything else zero. */
void leat_message_init(struct leat_message *message,
		       enum leat_message_type type);

/* A BYE with a reason, cut and cleaned to what leat_message_check() takes. */
void leat_message_bye(struct leat_message *message, const char *text);

/*
 * Whether what arrived is a message with a body in range: 0, or -EPROTO.
 * -ENOTSUP: it is one of another version.
 */
int leat_message_check(const void *bytes, size_t n_bytes, uint32_t n_fds);

/* Between the spec and its message; check and unpack look at every field. */
void leat_spec_pack(struct leat_spec_message *message,
		    const struct leat_link_spec *spec);
int leat_spec_check(const struct leat_link_spec *spec);
int leat_spec_unpack(struct leat_link_spec *spec,
		     const struct leat_spec_message *message);

/*
 * What a guest may make the host's rings grow to, both together: 2^20 frames,
 * 21 s at 48 kHz, and 64 MiB of samples. Rings double and never shrink, so
 * from the smallest there is it can do so 14 times in a host's life.
 */
#define LEAT_LINK_CAPACITY_MAX (1u << 20)
#define LEAT_LINK_SAMPLES_MAX_BYTES (UINT64_C(64) << 20)

/* The largest capacity that a guest may ask for; at least what there is. */
uint32_t leat_spec_capacity_max(const struct leat_link_spec *spec);

/* The capacity for a guest that asks for n_frames: as it is, or doubled. */
uint32_t leat_spec_grown(const struct leat_link_spec *spec, uint32_t n_frames);
/* Cut what is more than 10 s at a rate, and a minimum above its maximum. */
void leat_latency_limit(struct leat_link_latency *latency, uint32_t rate_hz);

/* Between it and its message; unpack looks at every field: 0, or -EPROTO. */
void leat_latency_pack(struct leat_latency_message *message,
		       const struct leat_link_latency *latency);
int leat_latency_unpack(struct leat_link_latency *latency,
			const struct leat_latency_message *message);

/* What a tap is told of a wire, and whether that can be: 0, or -EPROTO. */
void leat_tap_pack(struct leat_tap_message *message,
		   const struct leat_link_spec *spec,
		   const struct leat_wire_message *wire);
int leat_tap_check(const struct leat_tap_message *message, uint32_t n_fds);
void leat_tap_format_of(const struct leat_tap_message *message,
			enum leat_direction direction,
			struct leat_frames_format *format);

/* The format of one direction's ring. */
void leat_spec_format(const struct leat_link_spec *spec,
		      enum leat_direction direction,
		      const struct leat_wire_message *wire,
		      struct leat_frames_format *format);

/* Whether rings made for `a` still do for `b`. */
bool leat_spec_same_rings(const struct leat_link_spec *a,
			  const struct leat_link_spec *b);

#endif
