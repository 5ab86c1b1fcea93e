/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "capacity.h"
#include "cli/options.h"
#include "port_name.h"

#include <leat/positions.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\n"

void leat_jack_options_init(struct leat_jack_options *options,
			    const char *dashes)
{
	memset(options, 0, sizeof(*options));
	options->dashes = dashes;
	options->link_name = LEAT_DEFAULT_LINK;
	options->history_ms = UINT32_MAX;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		options->n_channels[d] = UINT32_MAX;
}

/* ---- one by one ---- */

static int read_number(const struct leat_jack_options *options,
		       const char *name, const char *value, uint32_t max,
		       uint32_t *number, struct leat_error *error)
{
	if (leat_parse_u32(value, 0, max, number))
		return 0;
	return leat_error_set(error, -EINVAL,
			      "%s%s wants a number from 0 to %u, not '%s'",
			      options->dashes, name, max, value);
}

static int set_channels(struct leat_jack_options *options, const char *name,
			const char *value, struct leat_error *error)
{
	uint32_t *n = options->n_channels;
	int res = read_number(options, name, value, LEAT_CHANNELS_MAX, &n[0],
			      error);

	n[1] = n[0];
	return res;
}

static int set_to_pipewire(struct leat_jack_options *options, const char *name,
			   const char *value, struct leat_error *error)
{
	return read_number(options, name, value, LEAT_CHANNELS_MAX,
			   &options->n_channels[LEAT_TO_PIPEWIRE], error);
}

static int set_to_jack(struct leat_jack_options *options, const char *name,
		       const char *value, struct leat_error *error)
{
	return read_number(options, name, value, LEAT_CHANNELS_MAX,
			   &options->n_channels[LEAT_TO_JACK], error);
}

static int set_map(struct leat_jack_options *options, const char *name,
		   const char *value, struct leat_error *error)
{
	(void)name;
	(void)error;
	options->map = value;
	return 0;
}

static int set_connect(struct leat_jack_options *options, const char *name,
		       const char *value, struct leat_error *error)
{
	if (options->n_connect == LEAT_JACK_CONNECT_MAX)
		return leat_error_set(error, -EINVAL, "more than %d times %s%s",
				      LEAT_JACK_CONNECT_MAX, options->dashes,
				      name);
	options->connect[options->n_connect++] = value;
	return 0;
}

static int set_sync_wait(struct leat_jack_options *options, const char *name,
			 const char *value, struct leat_error *error)
{
	return read_number(options, name, value, LEAT_SYNC_WAIT_MAX_PERCENT,
			   &options->sync_wait_percent, error);
}

static int set_history(struct leat_jack_options *options, const char *name,
		       const char *value, struct leat_error *error)
{
	char *end;
	double seconds = strtod(value, &end);

	/* Written so that not-a-number is refused as well. */
	if (end == value || *end ||
	    !(seconds >= 0 && seconds <= LEAT_HISTORY_MAX_S))
		return leat_error_set(error, -EINVAL,
				      "%s%s wants a number of seconds from 0 "
				      "to %d, not '%s'",
				      options->dashes, name, LEAT_HISTORY_MAX_S,
				      value);
	options->history_ms = (uint32_t)(seconds * 1000 + 0.5);
	return 0;
}

static int read_trim(const struct leat_jack_options *options, const char *name,
		     const char *value, int32_t *trim, struct leat_error *error)
{
	if (leat_parse_i32(value, -LEAT_LATENCY_TRIM_MAX, LEAT_LATENCY_TRIM_MAX,
			   trim))
		return 0;
	return leat_error_set(error, -EINVAL,
			      "%s%s wants a number of frames from -%d to %d, "
			      "not '%s'",
			      options->dashes, name, LEAT_LATENCY_TRIM_MAX,
			      LEAT_LATENCY_TRIM_MAX, value);
}

static int set_trim_in(struct leat_jack_options *options, const char *name,
		       const char *value, struct leat_error *error)
{
	return read_trim(options, name, value,
			 &options->latency_trim[LEAT_TO_JACK], error);
}

static int set_trim_out(struct leat_jack_options *options, const char *name,
			const char *value, struct leat_error *error)
{
	return read_trim(options, name, value,
			 &options->latency_trim[LEAT_TO_PIPEWIRE], error);
}

static int set_first_index(struct leat_jack_options *options, const char *name,
			   const char *value, struct leat_error *error)
{
	char *end;

	errno = 0;
	options->first_index = strtoull(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && errno == 0 && *end == 0)
		return 0;
	return leat_error_set(error, -EINVAL, "%s%s wants a number, not '%s'",
			      options->dashes, name, value);
}

static const struct {
	const char *name;
	int (*set)(struct leat_jack_options *options, const char *name,
		   const char *value, struct leat_error *error);
} table[] = {
	{ "channels", set_channels },
	{ "to-pipewire", set_to_pipewire },
	{ "to-jack", set_to_jack },
	{ "map", set_map },
	{ "connect", set_connect },
	{ "sync-wait", set_sync_wait },
	{ "history", set_history },
	{ "latency-trim-in", set_trim_in },
	{ "latency-trim-out", set_trim_out },
	{ "first-index", set_first_index },
};

int leat_jack_options_set(struct leat_jack_options *options, const char *name,
			  const char *value, struct leat_error *error)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].set(options, name, value, error);
	return leat_error_set(error, -ENOENT, "there is no option %s%s",
			      options->dashes, name);
}

/* ---- the words of jackd ---- */

static int set_word(struct leat_jack_options *options, char *word,
		    struct leat_error *error)
{
	char *equals = strchr(word, '=');
	int res;

	if (!equals)
		return leat_error_set(error, -EINVAL,
				      "'%s' will not do: give NAME=VALUE "
				      "words, as in 'link=main channels=2'",
				      word);
	*equals = 0;
	if (strcmp(word, "link") == 0) {
		options->link_name = equals + 1;
		return 0;
	}
	res = leat_jack_options_set(options, word, equals + 1, error);
	if (res != -ENOENT)
		return res;
	return leat_error_set(error, -EINVAL,
			      "there is nothing called '%s' here: give link, "
			      "or an option of leat-jack that is about the "
			      "link, as in 'link=main channels=2'",
			      word);
}

int leat_jack_options_read(struct leat_jack_options *options, char *text,
			   struct leat_error *error)
{
	char *rest = NULL;
	int res = 0;

	for (char *word = strtok_r(text, BLANKS, &rest); word && res == 0;
	     word = strtok_r(NULL, BLANKS, &rest))
		res = set_word(options, word, error);
	return res;
}

/* ---- all together ---- */

/* How many channels, and what they are called. */
static int choose_channels(const struct leat_jack_options *options,
			   struct leat_jack_client_setup *setup,
			   struct leat_error *error)
{
	uint8_t map[LEAT_CHANNELS_MAX];
	char text[128];
	uint32_t n_map = 0;

	if (options->map) {
		n_map = leat_parse_positions(options->map, map, text,
					     sizeof(text));
		if (n_map == 0)
			return leat_error_set(error, -EINVAL, "%smap: %s",
					      options->dashes, text);
	}
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		uint32_t n = options->n_channels[d];

		if (n == UINT32_MAX)
			n = n_map ? n_map : 2;
		if (n_map && n > n_map)
			return leat_error_set(error, -EINVAL,
					      "%smap names %u channels but %u "
					      "are asked for: name them all",
					      options->dashes, n_map, n);
		setup->n_channels[d] = n;
		if (n_map)
			memcpy(setup->position[d], map, n);
		else
			leat_positions_default(setup->position[d], n);
	}
	if (setup->n_channels[0] == 0 && setup->n_channels[1] == 0)
		return leat_error_set(error, -EINVAL,
				      "no channels are asked for in either "
				      "direction: give at least one");
	return 0;
}

/* Whether text begins with the name of one of our ports and '='. */
static bool names_a_port(const struct leat_jack_client_setup *setup,
			 const char *text)
{
	char name[64];

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		for (uint32_t i = 0; i < setup->n_channels[d]; i++) {
			leat_jack_port_name(name, sizeof(name),
					    (enum leat_direction)d,
					    setup->position[d][i]);
			if (strncmp(text, name, strlen(name)) == 0 &&
			    text[strlen(name)] == '=')
				return true;
		}
	return false;
}

static int check_connects(const struct leat_jack_options *options,
			  const struct leat_jack_client_setup *setup,
			  struct leat_error *error)
{
	for (uint32_t i = 0; i < options->n_connect; i++) {
		const char *text = options->connect[i];

		if (strcmp(text, "physical") != 0 &&
		    (!names_a_port(setup, text) ||
		     !strchr(strchr(text, '='), ':')))
			return leat_error_set(
				error, -EINVAL,
				"%sconnect %s: say 'physical', or one of our "
				"ports and another as in "
				"from_pipewire_FL=system:playback_1",
				options->dashes, text);
	}
	return 0;
}

/* A history that nobody asked for is not to take what may be locked. */
static void choose_history(const struct leat_jack_options *options,
			   struct leat_jack_bridge_setup *setup)
{
	bool given = options->history_ms != UINT32_MAX;

	setup->history_given = given;
	setup->history_ms = given ? options->history_ms
				  : LEAT_HISTORY_DEFAULT_S * 1000;
	setup->most_bytes = given ? LEAT_JACK_SAMPLES_MAX_BYTES
				  : leat_jack_capacity_lockable_bytes();
}

int leat_jack_options_apply(const struct leat_jack_options *options,
			    struct leat_jack_bridge_setup *setup,
			    struct leat_error *error)
{
	int res = leat_link_name_check(options->link_name, error);

	if (res == 0)
		res = choose_channels(options, &setup->client, error);
	if (res == 0)
		res = check_connects(options, &setup->client, error);
	if (res < 0)
		return res;
	setup->link_name = options->link_name;
	setup->client.sync_wait_percent = options->sync_wait_percent;
	memcpy(setup->client.latency_trim, options->latency_trim,
	       sizeof(setup->client.latency_trim));
	setup->first_index = options->first_index;
	choose_history(options, setup);
	setup->connect = options->connect;
	setup->n_connect = options->n_connect;
	return 0;
}
