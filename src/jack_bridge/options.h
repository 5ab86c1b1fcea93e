/* SPDX-License-Identifier: MIT */
/*
 * What a link may be asked for on JACK's side: by leat-jack's command line, or
 * by the words with which jackd loads leat.so.
 */
#ifndef LEAT_JACK_OPTIONS_H
#define LEAT_JACK_OPTIONS_H

#include "bridge.h"

#include <leat/link.h>

#include <stdint.h>

#define LEAT_JACK_CONNECT_MAX 128

struct leat_jack_options {
	const char *dashes;    /* what stands before a name: "--" or "" */
	const char *link_name; /* by a word only */
	const char *map;
	uint32_t n_channels[LEAT_N_DIRECTIONS]; /* UINT32_MAX: not given */
	const char *connect[LEAT_JACK_CONNECT_MAX];
	uint32_t n_connect;
	uint32_t sync_wait_percent;
	uint32_t history_ms;			 /* UINT32_MAX: not given */
	int32_t latency_trim[LEAT_N_DIRECTIONS]; /* frames */
	uint64_t first_index;
};

/* Nothing is asked for yet. */
void leat_jack_options_init(struct leat_jack_options *options,
			    const char *dashes);

/*
 * Set one by its long name. The value is kept, not copied. -ENOENT if there is
 * no such option, -EINVAL if the value will not do.
 */
LEAT_MUST_CHECK int leat_jack_options_set(struct leat_jack_options *options,
					  const char *name, const char *value,
					  struct leat_error *error);

/*
 * Set what NAME=VALUE words between blanks say; the name of the link is one of
 * them. The text is cut up and kept. -EINVAL if a word will not do.
 */
LEAT_MUST_CHECK int leat_jack_options_read(struct leat_jack_options *options,
					   char *text,
					   struct leat_error *error);

/*
 * What it comes to, as far as it is asked for here; setup refers to options.
 * -EINVAL if it does not go together.
 */
LEAT_MUST_CHECK int
leat_jack_options_apply(const struct leat_jack_options *options,
			struct leat_jack_bridge_setup *setup,
			struct leat_error *error);

#endif
