/* SPDX-License-Identifier: MIT */
/* The arguments of libpipewire-module-leat, and what they come to. */
#include "pw_bridge/args.h"

#include "runner.h"

#include <leat/positions.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct leat_pw_args args;
static struct leat_error error;

static bool reads(const char *text)
{
	int res = leat_pw_args_read(&args, text, &error);

	if (res < 0)
		fprintf(stderr, "%s\n  %s\n", text, error.text);
	return res == 0;
}

static const char *prop(enum leat_direction direction, const char *key)
{
	const char *value = leat_pw_dict_get(&args.props[direction], key);

	return value ? value : "(none)";
}

/* ---- what is read ---- */

static void test_usual(void)
{
	static const char *const nothing[] = { NULL, "", "{}", " { } ",
					       "# only a remark\n" };

	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		CU_ASSERT_FATAL(reads(nothing[i]));
		CU_ASSERT_STRING_EQUAL(args.link_name, "main");
		CU_ASSERT_EQUAL(args.mode, LEAT_PW_AUTO);
		CU_ASSERT_FALSE(args.make_default);
		CU_ASSERT_EQUAL(args.props[0].n_items, 0);
		CU_ASSERT_EQUAL(args.channels[0].n, 0);
		leat_pw_args_finish(&args);
	}
}

static void test_all(void)
{
	CU_ASSERT_FATAL(
		reads("{ link.name = studio\n"
		      "  leat.mode = adaptive # a remark\n"
		      "  \"leat.latency-min\" = 100, leat.latency-max: 900\n"
		      "  leat.default = true  remote.name = other\n"
		      "  node.name = desk  node.description = \"A desk\"\n"
		      "  priority.session = 17 device.icon-name = null }"));
	CU_ASSERT_STRING_EQUAL(args.link_name, "studio");
	CU_ASSERT_EQUAL(args.mode, LEAT_PW_ADAPTIVE);
	CU_ASSERT_EQUAL(args.latency.min, 100);
	CU_ASSERT_EQUAL(args.latency.max, 900);
	CU_ASSERT_EQUAL(args.latency.fixed, 0);
	CU_ASSERT(args.make_default);
	CU_ASSERT_STRING_EQUAL(args.remote, "other");
	CU_ASSERT_STRING_EQUAL(args.node_name, "desk");
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		enum leat_direction way = (enum leat_direction)d;

		CU_ASSERT_EQUAL(args.props[d].n_items, 2);
		CU_ASSERT_STRING_EQUAL(prop(way, "node.description"), "A desk");
		CU_ASSERT_STRING_EQUAL(prop(way, "priority.session"), "17");
	}
	leat_pw_args_finish(&args);
}

/* PipeWire hands over what stands between the braces, or all of it. */
static void test_no_braces(void)
{
	CU_ASSERT_FATAL(reads("link.name=b leat.latency=300 leat.mode=follow"));
	CU_ASSERT_STRING_EQUAL(args.link_name, "b");
	CU_ASSERT_EQUAL(args.latency.fixed, 300);
	CU_ASSERT_EQUAL(args.mode, LEAT_PW_FOLLOW);
	leat_pw_args_finish(&args);
}

/* Wherever they stand, the properties of one node have the last word. */
static void test_own_properties(void)
{
	CU_ASSERT_FATAL(reads("source.props = { node.description = own\n"
			      "  node.name = x  node.rules = [ { a = 1 } ] }\n"
			      "node.description = both  node.nick = n\n"
			      "sink.props = { }"));
	CU_ASSERT_STRING_EQUAL(prop(LEAT_TO_PIPEWIRE, "node.description"),
			       "own");
	CU_ASSERT_STRING_EQUAL(prop(LEAT_TO_JACK, "node.description"), "both");
	CU_ASSERT_STRING_EQUAL(prop(LEAT_TO_PIPEWIRE, "node.name"), "x");
	CU_ASSERT_STRING_EQUAL(prop(LEAT_TO_PIPEWIRE, "node.rules"),
			       "[ { a = 1 } ]");
	CU_ASSERT_STRING_EQUAL(prop(LEAT_TO_JACK, "node.rules"), "(none)");
	CU_ASSERT_STRING_EQUAL(prop(LEAT_TO_JACK, "node.nick"), "n");
	leat_pw_args_finish(&args);
}

static void test_channels(void)
{
	const struct leat_pw_channels *source =
		&args.channels[LEAT_TO_PIPEWIRE];
	const struct leat_pw_channels *sink = &args.channels[LEAT_TO_JACK];

	CU_ASSERT_FATAL(reads("audio.channels = 2 audio.position = [ FL FR ]\n"
			      "sink.props = { audio.position = \"RL,RR,FC\" }\n"
			      "source.props = { node.nick = x }"));
	CU_ASSERT_EQUAL(source->n, 2);
	CU_ASSERT(source->named);
	CU_ASSERT_EQUAL(source->position[1], leat_position_parse("FR"));
	CU_ASSERT_EQUAL(sink->n, 3);
	CU_ASSERT_EQUAL(sink->position[0], leat_position_parse("RL"));
	CU_ASSERT_EQUAL(sink->position[2], leat_position_parse("FC"));
	leat_pw_args_finish(&args);
	CU_ASSERT_FATAL(reads("audio.channels = 64"));
	CU_ASSERT_EQUAL(source->n, 64);
	CU_ASSERT_FALSE(source->named);
	leat_pw_args_finish(&args);
}

/* ---- what is refused ---- */

static const struct {
	const char *text, *said;
} bad[] = {
	{ "{ volume = 11 }", "there is nothing called 'volume'" },
	{ "link.name = a/b", "the link name 'a/b' will not do" },
	{ "link.name = [ a ]", "the link name" },
	{ "link.name", "'link.name' has no value" },
	{ "{ link.name }", "'link.name' has no value" },
	{ "{ link.name = \"a }", "" },
	{ "leat.mode = fast", "leat.mode 'fast' will not do: give it auto, "
			      "follow or adaptive" },
	{ "leat.latency = 1.5", "leat.latency '1.5' will not do" },
	{ "leat.latency = 0", "leat.latency '0' will not do" },
	{ "leat.latency-min = -3", "leat.latency-min '-3' will not do" },
	{ "leat.latency = 9 leat.latency-min = 8",
	  "leat.latency fixes what leat.latency-min and leat.latency-max" },
	{ "leat.latency-min = 9 leat.latency-max = 8",
	  "leat.latency-min 9 is more than leat.latency-max 8" },
	{ "leat.default = yes",
	  "leat.default 'yes' will not do: give it true" },
	{ "audio.channels = 0", "audio.channels '0' will not do" },
	{ "audio.channels = 65", "audio.channels '65' will not do" },
	{ "audio.position = [ FL XX ]", "'XX' is no channel position" },
	{ "audio.position = [ FL FL ]", "FL is given twice" },
	{ "audio.position = [ ]", "audio.position '[ ]' will not do" },
	{ "audio.position = { FL FR }", "will not do" },
	{ "audio.channels = 3 audio.position = [ FL FR ]",
	  "audio.position has 2 positions for audio.channels 3" },
	{ "audio.position = [ FL FR ] audio.channels = 3",
	  "audio.channels is 3 and audio.position has 2 positions" },
	{ "source.props = [ a ]", "source.props '[ a ]' will not do" },
	{ "source.props = { audio.position = FOO }",
	  "'FOO' is no channel position" },
	{ "node.force-quantum = 64", "'node.force-quantum' is for the bridge" },
	{ "sink.props = { node.group = x }", "'node.group' is for the bridge" },
	{ "audio.rate = 48000", "'audio.rate' is for the bridge" },
	{ "node.name = \"\"", "node.name '' will not do" },
	{ "{ a = { b }", "" },
	{ "= 1", "" },
	{ "{ { } = 1 }", "no SPA-JSON" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int res = leat_pw_args_read(&args, bad[i].text, &error);

		if (res != -EINVAL || !strstr(error.text, bad[i].said))
			fprintf(stderr, "%s: %d, %s\n", bad[i].text, res,
				res < 0 ? error.text : "");
		CU_ASSERT_EQUAL(res, -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, bad[i].said));
		CU_ASSERT_EQUAL(args.props[0].n_items, 0);
		CU_ASSERT_EQUAL(args.props[1].n_items, 0);
	}
}

/* A text cut off anywhere is read or refused, and never read past its end. */
static void test_cut_off(void)
{
	static const char whole[] =
		"{ link.name = \"a\\u0041\" audio.position = [ FL, FR ] "
		"source.props = { node.nick = \"\xc3\xa4\" x = [ { } ] } }";

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *text = strndup(whole, n);

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		if (leat_pw_args_read(&args, text, &error) == 0)
			leat_pw_args_finish(&args);
		free(text);
	}
}

static void test_too_much(void)
{
	char text[8192] = "node.nick = ", *end = text + strlen(text);

	memset(end, 'a', 5000);
	end[5000] = 0;
	CU_ASSERT_EQUAL(leat_pw_args_read(&args, text, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "too long"));
	text[0] = 0;
	for (int i = 0; i <= LEAT_PW_DICT_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "node.x%d = 1 ", i);
	CU_ASSERT_EQUAL(leat_pw_args_read(&args, text, &error), -ENOSPC);
	memset(text, 'k', 200);
	strcpy(text + 200, " = 1");
	CU_ASSERT_EQUAL(leat_pw_args_read(&args, text, &error), -EINVAL);
}

/* ---- channels of a link ---- */

static void test_applied(void)
{
	struct leat_link_spec spec = { .n_channels = { 2, 0 } }, before;

	leat_positions_default(spec.position[LEAT_TO_PIPEWIRE], 2);
	before = spec;
	CU_ASSERT_FATAL(reads("audio.position = [ AUX0 AUX1 ]"));
	CU_ASSERT_EQUAL(leat_pw_channels_apply(args.channels, &spec, &error),
			0);
	CU_ASSERT_EQUAL(spec.position[LEAT_TO_PIPEWIRE][1],
			leat_position_parse("AUX1"));
	CU_ASSERT_EQUAL(spec.n_channels[LEAT_TO_JACK], 0);
	leat_pw_args_finish(&args);
	CU_ASSERT_FATAL(reads("audio.channels = 3"));
	spec = before;
	CU_ASSERT_EQUAL(leat_pw_channels_apply(args.channels, &spec, &error),
			-EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "asks for 3 channels from "
						  "JACK, and there are 2"));
	CU_ASSERT_EQUAL(memcmp(&spec, &before, sizeof(spec)), 0);
	leat_pw_args_finish(&args);
}

static const struct unit_test tests[] = {
	{ "args", "as usual", test_usual },
	{ "args", "all of them", test_all },
	{ "args", "without braces", test_no_braces },
	{ "args", "properties of one node", test_own_properties },
	{ "args", "channels", test_channels },
	{ "args", "what is refused", test_refused },
	{ "args", "cut off", test_cut_off },
	{ "args", "too much", test_too_much },
	{ "args", "channels of a link", test_applied },
};

UNIT_MAIN(tests)
