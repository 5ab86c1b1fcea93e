/* SPDX-License-Identifier: MIT */
/* What a leat.conf says. Nothing is opened here: it is a text that is read. */
#ifndef LEAT_TOOLS_CONFIG_H
#define LEAT_TOOLS_CONFIG_H

#include "settings.h"

#include <leat/link.h>

#include <stddef.h>

#define LEAT_CONFIG_LINKS_MAX 64

struct leat_config_link {
	char name[LEAT_LINK_NAME_BYTES];
	size_t at; /* where it stands in the text */
	struct leat_settings settings;
};

struct leat_config {
	struct leat_settings settings; /* outside of links */
	struct leat_config_link link[LEAT_CONFIG_LINKS_MAX];
	unsigned n_links;
};

struct leat_config_mistake {
	unsigned line, column; /* from 1 on */
	struct leat_error what;
};

/* Who is told of mistakes, in no order. */
struct leat_config_listener {
	void (*mistake)(void *user, const struct leat_config_mistake *mistake);
	void *user;
};

/*
 * Read a text, which ends with a NUL byte that is not counted.
 *
 * @return  0; -EINVAL if there are mistakes, which have been told; -ENOMEM. In
 *          any case it is to be finished.
 */
LEAT_MUST_CHECK int
leat_config_read(struct leat_config *config, const char *text, size_t n_bytes,
		 const struct leat_config_listener *listener);

/* The link of this name, or NULL. */
const struct leat_config_link *
leat_config_find(const struct leat_config *config, const char *name);

/*
 * What is in force for a link: what stands outside of links, and over it its
 * own. 0 or -ENOMEM; settings is empty before.
 */
LEAT_MUST_CHECK int leat_config_resolve(const struct leat_config *config,
					const struct leat_config_link *link,
					struct leat_settings *settings);

void leat_config_finish(struct leat_config *config);

#endif
