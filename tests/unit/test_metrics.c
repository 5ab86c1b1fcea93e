/* SPDX-License-Identifier: MIT */
/* Metrics for Prometheus: their format, and that they tell what is known. */
#include "exposition.h"
#include "runner.h"

#include "tools/common/status_text.h"
#include "tools/status/metrics.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct leat_link_answer answers[3];
static struct leat_links links = { answers, 3, 0 };
static struct exposition exposition;
static char *text;

static void print(void)
{
	size_t n_bytes;
	FILE *file;

	free(text);
	text = NULL;
	file = open_memstream(&text, &n_bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	leat_metrics_print(file, &links);
	CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
	CU_ASSERT_EQUAL(strlen(text), n_bytes);
}

static void print_and_parse(void)
{
	print();
	CU_ASSERT_TRUE(exposition_parse(&exposition, text));
	if (exposition.error[0])
		fprintf(stderr, "%s\n", exposition.error);
}

/* Each word of a status is another number, so that none passes for another. */
static void number(struct leat_link_status *status, uint64_t base)
{
	struct leat_side_status *sides[] = { &status->jack, &status->pipewire };

	for (uint64_t i = 0; i < 2; i++) {
		sides[i]->present = true;
		sides[i]->alive = 1;
		sides[i]->rate_hz = base + 10 * i + 1;
		sides[i]->period = base + 10 * i + 2;
		sides[i]->cycles = base + 10 * i + 3;
		sides[i]->xruns = base + 10 * i + 4;
		sides[i]->skipped_periods = base + 10 * i + 5;
		sides[i]->reconnects = base + 10 * i + 6;
		sides[i]->rests = base + 10 * i + 7;
		sides[i]->running = 1;
		sides[i]->mode = LEAT_MODE_FOLLOW;
	}
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		uint64_t *word = &status->direction[d].n_channels;

		for (uint64_t i = 0; i < 13; i++)
			word[i] = base + 100 * ((uint64_t)d + 1) + i;
		status->direction[d].resampler_delay = 0.5 + d;
		status->direction[d].beyond_jack =
			(struct leat_span_status){ 1, base + 20 };
		status->direction[d].beyond_pipewire =
			(struct leat_span_status){ 2, base + 21 };
		status->direction[d].end_to_end =
			(struct leat_span_status){ 3, base + 22 };
	}
	status->clock = (struct leat_clock_status){ -1.5, 2.5, 0.25, 80, 7 };
}

static void make_answers(void)
{
	memset(answers, 0, sizeof(answers));
	strcpy(answers[0].name, "main");
	number(&answers[0].status, 1000);
	strcpy(answers[0].status.jack.server, "a\"b\\c\nd\x01\xff");
	strcpy(answers[1].name, "unknown");
	leat_status_unknown(&answers[1].status);
	strcpy(answers[2].name, "frozen");
	leat_status_unknown(&answers[2].status);
	answers[2].res = -ETIMEDOUT;
}

static void expect(const char *series, double value)
{
	double found = exposition_value(&exposition, series);
	bool right = found == value || (isnan(found) && isnan(value));

	CU_ASSERT_TRUE(right);
	if (!right)
		fprintf(stderr, "%s is %g and not %g\n", series, found, value);
}

static void test_values(void)
{
	make_answers();
	print_and_parse();
	expect("leat_links", 3);
	expect("leat_link_up{link=\"main\"}", 1);
	expect("leat_link_up{link=\"frozen\"}", 0);
	expect("leat_link_state{link=\"main\",state=\"running\"}", 1);
	expect("leat_link_state{link=\"main\",state=\"idle\"}", 0);
	expect("leat_link_state{link=\"frozen\",state=\"unknown\"}", 1);
	expect("leat_link_mode{link=\"main\",mode=\"follow\"}", 1);
	expect("leat_link_mode{link=\"main\",mode=\"adaptive\"}", 0);
	expect("leat_side_rate_hertz{link=\"main\",side=\"jack\"}", 1001);
	expect("leat_side_xruns_total{link=\"main\",side=\"pipewire\"}", 1014);
	expect("leat_side_skipped_periods_total{link=\"main\",side=\"jack\"}",
	       1005);
	expect("leat_direction_channels{link=\"main\","
	       "direction=\"to_pipewire\"}",
	       1100);
	expect("leat_direction_fill_frames{link=\"main\","
	       "direction=\"to_jack\"}",
	       1202);
	expect("leat_direction_frames_total{link=\"main\","
	       "direction=\"to_jack\"}",
	       1205);
	expect("leat_direction_poisoned_rings_total{link=\"main\","
	       "direction=\"to_pipewire\"}",
	       1112);
	expect("leat_direction_resampler_delay_frames{link=\"main\","
	       "direction=\"to_jack\"}",
	       1.5);
	expect("leat_direction_beyond_jack_frames{link=\"main\","
	       "direction=\"to_jack\"}",
	       1020);
	expect("leat_direction_beyond_pipewire_frames{link=\"main\","
	       "direction=\"to_jack\"}",
	       1021);
	expect("leat_direction_end_to_end_frames{link=\"main\","
	       "direction=\"to_pipewire\"}",
	       1022);
	expect("leat_clock_rate_ppm{link=\"main\"}", -1.5);
	expect("leat_clock_jitter_seconds{link=\"main\"}", 80e-6);
}

/* Each word under its own name: in the order of the structs. */
static void test_every_word(void)
{
	static const char *const sides[] = {
		"rate_hertz",  "period_frames",		"cycles_total",
		"xruns_total", "skipped_periods_total", "reconnects_total",
		"rests_total"
	};
	static const char *const directions[] = { "channels",
						  "capacity_frames",
						  "fill_frames",
						  "target_frames",
						  "latency_frames",
						  "frames_total",
						  "underruns_total",
						  "overruns_total",
						  "lost_frames_total",
						  "inserted_frames_total",
						  "slips_total",
						  "wakeups_total",
						  "poisoned_rings_total" };
	char series[256];

	make_answers();
	print_and_parse();
	for (int i = 0; i < 12; i++) {
		snprintf(series, sizeof(series),
			 "leat_side_%s{link=\"main\",side=\"%s\"}",
			 sides[i % 6], i < 6 ? "jack" : "pipewire");
		expect(series, 1001 + i % 6 + (i < 6 ? 0 : 10));
	}
	for (int i = 0; i < 26; i++) {
		snprintf(series, sizeof(series),
			 "leat_direction_%s{link=\"main\",direction=\"%s\"}",
			 directions[i % 13],
			 i < 13 ? "to_pipewire" : "to_jack");
		expect(series, 1100 + i % 13 + (i < 13 ? 0 : 100));
	}
}

/* Latency in seconds is that in frames, over JACK's rate. */
static void test_seconds(void)
{
	make_answers();
	answers[0].status.jack.rate_hz = 48000;
	answers[0].status.direction[LEAT_TO_JACK].latency_frames = 12000;
	print_and_parse();
	expect("leat_direction_latency_seconds{link=\"main\","
	       "direction=\"to_jack\"}",
	       0.25);
	answers[0].status.jack.rate_hz = 0;
	print_and_parse();
	expect("leat_direction_latency_seconds{link=\"main\","
	       "direction=\"to_jack\"}",
	       (double)NAN);
}

/* Of what is not known there is no sample, and above all no 0. */
static void test_unknown(void)
{
	make_answers();
	print_and_parse();
	for (unsigned i = 0; i < exposition.n_samples; i++) {
		const char *series = exposition.sample[i].series;

		if (strstr(series, "\"main\""))
			continue;
		CU_ASSERT_TRUE(strstr(series, "leat_link") == series ||
			       strstr(series, "leat_side_alive") == series);
	}
	expect("leat_side_alive{link=\"unknown\",side=\"jack\"}", 0);
	expect("leat_side_alive{link=\"frozen\",side=\"jack\"}", (double)NAN);
	CU_ASSERT_PTR_NULL(strstr(text, "18446744073709551615"));
	CU_ASSERT_PTR_NULL(strstr(text, "nan"));
}

static struct leat_link_load load;

static void add(enum leat_load_side side, enum leat_load_kind kind,
		uint64_t value_ns, uint64_t n)
{
	struct leat_histogram *histogram = &load.side[side].histogram[kind];

	load.side[side].known = true;
	histogram->n += n;
	histogram->counts[leat_histogram_bucket(value_ns)] += n;
	histogram->sum_ns += n * value_ns;
	if (value_ns > histogram->max_ns)
		histogram->max_ns = value_ns;
}

/* What is in a bucket of Prometheus's is no more than it says. */
static void test_callbacks(void)
{
	static const char bucket[] =
		"leat_side_callback_duration_seconds_bucket{link=\"main\","
		"side=\"jack\",le=\"%s\"}";
	char series[256];

	make_answers();
	memset(&load, 0, sizeof(load));
	load.n_taps = 5;
	load.n_late[LEAT_LOAD_JACK] = 6;
	load.n_late[LEAT_LOAD_PIPEWIRE] = LEAT_UNKNOWN;
	add(LEAT_LOAD_JACK, LEAT_LOAD_DURATION, 2047, 10);
	add(LEAT_LOAD_JACK, LEAT_LOAD_DURATION, 2048, 100);
	add(LEAT_LOAD_JACK, LEAT_LOAD_DURATION, 5000000000, 1);
	add(LEAT_LOAD_JACK, LEAT_LOAD_WAKEUP, 100000, 7);
	answers[0].load = &load;
	print_and_parse();
	expect("leat_link_taps{link=\"main\"}", 5);
	expect("leat_side_late_cycles_total{link=\"main\",side=\"jack\"}", 6);
	expect("leat_side_late_cycles_total{link=\"main\",side=\"pipewire\"}",
	       (double)NAN);
	snprintf(series, sizeof(series), bucket, "2.047e-06");
	expect(series, 10);
	snprintf(series, sizeof(series), bucket, "4.095e-06");
	expect(series, 110);
	snprintf(series, sizeof(series), bucket, "0.536870911");
	expect(series, 110);
	snprintf(series, sizeof(series), bucket, "+Inf");
	expect(series, 111);
	expect("leat_side_callback_duration_seconds_count{link=\"main\","
	       "side=\"jack\"}",
	       111);
	expect("leat_side_callback_duration_seconds_sum{link=\"main\","
	       "side=\"jack\"}",
	       5.000225270);
	expect("leat_side_callback_wakeup_seconds_count{link=\"main\","
	       "side=\"jack\"}",
	       7);
	/* Of the other side nothing is known. */
	CU_ASSERT_PTR_NULL(strstr(text, "callback_duration_seconds_count{"
					"link=\"main\",side=\"pipewire\""));
}

/* What another process wrote may be anything; the sums still never fall. */
static void test_callbacks_that_cannot_be(void)
{
	make_answers();
	memset(&load, 0xff, sizeof(load));
	load.side[LEAT_LOAD_JACK].known = true;
	load.side[LEAT_LOAD_PIPEWIRE].known = false;
	answers[0].load = &load;
	print_and_parse();
	expect("leat_side_callback_interval_seconds_bucket{link=\"main\","
	       "side=\"jack\",le=\"2.047e-06\"}",
	       18446744073709551615.0);
}

static void test_names(void)
{
	make_answers();
	print_and_parse();
	expect("leat_jack_server_info{link=\"main\","
	       "server=\"a\\\"b\\\\c\\nd?\xef\xbf\xbd\"}",
	       1);
}

static void test_no_links(void)
{
	const struct leat_links all = links;

	links.n_links = 0;
	print_and_parse();
	CU_ASSERT_EQUAL(exposition.n_samples, 1);
	expect("leat_links", 0);
	links = all;
}

/* The program that knows, where it is installed. */
static void test_promtool(void)
{
	FILE *promtool;

	if (system("command -v promtool >/dev/null 2>&1") != 0) {
		printf("skipped: promtool is not installed\n");
		return;
	}
	make_answers();
	memset(&load, 0, sizeof(load));
	add(LEAT_LOAD_PIPEWIRE, LEAT_LOAD_INTERVAL, 1333333, 7);
	answers[0].load = &load;
	print();
	promtool = popen("promtool check metrics", "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(promtool);
	fputs(text, promtool);
	CU_ASSERT_EQUAL(pclose(promtool), 0);
}

/* The reader would notice. */
static void test_parser(void)
{
	static const char *const bad[] = {
		"a 1\n",
		"# HELP a A.\n# TYPE a gauge\na 1",
		"# HELP a\n# TYPE a gauge\na 1\n",
		"# HELP a A.\na 1\n",
		"# HELP a A.\n# TYPE b gauge\nb 1\n",
		"# HELP a A.\n# TYPE a counter\na 1\n",
		"# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n",
		"# HELP a A.\n# TYPE a gauge\na 1\na 1\n",
		"# HELP a A.\n# TYPE a gauge\nab 1\n",
		"# HELP a A.\n# TYPE a gauge\na{b=\"\n\"} 1\n",
		"# HELP a A.\n# TYPE a gauge\na{b=\"\\x\"} 1\n",
		"# HELP a A.\n# TYPE a gauge\na{b=\"\",} 1\n",
		"# HELP a A.\n# TYPE a gauge\na nan\n",
		"# HELP a A.\n# TYPE a gauge\na 1x\n",
		"# HELP a A.\n# TYPE a gauge\n# HELP a A.\n",
		"# HELP a A.\n# TYPE a gauge\na_sum 1\n",
		"# HELP a A.\n# TYPE a histogram\na 1\n",
		"# HELP a A.\n# TYPE a histogram\na_summe 1\n",
	};

	CU_ASSERT_TRUE(exposition_parse(
		&exposition, "# HELP a A.\n# TYPE a gauge\na{b=\"\\n\"} 1\n"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(exposition_parse(&exposition, bad[i]));
}

static const struct unit_test tests[] = {
	{ "metrics", "values", test_values },
	{ "metrics", "every word", test_every_word },
	{ "metrics", "seconds", test_seconds },
	{ "metrics", "what is not known", test_unknown },
	{ "metrics", "callbacks", test_callbacks },
	{ "metrics", "nonsense", test_callbacks_that_cannot_be },
	{ "metrics", "names", test_names },
	{ "metrics", "no links", test_no_links },
	{ "metrics", "promtool", test_promtool },
	{ "metrics", "the reader notices", test_parser },
};

UNIT_MAIN(tests)
