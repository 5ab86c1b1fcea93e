/* SPDX-License-Identifier: MIT */
/* What leat-top makes of the links it looks at, and the rows it shows. */
#include "runner.h"

#include "tools/common/json.h"
#include "tools/common/status_text.h"
#include "tools/top/model.h"
#include "tools/top/view.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct leat_link_answer answers[3];
static struct leat_links links = { answers, 3, 0 };
static struct leat_top_model model;

static void begin(void)
{
	static const char *const names[] = { "a", "b", "c" };

	leat_top_model_finish(&model);
	CU_ASSERT_EQUAL_FATAL(leat_top_model_init(&model), 0);
	memset(answers, 0, sizeof(answers));
	links.n_links = 3;
	for (int i = 0; i < 3; i++) {
		strcpy(answers[i].name, names[i]);
		leat_status_unknown(&answers[i].status);
		answers[i].status.jack.present = true;
		answers[i].status.jack.alive = 1;
		answers[i].status.jack.rate_hz = 48000;
		answers[i].status.jack.period = 256;
		answers[i].status.jack.xruns = 0;
	}
}

static void take(void)
{
	leat_top_take(&model, &links);
}

/* ---- the model ---- */

static void test_counts(void)
{
	struct leat_link_status *status = &answers[0].status;

	begin();
	status->jack.xruns = 5;
	take();
	CU_ASSERT_EQUAL(model.n_links, 3);
	CU_ASSERT_EQUAL(model.link[0].total[LEAT_TOP_JACK_XRUNS], 5);
	/* That was before. */
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], 0), 0);
	status->jack.xruns = 7;
	status->direction[LEAT_TO_JACK].underruns = 2;
	status->direction[LEAT_TO_PIPEWIRE].lost = 1000;
	take();
	CU_ASSERT_EQUAL(model.link[0].total[LEAT_TOP_JACK_XRUNS], 7);
	CU_ASSERT_EQUAL(model.link[0].total[LEAT_TOP_UNDERRUNS + LEAT_TO_JACK],
			2);
	CU_ASSERT_EQUAL(model.link[0].total[LEAT_TOP_LOST], 1000);
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], 0), 4);
	CU_ASSERT_EQUAL(leat_top_link_events(&model.link[0]), 9);
	take();
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], 0), 0);
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], 1), 4);
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], 77), 0);
}

/* A side that was started anew counts from 0; one that is away, not at all. */
static void test_restarts(void)
{
	struct leat_link_status *status = &answers[1].status;
	const uint64_t *total;

	begin();
	status->jack.xruns = 5;
	take();
	total = &model.link[1].total[LEAT_TOP_JACK_XRUNS];
	status->jack.xruns = 2;
	take();
	CU_ASSERT_EQUAL(*total, 7);
	status->jack.xruns = LEAT_UNKNOWN;
	take();
	CU_ASSERT_EQUAL(*total, 7);
	status->jack.xruns = 3;
	take();
	CU_ASSERT_EQUAL(*total, 8);
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[1], 0), 1);
}

static void test_reset(void)
{
	begin();
	take();
	answers[2].status.jack.xruns = 5;
	take();
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[2], 0), 5);
	leat_top_reset(&model);
	for (unsigned n = 0; n < LEAT_TOP_HISTORY; n++)
		CU_ASSERT_EQUAL(leat_top_link_history(&model.link[2], n), 0);
	CU_ASSERT_EQUAL(leat_top_link_events(&model.link[2]), 0);
	answers[2].status.jack.xruns = 6;
	take();
	CU_ASSERT_EQUAL(leat_top_link_events(&model.link[2]), 1);
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[2], 0), 1);
}

static void test_history_goes_round(void)
{
	begin();
	for (uint64_t i = 0; i < 3 * LEAT_TOP_HISTORY; i++) {
		answers[0].status.jack.xruns += i;
		take();
	}
	for (unsigned n = 0; n < LEAT_TOP_HISTORY; n++)
		CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], n),
				3 * LEAT_TOP_HISTORY - 1 - n);
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], LEAT_TOP_HISTORY),
			0);
}

/* Links come and go, and are not mistaken for each other. */
static void test_links_go(void)
{
	begin();
	answers[1].status.jack.xruns = 5;
	take();
	answers[0] = answers[1];
	links.n_links = 1;
	take();
	CU_ASSERT_EQUAL(model.n_links, 1);
	CU_ASSERT_STRING_EQUAL(model.link[0].answer.name, "b");
	CU_ASSERT_EQUAL(leat_top_link_events(&model.link[0]), 5);
	links.n_links = 0;
	take();
	CU_ASSERT_EQUAL(model.n_links, 0);
	links.n_links = 1;
	answers[0].status.jack.xruns = 9;
	take();
	CU_ASSERT_EQUAL(leat_top_link_events(&model.link[0]), 9);
	CU_ASSERT_EQUAL(leat_top_link_history(&model.link[0], 0), 0);
}

static void expect_order(enum leat_top_order order, const char *names)
{
	leat_top_sort(&model, order);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 3; i++)
			CU_ASSERT_EQUAL(model.link[i].answer.name[0], names[i]);
		take();
	}
}

static void test_order(void)
{
	begin();
	answers[0].status.jack.xruns = 1;
	answers[2].status.jack.xruns = 2;
	answers[1].status.direction[LEAT_TO_JACK].latency_frames = 9;
	answers[2].status.direction[LEAT_TO_JACK].latency_frames = 4;
	answers[2].status.direction[LEAT_TO_PIPEWIRE].latency_frames = 4;
	answers[1].res = -ENOENT;
	take();
	expect_order(LEAT_TOP_BY_XRUNS, "cab");
	expect_order(LEAT_TOP_BY_LATENCY, "bca");
	expect_order(LEAT_TOP_BY_NAME, "abc");
	/* "down" before "no-peer". */
	expect_order(LEAT_TOP_BY_STATE, "bac");
	/* The order is kept while what it goes by changes. */
	expect_order(LEAT_TOP_BY_XRUNS, "cab");
	answers[1].status.jack.xruns = 3;
	take();
	CU_ASSERT_EQUAL(model.link[0].answer.name[0], 'b');
	expect_order(LEAT_TOP_BY_XRUNS, "bca");
}

/* ---- the load ---- */

static struct leat_link_load load;

/* A cycle of JACK's, of so many microseconds. */
static void add_cycle(uint64_t duration_us)
{
	struct leat_side_load *side = &load.side[LEAT_LOAD_JACK];
	struct leat_histogram *histogram = &side->histogram[LEAT_LOAD_DURATION];
	uint64_t ns = duration_us * 1000;

	side->known = true;
	histogram->n++;
	histogram->counts[leat_histogram_bucket(ns)]++;
	histogram->sum_ns += ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
}

static void begin_load(void)
{
	begin();
	memset(&load, 0, sizeof(load));
	load.n_taps = 4;
	answers[0].load = &load;
	answers[0].status.jack.pid = 1;
}

static uint64_t n_cycles(void)
{
	struct leat_link_load now;

	CU_ASSERT_TRUE(leat_top_link_load(&model.link[0], &now));
	return now.side[LEAT_LOAD_JACK].histogram[LEAT_LOAD_DURATION].n;
}

static void test_load_is_reset(void)
{
	struct leat_link_load now;

	begin_load();
	add_cycle(1000);
	load.n_late[LEAT_LOAD_JACK] = 3;
	take();
	CU_ASSERT_FALSE(leat_top_link_load(&model.link[1], &now));
	CU_ASSERT_EQUAL(n_cycles(), 1);
	leat_top_reset(&model);
	CU_ASSERT_EQUAL(n_cycles(), 0);
	add_cycle(10);
	add_cycle(20);
	load.n_late[LEAT_LOAD_JACK] = 5;
	take();
	CU_ASSERT_EQUAL(n_cycles(), 2);
	CU_ASSERT_TRUE(leat_top_link_load(&model.link[0], &now));
	CU_ASSERT_EQUAL(now.n_late[LEAT_LOAD_JACK], 2);
	CU_ASSERT_EQUAL(now.n_taps, 4);
	CU_ASSERT_TRUE(
		now.side[LEAT_LOAD_JACK].histogram[LEAT_LOAD_DURATION].max_ns <
		21000);
	/* It does not answer, and then does again. */
	answers[0].load = NULL;
	take();
	CU_ASSERT_FALSE(leat_top_link_load(&model.link[0], &now));
	answers[0].load = &load;
	take();
	CU_ASSERT_EQUAL(n_cycles(), 2);
}

/* It counts from 0, which is all since the reset. */
static void test_load_of_another_process(void)
{
	begin_load();
	for (int i = 0; i < 5; i++)
		add_cycle(100);
	take();
	leat_top_reset(&model);
	memset(&load, 0, sizeof(load));
	answers[0].status.jack.pid = 2;
	add_cycle(100);
	take();
	CU_ASSERT_EQUAL(n_cycles(), 1);
}

/* ---- the view ---- */

static void expect_bar(uint64_t fill, uint64_t target, const char *bar)
{
	char text[LEAT_TOP_ROW_BYTES];

	leat_top_bar(text, 10, false, fill, target, 256);
	CU_ASSERT_STRING_EQUAL(text, bar);
}

static void test_bar(void)
{
	expect_bar(0, 100, ".....|....");
	expect_bar(100, 100, "#####|....");
	expect_bar(160, 100, "#####|##..");
	expect_bar(500, 100, "#####|####");
	expect_bar(40, 100, "##...|....");
	expect_bar(LEAT_UNKNOWN, 100, ".....|....");
	expect_bar(0, 0, "|.........");
	expect_bar(128, 0, "|####.....");
	expect_bar(128, LEAT_UNKNOWN, "#####.....");
	expect_bar(LEAT_UNKNOWN, LEAT_UNKNOWN, "..........");
}

static void expect_sparkline(bool utf8, const char *line)
{
	char text[LEAT_TOP_ROW_BYTES];

	leat_top_sparkline(text, 5, utf8, &model.link[0]);
	CU_ASSERT_STRING_EQUAL(text, line);
}

static void test_sparkline(void)
{
	begin();
	take();
	answers[0].status.jack.xruns += 1;
	take();
	take();
	answers[0].status.jack.xruns += 70;
	take();
	expect_sparkline(false, "..1.9");
	/* U+00B7 is none, U+2581 the least and U+2588 the most. */
	expect_sparkline(true, "\xc2\xb7\xc2\xb7\xe2\x96\x81\xc2\xb7"
			       "\xe2\x96\x88");
	answers[0].status.jack.xruns = UINT64_MAX / 2;
	take();
	expect_sparkline(false, ".1.99");
	expect_sparkline(true, "\xc2\xb7\xe2\x96\x81\xc2\xb7"
			       "\xe2\x96\x81\xe2\x96\x88");
}

/* What was shown, row after row. */
struct shown {
	unsigned n_columns, n_rows, n_wrong;
	char text[32768];
};

static unsigned n_characters(const char *text)
{
	unsigned n = 0;

	while (*text) {
		unsigned length = leat_utf8_length((const unsigned char *)text);

		CU_ASSERT_FATAL(length > 0);
		CU_ASSERT_FALSE(length == 1 && (unsigned char)*text < 0x20);
		text += length;
		n++;
	}
	return n;
}

static void on_row(void *user, enum leat_top_style style, const char *text)
{
	struct shown *shown = user;

	CU_ASSERT(n_characters(text) <= shown->n_columns);
	shown->n_rows++;
	shown->n_wrong += style == LEAT_TOP_WRONG;
	if (strlen(shown->text) + strlen(text) + 2 < sizeof(shown->text)) {
		strcat(shown->text, text);
		strcat(shown->text, "\n");
	}
}

static void show(struct shown *shown, unsigned n_columns, bool utf8)
{
	const struct leat_top_rows rows = { n_columns, utf8, 1, on_row, shown };

	memset(shown, 0, sizeof(*shown));
	shown->n_columns = n_columns;
	for (unsigned i = 0; i < model.n_links; i++)
		leat_top_view_link(&rows, &model.link[i]);
}

static void test_rows(void)
{
	struct leat_link_status *status = &answers[0].status;
	static struct shown shown;

	begin();
	strcpy(status->jack.server, "live");
	status->direction[LEAT_TO_JACK].latency_frames = 480;
	status->direction[LEAT_TO_JACK].target = 256;
	status->direction[LEAT_TO_JACK].fill = 250;
	status->direction[LEAT_TO_JACK].underruns = 3;
	status->direction[LEAT_TO_PIPEWIRE].underruns = 1;
	take();
	show(&shown, 80, false);
	CU_ASSERT_EQUAL(shown.n_rows, 3 * LEAT_TOP_LINK_ROWS);
	CU_ASSERT_EQUAL(shown.n_wrong, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(shown.text, "a: no-peer"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(shown.text, "JACK live  48000 Hz  P 256"));
	CU_ASSERT_PTR_NOT_NULL(strstr(shown.text, "480 (10.00 ms)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(shown.text, "fill    250 of 256"));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		shown.text, "JACK 0  PipeWire -  skipped -  under 1/3  over "
			    "-/-"));
	/* At the usual size nothing of it is cut. */
	CU_ASSERT_PTR_NOT_NULL(strstr(shown.text, "slips -/-\n"));
}

/* In percent of a period of 256 frames at 48 kHz: 5333 us. */
static void test_load_row(void)
{
	static struct shown shown;

	begin_load();
	for (int i = 0; i < 99; i++)
		add_cycle(53);
	add_cycle(533);
	add_cycle(5333);
	load.n_late[LEAT_LOAD_JACK] = 1;
	load.n_late[LEAT_LOAD_PIPEWIRE] = LEAT_UNKNOWN;
	take();
	show(&shown, 80, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(shown.text,
				      "load %      JACK 1.00/10.1/100  "
				      "PipeWire -  late 1/-  taps 4\n"));
	/* Of the others nothing is known. */
	CU_ASSERT_PTR_NOT_NULL(
		strstr(shown.text, "load %      JACK -  PipeWire -  late -/-  "
				   "taps -\n"));
}

/* Whatever the width and whatever is in them. */
static void test_widths(void)
{
	static struct shown shown;

	begin();
	for (int i = 0; i < 3; i++) {
		memset(&answers[i].status, 0xee, sizeof(answers[i].status));
		answers[i].status.jack.present = true;
		answers[i].status.pipewire.present = true;
	}
	strcpy(answers[0].status.jack.server, "\x1b[2J\xff\n\xc3\xa4");
	strcpy(answers[1].status.jack.server, "");
	strcpy(answers[2].status.jack.server, "x");
	for (int i = 0; i < 3; i++)
		answers[i].status.pipewire.server[0] = 0;
	answers[2].status.pipewire.mode = LEAT_MODE_ADAPTIVE;
	answers[2].status.clock.rate_ppm = -1e308;
	answers[2].status.clock.jitter_us = 1e308;
	take();
	take();
	for (unsigned n = 1; n < 400; n++) {
		show(&shown, n, n % 2);
		CU_ASSERT_EQUAL(shown.n_rows, 3 * LEAT_TOP_LINK_ROWS);
	}
}

static const struct unit_test tests[] = {
	{ "model", "counts", test_counts },
	{ "model", "restarts", test_restarts },
	{ "model", "reset", test_reset },
	{ "model", "the history goes round", test_history_goes_round },
	{ "model", "links come and go", test_links_go },
	{ "model", "order", test_order },
	{ "view", "bars", test_bar },
	{ "view", "sparklines", test_sparkline },
	{ "view", "rows", test_rows },
	{ "view", "widths", test_widths },
	{ "load", "reset", test_load_is_reset },
	{ "load", "another process", test_load_of_another_process },
	{ "load", "its row", test_load_row },
};

UNIT_MAIN(tests)
