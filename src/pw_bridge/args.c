/* SPDX-License-Identifier: MIT */
#include "args.h"

#include "cli/options.h"

#include <spa/utils/json.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES 128
#define VALUE_BYTES 4096

/* A key and what it is set to: a plain text, or an object or array as it is. */
struct pair {
	char key[KEY_BYTES];
	char value[VALUE_BYTES];
	bool container;
	bool null;
};

/* ---- SPA-JSON ---- */

static int broken(const char *after, struct leat_error *error)
{
	return leat_error_set(error, -EINVAL,
			      "the arguments are no SPA-JSON%s%s: write them "
			      "as { key = value ... }",
			      after[0] ? " after " : "", after);
}

static int read_value(struct spa_json *iter, struct pair *pair,
		      struct leat_error *error)
{
	const char *value;
	int n = spa_json_next(iter, &value);

	if (n <= 0)
		return leat_error_set(error, -EINVAL, "'%s' has no value",
				      pair->key);
	pair->null = spa_json_is_null(value, n);
	pair->container = spa_json_is_container(value, n);
	if (pair->container)
		n = spa_json_container_len(iter, value, n);
	if (n <= 0)
		return broken(pair->key, error);
	if (n >= VALUE_BYTES ||
	    spa_json_parse_stringn(value, n, pair->value, VALUE_BYTES) <= 0)
		return leat_error_set(error, -EINVAL,
				      "the value of '%s' is too long",
				      pair->key);
	return 1;
}

/* The next one: 1, 0 at the end, or -EINVAL. last: for what is said of it. */
static int read_pair(struct spa_json *iter, struct pair *pair,
		     struct leat_error *error)
{
	char last[KEY_BYTES];
	const char *key;
	int n = spa_json_next(iter, &key);

	if (n == 0)
		return 0;
	snprintf(last, sizeof(last), "%s", pair->key);
	if (n < 0 || spa_json_is_container(key, n) || n >= KEY_BYTES ||
	    spa_json_parse_stringn(key, n, pair->key, KEY_BYTES) <= 0)
		return broken(last, error);
	return read_value(iter, pair, error);
}

typedef int (*pair_fn)(struct leat_pw_args *args, const struct pair *pair,
		       enum leat_direction direction, struct leat_error *error);

/* The braces around all of it may be left out, as everywhere in PipeWire. */
static int for_each(struct leat_pw_args *args, const char *text,
		    enum leat_direction direction, pair_fn fn,
		    struct leat_error *error)
{
	struct pair pair = { .key = "" };
	struct spa_json outer, inner;
	int res;

	spa_json_init(&outer, text, strlen(text));
	if (spa_json_enter_object(&outer, &inner) <= 0)
		spa_json_init(&inner, text, strlen(text));
	do {
		res = read_pair(&inner, &pair, error);
		/* null is what is not set. */
		if (res > 0 && !pair.null) {
			int failed = fn(args, &pair, direction, error);

			res = failed < 0 ? failed : 1;
		}
	} while (res > 0);
	return res;
}

/* ---- values ---- */

static int wont_do(const struct pair *pair, const char *what,
		   struct leat_error *error)
{
	return leat_error_set(error, -EINVAL, "%s '%s' will not do: give it %s",
			      pair->key, pair->value, what);
}

static int copy_text(char *text, size_t text_bytes, const struct pair *pair,
		     struct leat_error *error)
{
	if (pair->container || pair->value[0] == 0 ||
	    strlen(pair->value) >= text_bytes)
		return wont_do(pair, "a short text", error);
	strcpy(text, pair->value);
	return 0;
}

static int keep(struct leat_pw_dict *dict, const struct pair *pair,
		struct leat_error *error)
{
	int res = leat_pw_dict_set(dict, pair->key, pair->value);

	if (res < 0)
		return leat_error_set(error, res, "cannot keep '%s': %s",
				      pair->key,
				      res == -ENOSPC ? "too many properties"
						     : leat_errno_text(res));
	return 0;
}

/* "[ FL FR ]" as "FL,FR", which is what is read. */
static bool join_words(char *list, size_t list_bytes, const struct pair *pair)
{
	struct spa_json outer, inner;
	char word[16];
	size_t n = 0;

	spa_json_init(&outer, pair->value, strlen(pair->value));
	if (spa_json_enter_array(&outer, &inner) <= 0)
		return false;
	list[0] = 0;
	while (spa_json_get_string(&inner, word, sizeof(word)) > 0) {
		int more = snprintf(list + n, list_bytes - n, "%s%s",
				    n > 0 ? "," : "", word);

		if (more < 0 || (size_t)more >= list_bytes - n)
			return false;
		n += (size_t)more;
	}
	return n > 0;
}

static int set_position(struct leat_pw_channels *channels,
			const struct pair *pair, struct leat_error *error)
{
	uint8_t position[LEAT_CHANNELS_MAX];
	char list[512], why[128];
	uint32_t n;

	if (!pair->container)
		snprintf(list, sizeof(list), "%.*s", (int)sizeof(list) - 1,
			 pair->value);
	else if (!join_words(list, sizeof(list), pair))
		return wont_do(pair, "positions, such as [ FL FR ]", error);
	n = leat_parse_positions(list, position, why, sizeof(why));
	if (n == 0)
		return leat_error_set(error, -EINVAL, "%s: %s", pair->key, why);
	if (channels->n > 0 && channels->n != n)
		return leat_error_set(error, -EINVAL,
				      "audio.position has %u positions for "
				      "audio.channels %u: give as many",
				      n, channels->n);
	channels->n = n;
	channels->named = true;
	memcpy(channels->position, position, n);
	return 0;
}

static int set_n_channels(struct leat_pw_channels *channels,
			  const struct pair *pair, struct leat_error *error)
{
	uint32_t n;

	if (!leat_parse_u32(pair->value, 1, LEAT_CHANNELS_MAX, &n))
		return wont_do(pair, "a number from 1 to 64", error);
	if (channels->named && channels->n != n)
		return leat_error_set(error, -EINVAL,
				      "audio.channels is %u and audio.position "
				      "has %u positions: give as many",
				      n, channels->n);
	channels->n = n;
	return 0;
}

/* ---- properties of the nodes ---- */

/* What makes the bridge work is not to be had otherwise. */
static bool is_ours(const char *key)
{
	static const char *const keys[] = {
		"adapter.auto-port-config",
		"audio.format",
		"audio.rate",
		"node.always-process",
		"node.driver",
		"node.force-quantum",
		"node.force-rate",
		"node.group",
		"node.want-driver",
		"priority.driver",
	};

	for (size_t i = 0; i < SPA_N_ELEMENTS(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static int refuse_ours(const struct pair *pair, struct leat_error *error)
{
	return leat_error_set(error, -EINVAL,
			      "'%s' is for the bridge to set: leave it out "
			      "(leat.mode says whose clock is used)",
			      pair->key);
}

static int set_node(struct leat_pw_args *args, const struct pair *pair,
		    enum leat_direction direction, struct leat_error *error)
{
	if (strcmp(pair->key, "audio.channels") == 0)
		return set_n_channels(&args->channels[direction], pair, error);
	if (strcmp(pair->key, "audio.position") == 0)
		return set_position(&args->channels[direction], pair, error);
	if (is_ours(pair->key))
		return refuse_ours(pair, error);
	return keep(&args->props[direction], pair, error);
}

/* Of the source and of the sink. */
static int set_both(struct leat_pw_args *args, const struct pair *pair,
		    struct leat_error *error)
{
	int res = 0;

	for (int d = 0; d < LEAT_N_DIRECTIONS && res == 0; d++)
		res = set_node(args, pair, (enum leat_direction)d, error);
	return res;
}

/* ---- the arguments ---- */

static int set_link(struct leat_pw_args *args, const struct pair *pair,
		    struct leat_error *error)
{
	if (leat_link_name_check(pair->value, error) < 0)
		return -EINVAL;
	strcpy(args->link_name, pair->value);
	return 0;
}

static int set_remote(struct leat_pw_args *args, const struct pair *pair,
		      struct leat_error *error)
{
	return copy_text(args->remote, sizeof(args->remote), pair, error);
}

static int set_name(struct leat_pw_args *args, const struct pair *pair,
		    struct leat_error *error)
{
	return copy_text(args->node_name, sizeof(args->node_name), pair, error);
}

static int set_mode(struct leat_pw_args *args, const struct pair *pair,
		    struct leat_error *error)
{
	if (leat_pw_mode_parse(&args->mode, pair->value))
		return 0;
	return wont_do(pair, LEAT_PW_MODES, error);
}

static int set_default(struct leat_pw_args *args, const struct pair *pair,
		       struct leat_error *error)
{
	args->make_default = strcmp(pair->value, "true") == 0;
	if (args->make_default || strcmp(pair->value, "false") == 0)
		return 0;
	return wont_do(pair, "true or false", error);
}

static int set_latency(struct leat_pw_args *args, const struct pair *pair,
		       struct leat_error *error)
{
	const char *name = pair->key + strlen("leat.latency");
	uint32_t *frames = strcmp(name, "-min") == 0   ? &args->latency.min
			   : strcmp(name, "-max") == 0 ? &args->latency.max
						       : &args->latency.fixed;

	return leat_latency_parse(frames, pair->key, pair->value, error);
}

/* They are read when all else is known, as they have the last word. */
static int set_nothing(struct leat_pw_args *args, const struct pair *pair,
		       struct leat_error *error)
{
	(void)args;
	if (pair->container && pair->value[0] == '{')
		return 0;
	return wont_do(pair, "properties, { key = value ... }", error);
}

static const struct {
	const char *key;
	int (*set)(struct leat_pw_args *args, const struct pair *pair,
		   struct leat_error *error);
} table[] = {
	{ "audio.channels", set_both },
	{ "audio.position", set_both },
	{ "leat.default", set_default },
	{ "leat.latency", set_latency },
	{ "leat.latency-max", set_latency },
	{ "leat.latency-min", set_latency },
	{ "leat.mode", set_mode },
	{ "link.name", set_link },
	{ "node.name", set_name },
	{ "priority.session", set_both },
	{ "remote.name", set_remote },
	{ "sink.props", set_nothing },
	{ "source.props", set_nothing },
};

/* Keys that say of both nodes what it may be said of any. */
static bool is_of_nodes(const char *key)
{
	static const char *const prefixes[] = { "device.", "media.", "node." };

	for (size_t i = 0; i < SPA_N_ELEMENTS(prefixes); i++)
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return is_ours(key);
}

static int set_argument(struct leat_pw_args *args, const struct pair *pair,
			enum leat_direction direction, struct leat_error *error)
{
	(void)direction;
	for (size_t i = 0; i < SPA_N_ELEMENTS(table); i++)
		if (strcmp(table[i].key, pair->key) == 0)
			return table[i].set(args, pair, error);
	if (is_of_nodes(pair->key))
		return set_both(args, pair, error);
	return leat_error_set(error, -EINVAL,
			      "there is nothing called '%s': see "
			      "libpipewire-module-leat(7) for what there is",
			      pair->key);
}

/* What is said of one node's channels holds, and not what is said of both. */
static int set_own(struct leat_pw_args *args, const struct pair *pair,
		   enum leat_direction direction, struct leat_error *error)
{
	struct leat_pw_channels of_both = args->channels[direction];
	int res;

	args->channels[direction].n = 0;
	args->channels[direction].named = false;
	res = for_each(args, pair->value, direction, set_node, error);
	if (args->channels[direction].n == 0)
		args->channels[direction] = of_both;
	return res;
}

static int set_props(struct leat_pw_args *args, const struct pair *pair,
		     enum leat_direction direction, struct leat_error *error)
{
	static const char *const keys[] = {
		[LEAT_TO_PIPEWIRE] = "source.props",
		[LEAT_TO_JACK] = "sink.props",
	};

	(void)direction;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (strcmp(pair->key, keys[d]) == 0)
			return set_own(args, pair, (enum leat_direction)d,
				       error);
	return 0;
}

int leat_pw_args_read(struct leat_pw_args *args, const char *text,
		      struct leat_error *error)
{
	const enum leat_direction any = LEAT_TO_PIPEWIRE;
	int res;

	memset(args, 0, sizeof(*args));
	args->latency.dashes = LEAT_PW_ARGS_DASHES;
	strcpy(args->link_name, LEAT_DEFAULT_LINK);
	if (!text)
		return 0;
	res = for_each(args, text, any, set_argument, error);
	if (res == 0)
		res = for_each(args, text, any, set_props, error);
	if (res == 0)
		res = leat_latency_check(&args->latency, error);
	if (res < 0)
		leat_pw_args_finish(args);
	return res;
}

void leat_pw_args_finish(struct leat_pw_args *args)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_pw_dict_finish(&args->props[d]);
}
