/* SPDX-License-Identifier: MIT */
/* leat-xrun without servers: what it is asked, how it goes on, what it says. */
#include "tools/xrun/options.h"
#include "tools/xrun/ramp.h"
#include "tools/xrun/result_json.h"
#include "tools/xrun/summary.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static bool load_is(const char *text, enum xrun_load load, uint32_t level)
{
	struct xrun_load_option option;
	struct leat_error error;

	return xrun_load_parse(&option, text, &error) && option.load == load &&
	       option.level == level && option.has_level;
}

static void test_loads(void)
{
	struct xrun_load_option option;
	struct leat_error error;

	CU_ASSERT(load_is("jack:50", XRUN_LOAD_JACK, 50));
	CU_ASSERT(load_is("pipewire:100", XRUN_LOAD_PIPEWIRE, 100));
	CU_ASSERT(load_is("cpu:64", XRUN_LOAD_CPU, 64));
	CU_ASSERT(load_is("inversion:1", XRUN_LOAD_INVERSION, 1));
	CU_ASSERT(xrun_load_parse(&option, "io", &error));
	CU_ASSERT_FALSE(option.has_level);
	CU_ASSERT_EQUAL(option.load, XRUN_LOAD_IO);
	CU_ASSERT(option.level >= 1);
}

static void test_bad_loads(void)
{
	static const char *const bad[] = {
		"",	  "jac",      "jackk",	  "jack:",
		"jack:0", "jack:101", "jack:-1",  "jack:5x",
		"cpu:65", "none:1",   "jack:5:5", "inversion:91"
	};
	struct xrun_load_option option;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct leat_error error = { "" };

		CU_ASSERT_FALSE(xrun_load_parse(&option, bad[i], &error));
		CU_ASSERT(strstr(error.text, "--load") != NULL);
	}
}

static void test_plants(void)
{
	static const char *const bad[] = {
		"",	      "jack",		"jack:1",
		"jack:0:5",   "jack:5:0",	"jack:5:5:5",
		"bridge:5:5", "machine:6000:6", "jack:5000:5",
		"jack:x:5",   "jack:5:",
	};
	struct xrun_plant_option option = { .place = XRUN_PLANT_NONE };
	struct leat_error error;

	CU_ASSERT(xrun_plant_parse(&option, "machine:5999:6", &error));
	CU_ASSERT_EQUAL(option.place, XRUN_PLANT_MACHINE);
	CU_ASSERT_EQUAL(option.delay_us, 5999);
	CU_ASSERT_EQUAL(option.every_ms, 6);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error.text[0] = 0;
		CU_ASSERT_FALSE(xrun_plant_parse(&option, bad[i], &error));
		CU_ASSERT(strstr(error.text, "--plant") != NULL);
	}
}

/* ---- the ramp ---- */

/* The level that is found if so much and no more loses nothing. */
static bool climb(enum xrun_load load, uint32_t most, uint32_t *found)
{
	struct xrun_ramp ramp;

	xrun_ramp_init(&ramp, load);
	CU_ASSERT_EQUAL(ramp.level, 0);
	for (int i = 0; i < 12 && !ramp.done; i++) {
		CU_ASSERT(ramp.level <= xrun_load_level_max(load));
		xrun_ramp_take(&ramp, ramp.level > most);
	}
	CU_ASSERT(ramp.done);
	*found = ramp.good;
	return ramp.has_good;
}

static void test_ramp_percent(void)
{
	for (uint32_t most = 0; most <= 100; most++) {
		uint32_t found;

		CU_ASSERT(climb(XRUN_LOAD_JACK, most, &found));
		CU_ASSERT_EQUAL(found, most / 5 * 5);
	}
}

static void test_ramp_workers(void)
{
	for (uint32_t most = 0; most <= 64; most++) {
		uint32_t found;

		CU_ASSERT(climb(XRUN_LOAD_CPU, most, &found));
		CU_ASSERT_EQUAL(found, most);
	}
}

static void test_ramp_without_any(void)
{
	struct xrun_ramp ramp;

	xrun_ramp_init(&ramp, XRUN_LOAD_JACK);
	xrun_ramp_take(&ramp, true);
	CU_ASSERT(ramp.done);
	CU_ASSERT_FALSE(ramp.has_good);
}

/* ---- a result ---- */

static struct xrun_bucket buckets[] = { { 64, 96, 3 }, { 1024, 1056, 1 } };
static struct xrun_event events[] = {
	{ .time_ns = -5, .kind = XRUN_STALL, .size_ns = 700000, .cpu = 1 },
	{ .time_ns = 10,
	  .kind = XRUN_SKIPPED,
	  .cause = XRUN_JACK_SERVER,
	  .size_ns = 8000000,
	  .n_frames = 256 },
	{ .time_ns = 20,
	  .kind = XRUN_GAP,
	  .cause = XRUN_BRIDGE_PIPEWIRE,
	  .place = XRUN_TO_JACK,
	  .n_frames = 512 },
};
static struct xrun_fill fills[] = {
	{ 0, 256, XRUN_UNKNOWN, 0, 256 },
	{ 50000000, 0, 256, 0, 256 },
};
static struct xrun_arm arms[2] = { { .name = "leat", .mode = "follow" },
				   { .name = "a \"b\"\n\x80" } };
static struct xrun_step steps[2];
static struct xrun_result result;

static void make_result(void)
{
	memset(&result, 0, sizeof(result));
	memset(steps, 0, sizeof(steps));
	steps[0] = (struct xrun_step){
		.period = 256,
		.rate_hz = 48000,
		.load = XRUN_LOAD_JACK,
		.level = 50,
		.is_counted = true,
		.is_exact = true,
		.n_sent = 4800,
		.n_heard = 4032,
		.event = events,
		.n_events = 3,
		.fill = fills,
		.n_fills = 2,
	};
	steps[0].n_late[XRUN_JACK_SERVER] = 7;
	steps[0].n_lost[XRUN_IN_JACK][XRUN_JACK_SERVER] = 256;
	steps[0].n_lost[XRUN_TO_JACK][XRUN_BRIDGE_PIPEWIRE] = 512;
	steps[0].histogram[0][0] = (struct xrun_histogram){
		.n = 4, .n_buckets = 2, .bucket = buckets, .p999_ns = 1040
	};
	steps[1] = (struct xrun_step){ .arm = 1,
				       .skipped = true,
				       .why = "no \\ cgroup" };
	result.n_arms = 2;
	result.arm = arms;
	result.n_steps = 2;
	result.step = steps;
	arms[1].round_trip_frames = XRUN_UNKNOWN;
}

static char *text_of(void (*print)(FILE *file, const struct xrun_result *r))
{
	char *text = NULL;
	size_t n_bytes;
	FILE *file = open_memstream(&text, &n_bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	print(file, &result);
	fclose(file);
	return text;
}

/* RFC 8259's grammar; NULL if it is not followed. */
static const char *skip_value(const char *at);

static const char *skip_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at && *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\' && !strchr("\"\\/bfnrtu", *++at))
			return NULL;
	}
	return *at == '"' ? at + 1 : NULL;
}

static const char *skip_members(const char *at, char end)
{
	if (*at == end)
		return at + 1;
	for (;;) {
		if (end == '}') {
			at = skip_string(at);
			if (!at || *at++ != ':')
				return NULL;
		}
		at = skip_value(at);
		if (!at)
			return NULL;
		if (*at == end)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *skip_value(const char *at)
{
	static const char *const words[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	if (*at == '{')
		return skip_members(at + 1, '}');
	if (*at == '[')
		return skip_members(at + 1, ']');
	if (*at == '"')
		return skip_string(at);
	at += *at == '-';
	if (!isdigit((unsigned char)*at))
		return NULL;
	return at + strspn(at, "0123456789.eE+-");
}

static void test_json(void)
{
	const char *end;
	char *text;

	make_result();
	text = text_of(xrun_result_json);
	end = skip_value(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	CU_ASSERT_STRING_EQUAL(end, "\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"buckets\":[[64,96,3],"
					    "[1024,1056,1]]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"round_trip_frames\":null"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"to_jack\":null"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text,
				      "{\"time_ns\":20,\"kind\":\"gap\","
				      "\"cause\":\"bridge-pipewire\","
				      "\"place\":\"to-jack\",\"size_ns\":0,"
				      "\"frames\":512}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"skipped\":\"no \\\\ cgroup\""));
	free(text);
}

static void test_empty_json(void)
{
	const char *end;
	char *text;

	memset(&result, 0, sizeof(result));
	text = text_of(xrun_result_json);
	end = skip_value(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	CU_ASSERT_STRING_EQUAL(end, "\n");
	free(text);
}

static void test_summary(void)
{
	char *text;

	make_result();
	text = text_of(xrun_summary);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "768 frames lost: 256 in JACK, "
					    "512 from PipeWire to JACK"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "the JACK server"));
	free(text);
}

/* A row for each period, a column for each load, rounds together. */
static void test_matrix(void)
{
	struct xrun_step cells[5] = {
		{ .period = 32 },
		{ .period = 32, .round = 1 },
		{ .period = 32, .load = XRUN_LOAD_CPU, .level = 2 },
		{ .period = 64 },
		{ .period = 64, .load = XRUN_LOAD_CPU, .skipped = true },
	};
	char *text;

	make_result();
	cells[0].n_late[XRUN_MACHINE] = 3;
	cells[1].n_late[XRUN_MACHINE] = 4;
	cells[2].n_lost[XRUN_TO_JACK][XRUN_MACHINE] = 64;
	result.settings.plan = XRUN_PLAN_MATRIX;
	result.n_arms = 1;
	result.n_steps = 5;
	result.step = cells;
	text = text_of(xrun_summary);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "leat: frames lost / late\n"
			     "  period             no load       cpu 2 workers"
			     "\n"
			     "      32               0 / 7              64 / 0"
			     "\n"
			     "      64               0 / 0             skipped"
			     "\n"));
	free(text);
}

static void test_sums(void)
{
	make_result();
	CU_ASSERT_EQUAL(xrun_step_late(&steps[0]), 7);
	CU_ASSERT_EQUAL(xrun_step_lost(&steps[0]), 768);
	CU_ASSERT_EQUAL(xrun_step_lost_at(&steps[0], XRUN_TO_JACK), 512);
	CU_ASSERT_EQUAL(xrun_step_lost_by(&steps[0], XRUN_JACK_SERVER), 256);
}

static const struct unit_test tests[] = {
	{ "options", "loads", test_loads },
	{ "options", "bad loads", test_bad_loads },
	{ "options", "plants", test_plants },
	{ "ramp", "percent", test_ramp_percent },
	{ "ramp", "workers", test_ramp_workers },
	{ "ramp", "without any", test_ramp_without_any },
	{ "result", "JSON", test_json },
	{ "result", "empty JSON", test_empty_json },
	{ "result", "summary", test_summary },
	{ "result", "matrix", test_matrix },
	{ "result", "sums", test_sums },
};

UNIT_MAIN(tests)
