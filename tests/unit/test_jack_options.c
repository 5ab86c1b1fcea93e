/* SPDX-License-Identifier: MIT */
/* What a link may be asked for, in the words with which jackd loads leat.so. */
#include "jack_bridge/options.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Read words and see what they come to. */
static int read_words(const char *words, struct leat_jack_options *options,
		      struct leat_jack_bridge_setup *setup,
		      struct leat_error *error)
{
	/* Kept until the next one: setup refers to it. */
	static char text[8192];
	int res;

	memset(setup, 0, sizeof(*setup));
	error->text[0] = 0;
	snprintf(text, sizeof(text), "%s", words);
	leat_jack_options_init(options, "");
	res = leat_jack_options_read(options, text, error);
	return res == 0 ? leat_jack_options_apply(options, setup, error) : res;
}

static void test_nothing(void)
{
	struct leat_jack_bridge_setup setup;
	struct leat_jack_options options;
	struct leat_error error;

	CU_ASSERT_EQUAL(read_words("", &options, &setup, &error), 0);
	CU_ASSERT_STRING_EQUAL(setup.link_name, "main");
	CU_ASSERT_EQUAL(setup.client.n_channels[0], 2);
	CU_ASSERT_EQUAL(setup.client.n_channels[1], 2);
	CU_ASSERT_EQUAL(setup.client.sync_wait_percent, 0);
	CU_ASSERT_EQUAL(setup.n_connect, 0);
	CU_ASSERT_EQUAL(setup.first_index, 0);
	CU_ASSERT_EQUAL(setup.history_ms, 2000);
	CU_ASSERT_FALSE(setup.history_given);
	CU_ASSERT_EQUAL(read_words(" \t\n ", &options, &setup, &error), 0);
	CU_ASSERT_STRING_EQUAL(setup.link_name, "main");
}

static void test_everything(void)
{
	struct leat_jack_bridge_setup setup;
	struct leat_jack_options options;
	struct leat_error error;

	CU_ASSERT_EQUAL(
		read_words("  link=b.1\tchannels=2 to-jack=3\nmap=FL,FR,FC "
			   "connect=physical connect=to_pipewire_FL=a:b "
			   "sync-wait=75 latency-trim-in=-3 "
			   "latency-trim-out=+4 first-index=5 history=1.5",
			   &options, &setup, &error),
		0);
	CU_ASSERT_STRING_EQUAL(setup.link_name, "b.1");
	CU_ASSERT_EQUAL(setup.client.n_channels[LEAT_TO_PIPEWIRE], 2);
	CU_ASSERT_EQUAL(setup.client.n_channels[LEAT_TO_JACK], 3);
	CU_ASSERT_EQUAL(setup.n_connect, 2);
	CU_ASSERT_STRING_EQUAL(setup.connect[0], "physical");
	CU_ASSERT_STRING_EQUAL(setup.connect[1], "to_pipewire_FL=a:b");
	CU_ASSERT_EQUAL(setup.client.sync_wait_percent, 75);
	CU_ASSERT_EQUAL(setup.client.latency_trim[LEAT_TO_JACK], -3);
	CU_ASSERT_EQUAL(setup.client.latency_trim[LEAT_TO_PIPEWIRE], 4);
	CU_ASSERT_EQUAL(setup.first_index, 5);
	CU_ASSERT_EQUAL(setup.history_ms, 1500);
	CU_ASSERT_TRUE(setup.history_given);
}

static void test_later_counts(void)
{
	struct leat_jack_bridge_setup setup;
	struct leat_jack_options options;
	struct leat_error error;

	CU_ASSERT_EQUAL(read_words("link=a to-jack=1 channels=4 link=b",
				   &options, &setup, &error),
			0);
	CU_ASSERT_STRING_EQUAL(setup.link_name, "b");
	CU_ASSERT_EQUAL(setup.client.n_channels[LEAT_TO_JACK], 4);
}

/* Words that will not do, and what the sentence must name. */
static const struct {
	const char *words;
	const char *names;
} bad[] = {
	{ "main", "'main'" },
	{ "=", "''" },
	{ "=main", "''" },
	{ "link", "'link'" },
	{ "link=", "link name is empty" },
	{ "link=a/b", "'a/b'" },
	{ "link=..", "'..'" },
	{ "link=main channels = 2", "'channels'" },
	{ "channels=", "channels wants a number from 0 to 64, not ''" },
	{ "channels=65", "'65'" },
	{ "channels=-1", "'-1'" },
	{ "channels=2,3", "'2,3'" },
	{ "channels=0", "at least one" },
	{ "channels=18446744073709551618", "channels wants" },
	{ "map=FL,XX", "map: 'XX'" },
	{ "map=FL,FL", "map: the position FL is given twice" },
	{ "map=FL channels=2", "map names 1 channels but 2" },
	{ "connect=", "connect : say" },
	{ "connect=nowhere", "connect nowhere" },
	{ "connect=to_pipewire_FL=nocolon", "connect to_pipewire_FL=nocolon" },
	{ "history=301", "history wants a number of seconds from 0 to 300" },
	{ "history=nan", "history wants" },
	{ "history=2s", "history wants" },
	{ "history=", "history wants" },
	{ "sync-wait=91", "sync-wait wants a number from 0 to 90" },
	{ "latency-trim-in=65537", "latency-trim-in wants" },
	{ "latency-trim-out=x", "latency-trim-out wants" },
	{ "first-index=-1", "first-index wants" },
	{ "first-index=99999999999999999999", "first-index wants" },
	{ "--channels=2", "'--channels'" },
	{ "server=other", "'server'" },
	{ "rt-guard=1", "'rt-guard'" },
	{ "Channels=2", "'Channels'" },
};

static void test_bad_words(void)
{
	struct leat_jack_bridge_setup setup;
	struct leat_jack_options options;
	struct leat_error error;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int res = read_words(bad[i].words, &options, &setup, &error);

		CU_ASSERT_EQUAL(res, -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, bad[i].names));
		if (res != -EINVAL || !strstr(error.text, bad[i].names))
			fprintf(stderr, "'%s': %d, %s\n", bad[i].words, res,
				error.text);
		/* The sentence is one. */
		CU_ASSERT_PTR_NULL(strchr(error.text, '\n'));
	}
}

static void test_too_many_connections(void)
{
	struct leat_jack_bridge_setup setup;
	struct leat_jack_options options;
	struct leat_error error;
	char words[(LEAT_JACK_CONNECT_MAX + 1) * 20] = "";

	for (int i = 0; i < LEAT_JACK_CONNECT_MAX; i++)
		strcat(words, " connect=physical");
	CU_ASSERT_EQUAL(read_words(words, &options, &setup, &error), 0);
	CU_ASSERT_EQUAL(setup.n_connect, LEAT_JACK_CONNECT_MAX);
	strcat(words, " connect=physical");
	CU_ASSERT_EQUAL(read_words(words, &options, &setup, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "128 times"));
}

/* On a command line a name has its dashes. */
static void test_dashes(void)
{
	struct leat_jack_options options;
	struct leat_error error;

	leat_jack_options_init(&options, "--");
	CU_ASSERT_EQUAL(
		leat_jack_options_set(&options, "channels", "x", &error),
		-EINVAL);
	CU_ASSERT_STRING_EQUAL(
		error.text, "--channels wants a number from 0 to 64, not 'x'");
	CU_ASSERT_EQUAL(leat_jack_options_set(&options, "link", "x", &error),
			-ENOENT);
	CU_ASSERT_EQUAL(
		leat_jack_options_set(&options, "channels", "3", &error), 0);
	CU_ASSERT_EQUAL(options.n_channels[0], 3);
	CU_ASSERT_EQUAL(options.n_channels[1], 3);
}

/* Whatever is given: an answer, and a sentence if it is a refusal. */
static void test_any_text(void)
{
	static const char pieces[][20] = {
		"link=",    "a",	" ",	"=", "channels=",
		"2",	    "map=",	"FL",	",", "connect=",
		"physical", "\t",	"\xff", "-", "first-index=",
		"%s%n",	    "to-jack=", "0",
	};
	struct leat_jack_bridge_setup setup;
	struct leat_jack_options options;
	struct leat_error error;

	srand(1);
	for (int i = 0; i < 20000; i++) {
		char words[512] = "";
		int res;

		for (int n = rand() % 24; n > 0; n--)
			strcat(words,
			       pieces[(size_t)rand() % (sizeof(pieces) / 20)]);
		res = read_words(words, &options, &setup, &error);
		CU_ASSERT_FATAL(res == 0 || res == -EINVAL);
		CU_ASSERT_FATAL((res == 0) == (error.text[0] == 0));
		CU_ASSERT_FATAL(res < 0 ||
				setup.client.n_channels[0] +
						setup.client.n_channels[1] >
					0);
	}
}

static const struct unit_test tests[] = {
	{ "words", "none", test_nothing },
	{ "words", "all there are", test_everything },
	{ "words", "the later one counts", test_later_counts },
	{ "words", "bad ones", test_bad_words },
	{ "words", "too many connections", test_too_many_connections },
	{ "words", "any text", test_any_text },
	{ "command line", "names have dashes", test_dashes },
};

UNIT_MAIN(tests)
