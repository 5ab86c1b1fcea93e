/* SPDX-License-Identifier: MIT */
/* Where leat.conf is, and what is in it. */
#ifndef LEAT_TOOLS_CONFIG_FILE_H
#define LEAT_TOOLS_CONFIG_FILE_H

#include "config.h"

#include <limits.h>

/* Larger ones are refused. */
#define LEAT_CONFIG_MAX_BYTES (256u * 1024u)

struct leat_config_file {
	char path[PATH_MAX]; /* "": there is none */
	char *text;	     /* with a NUL byte behind it */
	size_t n_bytes;
};

/*
 * Read the file that is given, or if none is, $XDG_CONFIG_HOME/leat/leat.conf,
 * else /etc/leat/leat.conf.
 *
 * @return  0, also where none is given and there is none; -errno and a sentence.
 */
LEAT_MUST_CHECK int leat_config_file_read(struct leat_config_file *file,
					  const char *given,
					  struct leat_error *error);

void leat_config_file_finish(struct leat_config_file *file);

#endif
