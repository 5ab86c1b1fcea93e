/* SPDX-License-Identifier: MIT */
/* A tap as the feed of a weave. */
#ifndef LEAT_TAP_SOURCE_H
#define LEAT_TAP_SOURCE_H

#include "weave.h"

struct source {
	struct leat_tap *tap;
	enum leat_direction direction;
	int64_t from_ns; /* how far back the first generation is begun */
	bool begun;	 /* there was a generation */
	uint64_t n_back; /* frames before now at which it was begun */
	int error;	 /* of the last DOWN */
	char text[256];	 /* of the last DOWN */
};

/* Errors as of leat_tap_open(). */
LEAT_MUST_CHECK int source_open(struct source *source, const char *link_name,
				enum leat_direction direction, int64_t from_ns,
				uint32_t watermark, struct leat_error *error);

/* Once for each that was opened or is zero. */
void source_close(struct source *source);

struct feed source_feed(struct source *source);

#endif
