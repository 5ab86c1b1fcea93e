/* SPDX-License-Identifier: MIT */
#include "weave.h"

#include "duration.h"
#include "weave_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The system's clock and a sound card's agree to about 100 ppm: silence by the
 * clock is to be too short rather than too long.
 */
#define CLOCK_SLOWER_PPM 200

/* Tries in a row to read what is being overwritten, before others are served. */
#define TRIES_MAX 16

struct lane {
	struct feed feed;
	bool up; /* a generation begins that is not entered */
	struct leat_tap_event next; /* then: the UP */
	bool down;		    /* nothing comes until it is up again */
	uint64_t n_entered;	    /* the weave's, of its last generation */
	int64_t due;
	enum mark_kind missing; /* why it is silent until then */
	uint32_t n_held;	/* in the planes, from `first` on */
	uint32_t first;
	int64_t idle_since_ns; /* INT64_MAX: it is not */
	float *planes[LEAT_CHANNELS_MAX];
};

struct weave {
	uint32_t n_lanes;
	struct lane lane[LANES_MAX];
	struct weave_sink sink;
	bool begun;
	struct weave_format format;
	uint64_t generation; /* entered last */
	uint64_t n_entered;  /* numbers come again when a side is restarted */
	int64_t begin;	     /* the time of its position 0 */
	int64_t time;
	int64_t duration_ns; /* 0: without end */
	int64_t end;
	int64_t anchor_time; /* where it was, and when, as frames came */
	int64_t anchor_ns;
	float *samples; /* of all lanes' planes */
	float *silent;
};

/* ---- setting up ---- */

static int make_planes(struct weave *weave)
{
	size_t n_planes = (size_t)weave->n_lanes * LEAT_CHANNELS_MAX;
	float *at;

	weave->samples = calloc(n_planes * WEAVE_PIECE, sizeof(float));
	weave->silent = calloc(WEAVE_PIECE, sizeof(float));
	if (!weave->samples || !weave->silent)
		return -ENOMEM;
	at = weave->samples;
	for (uint32_t l = 0; l < weave->n_lanes; l++)
		for (uint32_t c = 0; c < LEAT_CHANNELS_MAX; c++) {
			weave->lane[l].planes[c] = at;
			at += WEAVE_PIECE;
		}
	return 0;
}

int weave_create(struct weave **out, const struct feed *feeds, uint32_t n_lanes,
		 const struct weave_sink *sink)
{
	struct weave *weave = calloc(1, sizeof(*weave));

	if (!weave)
		return -ENOMEM;
	weave->n_lanes = n_lanes;
	weave->sink = *sink;
	weave->end = INT64_MAX;
	for (uint32_t l = 0; l < n_lanes; l++) {
		weave->lane[l].feed = feeds[l];
		weave->lane[l].down = true;
		weave->lane[l].missing = MARK_HOLE;
		weave->lane[l].idle_since_ns = INT64_MAX;
	}
	if (make_planes(weave) < 0) {
		weave_destroy(weave);
		return -ENOMEM;
	}
	*out = weave;
	return 0;
}

void weave_destroy(struct weave *weave)
{
	if (!weave)
		return;
	free(weave->samples);
	free(weave->silent);
	free(weave);
}

void weave_set_duration(struct weave *weave, int64_t time_ns)
{
	weave->duration_ns = time_ns;
}

uint64_t weave_time(const struct weave *weave)
{
	return (uint64_t)weave->time;
}

const struct weave_format *weave_format(const struct weave *weave)
{
	return weave->begun ? &weave->format : NULL;
}

/* ---- what a feed says ---- */

static uint32_t index_of(const struct weave *weave, const struct lane *lane)
{
	return (uint32_t)(lane - weave->lane);
}

static void mark(struct weave *weave, const struct lane *lane,
		 enum mark_kind kind, uint64_t n_frames, const char *text)
{
	if (weave->begun)
		weave->sink.mark(weave->sink.user, index_of(weave, lane), kind,
				 n_frames, text);
}

static void take_gap(struct lane *lane, const struct leat_tap_event *event)
{
	static const enum mark_kind kinds[] = {
		[LEAT_TAP_NO_CAUSE] = MARK_HOLE, [LEAT_TAP_LAPPED] = MARK_LOST,
		[LEAT_TAP_SKIPPED] = MARK_HOLE,	 [LEAT_TAP_UNKNOWN] = MARK_HOLE,
		[LEAT_TAP_XRUN] = MARK_XRUN,
	};

	lane->missing = event->cause <= LEAT_TAP_XRUN ? kinds[event->cause]
						      : MARK_HOLE;
	lane->due += (int64_t)event->n_frames;
}

static void take_slip(struct weave *weave, struct lane *lane,
		      const struct leat_tap_event *event)
{
	mark(weave, lane, MARK_SLIP, event->n_frames,
	     event->cause == LEAT_TAP_DROPPED
		     ? "dropped, to bring the latency back"
		     : "inserted, to bring the latency back");
}

static void take_down(struct weave *weave, struct lane *lane,
		      const struct leat_tap_event *event)
{
	const char *text = event->text && event->text[0]
				   ? event->text
				   : "one side of the link has left";

	lane->down = true;
	lane->missing = MARK_AWAY;
	mark(weave, lane, MARK_AWAY, 0, text);
}

/* Read up to a piece, or what is to be left out. */
static void take_frames(struct weave *weave, struct lane *lane,
			uint64_t n_frames)
{
	int64_t late = weave->time - lane->due;
	uint32_t n = n_frames < WEAVE_PIECE ? (uint32_t)n_frames : WEAVE_PIECE;

	if (late > 0 && late < n)
		n = (uint32_t)late;
	n = lane->feed.read(lane->feed.user, lane->planes, n);
	if (late > 0) {
		lane->due += n;
		return;
	}
	lane->n_held = n;
	lane->first = 0;
}

static bool has_something(const struct weave *weave, const struct lane *lane)
{
	return lane->n_held > 0 || lane->due > weave->time || lane->up;
}

/* Until there are frames, or silence whose length is known. */
static void fetch(struct weave *weave, struct lane *lane, int64_t now_ns)
{
	struct leat_tap_event event;

	for (int i = 0; i < TRIES_MAX && !has_something(weave, lane); i++) {
		switch (lane->feed.next(lane->feed.user, &event)) {
		case LEAT_TAP_FRAMES:
			take_frames(weave, lane, event.n_frames);
			break;
		case LEAT_TAP_GAP:
			take_gap(lane, &event);
			break;
		case LEAT_TAP_SLIP:
			take_slip(weave, lane, &event);
			break;
		case LEAT_TAP_UP:
			lane->up = true;
			lane->next = event;
			break;
		case LEAT_TAP_DOWN:
			take_down(weave, lane, &event);
			break;
		case LEAT_TAP_NONE:
			if (lane->idle_since_ns > now_ns)
				lane->idle_since_ns = now_ns;
			return;
		}
	}
	if (has_something(weave, lane))
		lane->idle_since_ns = INT64_MAX;
}

/* ---- generations ---- */

static bool is_patient(const struct lane *lane, int64_t now_ns)
{
	return lane->idle_since_ns == INT64_MAX ||
	       now_ns - lane->idle_since_ns < WEAVE_PATIENCE_NS;
}

/* The oldest one that begins in a lane; NULL if none does. */
static struct lane *find_up(struct weave *weave)
{
	struct lane *found = NULL;

	for (uint32_t l = 0; l < weave->n_lanes; l++) {
		struct lane *lane = &weave->lane[l];

		if (lane->up &&
		    (!found || lane->next.generation < found->next.generation))
			found = lane;
	}
	return found;
}

/* Whether a lane may still bring something of the generation before. */
static bool is_awaited(const struct weave *weave, int64_t now_ns)
{
	for (uint32_t l = 0; l < weave->n_lanes; l++) {
		const struct lane *lane = &weave->lane[l];

		if (!lane->up && (lane->n_held > 0 || lane->due > weave->time ||
				  is_patient(lane, now_ns)))
			return true;
	}
	return false;
}

/* Whether another lane is in the generation already. */
static bool is_joining(const struct weave *weave, const struct lane *lane)
{
	return weave->begun && lane->next.generation == weave->generation &&
	       lane->n_entered < weave->n_entered;
}

/*
 * The time of position 0. In the first generation the stream begins where all
 * lanes have begun.
 */
static int64_t generation_begin(const struct weave *weave,
				const struct lane *found)
{
	int64_t begin, latest = 0;

	if (!weave->begun) {
		for (uint32_t l = 0; l < weave->n_lanes; l++) {
			const struct lane *lane = &weave->lane[l];

			if (lane->up && (int64_t)lane->next.position > latest)
				latest = (int64_t)lane->next.position;
		}
		return -latest;
	}
	begin = found->due + (int64_t)found->next.n_frames;
	if (begin < weave->time)
		begin = weave->time;
	return begin - (int64_t)found->next.position;
}

/* A new rate counts other frames: the time that is left stays what it is. */
static void set_end(struct weave *weave, uint32_t rate_hz)
{
	double left;

	if (weave->duration_ns == 0)
		return;
	if (!weave->begun) {
		weave->end =
			(int64_t)duration_frames(weave->duration_ns, rate_hz);
		return;
	}
	left = (double)(weave->end - weave->time) / weave->format.rate_hz;
	weave->end = weave->time + (int64_t)(left * rate_hz);
}

static void take_format(struct weave *weave)
{
	struct weave_format format;

	format = weave->format;
	for (uint32_t l = 0; l < weave->n_lanes; l++)
		weave_format_take(&format, l, &weave->lane[l].feed);
	if (weave->begun && weave_format_same(&format, &weave->format))
		return;
	set_end(weave, format.rate_hz);
	weave->format = format;
	weave->begun = true;
	weave->sink.format(weave->sink.user, &format);
}

static void enter(struct weave *weave, const struct lane *found, int64_t now_ns)
{
	uint64_t generation = found->next.generation;
	bool first = !weave->begun;

	if (first)
		weave->anchor_ns = now_ns;
	if (!is_joining(weave, found)) {
		weave->begin = generation_begin(weave, found);
		weave->n_entered++;
	}
	take_format(weave);
	weave->generation = generation;
	for (uint32_t l = 0; l < weave->n_lanes; l++) {
		struct lane *lane = &weave->lane[l];

		if (!lane->up || lane->next.generation != generation)
			continue;
		lane->up = false;
		lane->down = false;
		lane->n_entered = weave->n_entered;
		lane->due = weave->begin + (int64_t)lane->next.position;
		lane->missing = MARK_AWAY;
		lane->idle_since_ns = INT64_MAX;
		if (!first)
			mark(weave, lane, MARK_BACK, 0,
			     lane->next.exact
				     ? "new rings, to the frame by JACK's clock"
				     : "new rings, by the system's clock");
	}
}

/* ---- pieces ---- */

/* How far a lane goes on with what it has; 0: it is stuck. */
static int64_t reach(const struct weave *weave, const struct lane *lane)
{
	return lane->due > weave->time ? lane->due - weave->time : lane->n_held;
}

/* The same with all that its feed still has, gaps and all. */
static int64_t reach_later(const struct weave *weave, const struct lane *lane)
{
	return reach(weave, lane) + (int64_t)lane->feed.behind(lane->feed.user);
}

static int64_t patience_frames(const struct weave *weave)
{
	return WEAVE_PATIENCE_NS * weave->format.rate_hz / 1000000000;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Frames that all lanes have; or, where some have been stuck for long, that
 * the others have, but for the newest: the stuck one may come again, and a bit
 * behind them.
 */
static int64_t common_reach(const struct weave *weave, int64_t now_ns)
{
	int64_t all = INT64_MAX, later = INT64_MAX;
	bool stuck = false;

	for (uint32_t l = 0; l < weave->n_lanes; l++) {
		const struct lane *lane = &weave->lane[l];
		int64_t n = reach(weave, lane);

		if (n > 0) {
			all = min(all, n);
			later = min(later, reach_later(weave, lane));
			continue;
		}
		/* It waits for the others to come to its next generation. */
		if (lane->up)
			continue;
		if (is_patient(lane, now_ns))
			return 0;
		stuck = true;
	}
	if (all == INT64_MAX)
		return 0;
	return stuck ? min(all, later - patience_frames(weave)) : all;
}

/* Silence that the clock says is over; where no lane has anything. */
static int64_t clock_reach(const struct weave *weave, int64_t now_ns)
{
	int64_t past_us = (now_ns - weave->anchor_ns) / 1000;
	int64_t frames;

	for (uint32_t l = 0; l < weave->n_lanes; l++)
		if (reach(weave, &weave->lane[l]) > 0 ||
		    is_patient(&weave->lane[l], now_ns))
			return 0;
	past_us -= past_us / 1000000 * CLOCK_SLOWER_PPM;
	frames = (int64_t)((double)past_us * 1e-6 * weave->format.rate_hz) -
		 patience_frames(weave);
	return weave->anchor_time + frames - weave->time;
}

/* Until its due time that is known; else, whether the link is there at all. */
static enum mark_kind why_silent(const struct weave *weave,
				 const struct lane *lane)
{
	if (lane->due > weave->time)
		return lane->missing;
	return lane->down ? MARK_AWAY : MARK_HOLE;
}

static bool tell_missing(struct weave *weave, int64_t n)
{
	bool all = true;

	for (uint32_t l = 0; l < weave->n_lanes; l++) {
		const struct lane *lane = &weave->lane[l];

		if (lane->due <= weave->time && lane->n_held > 0)
			all = false;
		else
			weave->sink.missing(weave->sink.user, l,
					    why_silent(weave, lane),
					    (uint64_t)n);
	}
	return all;
}

static void pass_frames(struct weave *weave, uint32_t n)
{
	const float *planes[LANES_MAX * LEAT_CHANNELS_MAX];
	uint32_t n_planes = 0;

	for (uint32_t l = 0; l < weave->n_lanes; l++) {
		struct lane *lane = &weave->lane[l];
		bool silent = lane->due > weave->time || lane->n_held == 0;

		for (uint32_t c = 0; c < weave->format.lane[l].n_channels; c++)
			planes[n_planes++] =
				silent ? weave->silent
				       : lane->planes[c] + lane->first;
	}
	weave->sink.frames(weave->sink.user, planes, n);
}

static void move_on(struct weave *weave, int64_t n)
{
	for (uint32_t l = 0; l < weave->n_lanes; l++) {
		struct lane *lane = &weave->lane[l];

		if (lane->due > weave->time || lane->n_held == 0)
			continue;
		lane->due += n;
		lane->first += (uint32_t)n;
		lane->n_held -= (uint32_t)n;
	}
	weave->time += n;
}

/* Pass on at most n; a piece at once if some lane has frames. */
static void pass(struct weave *weave, int64_t n)
{
	n = min(n, weave->end - weave->time);
	for (uint32_t l = 0; l < weave->n_lanes; l++)
		if (weave->lane[l].due <= weave->time &&
		    weave->lane[l].n_held > 0)
			n = min(n, weave->lane[l].n_held);
	if (tell_missing(weave, n))
		weave->sink.silence(weave->sink.user, (uint64_t)n);
	else
		pass_frames(weave, (uint32_t)n);
	move_on(weave, n);
}

/* One step; false if there is nothing more to do now. */
static bool step(struct weave *weave, int64_t now_ns)
{
	const struct lane *up;
	int64_t n;

	for (uint32_t l = 0; l < weave->n_lanes; l++)
		fetch(weave, &weave->lane[l], now_ns);
	up = find_up(weave);
	if (up && (is_joining(weave, up) || !is_awaited(weave, now_ns))) {
		enter(weave, up, now_ns);
		return true;
	}
	if (!weave->begun)
		return false;
	n = common_reach(weave, now_ns);
	if (n > 0) {
		weave->anchor_time = weave->time + min(n, WEAVE_PIECE);
		weave->anchor_ns = now_ns;
	} else {
		n = clock_reach(weave, now_ns);
	}
	if (n > 0)
		pass(weave, n);
	return n > 0;
}

bool weave_run(struct weave *weave, int64_t now_ns)
{
	while (weave->time < weave->end &&
	       (!weave->begun || weave->sink.ready(weave->sink.user)))
		if (!step(weave, now_ns))
			break;
	return weave->time >= weave->end;
}
