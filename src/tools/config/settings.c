/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "cli/latency.h"
#include "cli/log.h"
#include "cli/options.h"

#include <leat/frames.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JACK LEAT_FOR_JACK
#define PIPEWIRE LEAT_FOR_PIPEWIRE
#define PROGRAM LEAT_FOR_PROGRAM
#define TRIM LEAT_LATENCY_TRIM_MAX
#define FRAMES "frames"

static const struct leat_setting_about table[LEAT_N_SETTINGS] = {
	[LEAT_SET_SERVER] = { .name = "server",
			      .kind = LEAT_VALUE_TEXT,
			      .for_whom = JACK },
	[LEAT_SET_REMOTE] = { .name = "remote",
			      .kind = LEAT_VALUE_TEXT,
			      .for_whom = PIPEWIRE },
	[LEAT_SET_CHANNELS] = { .name = "channels",
				.kind = LEAT_VALUE_NUMBER,
				.for_whom = JACK,
				.max = LEAT_CHANNELS_MAX,
				.usual = "2" },
	[LEAT_SET_TO_PIPEWIRE] = { .name = "to-pipewire",
				   .kind = LEAT_VALUE_NUMBER,
				   .for_whom = JACK,
				   .max = LEAT_CHANNELS_MAX },
	[LEAT_SET_TO_JACK] = { .name = "to-jack",
			       .kind = LEAT_VALUE_NUMBER,
			       .for_whom = JACK,
			       .max = LEAT_CHANNELS_MAX },
	[LEAT_SET_MAP] = { .name = "map",
			   .kind = LEAT_VALUE_POSITIONS,
			   .for_whom = JACK },
	[LEAT_SET_CONNECT] = { .name = "connect",
			       .kind = LEAT_VALUE_CONNECTS,
			       .for_whom = JACK },
	[LEAT_SET_MODE] = { .name = "mode",
			    .kind = LEAT_VALUE_CHOICE,
			    .for_whom = PIPEWIRE,
			    .words = "auto, follow or adaptive",
			    .usual = "auto" },
	[LEAT_SET_SYNC_WAIT] = { .name = "sync-wait",
				 .kind = LEAT_VALUE_NUMBER,
				 .for_whom = JACK,
				 .max = LEAT_SYNC_WAIT_MAX_PERCENT,
				 .usual = "0" },
	[LEAT_SET_HISTORY] = { .name = "history",
			       .kind = LEAT_VALUE_SECONDS,
			       .for_whom = JACK,
			       .max = LEAT_HISTORY_MAX_S,
			       .usual = "2" },
	[LEAT_SET_LATENCY] = { .name = "latency",
			       .kind = LEAT_VALUE_NUMBER,
			       .for_whom = PIPEWIRE,
			       .min = 1,
			       .max = LEAT_LATENCY_MAX,
			       .unit = FRAMES },
	[LEAT_SET_LATENCY_MIN] = { .name = "latency-min",
				   .kind = LEAT_VALUE_NUMBER,
				   .for_whom = PIPEWIRE,
				   .min = 1,
				   .max = LEAT_LATENCY_MAX,
				   .unit = FRAMES },
	[LEAT_SET_LATENCY_MAX] = { .name = "latency-max",
				   .kind = LEAT_VALUE_NUMBER,
				   .for_whom = PIPEWIRE,
				   .min = 1,
				   .max = LEAT_LATENCY_MAX,
				   .unit = FRAMES },
	[LEAT_SET_LATENCY_TRIM_IN] = { .name = "latency-trim-in",
				       .kind = LEAT_VALUE_SIGNED,
				       .for_whom = JACK,
				       .min = -TRIM,
				       .max = TRIM,
				       .unit = FRAMES,
				       .usual = "0" },
	[LEAT_SET_LATENCY_TRIM_OUT] = { .name = "latency-trim-out",
					.kind = LEAT_VALUE_SIGNED,
					.for_whom = JACK,
					.min = -TRIM,
					.max = TRIM,
					.unit = FRAMES,
					.usual = "0" },
	[LEAT_SET_DESCRIPTION] = { .name = "description",
				   .kind = LEAT_VALUE_TEXT,
				   .for_whom = PIPEWIRE },
	[LEAT_SET_DEFAULT] = { .name = "default",
			       .kind = LEAT_VALUE_FLAG,
			       .for_whom = PIPEWIRE,
			       .usual = "false" },
	[LEAT_SET_RT_GUARD] = { .name = "rt-guard",
				.kind = LEAT_VALUE_FLAG,
				.for_whom = JACK | PIPEWIRE,
				.usual = "false" },
	[LEAT_SET_NO_PRIVATE] = { .name = "no-private",
				  .kind = LEAT_VALUE_FLAG,
				  .for_whom = PROGRAM,
				  .usual = "false" },
	[LEAT_SET_WAIT] = { .name = "wait",
			    .kind = LEAT_VALUE_FLAG,
			    .for_whom = PROGRAM,
			    .usual = "false" },
	[LEAT_SET_RATE] = { .name = "rate",
			    .kind = LEAT_VALUE_NUMBER,
			    .for_whom = PROGRAM,
			    .min = LEAT_RATE_MIN_HZ,
			    .max = LEAT_RATE_MAX_HZ,
			    .unit = "Hz" },
	[LEAT_SET_PERIOD] = { .name = "period",
			      .kind = LEAT_VALUE_NUMBER,
			      .for_whom = PROGRAM,
			      .min = 16,
			      .max = 8192,
			      .unit = FRAMES,
			      .usual = "256" },
	[LEAT_SET_INTERVAL] = { .name = "interval",
				.kind = LEAT_VALUE_SECONDS,
				.for_whom = PROGRAM,
				.min = 0.05,
				.max = 3600 },
	[LEAT_SET_LOG_LEVEL] = { .name = "log-level",
				 .kind = LEAT_VALUE_CHOICE,
				 .for_whom = PROGRAM,
				 .words = LEAT_LOG_LEVELS,
				 .usual = "info" },
	[LEAT_SET_QUIET] = { .name = "quiet",
			     .kind = LEAT_VALUE_FLAG,
			     .for_whom = PROGRAM,
			     .usual = "false" },
};

const struct leat_setting_about *leat_setting_about(enum leat_setting setting)
{
	return &table[setting];
}

bool leat_setting_is_links(enum leat_setting setting)
{
	return !(table[setting].for_whom & PROGRAM);
}

enum leat_setting leat_setting_find(const char *name)
{
	unsigned i = 0;

	while (i < LEAT_N_SETTINGS && strcmp(table[i].name, name) != 0)
		i++;
	return (enum leat_setting)i;
}

/* ---- one value ---- */

/* "a" among "a, b or c". */
static bool is_word_of(const char *words, const char *text)
{
	size_t length = strlen(text);

	while (length > 0 && *words) {
		size_t n = strcspn(words, ", ");

		if (n == length && strncmp(words, text, n) == 0 &&
		    strcmp(text, "or") != 0)
			return true;
		words += n;
		words += strspn(words, ", ");
	}
	return false;
}

static bool is_seconds(const struct leat_setting_about *about, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	/* Written so that not-a-number is refused as well. */
	return text[0] && *end == 0 && strspn(text, "0123456789.") > 0 &&
	       seconds >= about->min && seconds <= about->max;
}

static int refuse(const struct leat_setting_about *about, const char *text,
		  struct leat_error *error)
{
	switch (about->kind) {
	case LEAT_VALUE_NUMBER:
	case LEAT_VALUE_SIGNED:
		return leat_error_set(error, -EINVAL,
				      "'%.80s' will not do: give it a whole "
				      "number%s%s from %.0f to %.0f",
				      text, about->unit ? " of " : "",
				      about->unit ? about->unit : "",
				      about->min, about->max);
	case LEAT_VALUE_SECONDS:
		return leat_error_set(error, -EINVAL,
				      "'%.80s' will not do: give it a number "
				      "of seconds from %g to %.0f",
				      text, about->min, about->max);
	case LEAT_VALUE_CHOICE:
		return leat_error_set(error, -EINVAL,
				      "'%.80s' will not do: give it %s", text,
				      about->words);
	case LEAT_VALUE_FLAG:
		return leat_error_set(
			error, -EINVAL,
			"'%.80s' will not do: give it true or false", text);
	default:
		return leat_error_set(error, -EINVAL,
				      "wants a name that is not empty");
	}
}

static int check_positions(const char *text, struct leat_error *error)
{
	uint8_t positions[LEAT_CHANNELS_MAX];
	char why[128];

	if (leat_parse_positions(text, positions, why, sizeof(why)) > 0)
		return 0;
	return leat_error_set(error, -EINVAL, "'%.80s' will not do: %s", text,
			      why);
}

static int check_connects(const char *text, struct leat_error *error)
{
	while (true) {
		size_t n = strcspn(text, "\n");

		if (!(n == 8 && strncmp(text, "physical", n) == 0) &&
		    !memchr(text, '=', n))
			return leat_error_set(error, -EINVAL,
					      "'%.*s' will not do: give it "
					      "'physical' or OURS=OTHER",
					      n < 80 ? (int)n : 80, text);
		if (!text[n])
			return 0;
		text += n + 1;
	}
}

int leat_setting_check(enum leat_setting setting, const char *text,
		       struct leat_error *error)
{
	const struct leat_setting_about *about = &table[setting];
	uint32_t number;
	int32_t with_sign;
	bool right = false;

	switch (about->kind) {
	case LEAT_VALUE_NUMBER:
		right = leat_parse_u32(text, (uint32_t)about->min,
				       (uint32_t)about->max, &number);
		break;
	case LEAT_VALUE_SIGNED:
		right = leat_parse_i32(text, (int32_t)about->min,
				       (int32_t)about->max, &with_sign);
		break;
	case LEAT_VALUE_SECONDS:
		right = is_seconds(about, text);
		break;
	case LEAT_VALUE_CHOICE:
		right = is_word_of(about->words, text);
		break;
	case LEAT_VALUE_FLAG:
		right = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
		break;
	case LEAT_VALUE_TEXT:
		/* An empty description is PipeWire's to show. */
		right = text[0] || setting == LEAT_SET_DESCRIPTION;
		break;
	case LEAT_VALUE_POSITIONS:
		return check_positions(text, error);
	case LEAT_VALUE_CONNECTS:
		return check_connects(text, error);
	}
	return right ? 0 : refuse(about, text, error);
}

/* ---- some of them ---- */

static void forget(struct leat_settings *settings, enum leat_setting setting)
{
	free(settings->value[setting]);
	settings->value[setting] = NULL;
}

int leat_settings_put(struct leat_settings *settings, enum leat_setting setting,
		      const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	forget(settings, setting);
	settings->value[setting] = copy;
	return 0;
}

int leat_settings_add(struct leat_settings *settings, enum leat_setting setting,
		      const char *text)
{
	const char *had = settings->value[setting];
	const char *between = table[setting].kind == LEAT_VALUE_CONNECTS ? "\n"
									 : ",";
	char *both = NULL;

	if (!had)
		return leat_settings_put(settings, setting, text);
	if (asprintf(&both, "%s%s%s", had, between, text) < 0)
		return -ENOMEM;
	forget(settings, setting);
	settings->value[setting] = both;
	return 0;
}

/* What a new value of one leaves no sense in. */
static void forget_rivals(struct leat_settings *settings,
			  enum leat_setting setting)
{
	switch (setting) {
	case LEAT_SET_CHANNELS:
		forget(settings, LEAT_SET_TO_PIPEWIRE);
		forget(settings, LEAT_SET_TO_JACK);
		break;
	case LEAT_SET_LATENCY:
		forget(settings, LEAT_SET_LATENCY_MIN);
		forget(settings, LEAT_SET_LATENCY_MAX);
		break;
	case LEAT_SET_LATENCY_MIN:
	case LEAT_SET_LATENCY_MAX:
		forget(settings, LEAT_SET_LATENCY);
		break;
	default:
		break;
	}
}

static int lay(struct leat_settings *settings, const struct leat_settings *over,
	       bool all)
{
	int res = 0;

	for (unsigned i = 0; i < LEAT_N_SETTINGS; i++)
		if (over->value[i] &&
		    (all || leat_setting_is_links((enum leat_setting)i)))
			forget_rivals(settings, (enum leat_setting)i);
	for (unsigned i = 0; i < LEAT_N_SETTINGS && res == 0; i++)
		if (over->value[i] &&
		    (all || leat_setting_is_links((enum leat_setting)i)))
			res = leat_settings_put(settings, (enum leat_setting)i,
						over->value[i]);
	return res;
}

int leat_settings_lay(struct leat_settings *settings,
		      const struct leat_settings *over)
{
	return lay(settings, over, true);
}

int leat_settings_lay_links(struct leat_settings *settings,
			    const struct leat_settings *over)
{
	return lay(settings, over, false);
}

bool leat_settings_equal(const struct leat_settings *a,
			 const struct leat_settings *b)
{
	for (unsigned i = 0; i < LEAT_N_SETTINGS; i++) {
		const char *x = a->value[i], *y = b->value[i];

		if (x != y && (!x || !y || strcmp(x, y) != 0))
			return false;
	}
	return true;
}

void leat_settings_clear(struct leat_settings *settings)
{
	for (unsigned i = 0; i < LEAT_N_SETTINGS; i++)
		forget(settings, (enum leat_setting)i);
}

/* ---- what they come to ---- */

bool leat_settings_flag(const struct leat_settings *settings,
			enum leat_setting setting)
{
	const char *text = settings->value[setting];

	return text && strcmp(text, "true") == 0;
}

uint32_t leat_settings_number(const struct leat_settings *settings,
			      enum leat_setting setting, uint32_t usual)
{
	const char *text = settings->value[setting];
	uint32_t number;

	if (!text || !leat_parse_u32(text, 0, UINT32_MAX, &number))
		return usual;
	return number;
}

int64_t leat_settings_ms(const struct leat_settings *settings,
			 enum leat_setting setting, int64_t usual)
{
	const char *text = settings->value[setting];

	return text ? llround(strtod(text, NULL) * 1000) : usual;
}

static uint32_t n_positions(const struct leat_settings *settings)
{
	const char *at = settings->value[LEAT_SET_MAP];
	uint32_t n = 0;

	while (at) {
		n++;
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return n;
}

/* What is asked for one way; with nothing said it is what the map names. */
static uint32_t channels(const struct leat_settings *settings,
			 enum leat_setting way, uint32_t usual)
{
	return leat_settings_number(
		settings, way,
		leat_settings_number(settings, LEAT_SET_CHANNELS, usual));
}

uint32_t leat_settings_channels(const struct leat_settings *settings)
{
	uint32_t usual = n_positions(settings);

	if (usual == 0)
		usual = 2;
	return channels(settings, LEAT_SET_TO_PIPEWIRE, usual) +
	       channels(settings, LEAT_SET_TO_JACK, usual);
}

static int check_map(const struct leat_settings *settings, const char *dashes,
		     struct leat_error *error)
{
	uint32_t n_map = n_positions(settings);

	for (int i = 0; i < 2 && n_map > 0; i++) {
		uint32_t n = channels(settings,
				      i == 0 ? LEAT_SET_TO_PIPEWIRE
					     : LEAT_SET_TO_JACK,
				      n_map);

		if (n > n_map)
			return leat_error_set(
				error, -EINVAL,
				"%smap names %u channels but %u are asked "
				"for: name them all",
				dashes, n_map, n);
	}
	return 0;
}

static int check_latency(const struct leat_settings *settings,
			 const char *dashes, struct leat_error *error)
{
	uint32_t min = leat_settings_number(settings, LEAT_SET_LATENCY_MIN, 0);
	uint32_t max = leat_settings_number(settings, LEAT_SET_LATENCY_MAX, 0);

	if (settings->value[LEAT_SET_LATENCY] && (min > 0 || max > 0))
		return leat_error_set(error, -EINVAL,
				      "%slatency fixes what %slatency-min and "
				      "%slatency-max would bound: give it "
				      "alone, or only those",
				      dashes, dashes, dashes);
	if (max > 0 && min > max)
		return leat_error_set(error, -EINVAL,
				      "%slatency-min %u is more than "
				      "%slatency-max %u: give the smaller one "
				      "to %slatency-min",
				      dashes, min, dashes, max, dashes);
	return 0;
}

int leat_settings_check(const struct leat_settings *settings,
			const char *dashes, struct leat_error *error)
{
	int res = check_map(settings, dashes, error);

	if (res == 0 && leat_settings_channels(settings) == 0)
		res = leat_error_set(error, -EINVAL,
				     "no channels are asked for in either "
				     "direction: give at least one");
	return res == 0 ? check_latency(settings, dashes, error) : res;
}
