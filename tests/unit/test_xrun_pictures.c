/* SPDX-License-Identifier: MIT */
/*
 * What leat-xrun's report is made of: markup that takes in no markup, axes,
 * figures in words, pictures that stay small.
 */
#include "runner.h"

#include "tools/xrun/axis.h"
#include "tools/xrun/html.h"
#include "tools/xrun/picture.h"
#include "tools/xrun/words.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *written;
static size_t n_written;

static FILE *begin(void)
{
	FILE *file = open_memstream(&written, &n_written);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	return file;
}

static void check(FILE *file, const char *expected)
{
	fclose(file);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "'%s' and not '%s'\n", written, expected);
	CU_ASSERT_STRING_EQUAL(written, expected);
	free(written);
}

/* ---- markup ---- */

static void check_text(const char *text, const char *expected)
{
	FILE *file = begin();

	xrun_html_text(file, text);
	check(file, expected);
}

#define FFFD "\xef\xbf\xbd"

static void test_escaping(void)
{
	check_text("", "");
	check_text("a\tb\nc", "a\tb\nc");
	check_text("<b a='1'>&amp;\"",
		   "&lt;b a=&#39;1&#39;&gt;&amp;amp;&quot;");
	check_text("Flügel 🎹 中", "Flügel 🎹 中");
	/* Neither HTML nor XML may have these. */
	check_text("\x01\x1b[2J\x7f\r", FFFD FFFD "[2J" FFFD FFFD);
	check_text("\xc2\x80|\xc2\x9f|\xc2\xa0", FFFD "|" FFFD "|\xc2\xa0");
	check_text("\xef\xbf\xbe|\xef\xbf\xbf|\xef\xb7\x90|\xef\xb7\xb0",
		   FFFD "|" FFFD "|" FFFD "|\xef\xb7\xb0");
	check_text("\xf0\x9f\xbf\xbe|\xf4\x8f\xbf\xbf", FFFD "|" FFFD);
	/* No UTF-8. */
	check_text("\xff<\xc0\xbc\xe2\x80", FFFD "&lt;" FFFD FFFD FFFD FFFD);
	/* They would turn their neighbours round. */
	check_text("\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\x8f|\xd8\x9c",
		   FFFD "|" FFFD "|" FFFD "|" FFFD);
	check_text("\xe2\x80\xa8|\xe2\x80\x93", FFFD "|\xe2\x80\x93");
}

static void test_format(void)
{
	FILE *file = begin();

	xrun_html(file, "<i>%s</i> %d %u %ld %lu %zu %.2f 5%% %.3g", "<i>", -3,
		  4000000000u, -5L, ~0ul, (size_t)7, 1.005, 0.25);
	xrun_html(file, "|%lld|%llu|%jd|%ju|%f|%g|%zd", -1LL, 2ULL,
		  (intmax_t)-3, (uintmax_t)4, 1.5, 1e-7, (ssize_t)-2);
	check(file, "<i>&lt;i&gt;</i> -3 4000000000 -5 18446744073709551615 7 "
		    "1.00 5% 0.25|-1|2|-3|4|1.500000|1e-07|-2");
	file = begin();
	xrun_html(file, "nothing");
	check(file, "nothing");
}

/* ---- axes ---- */

static void test_axis_from_zero(void)
{
	CU_ASSERT_EQUAL(xrun_axis_from_zero(0).high, 1);
	CU_ASSERT_EQUAL(xrun_axis_from_zero(-5).high, 1);
	CU_ASSERT_EQUAL(xrun_axis_from_zero(NAN).high, 1);
	CU_ASSERT_EQUAL(xrun_axis_from_zero(INFINITY).high, 1);
	CU_ASSERT_EQUAL(xrun_axis_from_zero(100).high, 100);
	CU_ASSERT_EQUAL(xrun_axis_from_zero(101).high, 150);
	CU_ASSERT_DOUBLE_EQUAL(xrun_axis_from_zero(0.3).high, 0.3, 1e-9);
	CU_ASSERT_EQUAL(xrun_axis_from_zero(1).low, 0);
}

static void test_axis_log(void)
{
	struct xrun_axis axis = xrun_axis_log(3, 4000);

	CU_ASSERT_DOUBLE_EQUAL(axis.low, 2, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(axis.high, 5000, 1e-6);
	axis = xrun_axis_log(1000, 1000);
	CU_ASSERT_DOUBLE_EQUAL(axis.low, 1000, 1e-6);
	CU_ASSERT_DOUBLE_EQUAL(axis.high, 2000, 1e-6);
	CU_ASSERT_EQUAL(xrun_axis_place(&axis, 0), 0);
	CU_ASSERT_EQUAL(xrun_axis_place(&axis, -1), 0);
	CU_ASSERT_EQUAL(xrun_axis_place(&axis, 1e9), 1);
	CU_ASSERT_DOUBLE_EQUAL(xrun_axis_place(&axis, 1000 * sqrt(2)), 0.5,
			       1e-9);
	CU_ASSERT_EQUAL(xrun_axis_place(&axis, NAN), 0);
}

static void test_axis_around(void)
{
	struct xrun_axis axis = xrun_axis_around(4.7, 5.9);

	CU_ASSERT_DOUBLE_EQUAL(axis.low, 4.5, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(axis.high, 6, 1e-9);
	axis = xrun_axis_around(0, 0);
	CU_ASSERT(axis.high > axis.low);
	axis = xrun_axis_around(5, 5);
	CU_ASSERT(axis.low <= 5 && axis.high > 5 && axis.low > 4);
}

static void check_ticks(struct xrun_axis axis, unsigned n_wanted,
			const char *expected)
{
	struct xrun_tick ticks[XRUN_TICKS_MAX];
	unsigned n = xrun_axis_ticks(&axis, n_wanted, ticks);
	FILE *file = begin();

	for (unsigned i = 0; i < n; i++)
		fprintf(file, "%s%g%s", i > 0 ? " " : "", ticks[i].value,
			ticks[i].minor ? "'" : "");
	check(file, expected);
}

static void test_ticks(void)
{
	check_ticks((struct xrun_axis){ 0, 100, false }, 5,
		    "0 20' 40 60' 80 100'");
	check_ticks((struct xrun_axis){ 0, 7, false }, 3, "0 5");
	check_ticks((struct xrun_axis){ 4.5, 6, false }, 3, "4.5 5 5.5 6");
	check_ticks((struct xrun_axis){ 1, 100, true }, 9,
		    "1 2' 5' 10 20' 50' 100");
	check_ticks((struct xrun_axis){ 2, 10, true }, 9, "2 5 10");
	check_ticks((struct xrun_axis){ 0.7, 5000, true }, 4, "1 10 100 1000");
	check_ticks((struct xrun_axis){ 1, 1e7, true }, 7,
		    "1 10' 100 1000' 10000 100000' 1e+06 1e+07'");
	/* Never more than fit, however far apart. */
	check_ticks((struct xrun_axis){ 1, 1e12, true }, 4,
		    "1 1000 1e+06 1e+09 1e+12");
}

/* ---- words ---- */

static void test_words(void)
{
	static const struct {
		double time_ns;
		const char *text;
	} times[] = {
		{ 0, "0 ns" },
		{ 850, "850 ns" },
		{ 999.6, "1 µs" },
		{ 1000, "1 µs" },
		{ 5333333, "5.33 ms" },
		{ 21333333, "21.3 ms" },
		{ 9996000, "10 ms" },
		{ 123456789, "123 ms" },
		{ 999600000, "1 s" },
		{ 2e9, "2 s" },
		{ 1.5e6, "1.5 ms" },
		{ 119e9, "119 s" },
		{ 120e9, "2 min" },
		{ 185.4e9, "3 min 5 s" },
		{ 3.6e12, "60 min" },
		{ 7.5e12, "2 h 5 min" },
		{ 9e18, "9000000000 s" },
	};
	char text[XRUN_WORDS_BYTES];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		CU_ASSERT_STRING_EQUAL(xrun_words_time(text, times[i].time_ns),
				       times[i].text);
	CU_ASSERT_STRING_EQUAL(xrun_words_count(text, 0), "0");
	CU_ASSERT_STRING_EQUAL(xrun_words_count(text, 999), "999");
	CU_ASSERT_STRING_EQUAL(xrun_words_count(text, 1000), "1,000");
	CU_ASSERT_STRING_EQUAL(xrun_words_count(text, UINT64_MAX),
			       "18,446,744,073,709,551,615");
	CU_ASSERT_STRING_EQUAL(xrun_words_some(text, 0, "frame"), "0 frames");
	CU_ASSERT_STRING_EQUAL(xrun_words_some(text, 1, "frame"), "1 frame");
	CU_ASSERT_STRING_EQUAL(xrun_words_some(text, 4096, "frame"),
			       "4,096 frames");
}

/* ---- pictures ---- */

static unsigned count(const char *what)
{
	unsigned n = 0;

	for (const char *at = written; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void finish(FILE *file)
{
	fclose(file);
	/* No figure that is none. */
	CU_ASSERT_EQUAL(count("nan"), 0);
	CU_ASSERT_EQUAL(count("inf"), 0);
	CU_ASSERT_EQUAL(count("width=\"-"), 0);
	CU_ASSERT_EQUAL(count("height=\"-"), 0);
	CU_ASSERT_EQUAL(count("<svg"), count("</svg>"));
}

static const struct xrun_lane lanes[] = {
	{ "JACK", "jack" },
	{ "<PipeWire>", "pipewire" },
};

static void test_timeline(void)
{
	const struct xrun_moment moments[] = {
		{ 1.0, 0, XRUN_WAS_LATE, 2e6, 0 },
		{ 1.001, 0, XRUN_WAS_LOST, 5e6, 256 },
		{ 9.0, 0, XRUN_SEEN, 0, 0 },
		{ 1.0, 1, XRUN_WAS_LOST, 0, 1 },
	};
	FILE *file = begin();

	xrun_picture_timeline(file, "what \"happened\"", 10, lanes, 2, moments,
			      4);
	finish(file);
	CU_ASSERT_EQUAL(count("class=\"event jack\""), 2);
	CU_ASSERT_EQUAL(count("class=\"event pipewire\""), 1);
	/* The lower end, and higher the worse it was. */
	CU_ASSERT_EQUAL(count("y1=\"43.00%\" y2=\"7.00%\""), 1);
	CU_ASSERT_EQUAL(count("y1=\"43.00%\" y2=\"38.00%\""), 1);
	CU_ASSERT_EQUAL(count("y1=\"93.00%\" y2=\"57.00%\""), 1);
	CU_ASSERT_EQUAL(count("JACK, at 1.00 s: 2 times, late by up to 5 ms; "
			      "lost: 256 frames"),
			1);
	CU_ASSERT_EQUAL(count("JACK, at 9.00 s: 1 time<"), 1);
	CU_ASSERT_EQUAL(count("&lt;PipeWire&gt;, at 1.00 s: 1 time; lost: "
			      "1 frame<"),
			1);
	CU_ASSERT_EQUAL(count("aria-label=\"what &quot;happened&quot;\""), 1);
	free(written);
}

/* Times that make no sense, and more of them than there are dots. */
static void test_timeline_edges(void)
{
	enum { N = 200000 };
	struct xrun_moment *moments = calloc(N, sizeof(*moments));
	FILE *file = begin();

	CU_ASSERT_PTR_NOT_NULL_FATAL(moments);
	xrun_picture_timeline(file, "none", 0, lanes, 2, NULL, 0);
	finish(file);
	free(written);
	for (int i = 0; i < N; i++)
		moments[i] = (struct xrun_moment){ i * 0.01 - 1,
						   (unsigned)i % 2, i % 3 == 0,
						   1e6, 64 };
	moments[5].at_s = NAN;
	moments[6].at_s = INFINITY;
	file = begin();
	xrun_picture_timeline(file, "many", 1500, lanes, 2, moments, N);
	fclose(file);
	CU_ASSERT(count("class=\"event") <= 600);
	CU_ASSERT(n_written < 150000);
	free(written);
	free(moments);
}

static void test_histogram(void)
{
	const struct xrun_bar bars[] = {
		{ 1000, 2000, 7 },
		{ 2000, 4000, 0 },
		{ 4000, 8000, 1234567 },
	};
	const struct xrun_distribution distributions[] = {
		{ "JACK", "jack", bars, 3 },
		{ NULL, "pipewire", bars, 1 },
		{ "nobody", "bridge", NULL, 0 },
	};
	FILE *file = begin();

	xrun_picture_histogram(file, "times", distributions, 3, 5333333,
			       "a period");
	finish(file);
	CU_ASSERT_EQUAL(count("JACK, 1 µs to 2 µs: 7 times"), 1);
	CU_ASSERT_EQUAL(count("JACK, 4 µs to 8 µs: 1,234,567 times"), 1);
	CU_ASSERT_EQUAL(count("<title>1 µs to 2 µs: 7 times"), 1);
	CU_ASSERT_EQUAL(count("class=\"hit\""), 3);
	CU_ASSERT_EQUAL(count(">a period<"), 1);
	free(written);
	/* Nothing at all; and from 0 to the largest there is. */
	file = begin();
	xrun_picture_histogram(file, "none", NULL, 0, 0, NULL);
	finish(file);
	free(written);
	file = begin();
	xrun_picture_histogram(
		file, "wide",
		&(struct xrun_distribution){
			"all", "jack",
			(struct xrun_bar[]){ { 0, 1, 1 },
					     { 1e18, 1.8e19, UINT64_MAX } },
			2 },
		1, 0, NULL);
	finish(file);
	free(written);
}

static void test_course(void)
{
	enum { N = 100000 };
	struct xrun_value *values = calloc(N, sizeof(*values));
	struct xrun_course course = { "bridge", values, 2, true };
	FILE *file = begin();

	CU_ASSERT_PTR_NOT_NULL_FATAL(values);
	values[0] = (struct xrun_value){ 0, 10, true };
	values[1] = (struct xrun_value){ 5, 90, false };
	xrun_picture_course(file, "load", 90, "%", 10, &course, NULL, true);
	finish(file);
	/* It holds until the next, and the last until the end. */
	CU_ASSERT_EQUAL(count("d=\"M0.0 900.0L500.0 900.0L500.0 100.0L1000.0 "
			      "100.0\""),
			1);
	free(written);
	/* Or begins anew. */
	values[1].begins = true;
	file = begin();
	xrun_picture_course(file, "load", 90, "%", 10, &course, &course, true);
	finish(file);
	CU_ASSERT_EQUAL(count("d=\"M0.0 900.0M500.0 100.0L1000.0 100.0\""), 2);
	free(written);
	course.n_values = 0;
	file = begin();
	xrun_picture_course(file, "none", 90, "%", 0, &course, NULL, false);
	finish(file);
	free(written);
	/* One value that stands out is seen among many. */
	for (int i = 0; i < N; i++)
		values[i] = (struct xrun_value){ i * 0.001,
						 i == 77777 ? 1000 : 64,
						 false };
	course = (struct xrun_course){ "bridge", values, N, false };
	file = begin();
	xrun_picture_course(file, "many", 90, "frames", 100, &course, NULL,
			    true);
	finish(file);
	CU_ASSERT(n_written < 20000);
	CU_ASSERT_EQUAL(count(" 0.0L"), 1);
	free(written);
	free(values);
}

static void test_columns(void)
{
	const struct xrun_column columns[] = {
		{ "50 %", { 0, 0 } },
		{ "90 %", { 1, 3 } },
	};
	FILE *file = begin();

	xrun_picture_columns(file, "loss", "late of 1,000", "load", columns, 2,
			     lanes, 2);
	finish(file);
	CU_ASSERT_EQUAL(count("class=\"column jack\""), 1);
	CU_ASSERT_EQUAL(count("90 %, &lt;PipeWire&gt;: 3 late of 1,000"), 1);
	free(written);
	file = begin();
	xrun_picture_columns(file, "loss", "x", "load", NULL, 0, lanes, 2);
	finish(file);
	free(written);
}

static const struct unit_test tests[] = {
	{ "markup", "what is from outside stays text", test_escaping },
	{ "markup", "formats", test_format },
	{ "axes", "from zero", test_axis_from_zero },
	{ "axes", "logarithmic", test_axis_log },
	{ "axes", "around", test_axis_around },
	{ "axes", "ticks", test_ticks },
	{ "words", "figures with their units", test_words },
	{ "pictures", "timeline", test_timeline },
	{ "pictures", "timeline, nothing and too much", test_timeline_edges },
	{ "pictures", "histogram", test_histogram },
	{ "pictures", "course", test_course },
	{ "pictures", "columns", test_columns },
};

UNIT_MAIN(tests)
