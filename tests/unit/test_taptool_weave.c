/* SPDX-License-Identifier: MIT */
/*
 * leat-tap's weave, on feeds that are scripts: what is missing becomes silence
 * of the right length, and two directions run side by side.
 */
#include "runner.h"

#include "tools/tap/weave.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#define RATE 1000u
#define MS INT64_C(1000000)

/* What a feed says: an event, repeated until its frames are read. */
#define SCRIPT_MAX 16
#define OUT_MAX 20000

struct script {
	struct leat_tap_event event[SCRIPT_MAX];
	unsigned n_events;
	unsigned at;
	uint64_t n_read; /* of the FRAMES at hand */
	struct leat_tap_format format;
	float next;	  /* the value of the next frame */
	bool lapped;	  /* the next read finds nothing */
	uint64_t n_there; /* of the FRAMES at hand; 0: all */
};

static enum leat_tap_what script_next(void *user, struct leat_tap_event *event)
{
	struct script *script = user;

	*event = (struct leat_tap_event){ .what = LEAT_TAP_NONE };
	if (script->at == script->n_events)
		return event->what;
	*event = script->event[script->at];
	if (event->what != LEAT_TAP_FRAMES) {
		script->at++;
		return event->what;
	}
	if (script->n_there > 0 && script->n_there < event->n_frames)
		event->n_frames = script->n_there;
	event->n_frames -= script->n_read;
	if (event->n_frames == 0)
		event->what = LEAT_TAP_NONE;
	return event->what;
}

static uint32_t script_read(void *user, float *const *planes, uint32_t n)
{
	struct script *script = user;
	struct leat_tap_event *event = &script->event[script->at];

	if (script->lapped) {
		/* As a tap does: what was there is a gap now. */
		script->lapped = false;
		event->what = LEAT_TAP_GAP;
		event->cause = LEAT_TAP_LAPPED;
		event->n_frames -= script->n_read;
		script->next += (float)event->n_frames;
		script->n_read = 0;
		return 0;
	}
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t c = 0; c < script->format.n_channels; c++)
			planes[c][i] =
				script->next + (float)i + (float)c * 0.25f;
	script->next += (float)n;
	script->n_read += n;
	if (script->n_read == event->n_frames) {
		script->n_read = 0;
		script->at++;
	}
	return n;
}

static const struct leat_tap_format *script_format(void *user)
{
	struct script *script = user;

	return &script->format;
}

static uint64_t script_behind(void *user)
{
	const struct script *script = user;
	uint64_t n = 0;

	for (unsigned i = script->at; i < script->n_events; i++) {
		uint64_t there = script->event[i].n_frames;

		if (script->n_there > 0 && script->n_there < there)
			there = script->n_there;
		n += there;
	}
	return n - script->n_read;
}

/* What came out: the first channel of each lane, and why it is silent. */
struct out {
	float sound[LANES_MAX][OUT_MAX];
	char why[LANES_MAX][OUT_MAX]; /* first letter of the mark's kind */
	uint64_t n;
	unsigned n_formats;
	struct weave_format format;
	char marks[512];
	uint64_t room; /* frames that are taken */
};

static struct out out;
static struct script script[LANES_MAX];
static struct weave *weave;

static bool on_ready(void *user)
{
	(void)user;
	return out.n < out.room;
}

static void on_format(void *user, const struct weave_format *format)
{
	(void)user;
	out.format = *format;
	out.n_formats++;
}

static void on_missing(void *user, uint32_t lane, enum mark_kind kind,
		       uint64_t n)
{
	(void)user;
	CU_ASSERT_FATAL(out.n + n <= OUT_MAX);
	memset(&out.why[lane][out.n], mark_kind_name(kind)[0], n);
}

static void on_mark(void *user, uint32_t lane, enum mark_kind kind, uint64_t n,
		    const char *text)
{
	size_t length = strlen(out.marks);

	(void)user;
	(void)text;
	snprintf(out.marks + length, sizeof(out.marks) - length, "%d:%u:%s:%d ",
		 (int)out.n, lane, mark_kind_name(kind), (int)n);
}

static void on_frames(void *user, const float *const *planes, uint32_t n)
{
	uint32_t second = out.format.lane[0].n_channels;

	(void)user;
	CU_ASSERT_FATAL(n > 0 && n <= WEAVE_PIECE && out.n + n <= OUT_MAX);
	memcpy(&out.sound[0][out.n], planes[0], n * sizeof(float));
	if (out.format.n_lanes > 1)
		memcpy(&out.sound[1][out.n], planes[second], n * sizeof(float));
	out.n += n;
}

static void on_silence(void *user, uint64_t n)
{
	(void)user;
	CU_ASSERT_FATAL(n > 0 && out.n + n <= OUT_MAX);
	out.n += n;
}

static void begin(uint32_t n_lanes)
{
	const struct weave_sink sink = { NULL,	     on_ready, on_format,
					 on_missing, on_mark,  on_frames,
					 on_silence };
	struct feed feeds[LANES_MAX];

	memset(&out, 0, sizeof(out));
	memset(script, 0, sizeof(script));
	out.room = OUT_MAX;
	for (uint32_t l = 0; l < LANES_MAX; l++) {
		script[l].format = (struct leat_tap_format){ .rate_hz = RATE,
							     .n_channels = 2 };
		script[l].next = 1;
		feeds[l] = (struct feed){
			&script[l],    l == 0 ? LEAT_TO_PIPEWIRE : LEAT_TO_JACK,
			script_next,   script_read,
			script_format, script_behind
		};
	}
	CU_ASSERT_EQUAL_FATAL(weave_create(&weave, feeds, n_lanes, &sink), 0);
}

static struct leat_tap_event *say(uint32_t lane, enum leat_tap_what what,
				  uint64_t n_frames)
{
	struct script *s = &script[lane];
	struct leat_tap_event *event = &s->event[s->n_events++];

	*event = (struct leat_tap_event){ .what = what, .n_frames = n_frames };
	return event;
}

static void up(uint32_t lane, uint64_t generation, uint64_t position,
	       uint64_t n_between)
{
	struct leat_tap_event *event = say(lane, LEAT_TAP_UP, n_between);

	event->generation = generation;
	event->position = position;
	event->exact = true;
}

static void gap(uint32_t lane, enum leat_tap_cause cause, uint64_t n_frames)
{
	say(lane, LEAT_TAP_GAP, n_frames)->cause = cause;
}

/* Frames [from, from + n) of a lane are value, value + 1, ... */
static bool counts(uint32_t lane, uint64_t from, uint64_t n, float value)
{
	for (uint64_t i = 0; i < n; i++)
		if (out.why[lane][from + i] != 0 ||
		    memcmp(&out.sound[lane][from + i],
			   &(float){ value + (float)i }, sizeof(float)) != 0)
			return false;
	return true;
}

static bool is_silent(uint32_t lane, uint64_t from, uint64_t n, char why)
{
	for (uint64_t i = 0; i < n; i++)
		if (out.why[lane][from + i] != why ||
		    out.sound[lane][from + i] < 0 ||
		    out.sound[lane][from + i] > 0)
			return false;
	return true;
}

static void end(void)
{
	weave_destroy(weave);
	weave = NULL;
}

/* ---- one lane ---- */

static void test_frames_pass(void)
{
	begin(1);
	CU_ASSERT_FALSE(weave_run(weave, 0));
	CU_ASSERT_PTR_NULL(weave_format(weave));
	up(0, 1, 500, 0);
	say(0, LEAT_TAP_FRAMES, 3000);
	CU_ASSERT_FALSE(weave_run(weave, 1 * MS));
	CU_ASSERT_EQUAL(out.n, 3000);
	CU_ASSERT(counts(0, 0, 3000, 1));
	CU_ASSERT_EQUAL(weave_time(weave), 3000);
	CU_ASSERT_EQUAL(out.n_formats, 1);
	CU_ASSERT_EQUAL(out.format.rate_hz, RATE);
	CU_ASSERT_EQUAL(out.format.n_channels, 2);
	CU_ASSERT_STRING_EQUAL(out.marks, "");
	end();
}

static void test_gaps_are_silence(void)
{
	begin(1);
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 10);
	gap(0, LEAT_TAP_LAPPED, 2500);
	say(0, LEAT_TAP_FRAMES, 10);
	gap(0, LEAT_TAP_XRUN, 64);
	say(0, LEAT_TAP_SLIP, 5)->cause = LEAT_TAP_DROPPED;
	gap(0, LEAT_TAP_SKIPPED, 1);
	say(0, LEAT_TAP_FRAMES, 10);
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, 10 + 2500 + 10 + 64 + 1 + 10);
	CU_ASSERT(counts(0, 0, 10, 1));
	CU_ASSERT(is_silent(0, 10, 2500, 'l'));
	CU_ASSERT(counts(0, 2510, 10, 11));
	CU_ASSERT(is_silent(0, 2520, 64, 'x'));
	CU_ASSERT(is_silent(0, 2584, 1, 'h'));
	CU_ASSERT(counts(0, 2585, 10, 21));
	CU_ASSERT_STRING_EQUAL(out.marks, "2584:0:slip:5 ");
	end();
}

/* What was told of is gone when it is read. */
static void test_lapped_while_reading(void)
{
	begin(1);
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 100);
	say(0, LEAT_TAP_FRAMES, 50);
	script[0].lapped = true;
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, 150);
	CU_ASSERT(is_silent(0, 0, 100, 'l'));
	CU_ASSERT(counts(0, 100, 50, 101));
	end();
}

static void test_restart_goes_on(void)
{
	begin(1);
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 100);
	say(0, LEAT_TAP_DOWN, 0);
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, 100);
	/* Nothing for 3 s: half a second less is made, and not too much. */
	for (int64_t t = 0; t <= 3000; t += 100)
		weave_run(weave, t * MS);
	CU_ASSERT(out.n > 100 + 2490 && out.n <= 100 + 2500);
	/* 3100 frames lie between, the new first one is number 20 of its own. */
	/* A restarted side counts its generations from 1 again. */
	up(0, 1, 20, 3100);
	script[0].next = 7000;
	say(0, LEAT_TAP_FRAMES, 100);
	weave_run(weave, 3110 * MS);
	CU_ASSERT_EQUAL(out.n, 100 + 3100 + 100);
	CU_ASSERT(is_silent(0, 100, 3100, 'a'));
	CU_ASSERT(counts(0, 3200, 100, 7000));
	CU_ASSERT_EQUAL(out.n_formats, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.marks, "100:0:away:0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.marks, ":0:back:0"));
	end();
}

/* A clock that ran too fast made too much: nothing is taken back or doubled. */
static void test_restart_with_no_clock(void)
{
	begin(1);
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 100);
	say(0, LEAT_TAP_DOWN, 0);
	for (int64_t t = 0; t <= 2000; t += 100)
		weave_run(weave, t * MS);
	CU_ASSERT(out.n > 1500);
	up(0, 2, 0, 0);
	script[0].next = 7000;
	say(0, LEAT_TAP_FRAMES, 10);
	{
		uint64_t before = out.n;

		weave_run(weave, 2000 * MS);
		CU_ASSERT_EQUAL(out.n, before + 10);
		CU_ASSERT(counts(0, before, 10, 7000));
	}
	end();
}

static void test_idle_is_silence_by_the_clock(void)
{
	begin(1);
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 10);
	weave_run(weave, 0);
	weave_run(weave, 499 * MS);
	CU_ASSERT_EQUAL(out.n, 10);
	for (int64_t t = 500; t <= 5000; t += 100)
		weave_run(weave, t * MS);
	CU_ASSERT(out.n > 4450 && out.n <= 4510);
	/* The producer goes on where JACK is: positions say how far. */
	gap(0, LEAT_TAP_SKIPPED, 5000);
	say(0, LEAT_TAP_FRAMES, 10);
	weave_run(weave, 5000 * MS);
	CU_ASSERT_EQUAL(out.n, 5020);
	CU_ASSERT(is_silent(0, 10, 5000, 'h'));
	CU_ASSERT(counts(0, 5010, 10, 11));
	end();
}

/* 200 ppm less than the system's clock says, so that it is never too much. */
static void test_idle_for_long(void)
{
	begin(1);
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 10);
	for (int64_t t = 0; t <= 15000; t += 100)
		weave_run(weave, t * MS);
	CU_ASSERT(out.n <= 10 + 15000 - 500 - 3);
	CU_ASSERT(out.n >= 10 + 15000 - 500 - 3 - 1);
	end();
}

static void test_duration(void)
{
	begin(1);
	weave_set_duration(weave, 1234 * MS);
	up(0, 1, 77, 0);
	say(0, LEAT_TAP_FRAMES, 5000);
	CU_ASSERT(weave_run(weave, 0));
	CU_ASSERT_EQUAL(out.n, 1234);
	CU_ASSERT(weave_run(weave, 0));
	CU_ASSERT_EQUAL(out.n, 1234);
	end();
	/* Also where nothing comes. */
	begin(1);
	weave_set_duration(weave, 1000 * MS);
	up(0, 1, 0, 0);
	weave_run(weave, 0);
	for (int64_t t = 0; t <= 1400; t += 100)
		CU_ASSERT_FALSE(weave_run(weave, t * MS));
	CU_ASSERT(weave_run(weave, 1600 * MS));
	CU_ASSERT_EQUAL(out.n, 1000);
	end();
}

static void test_full_sink(void)
{
	begin(1);
	out.room = 1;
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 5000);
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, WEAVE_PIECE);
	out.room = OUT_MAX;
	weave_run(weave, 10000 * MS);
	CU_ASSERT_EQUAL(out.n, 5000);
	CU_ASSERT(counts(0, 0, 5000, 1));
	end();
}

static void test_new_format(void)
{
	begin(1);
	weave_set_duration(weave, 2000 * MS);
	up(0, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 1000);
	weave_run(weave, 0);
	script[0].format.rate_hz = 2 * RATE;
	up(0, 2, 0, 0);
	say(0, LEAT_TAP_FRAMES, 5000);
	CU_ASSERT(weave_run(weave, 0));
	CU_ASSERT_EQUAL(out.n_formats, 2);
	CU_ASSERT_EQUAL(out.format.rate_hz, 2 * RATE);
	/* A second more, of twice as many frames. */
	CU_ASSERT_EQUAL(out.n, 3000);
	end();
}

/* ---- two lanes ---- */

static void test_side_by_side(void)
{
	begin(2);
	up(0, 1, 100, 0);
	up(1, 1, 40, 0);
	say(0, LEAT_TAP_FRAMES, 500);
	say(1, LEAT_TAP_FRAMES, 300);
	weave_run(weave, 0);
	/* 60 frames of the second lie before the first one's beginning. */
	CU_ASSERT_EQUAL(out.n, 240);
	CU_ASSERT(counts(0, 0, 240, 1));
	CU_ASSERT(counts(1, 0, 240, 61));
	CU_ASSERT_EQUAL(out.format.n_channels, 4);
	end();
}

static void test_gap_in_one(void)
{
	begin(2);
	up(0, 1, 0, 0);
	up(1, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 3000);
	say(1, LEAT_TAP_FRAMES, 100);
	gap(1, LEAT_TAP_SKIPPED, 1500);
	say(1, LEAT_TAP_FRAMES, 1400);
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, 3000);
	CU_ASSERT(counts(0, 0, 3000, 1));
	CU_ASSERT(counts(1, 0, 100, 1));
	CU_ASSERT(is_silent(1, 100, 1500, 'h'));
	CU_ASSERT(counts(1, 1600, 1400, 101));
	end();
}

/* The one that says nothing is waited for, and then not. */
static void test_one_is_idle(void)
{
	begin(2);
	up(0, 1, 0, 0);
	up(1, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 4000);
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, 0);
	weave_run(weave, 600 * MS);
	/* All but half a second. */
	CU_ASSERT_EQUAL(out.n, 3500);
	CU_ASSERT(counts(0, 0, 3500, 1));
	CU_ASSERT(is_silent(1, 0, 3500, 'h'));
	/* It comes again, within that half second. */
	gap(1, LEAT_TAP_SKIPPED, 3700);
	script[1].next = 9000;
	say(1, LEAT_TAP_FRAMES, 300);
	weave_run(weave, 700 * MS);
	CU_ASSERT_EQUAL(out.n, 4000);
	CU_ASSERT(counts(0, 3500, 500, 3501));
	CU_ASSERT(is_silent(1, 3500, 200, 'h'));
	CU_ASSERT(counts(1, 3700, 300, 9000));
	end();
}

/* The same, as it comes in small pieces, with a gap between them. */
static void test_one_is_idle_for_long(void)
{
	begin(2);
	up(0, 1, 0, 0);
	up(1, 1, 0, 0);
	for (int64_t t = 0; t < 3000; t += 500) {
		say(0, LEAT_TAP_FRAMES, 400);
		gap(0, LEAT_TAP_LAPPED, 100);
		for (int i = 0; i < 4; i++)
			weave_run(weave, (t + 100 * i) * MS);
	}
	/* All but half a second. */
	CU_ASSERT_EQUAL(out.n, 2500);
	CU_ASSERT(counts(0, 0, 400, 1));
	CU_ASSERT(is_silent(0, 400, 100, 'l'));
	CU_ASSERT(counts(0, 1500, 400, 1201));
	CU_ASSERT(is_silent(1, 0, 2000, 'h'));
	end();
}

/* What comes bit by bit, and is not read meanwhile, is counted all the same. */
static void test_one_grows(void)
{
	begin(2);
	up(0, 1, 0, 0);
	up(1, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 10000);
	for (int64_t t = 0; t < 3000; t += 100) {
		script[0].n_there = 100 + (uint64_t)t;
		weave_run(weave, t * MS);
	}
	CU_ASSERT_EQUAL(out.n, 3000 - 500);
	CU_ASSERT(counts(0, 0, 2500, 1));
	end();
}

/* Both stay together over a restart, whatever each says of the time between. */
static void test_restart_of_both(void)
{
	begin(2);
	up(0, 1, 0, 0);
	up(1, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 200);
	say(1, LEAT_TAP_FRAMES, 150);
	say(0, LEAT_TAP_DOWN, 0);
	say(1, LEAT_TAP_DOWN, 0);
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, 150);
	up(0, 2, 30, 1000);
	up(1, 2, 10, 1032);
	script[0].next = 1000 + 30;
	script[1].next = 5000 + 10;
	say(0, LEAT_TAP_FRAMES, 100);
	say(1, LEAT_TAP_FRAMES, 120);
	weave_run(weave, 900 * MS);
	/* Position 0 of the second generation is at 200 + 1000 - 30. */
	CU_ASSERT_EQUAL(out.n, 1170 + 130);
	CU_ASSERT(counts(0, 150, 50, 151));
	CU_ASSERT(is_silent(1, 150, 50, 'a'));
	CU_ASSERT(is_silent(0, 200, 1000, 'a'));
	CU_ASSERT(counts(0, 1200, 100, 1030));
	CU_ASSERT(counts(1, 1180, 120, 5010));
	end();
}

/* The second comes to a generation when the first has long been in it. */
static void test_one_joins(void)
{
	begin(2);
	up(0, 1, 1000, 0);
	say(0, LEAT_TAP_FRAMES, 2000);
	weave_run(weave, 0);
	weave_run(weave, 600 * MS);
	CU_ASSERT_EQUAL(out.n, 1500);
	up(1, 1, 2600, 0);
	say(1, LEAT_TAP_FRAMES, 100);
	say(0, LEAT_TAP_FRAMES, 100);
	weave_run(weave, 700 * MS);
	CU_ASSERT_EQUAL(out.n, 1700);
	CU_ASSERT(counts(0, 0, 1700, 1));
	CU_ASSERT(counts(1, 1600, 100, 1));
	end();
}

/* One is told of the next generation while the other has frames of the last. */
static void test_one_is_ahead(void)
{
	begin(2);
	up(0, 1, 0, 0);
	up(1, 1, 0, 0);
	say(0, LEAT_TAP_FRAMES, 100);
	say(0, LEAT_TAP_DOWN, 0);
	up(0, 2, 0, 500);
	script[0].next = 1;
	say(0, LEAT_TAP_FRAMES, 100);
	say(1, LEAT_TAP_FRAMES, 300);
	weave_run(weave, 0);
	CU_ASSERT_EQUAL(out.n, 300);
	CU_ASSERT(counts(1, 0, 300, 1));
	CU_ASSERT(is_silent(0, 100, 200, 'a'));
	say(1, LEAT_TAP_DOWN, 0);
	up(1, 2, 0, 300);
	say(1, LEAT_TAP_FRAMES, 100);
	weave_run(weave, 100 * MS);
	CU_ASSERT_EQUAL(out.n, 700);
	CU_ASSERT(counts(0, 600, 100, 101));
	CU_ASSERT(counts(1, 600, 100, 301));
	end();
}

static const struct unit_test tests[] = {
	{ "one", "frames pass", test_frames_pass },
	{ "one", "gaps are silence", test_gaps_are_silence },
	{ "one", "lapped while it is read", test_lapped_while_reading },
	{ "one", "goes on over a restart", test_restart_goes_on },
	{ "one", "restart with no clock", test_restart_with_no_clock },
	{ "one", "idle: by the clock", test_idle_is_silence_by_the_clock },
	{ "one", "idle for long", test_idle_for_long },
	{ "one", "duration", test_duration },
	{ "one", "a sink that is full", test_full_sink },
	{ "one", "a new format", test_new_format },
	{ "two", "side by side", test_side_by_side },
	{ "two", "a gap in one", test_gap_in_one },
	{ "two", "one is idle", test_one_is_idle },
	{ "two", "one is idle for long", test_one_is_idle_for_long },
	{ "two", "one is idle, the other comes bit by bit", test_one_grows },
	{ "two", "restart of both", test_restart_of_both },
	{ "two", "one joins", test_one_joins },
	{ "two", "one is ahead", test_one_is_ahead },
};

UNIT_MAIN(tests)
