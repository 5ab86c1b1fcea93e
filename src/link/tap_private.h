/* SPDX-License-Identifier: MIT */
/* A tap, for the files that it is made of. */
#ifndef LEAT_LINK_TAP_PRIVATE_H
#define LEAT_LINK_TAP_PRIVATE_H

#include "tap_link.h"
#include "tap_wire.h"

#include <leat/tap.h>

/* How long a poller goes without asking the link's socket. */
#define LEAT_TAP_ASK_NS UINT64_C(1000000)

/* How long a new generation may be without a first frame before it is told. */
#define LEAT_TAP_BEGIN_NS UINT64_C(500000000)

/* The last that was known of a generation that has ended. */
struct leat_tap_past {
	bool known;
	uint32_t rate_hz;
	struct leat_tap_time time; /* of the frame after the last */
};

struct leat_tap {
	enum leat_direction direction;
	uint64_t history_frames; /* to begin with */
	uint32_t watermark;
	struct leat_tap_link link;
	uint64_t asked_ns; /* when the link was asked last */
	bool ask;	   /* it has to be asked now */

	struct leat_tap_wire *wire; /* that is read, or NULL */
	struct leat_tap_wire *next; /* that comes after it, or NULL */
	uint64_t next_since_ns;
	bool ending; /* there is a wire, and no more frames come to it */
	bool down;   /* a DOWN is to be told */
	int down_error;
	char down_text[384];
	struct leat_tap_past past;
	struct leat_tap_format format; /* of the last UP */

	uint64_t position;
	uint64_t readable; /* told of up to here */
	uint32_t n_begun;  /* frames offered */

	struct leat_tap_event stash; /* found while preparing to wait */
	bool stashed;
	int timer_fd;
	uint64_t nap_ns;    /* the last one */
	uint64_t nap_index; /* the newest position by then */
	struct leat_tap_counts counts;
};

/* The watermark, as far as the ring lets a tap wait for it. */
uint32_t leat_tap_mark(const struct leat_tap *tap);

/* Go to a position of the wire, and tell its events from there on. */
void leat_tap_go(struct leat_tap *tap, uint64_t position);

#endif
