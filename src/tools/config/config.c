/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "balance.h"
#include "tools/common/nearest.h"

#include <errno.h>
#include <spa/utils/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer words are told of as far as this. */
#define WORD_BYTES 512
#define LINKS "links"

struct reader {
	struct leat_config *config;
	const char *text;
	const struct leat_config_listener *listener;
	bool wrong;
	bool no_memory;
};

/* A word of the text, a text in quotes, or the begin of a list or an object. */
struct token {
	const char *at;
	int length;
	char word[WORD_BYTES];
};

/* Some settings, as they are read, and where each of them stands. */
struct group {
	struct leat_settings *settings;
	const char *at[LEAT_N_SETTINGS];
	const char *links_at;
	bool is_link;
};

/* ---- mistakes ---- */

__attribute__((format(printf, 3, 4))) static void
tell(struct reader *reader, const char *at, const char *format, ...)
{
	struct leat_config_mistake mistake;
	va_list args;

	leat_balance_place(reader->text, (size_t)(at - reader->text),
			   &mistake.line, &mistake.column);
	va_start(args, format);
	vsnprintf(mistake.what.text, sizeof(mistake.what.text), format, args);
	va_end(args);
	reader->wrong = true;
	reader->listener->mistake(reader->listener->user, &mistake);
}

static unsigned line_of(const struct reader *reader, const char *at)
{
	unsigned line, column;

	leat_balance_place(reader->text, (size_t)(at - reader->text), &line,
			   &column);
	return line;
}

static void note_memory(struct reader *reader, int res)
{
	if (res < 0)
		reader->no_memory = true;
}

/* ---- tokens ---- */

/* False at the end of what is entered. */
static bool next(struct reader *reader, struct spa_json *from,
		 struct token *token)
{
	token->length = spa_json_next(from, &token->at);
	token->word[0] = 0;
	if (token->length < 0)
		tell(reader, from->cur, "this cannot be read");
	if (token->length <= 0)
		return false;
	if (token->length >= WORD_BYTES) {
		tell(reader, token->at, "this is longer than %d bytes",
		     WORD_BYTES - 1);
		return true;
	}
	if (!spa_json_is_container(token->at, token->length))
		spa_json_parse_stringn(token->at, token->length, token->word,
				       WORD_BYTES);
	return true;
}

static bool is_container(const struct token *token)
{
	return token->at[0] == '{' || token->at[0] == '[';
}

static bool is_quoted(const struct token *token)
{
	return token->at[0] == '"';
}

/* No setting takes what would break a line of the log. */
static bool has_controls(const char *word)
{
	for (; *word; word++)
		if ((unsigned char)*word < 0x20 || *word == 0x7f)
			return true;
	return false;
}

/* A name and what follows it; false at the end. */
static bool next_pair(struct reader *reader, struct spa_json *from,
		      struct token *name, struct token *value)
{
	if (!next(reader, from, name))
		return false;
	if (is_container(name)) {
		tell(reader, name->at, "a name is missing before this '%c'",
		     name->at[0]);
		value->length = 0;
		return true;
	}
	if (next(reader, from, value))
		return true;
	tell(reader, name->at, "'%s' has no value", name->word);
	return false;
}

/* ---- one setting ---- */

/* What a kind of value looks like. */
static const char *kind_text(enum leat_value_kind kind)
{
	switch (kind) {
	case LEAT_VALUE_NUMBER:
	case LEAT_VALUE_SIGNED:
		return "a whole number";
	case LEAT_VALUE_SECONDS:
		return "a number of seconds";
	case LEAT_VALUE_FLAG:
		return "true or false";
	case LEAT_VALUE_CHOICE:
		return "one word";
	case LEAT_VALUE_TEXT:
		return "a text";
	case LEAT_VALUE_POSITIONS:
	case LEAT_VALUE_CONNECTS:
		break;
	}
	return "a list, as in [ a b ]";
}

static bool takes_list(enum leat_value_kind kind)
{
	return kind == LEAT_VALUE_POSITIONS || kind == LEAT_VALUE_CONNECTS;
}

static bool takes_quotes(enum leat_value_kind kind)
{
	return kind != LEAT_VALUE_NUMBER && kind != LEAT_VALUE_SIGNED &&
	       kind != LEAT_VALUE_SECONDS && kind != LEAT_VALUE_FLAG;
}

/* Whether a word may be a value of this kind at all. */
static bool is_like(struct reader *reader,
		    const struct leat_setting_about *about,
		    const struct token *value)
{
	if (is_container(value) ||
	    (is_quoted(value) && !takes_quotes(about->kind))) {
		tell(reader, value->at, "%s wants %s", about->name,
		     kind_text(about->kind));
		return false;
	}
	if (has_controls(value->word)) {
		tell(reader, value->at,
		     "%s may have no control characters in it", about->name);
		return false;
	}
	return true;
}

static void read_list(struct reader *reader, struct spa_json *from,
		      enum leat_setting setting, struct leat_settings *settings)
{
	const struct leat_setting_about *about = leat_setting_about(setting);
	struct spa_json list;
	struct token item;
	struct leat_error why;

	spa_json_enter(from, &list);
	while (next(reader, &list, &item)) {
		if (!is_like(reader, about, &item))
			continue;
		if (leat_setting_check(setting, item.word, &why) < 0)
			tell(reader, item.at, "%s %s", about->name, why.text);
		else
			note_memory(reader, leat_settings_add(settings, setting,
							      item.word));
	}
}

static void check_value(struct reader *reader, const struct token *value,
			enum leat_setting setting,
			struct leat_settings *settings)
{
	const struct leat_setting_about *about = leat_setting_about(setting);
	const char *text = settings->value[setting];
	struct leat_error why;

	if (!text) {
		if (!reader->wrong && !reader->no_memory)
			tell(reader, value->at, "%s is given nothing",
			     about->name);
		return;
	}
	if (leat_setting_check(setting, text, &why) < 0)
		tell(reader, value->at, "%s %s", about->name, why.text);
}

static void read_value(struct reader *reader, struct spa_json *from,
		       const struct token *value, enum leat_setting setting,
		       struct leat_settings *settings)
{
	const struct leat_setting_about *about = leat_setting_about(setting);

	if (takes_list(about->kind) && value->at[0] == '[')
		read_list(reader, from, setting, settings);
	else if (!is_like(reader, about, value))
		return;
	else
		note_memory(reader,
			    leat_settings_put(settings, setting, value->word));
	check_value(reader, value, setting, settings);
}

/* ---- names ---- */

static const char *nearest_name(const char *word, bool in_link)
{
	unsigned least = LEAT_NEAREST_START;
	const char *nearest = NULL;

	for (unsigned i = 0; i < LEAT_N_SETTINGS; i++) {
		const char *name =
			leat_setting_about((enum leat_setting)i)->name;

		if (in_link && !leat_setting_is_links((enum leat_setting)i))
			continue;
		if (leat_word_is_nearer(word, name, &least))
			nearest = name;
	}
	if (!in_link && leat_word_is_nearer(word, LINKS, &least))
		nearest = LINKS;
	return nearest;
}

static void tell_unknown(struct reader *reader, const struct token *name,
			 bool in_link)
{
	const char *nearest = nearest_name(name->word, in_link);

	if (nearest)
		tell(reader, name->at,
		     "there is no '%.80s': did you mean '%s'?", name->word,
		     nearest);
	else
		tell(reader, name->at,
		     "there is no '%.80s': see leat.conf(5) for what there is",
		     name->word);
}

static void tell_twice(struct reader *reader, const struct token *name,
		       const char *first)
{
	tell(reader, name->at, "'%.80s' is there already, in line %u",
	     name->word, line_of(reader, first));
}

static void read_setting(struct reader *reader, struct spa_json *from,
			 const struct token *name, const struct token *value,
			 struct group *group)
{
	enum leat_setting setting = leat_setting_find(name->word);

	if (setting == LEAT_N_SETTINGS) {
		tell_unknown(reader, name, group->is_link);
		return;
	}
	if (group->is_link && !leat_setting_is_links(setting)) {
		tell(reader, name->at,
		     "'%s' is for the whole program: put it outside of links",
		     name->word);
		return;
	}
	if (group->at[setting]) {
		tell_twice(reader, name, group->at[setting]);
		return;
	}
	group->at[setting] = name->at;
	read_value(reader, from, value, setting, group->settings);
}

/* ---- links ---- */

static struct leat_config_link *add_link(struct reader *reader,
					 const struct token *name)
{
	struct leat_config *config = reader->config;
	struct leat_config_link *link = &config->link[config->n_links];
	const struct leat_config_link *first;
	struct leat_error why;

	if (leat_link_name_check(name->word, &why) < 0) {
		tell(reader, name->at, "%s", why.text);
		return NULL;
	}
	first = leat_config_find(config, name->word);
	if (first) {
		tell(reader, name->at,
		     "the link '%s' is there already, in line %u", name->word,
		     line_of(reader, reader->text + first->at));
		return NULL;
	}
	if (config->n_links == LEAT_CONFIG_LINKS_MAX) {
		tell(reader, name->at, "there are more than %d links",
		     LEAT_CONFIG_LINKS_MAX);
		return NULL;
	}
	/* As long as it may be, which was looked at. */
	memcpy(link->name, name->word, strlen(name->word) + 1);
	link->at = (size_t)(name->at - reader->text);
	config->n_links++;
	return link;
}

static void read_link(struct reader *reader, struct spa_json *from,
		      struct leat_config_link *link)
{
	struct group group = { .settings = &link->settings, .is_link = true };
	struct token name, value;
	struct spa_json inside;

	spa_json_enter(from, &inside);
	while (next_pair(reader, &inside, &name, &value))
		if (value.length > 0)
			read_setting(reader, &inside, &name, &value, &group);
}

static void read_links(struct reader *reader, struct spa_json *from,
		       const struct token *value)
{
	struct leat_config_link *link;
	struct token name, body;
	struct spa_json inside;

	if (value->at[0] != '{') {
		tell(reader, value->at,
		     LINKS " wants links, as in { main = { channels = 2 } }");
		return;
	}
	spa_json_enter(from, &inside);
	while (next_pair(reader, &inside, &name, &body)) {
		if (body.length == 0)
			continue;
		link = add_link(reader, &name);
		if (body.at[0] != '{')
			tell(reader, body.at,
			     "the link '%.80s' wants '{', its settings, and "
			     "'}'",
			     name.word);
		else if (link)
			read_link(reader, &inside, link);
	}
}

static void read_all(struct reader *reader, struct spa_json *from)
{
	struct group group = { .settings = &reader->config->settings };
	struct token name, value;

	while (next_pair(reader, from, &name, &value)) {
		if (value.length == 0)
			continue;
		if (strcmp(name.word, LINKS) != 0) {
			read_setting(reader, from, &name, &value, &group);
		} else if (group.links_at) {
			tell_twice(reader, &name, group.links_at);
		} else {
			group.links_at = name.at;
			read_links(reader, from, &value);
		}
	}
}

/* ---- the whole ---- */

/* Settings of a link that do not go together, some of them from outside. */
static void check_links(struct reader *reader)
{
	const struct leat_config *config = reader->config;

	for (unsigned i = 0; i < config->n_links; i++) {
		struct leat_settings settings = { { NULL } };
		struct leat_error why;

		note_memory(reader,
			    leat_config_resolve(config, &config->link[i],
						&settings));
		if (!reader->no_memory &&
		    leat_settings_check(&settings, "", &why) < 0)
			tell(reader, reader->text + config->link[i].at, "%s",
			     why.text);
		leat_settings_clear(&settings);
	}
}

/* Braces around the whole are JSON's, and may be left out: if they are there. */
static bool enter(struct spa_json *all, struct spa_json *inside,
		  const char *text, size_t n_bytes)
{
	const char *at;
	struct spa_json look;

	spa_json_init(&look, text, n_bytes);
	spa_json_init(all, text, n_bytes);
	if (spa_json_next(&look, &at) > 0 && *at == '{')
		return spa_json_enter_object(all, inside) > 0;
	*inside = *all;
	return false;
}

static void read_whole(struct reader *reader, size_t n_bytes)
{
	struct spa_json all, inside;
	struct token more;
	bool braces = enter(&all, &inside, reader->text, n_bytes);

	read_all(reader, &inside);
	if (braces && next(reader, &all, &more))
		tell(reader, more.at,
		     "nothing may stand behind the '}' of the whole");
	if (!reader->wrong && !reader->no_memory)
		check_links(reader);
}

/*
 * The tokenizer of PipeWire 0.3.65 takes a comment that no line ends for a word,
 * so it gets a copy of which the last line is ended.
 */
static int read_copy(struct reader *reader, size_t n_bytes)
{
	char *copy = malloc(n_bytes + 2);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, reader->text, n_bytes);
	memcpy(copy + n_bytes, "\n", 2);
	reader->text = copy;
	read_whole(reader, n_bytes + 1);
	free(copy);
	if (reader->no_memory)
		return -ENOMEM;
	return reader->wrong ? -EINVAL : 0;
}

int leat_config_read(struct leat_config *config, const char *text,
		     size_t n_bytes,
		     const struct leat_config_listener *listener)
{
	struct reader reader = { .config = config,
				 .text = text,
				 .listener = listener };
	struct leat_error why;
	size_t at;

	memset(config, 0, sizeof(*config));
	if (leat_balance_check(text, n_bytes, &at, &why) == 0)
		return read_copy(&reader, n_bytes);
	tell(&reader, text + at, "%s", why.text);
	return -EINVAL;
}

const struct leat_config_link *
leat_config_find(const struct leat_config *config, const char *name)
{
	for (unsigned i = 0; i < config->n_links; i++)
		if (strcmp(config->link[i].name, name) == 0)
			return &config->link[i];
	return NULL;
}

int leat_config_resolve(const struct leat_config *config,
			const struct leat_config_link *link,
			struct leat_settings *settings)
{
	int res = leat_settings_lay_links(settings, &config->settings);

	if (res == 0 && link)
		res = leat_settings_lay(settings, &link->settings);
	return res;
}

void leat_config_finish(struct leat_config *config)
{
	leat_settings_clear(&config->settings);
	for (unsigned i = 0; i < config->n_links; i++)
		leat_settings_clear(&config->link[i].settings);
	config->n_links = 0;
}
