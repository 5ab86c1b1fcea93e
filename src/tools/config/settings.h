/* SPDX-License-Identifier: MIT */
/*
 * What `leat up` may be asked for, on its command line and in leat.conf: each
 * has one name, and one rule of what it may be.
 */
#ifndef LEAT_TOOLS_SETTINGS_H
#define LEAT_TOOLS_SETTINGS_H

#include <leat/link.h>

#include <stdbool.h>
#include <stdint.h>

enum leat_setting {
	LEAT_SET_SERVER,
	LEAT_SET_REMOTE,
	LEAT_SET_CHANNELS,
	LEAT_SET_TO_PIPEWIRE,
	LEAT_SET_TO_JACK,
	LEAT_SET_MAP,
	LEAT_SET_CONNECT,
	LEAT_SET_MODE,
	LEAT_SET_SYNC_WAIT,
	LEAT_SET_HISTORY,
	LEAT_SET_LATENCY,
	LEAT_SET_LATENCY_MIN,
	LEAT_SET_LATENCY_MAX,
	LEAT_SET_LATENCY_TRIM_IN,
	LEAT_SET_LATENCY_TRIM_OUT,
	LEAT_SET_DESCRIPTION,
	LEAT_SET_DEFAULT,
	LEAT_SET_RT_GUARD,
	LEAT_SET_NO_PRIVATE,
	LEAT_SET_WAIT,
	LEAT_SET_RATE,
	LEAT_SET_PERIOD,
	LEAT_SET_INTERVAL,
	LEAT_SET_LOG_LEVEL,
	LEAT_SET_QUIET,
	LEAT_N_SETTINGS
};

enum leat_value_kind {
	LEAT_VALUE_NUMBER, /* whole, min to max */
	LEAT_VALUE_SIGNED,
	LEAT_VALUE_SECONDS,
	LEAT_VALUE_TEXT,      /* any */
	LEAT_VALUE_CHOICE,    /* one of words */
	LEAT_VALUE_FLAG,      /* true or false */
	LEAT_VALUE_POSITIONS, /* a list; its text has ',' between them */
	LEAT_VALUE_CONNECTS   /* a list; its text has '\n' between them */
};

/* Whom it is for. */
#define LEAT_FOR_JACK 1u
#define LEAT_FOR_PIPEWIRE 2u
#define LEAT_FOR_PROGRAM 4u

struct leat_setting_about {
	const char *name; /* also the long option's */
	enum leat_value_kind kind;
	unsigned for_whom;
	double min, max;
	const char *unit;  /* "frames"; NULL: none */
	const char *words; /* "a, b or c" */
	const char *usual; /* when it is not set; NULL: see the manual */
};

const struct leat_setting_about *leat_setting_about(enum leat_setting setting);

/* Whether it is a link's own, and not the whole program's. */
bool leat_setting_is_links(enum leat_setting setting);

/* The one of this name, or LEAT_N_SETTINGS. */
enum leat_setting leat_setting_find(const char *name);

/* Whether the text will do: 0, or -EINVAL and "'x' will not do: give it ...". */
LEAT_MUST_CHECK int leat_setting_check(enum leat_setting setting,
				       const char *text,
				       struct leat_error *error);

/* Some of them. All zero: none is set. */
struct leat_settings {
	char *value[LEAT_N_SETTINGS]; /* NULL: not set */
};

/* Set one to a text that will do: 0 or -ENOMEM. */
LEAT_MUST_CHECK int leat_settings_put(struct leat_settings *settings,
				      enum leat_setting setting,
				      const char *text);

/* Add to a list: 0 or -ENOMEM. */
LEAT_MUST_CHECK int leat_settings_add(struct leat_settings *settings,
				      enum leat_setting setting,
				      const char *text);

/*
 * Lay others over them. One that is set there replaces what is set here, and
 * what would contradict it. 0 or -ENOMEM.
 */
LEAT_MUST_CHECK int leat_settings_lay(struct leat_settings *settings,
				      const struct leat_settings *over);

/* The same for a link's own ones only. */
LEAT_MUST_CHECK int leat_settings_lay_links(struct leat_settings *settings,
					    const struct leat_settings *over);

/*
 * Whether they go together: 0, or -EINVAL and a sentence. dashes: what stands
 * before a name in it, "--" or "".
 */
LEAT_MUST_CHECK int leat_settings_check(const struct leat_settings *settings,
					const char *dashes,
					struct leat_error *error);

bool leat_settings_equal(const struct leat_settings *a,
			 const struct leat_settings *b);

void leat_settings_clear(struct leat_settings *settings);

/* What they come to; usual where it is not set. */
bool leat_settings_flag(const struct leat_settings *settings,
			enum leat_setting setting);
uint32_t leat_settings_number(const struct leat_settings *settings,
			      enum leat_setting setting, uint32_t usual);
int64_t leat_settings_ms(const struct leat_settings *settings,
			 enum leat_setting setting, int64_t usual);

/* Channels both ways together. */
uint32_t leat_settings_channels(const struct leat_settings *settings);

#endif
