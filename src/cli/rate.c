/* SPDX-License-Identifier: MIT */
#include "rate.h"

#include <errno.h>

int leat_rate_check(const char *kind, const char *name, uint32_t rate_hz,
		    struct leat_error *error)
{
	if (rate_hz >= LEAT_RATE_MIN_HZ && rate_hz <= LEAT_RATE_MAX_HZ)
		return 0;
	return leat_error_set(error, -ERANGE,
			      "the %s '%s' runs at %u Hz, which cannot be "
			      "bridged: give it a rate from %u to %u Hz",
			      kind, name, rate_hz, LEAT_RATE_MIN_HZ,
			      LEAT_RATE_MAX_HZ);
}
