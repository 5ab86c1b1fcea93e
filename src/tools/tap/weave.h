/* SPDX-License-Identifier: MIT */
/*
 * What taps tell, made into one stream without holes: frames that are missing
 * become silence of the same length, and the two directions of a link, where
 * both are wanted, run side by side.
 *
 * Words
 *
 *  - lane: one direction in the stream.
 *  - time: frames since the stream began. All lanes are at the same one.
 *  - due: the time of the next frame that a lane's feed has.
 *
 * Positions of both directions are JACK's (see leat_tap_time()), so frames of
 * the same position have the same time. A lane whose due lies ahead is silent
 * until then, and why is known from its feed. A lane of which nothing comes is
 * waited for; after WEAVE_PATIENCE_NS the others go on without it, and if there
 * are no others, silence is made by the clock, and never too much of it: when
 * frames come again, their position says how long it has to be.
 *
 * No clock is read here and no system call made: tests play the feeds.
 */
#ifndef LEAT_TAP_WEAVE_H
#define LEAT_TAP_WEAVE_H

#include "marks.h"

#include <leat/tap.h>

#include <stdbool.h>
#include <stdint.h>

#define LANES_MAX 2u

/* Frames of a piece, at most. */
#define WEAVE_PIECE 1024u

/* How long a lane may bring nothing before the others go on. */
#define WEAVE_PATIENCE_NS INT64_C(500000000)

/* Where frames come from: a tap, or a test. */
struct feed {
	void *user;
	enum leat_direction direction;
	enum leat_tap_what (*next)(void *user, struct leat_tap_event *event);
	uint32_t (*read)(void *user, float *const *planes, uint32_t n_frames);
	const struct leat_tap_format *(*format)(void *user);
	/* How far it is behind its producer, in frames. */
	uint64_t (*behind)(void *user);
};

/* What the stream is like; its channels are those of the lanes in order. */
struct weave_format {
	uint32_t rate_hz;
	uint32_t n_lanes;
	uint32_t n_channels; /* of all lanes */
	struct {
		enum leat_direction direction;
		uint32_t n_channels;
		uint8_t position[LEAT_CHANNELS_MAX];
	} lane[LANES_MAX];
};

/* Who takes the stream. All are called from weave_run(). */
struct weave_sink {
	void *user;
	/* Whether it takes a piece more. */
	bool (*ready)(void *user);
	/* Once before all else, and when it changes. */
	void (*format)(void *user, const struct weave_format *format);
	/* Why a lane is silent in the n_frames that come next. */
	void (*missing)(void *user, uint32_t lane, enum mark_kind kind,
			uint64_t n_frames);
	/* Something happened at this moment. */
	void (*mark)(void *user, uint32_t lane, enum mark_kind kind,
		     uint64_t n_frames, const char *text);
	/* The next frames, at most WEAVE_PIECE. */
	void (*frames)(void *user, const float *const *planes,
		       uint32_t n_frames);
	/* The next frames, all silent, of any number. */
	void (*silence)(void *user, uint64_t n_frames);
};

struct weave;

/* n_lanes: 1..LANES_MAX. The sink is copied. -ENOMEM. */
LEAT_MUST_CHECK int weave_create(struct weave **weave, const struct feed *feeds,
				 uint32_t n_lanes,
				 const struct weave_sink *sink);

/* NULL is fine. */
void weave_destroy(struct weave *weave);

/* Go no further than this from the beginning; 0: without end. Before it runs. */
void weave_set_duration(struct weave *weave, int64_t time_ns);

/*
 * Pass on what there is and the sink takes. Call it when a feed has something,
 * and every 100 ms or so.
 *
 * Returns whether the end is reached.
 */
bool weave_run(struct weave *weave, int64_t now_ns);

/* Frames passed on. */
uint64_t weave_time(const struct weave *weave);

/* The format; NULL before there is one. */
const struct weave_format *weave_format(const struct weave *weave);

#endif
