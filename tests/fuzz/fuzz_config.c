/* SPDX-License-Identifier: MIT */
/*
 * What a user writes into leat.conf: mistakes have places in the text, values
 * are in their ranges, and what is shown is read again and is the same.
 */
#include "fuzz.h"

#include "tools/config/balance.h"
#include "tools/config/config.h"
#include "tools/config/show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct leat_config config, again;

struct told {
	unsigned n;
	unsigned n_lines; /* of the text */
};

static void look_at_mistake(void *user,
			    const struct leat_config_mistake *mistake)
{
	struct told *told = user;

	told->n++;
	MUST(mistake->line >= 1 && mistake->line <= told->n_lines);
	MUST(mistake->column >= 1);
	MUST(mistake->what.text[0]);
	MUST(memchr(mistake->what.text, 0, sizeof(mistake->what.text)));
}

static unsigned count_lines(const char *text, size_t n_bytes)
{
	unsigned n = 1;

	for (size_t i = 0; i < n_bytes; i++)
		n += text[i] == '\n';
	return n;
}

/* Brackets are matched here by another way than there. */
static void look_at_balance(const char *text, size_t n_bytes)
{
	char wanted[LEAT_BALANCE_DEPTH_MAX + 1];
	struct leat_error error;
	unsigned depth = 0;
	size_t at;

	if (leat_balance_check(text, n_bytes, &at, &error) < 0) {
		MUST(at <= n_bytes && error.text[0]);
		return;
	}
	MUST(at == n_bytes);
	for (size_t i = 0; i < n_bytes; i++) {
		if (text[i] == '"')
			do
				i += text[i] == '\\' ? 2 : 1;
			while (text[i] != '"');
		else if (text[i] == '#')
			i += strcspn(text + i, "\n\r");
		else if (text[i] == '{' || text[i] == '[')
			wanted[depth++] = text[i] == '{' ? '}' : ']';
		else if (text[i] == '}' || text[i] == ']')
			MUST(depth > 0 && wanted[--depth] == text[i]);
		MUST(depth <= LEAT_BALANCE_DEPTH_MAX);
	}
	MUST(depth == 0);
}

static void look_at_values(const struct leat_settings *settings)
{
	for (unsigned i = 0; i < LEAT_N_SETTINGS; i++) {
		const struct leat_setting_about *about =
			leat_setting_about((enum leat_setting)i);
		const char *text = settings->value[i];
		double number = text ? strtod(text, NULL) : 0;

		if (text && about->max > about->min)
			MUST(number >= about->min && number <= about->max);
		for (; text && *text; text++)
			MUST(((unsigned char)*text >= 0x20 && *text != 0x7f) ||
			     (*text == '\n' &&
			      about->kind == LEAT_VALUE_CONNECTS));
	}
}

static void compare_links(void)
{
	MUST(config.n_links == again.n_links);
	for (unsigned i = 0; i < config.n_links; i++) {
		struct leat_settings a = { { NULL } }, b = { { NULL } };

		MUST(strcmp(config.link[i].name, again.link[i].name) == 0);
		MUST(leat_config_find(&config, config.link[i].name) ==
		     &config.link[i]);
		MUST(leat_config_resolve(&config, &config.link[i], &a) == 0);
		MUST(leat_config_resolve(&again, &again.link[i], &b) == 0);
		look_at_values(&a);
		MUST(leat_settings_equal(&a, &b));
		leat_settings_clear(&a);
		leat_settings_clear(&b);
	}
}

static void look_at_shown(void)
{
	struct told told = { 0, 0 };
	const struct leat_config_listener listener = { look_at_mistake, &told };
	char *text = NULL;
	size_t n_bytes = 0;
	FILE *to = open_memstream(&text, &n_bytes);

	MUST(to && leat_config_show(to, &config) == 0);
	MUST(fclose(to) == 0);
	told.n_lines = count_lines(text, n_bytes);
	MUST(leat_config_read(&again, text, n_bytes, &listener) == 0);
	compare_links();
	leat_config_finish(&again);
	free(text);
}

void fuzz_begin(void)
{
}

void fuzz_one(struct fuzz_input *input)
{
	struct told told = { 0, 0 };
	const struct leat_config_listener listener = { look_at_mistake, &told };
	size_t n_bytes = input->left;
	char *text = malloc(n_bytes + 1);
	int res;

	MUST(text);
	text[n_bytes] = 0;
	fuzz_take(input, text, n_bytes);
	told.n_lines = count_lines(text, n_bytes);
	look_at_balance(text, n_bytes);
	res = leat_config_read(&config, text, n_bytes, &listener);
	MUST(res == (told.n > 0 ? -EINVAL : 0));
	if (res == 0) {
		look_at_values(&config.settings);
		look_at_shown();
	}
	leat_config_finish(&config);
	free(text);
}

static void put_text(const char *name, const char *text)
{
	struct fuzz_seed seed = { .n_bytes = 0 };

	fuzz_put(&seed, text, strlen(text));
	fuzz_write_seed(&seed, name);
}

void fuzz_seeds(void)
{
	put_text("whole", "quiet = true rate = 48000 # x\nlinks = { main = { "
			  "channels = 2 connect = [ physical \"a=b:c\" ] } b = "
			  "{ map = [ FL FR ] latency-trim-in = -5 } }");
	put_text("json", "{ \"mode\": \"auto\", \"links\": { \"a\": { "
			 "\"description\": \"\\u00e4 \\\"x\\\"\" } } }");
	put_text("range", "channels = 65 links = { a = { } }");
	put_text("seconds", "history = 301 links = { a = { } }");
	put_text("twice", "links = { a = { } a = { } }");
	put_text("crossed", "links = { a = [ } ]");
	put_text("open", "links = { a = {");
	put_text("escape", "description = \"a\\nb\" links = { a = { } }");
	put_text("list", "connect = [ physical x=y:z ] map = [ FL, FR ]");
	put_text("end", "{ } # and then\nmode = auto");
}
