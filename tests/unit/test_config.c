/* SPDX-License-Identifier: MIT */
/* leat.conf: what is read, where mistakes are, and that the manual has it all. */
#include "runner.h"

#include "tools/common/nearest.h"
#include "tools/config/file.h"
#include "tools/config/show.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct leat_config config;
static struct leat_config_mistake told; /* the first one in the text */
static unsigned n_told;

static void keep(void *user, const struct leat_config_mistake *mistake)
{
	(void)user;
	if (n_told++ == 0 || mistake->line < told.line ||
	    (mistake->line == told.line && mistake->column < told.column))
		told = *mistake;
}

static int read_text(const char *text)
{
	const struct leat_config_listener listener = { keep, NULL };

	leat_config_finish(&config);
	n_told = 0;
	return leat_config_read(&config, text, strlen(text), &listener);
}

static const char *value(const char *link, enum leat_setting setting)
{
	static struct leat_settings settings;
	const struct leat_config_link *found = leat_config_find(&config, link);

	leat_settings_clear(&settings);
	if (!found || leat_config_resolve(&config, found, &settings) != 0)
		return "(none)";
	return settings.value[setting] ? settings.value[setting] : "";
}

/* ---- what is read ---- */

static void test_nothing(void)
{
	CU_ASSERT_EQUAL(read_text(""), 0);
	CU_ASSERT_EQUAL(config.n_links, 0);
	CU_ASSERT_EQUAL(read_text("# a comment"), 0);
	CU_ASSERT_EQUAL(read_text("{ }"), 0);
	CU_ASSERT_EQUAL(read_text("links = { }"), 0);
	CU_ASSERT_EQUAL(config.n_links, 0);
}

static void test_forms(void)
{
	static const char *const forms[] = {
		"mode = follow links = { a = { channels = 3 } }",
		"{ \"mode\": \"follow\", \"links\": { \"a\": "
		"{ \"channels\": 3 } } }",
		"mode follow # x\nlinks { a { channels 3 } }",
		"links={a={channels=3}} mode=follow",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		CU_ASSERT_EQUAL(read_text(forms[i]), 0);
		CU_ASSERT_EQUAL(config.n_links, 1);
		CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_MODE), "follow");
		CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_CHANNELS), "3");
	}
}

static void test_values(void)
{
	CU_ASSERT_EQUAL(
		read_text("quiet = true\ninterval = 0.5\nlinks = { a = {\n"
			  "map = [ FL, FR ]\ndescription = \"a \\\"b\\\" c\"\n"
			  "connect = [ physical \"from_pipewire_FL=x:y\" ]\n"
			  "latency-trim-in = -5 default = true\n"
			  "server = \"studio\" } b = { map = \"FL,FR\" "
			  "connect = physical } }"),
		0);
	CU_ASSERT(leat_settings_flag(&config.settings, LEAT_SET_QUIET));
	CU_ASSERT_EQUAL(
		leat_settings_ms(&config.settings, LEAT_SET_INTERVAL, 7), 500);
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_MAP), "FL,FR");
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_DESCRIPTION), "a \"b\" c");
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_CONNECT),
			       "physical\nfrom_pipewire_FL=x:y");
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_LATENCY_TRIM_IN), "-5");
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_DEFAULT), "true");
	CU_ASSERT_STRING_EQUAL(value("b", LEAT_SET_MAP), "FL,FR");
	CU_ASSERT_STRING_EQUAL(value("b", LEAT_SET_CONNECT), "physical");
	CU_ASSERT_STRING_EQUAL(value("b", LEAT_SET_DEFAULT), "");
}

/* What a link says replaces what is said for all, and what contradicts it. */
static void test_own_over_all(void)
{
	CU_ASSERT_EQUAL(read_text("history = 5 latency = 900 to-jack = 7\n"
				  "links = { a = { history = 9 }\n"
				  "b = { latency-min = 4 channels = 2 } }"),
			0);
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_HISTORY), "9");
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_LATENCY), "900");
	CU_ASSERT_STRING_EQUAL(value("a", LEAT_SET_TO_JACK), "7");
	CU_ASSERT_STRING_EQUAL(value("b", LEAT_SET_HISTORY), "5");
	CU_ASSERT_STRING_EQUAL(value("b", LEAT_SET_LATENCY), "");
	CU_ASSERT_STRING_EQUAL(value("b", LEAT_SET_TO_JACK), "");
}

/* ---- mistakes ---- */

static const struct {
	const char *text;
	unsigned line, column;
	const char *what;
} mistakes[] = {
	{ "chanels = 2", 1, 1, "did you mean 'channels'" },
	{ "frobnicate = 2", 1, 1, "see leat.conf(5)" },
	{ "link = { }", 1, 1, "did you mean 'links'" },
	{ "\n\t mode = fast", 2, 10, "auto, follow or adaptive" },
	{ "# \xc3\xa4\nmode = or", 2, 8, "'or' will not do" },
	{ "description = \"\xc3\xa4\" mode = x", 1, 26, "'x'" },
	{ "channels = 65", 1, 12, "from 0 to 64" },
	{ "channels = -1", 1, 12, "from 0 to 64" },
	{ "channels = 2.5", 1, 12, "whole number" },
	{ "channels = \"2\"", 1, 12, "channels wants a whole number" },
	{ "channels = [ 2 ]", 1, 12, "channels wants a whole number" },
	{ "period = 15", 1, 10, "from 16 to 8192" },
	{ "period = 8193", 1, 10, "from 16 to 8192" },
	{ "rate = 999", 1, 8, "from 1000 to 768000" },
	{ "history = 301", 1, 11, "0 to 300" },
	{ "history = nan", 1, 11, "0 to 300" },
	{ "interval = 0.04", 1, 12, "0.05 to 3600" },
	{ "latency-trim-out = 65537", 1, 20, "-65536 to 65536" },
	{ "sync-wait = 91", 1, 13, "0 to 90" },
	{ "quiet = yes", 1, 9, "true or false" },
	{ "server = \"\"", 1, 10, "not empty" },
	{ "description = \"a\\nb\"", 1, 15, "control characters" },
	{ "map = [ FL XX ]", 1, 12, "'XX' is no channel position" },
	{ "map = [ FL FL ]", 1, 7, "given twice" },
	{ "map = [ ]", 1, 7, "given nothing" },
	{ "map = [ [ FL ] ]", 1, 9, "a list" },
	{ "connect = [ foo ]", 1, 13, "OURS=OTHER" },
	{ "mode = auto mode = follow", 1, 13, "already, in line 1" },
	{ "links = { a = { } }\nlinks = { }", 2, 1, "already, in line 1" },
	{ "links = { a = { }\n a = { } }", 2, 2, "'a' is there already" },
	{ "links = { -a = { } }", 1, 11, "'-a'" },
	{ "links = { a = 5 }", 1, 15, "wants '{'" },
	{ "links = [ a ]", 1, 9, "links wants links" },
	{ "links = { a = { period = 64 } }", 1, 17, "outside of links" },
	{ "links = { a = { mode } }", 1, 17, "'mode' has no value" },
	{ "mode", 1, 1, "'mode' has no value" },
	{ "links = { a = { latency = 5 latency-min = 2 } }", 1, 11, "alone" },
	{ "latency-max = 1 links = { a = { latency-min = 2 } }", 1, 27,
	  "more than" },
	{ "links = { a = { map = [ FL ] channels = 2 } }", 1, 11,
	  "map names 1 channels but 2" },
	{ "links = { a = { channels = 0 } }", 1, 11, "no channels" },
	{ "links = {", 1, 9, "'{' is never closed" },
	{ "links = { a = { ] }", 1, 17, "']' would close the '{' of line 1" },
	{ "}", 1, 1, "closes nothing" },
	{ "links{ }", 1, 6, "a blank is missing before '{'" },
	{ "server = \"a", 1, 10, "never closed" },
	{ "server = \"a\nb\"", 1, 12, "another line" },
	{ "server = \"a\\q\"", 1, 13, "no such escape" },
	{ "server = \"a\\u0000\"", 1, 13, "NUL" },
	{ "server = \"\xff\"", 1, 11, "UTF-8" },
	{ "server = \xc3\xa4", 1, 10, "in quotes" },
	{ "server = \"a\"b", 1, 13, "a blank is missing" },
	{ "a = [[[[[[[[[ ]]]]]]]]]", 1, 13, "deeper" },
	{ "{ } mode = auto", 1, 5, "behind the '}' of the whole" },
	{ "{ = 5 }", 1, 5, "has no value" },
	{ "[ 5 ] = 5", 1, 1, "a name is missing before this '['" },
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		int res = read_text(mistakes[i].text);
		bool right = res == -EINVAL && n_told >= 1 &&
			     told.line == mistakes[i].line &&
			     told.column == mistakes[i].column &&
			     strstr(told.what.text, mistakes[i].what);

		CU_ASSERT(right);
		if (!right)
			fprintf(stderr, "%s\n -> %d, %u:%u: %s\n",
				mistakes[i].text, res, told.line, told.column,
				told.what.text);
	}
}

static void test_all_mistakes(void)
{
	CU_ASSERT_EQUAL(read_text("mode = x\nchannels = y\nlinks = { a = "
				  "{ z = 1 } }"),
			-EINVAL);
	CU_ASSERT_EQUAL(n_told, 3);
	CU_ASSERT_EQUAL(told.line, 1);
}

static void test_too_many(void)
{
	char text[4096] = "links = { ";

	for (int i = 0; i <= LEAT_CONFIG_LINKS_MAX; i++) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n, "l%d = { } ", i);
		if (i == LEAT_CONFIG_LINKS_MAX - 1) {
			char fits[4096];

			snprintf(fits, sizeof(fits), "%.4000s }", text);
			CU_ASSERT_EQUAL(read_text(fits), 0);
			CU_ASSERT_EQUAL(config.n_links, LEAT_CONFIG_LINKS_MAX);
		}
	}
	strcat(text, "}");
	CU_ASSERT_EQUAL(read_text(text), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(told.what.text, "more than 64 links"));
}

static void test_long_word(void)
{
	char text[1024] = "description = \"";

	memset(text + strlen(text), 'x', 600);
	strcat(text, "\"");
	CU_ASSERT_EQUAL(read_text(text), -EINVAL);
	CU_ASSERT_EQUAL(told.column, 15);
	CU_ASSERT_PTR_NOT_NULL(strstr(told.what.text, "longer than"));
}

/* ---- showing ---- */

static void test_show(void)
{
	static const char text[] =
		"quiet = true history = 5\nlinks = { a = { map = [ FL FR ] "
		"connect = [ physical \"to_pipewire_FL=a b:c\" ] "
		"description = \"\\\"q\\\\ \xc3\xa4\" } b = { mode = follow } "
		"}";
	struct leat_config before;
	char shown[4096] = "";
	FILE *to = fmemopen(shown, sizeof(shown), "w");

	CU_ASSERT_EQUAL_FATAL(read_text(text), 0);
	CU_ASSERT_EQUAL(leat_config_show(to, &config), 0);
	fclose(to);
	CU_ASSERT_PTR_NOT_NULL(strstr(shown, "# sync-wait = 0"));
	before = config;
	memset(&config, 0, sizeof(config));
	CU_ASSERT_EQUAL_FATAL(read_text(shown), 0);
	CU_ASSERT(leat_settings_flag(&config.settings, LEAT_SET_QUIET));
	CU_ASSERT_EQUAL(config.n_links, before.n_links);
	for (unsigned i = 0; i < before.n_links; i++) {
		struct leat_settings a = { { NULL } }, b = { { NULL } };

		CU_ASSERT_EQUAL(
			leat_config_resolve(&before, &before.link[i], &a), 0);
		CU_ASSERT_EQUAL(
			leat_config_resolve(&config, &config.link[i], &b), 0);
		CU_ASSERT(leat_settings_equal(&a, &b));
		leat_settings_clear(&a);
		leat_settings_clear(&b);
	}
	leat_config_finish(&before);
}

/* ---- the file ---- */

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static void test_places(void)
{
	char dir[] = "/tmp/leat-config-XXXXXX", path[256], users[256];
	struct leat_config_file file;
	struct leat_error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	setenv("XDG_CONFIG_HOME", dir, 1);
	CU_ASSERT_EQUAL(leat_config_file_read(&file, NULL, &error), 0);
	CU_ASSERT_STRING_EQUAL(file.path, "");
	snprintf(path, sizeof(path), "%s/leat", dir);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	snprintf(users, sizeof(users), "%s/leat/leat.conf", dir);
	put(users, "quiet = true");
	CU_ASSERT_EQUAL(leat_config_file_read(&file, NULL, &error), 0);
	CU_ASSERT_STRING_EQUAL(file.path, users);
	CU_ASSERT_STRING_EQUAL(file.text, "quiet = true");
	leat_config_file_finish(&file);
	snprintf(path, sizeof(path), "%s/none", dir);
	CU_ASSERT_EQUAL(leat_config_file_read(&file, path, &error), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
	leat_config_file_finish(&file);
	/* A relative one is to be ignored. */
	setenv("XDG_CONFIG_HOME", "leat", 1);
	setenv("HOME", dir, 1);
	CU_ASSERT_EQUAL(leat_config_file_read(&file, NULL, &error), 0);
	CU_ASSERT_STRING_EQUAL(file.path, "");
	unlink(users);
	snprintf(path, sizeof(path), "%s/leat", dir);
	rmdir(path);
	rmdir(dir);
}

static void test_example(void)
{
	struct leat_config_file file;
	struct leat_error error;

	CU_ASSERT_EQUAL_FATAL(
		leat_config_file_read(&file, LEAT_SOURCE_ROOT "/data/leat.conf",
				      &error),
		0);
	CU_ASSERT_EQUAL(read_text(file.text), 0);
	CU_ASSERT_EQUAL(config.n_links, 3);
	CU_ASSERT_STRING_EQUAL(value("stems", LEAT_SET_TO_PIPEWIRE), "8");
	leat_config_file_finish(&file);
}

/* ---- the manual ---- */

/* The item of a key: from ".It Ic key" to the next one. */
static bool item_of(const char *manual, const char *key, char *item, size_t n)
{
	char head[64];
	const char *at, *end;

	snprintf(head, sizeof(head), "\n.It Ic %s No", key);
	at = strstr(manual, head);
	if (!at)
		return false;
	end = strstr(at + 1, "\n.It ");
	if (!end)
		end = at + strlen(at);
	snprintf(item, n, "%.*s", (int)(end - at), at);
	return true;
}

static void check_item(const struct leat_setting_about *about, const char *item)
{
	char range[64];

	if (about->kind == LEAT_VALUE_NUMBER ||
	    about->kind == LEAT_VALUE_SECONDS)
		snprintf(range, sizeof(range), "%g to %.0f", about->min,
			 about->max);
	else if (about->kind == LEAT_VALUE_SIGNED)
		snprintf(range, sizeof(range), "\\%.0f to %.0f", about->min,
			 about->max);
	else
		return;
	CU_ASSERT_PTR_NOT_NULL(strstr(item, range));
	if (!strstr(item, range))
		fprintf(stderr, "%s: the manual lacks '%s'\n", about->name,
			range);
}

static void test_manual(void)
{
	static char manual[65536];
	FILE *file = fopen(LEAT_SOURCE_ROOT "/data/man/leat.conf.5", "r");
	unsigned n_items = 0;
	char item[4096];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = 0;
	fclose(file);
	for (unsigned i = 0; i < LEAT_N_SETTINGS; i++) {
		const struct leat_setting_about *about =
			leat_setting_about((enum leat_setting)i);
		bool there = item_of(manual, about->name, item, sizeof(item));

		CU_ASSERT(there);
		if (there)
			check_item(about, item);
		else
			fprintf(stderr, "leat.conf(5) lacks %s\n", about->name);
	}
	/* And no others. */
	for (const char *at = manual; (at = strstr(at, "\n.It Ic ")); at++)
		n_items++;
	CU_ASSERT_EQUAL(n_items, LEAT_N_SETTINGS);
}

/* ---- words ---- */

static void test_nearest(void)
{
	unsigned least = LEAT_NEAREST_START;

	CU_ASSERT_EQUAL(leat_word_distance("channels", "channels"), 0);
	CU_ASSERT_EQUAL(leat_word_distance("chanels", "channels"), 1);
	CU_ASSERT_EQUAL(leat_word_distance("", "ab"), 2);
	CU_ASSERT_EQUAL(leat_word_distance("kitten", "sitting"), 3);
	CU_ASSERT(leat_word_is_nearer("mod", "mode", &least));
	CU_ASSERT_EQUAL(least, 1);
	CU_ASSERT_FALSE(leat_word_is_nearer("mod", "mods", &least));
	least = LEAT_NEAREST_START;
	CU_ASSERT_FALSE(leat_word_is_nearer("xy", "ab", &least));
}

static const struct unit_test tests[] = {
	{ "reading", "nothing", test_nothing },
	{ "reading", "several forms", test_forms },
	{ "reading", "values", test_values },
	{ "reading", "a link's own over all", test_own_over_all },
	{ "mistakes", "each and its place", test_mistakes },
	{ "mistakes", "all of them", test_all_mistakes },
	{ "mistakes", "too many links", test_too_many },
	{ "mistakes", "a long word", test_long_word },
	{ "mistakes", "what was meant", test_nearest },
	{ "showing", "says the same", test_show },
	{ "file", "places", test_places },
	{ "file", "the example", test_example },
	{ "manual", "has what there is", test_manual },
};

UNIT_MAIN(tests)
