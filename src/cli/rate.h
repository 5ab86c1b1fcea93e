/* SPDX-License-Identifier: MIT */
#ifndef LEAT_CLI_RATE_H
#define LEAT_CLI_RATE_H

#include <leat/link.h>

#include <stdint.h>

/* Whether a server's rate can be: 0, or -ERANGE and a sentence. */
LEAT_MUST_CHECK int leat_rate_check(const char *kind, const char *name,
				    uint32_t rate_hz, struct leat_error *error);

#endif
