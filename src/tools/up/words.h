/* SPDX-License-Identifier: MIT */
/* What the settings of a link are on the command line of one of its sides. */
#ifndef LEAT_TOOLS_UP_WORDS_H
#define LEAT_TOOLS_UP_WORDS_H

#include "tools/config/settings.h"
#include "tools/servers/child.h"

/* Each setting once, and 128 connections, with room to spare. */
#define LEAT_UP_WORDS_MAX 200

struct leat_up_words {
	char *word[LEAT_UP_WORDS_MAX]; /* "--name=value" */
	unsigned n_words;
};

/* For one side: LEAT_FOR_JACK or LEAT_FOR_PIPEWIRE. 0 or -ENOMEM. */
LEAT_MUST_CHECK int leat_up_words_make(struct leat_up_words *words,
				       const struct leat_settings *settings,
				       unsigned whom);

void leat_up_words_add_to(const struct leat_up_words *words,
			  struct leat_command *command);

void leat_up_words_clear(struct leat_up_words *words);

#endif
