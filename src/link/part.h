/* SPDX-License-Identifier: MIT */
/*
 * The layout of the parts of a link: an ABI, told byte by byte in
 * doc/format.md.
 */
#ifndef LEAT_LINK_PART_H
#define LEAT_LINK_PART_H

#include "event_log.h"
#include "stamp.h"

#include <leat/frames.h>
#include <leat/ring.h>

#include <stddef.h>
#include <stdint.h>

#define LEAT_PART_MAGIC UINT64_C(0x747261707461656c) /* "leatpart" */
#define LEAT_PART_VERSION 2u

/* Planes begin on a page of their own. */
#define LEAT_PART_PLANES_OFFSET 4096u

enum leat_part_kind {
	LEAT_PART_PRODUCER = 1,
	LEAT_PART_CONSUMER = 2,
	LEAT_PART_STATUS = 3,
	LEAT_PART_LOAD = 4
};

/* The first line of every part; written before the part is handed out. */
struct leat_part_header {
	uint64_t magic;		     /* LEAT_PART_MAGIC */
	uint32_t version;	     /* LEAT_PART_VERSION */
	uint32_t kind;		     /* enum leat_part_kind */
	uint64_t total_bytes;	     /* of the part */
	uint64_t generation;	     /* of the pair of parts */
	uint64_t first_index;	     /* where both indices began */
	uint32_t direction;	     /* enum leat_direction */
	uint32_t n_channels;	     /* planes */
	uint32_t capacity;	     /* frames in a plane */
	uint32_t rate_hz;	     /* of the producer's graph */
	uint32_t ring_flags;	     /* enum leat_ring_flags */
	uint32_t features;	     /* none yet: 0 */
	uint64_t planes_offset;	     /* bytes from the part's beginning */
	uint64_t plane_stride_bytes; /* from one plane to the next */
	uint8_t reserved[48];	     /* 0 */
};

struct leat_producer_part {
	struct leat_part_header header; /* 0 */
	struct leat_ring_words words;	/* 128: index, 256: wake_at */
	struct leat_stamp_words stamp;	/* 384 */
	struct leat_word activity;	/* 512: enum leat_activity */
	uint8_t pad_activity[LEAT_LINE_BYTES - 8];
	struct leat_stamp_log log;    /* 640: the last stamps */
	struct leat_event_log events; /* 2816: the last events */
};

struct leat_consumer_part {
	struct leat_part_header header; /* 0 */
	struct leat_ring_words words;	/* 128: index, 256: wake_at */
};

_Static_assert(sizeof(struct leat_part_header) == LEAT_LINE_BYTES,
	       "header: one line");
_Static_assert(offsetof(struct leat_part_header, planes_offset) == 64, "ABI");
_Static_assert(offsetof(struct leat_producer_part, words) == 128, "ABI");
_Static_assert(offsetof(struct leat_producer_part, stamp) == 384, "ABI");
_Static_assert(offsetof(struct leat_producer_part, activity) == 512, "ABI");
_Static_assert(offsetof(struct leat_producer_part, log) == 640, "ABI");
_Static_assert(sizeof(struct leat_stamp_log) == 2176, "ABI");
_Static_assert(offsetof(struct leat_producer_part, events) == 2816, "ABI");
_Static_assert(offsetof(struct leat_event_log, slots) == 128, "ABI");
_Static_assert(sizeof(struct leat_event_log) == 1152, "ABI");
_Static_assert(offsetof(struct leat_consumer_part, words) == 128, "ABI");
_Static_assert(sizeof(struct leat_producer_part) <= LEAT_PART_PLANES_OFFSET,
	       "planes begin behind the fixed part");

/* Bytes from one plane to the next. */
size_t leat_part_stride_bytes(const struct leat_frames_format *format);

/* Bytes of a whole part. */
uint64_t leat_part_total_bytes(enum leat_part_kind kind,
			       const struct leat_frames_format *format);

/* Fill in a header. */
void leat_part_header_init(struct leat_part_header *header,
			   enum leat_part_kind kind,
			   const struct leat_frames_format *format);

/*
 * Whether a peer's header, already copied to memory of our own, is the one
 * that this format asks for: 0 or -EPROTO. It must agree in every field, so
 * nothing of the peer's is used for arithmetic.
 */
int leat_part_header_check(const struct leat_part_header *header,
			   enum leat_part_kind kind,
			   const struct leat_frames_format *format);

#endif
