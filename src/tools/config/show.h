/* SPDX-License-Identifier: MIT */
/* What is in force, as a leat.conf that says the same. */
#ifndef LEAT_TOOLS_CONFIG_SHOW_H
#define LEAT_TOOLS_CONFIG_SHOW_H

#include "config.h"

#include <stdio.h>

/*
 * Write it: each link with all that counts for it, and in comments what counts
 * because nothing else is said. 0 or -ENOMEM.
 */
LEAT_MUST_CHECK int leat_config_show(FILE *to,
				     const struct leat_config *config);

#endif
