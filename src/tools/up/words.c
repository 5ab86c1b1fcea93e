/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* n_bytes of value, or the name alone where value is NULL. */
static int add(struct leat_up_words *words, const char *name, const char *value,
	       size_t n_bytes)
{
	char *word = NULL;
	int res;

	if (words->n_words == LEAT_UP_WORDS_MAX)
		return -ENOMEM;
	if (value)
		res = asprintf(&word, "--%s=%.*s", name, (int)n_bytes, value);
	else
		res = asprintf(&word, "--%s", name);
	if (res < 0)
		return -ENOMEM;
	words->word[words->n_words++] = word;
	return 0;
}

/* One word for each item. */
static int add_list(struct leat_up_words *words, const char *name,
		    const char *text)
{
	int res = 0;

	while (res == 0 && *text) {
		size_t n = strcspn(text, "\n");

		res = add(words, name, text, n);
		text += n;
		text += *text == '\n';
	}
	return res;
}

static int add_setting(struct leat_up_words *words,
		       const struct leat_setting_about *about, const char *text)
{
	switch (about->kind) {
	case LEAT_VALUE_FLAG:
		return strcmp(text, "true") == 0
			       ? add(words, about->name, NULL, 0)
			       : 0;
	case LEAT_VALUE_CONNECTS:
		return add_list(words, about->name, text);
	default:
		return add(words, about->name, text, strlen(text));
	}
}

int leat_up_words_make(struct leat_up_words *words,
		       const struct leat_settings *settings, unsigned whom)
{
	int res = 0;

	for (unsigned i = 0; i < LEAT_N_SETTINGS && res == 0; i++) {
		const struct leat_setting_about *about =
			leat_setting_about((enum leat_setting)i);

		if (settings->value[i] && (about->for_whom & whom))
			res = add_setting(words, about, settings->value[i]);
	}
	return res;
}

void leat_up_words_add_to(const struct leat_up_words *words,
			  struct leat_command *command)
{
	for (unsigned i = 0; i < words->n_words; i++)
		leat_command_add(command, words->word[i]);
}

void leat_up_words_clear(struct leat_up_words *words)
{
	for (unsigned i = 0; i < words->n_words; i++)
		free(words->word[i]);
	words->n_words = 0;
}
