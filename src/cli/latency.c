/* SPDX-License-Identifier: MIT */
#include "latency.h"

#include "options.h"

#include <errno.h>

int leat_latency_parse(uint32_t *frames, const char *option, const char *arg,
		       struct leat_error *error)
{
	if (leat_parse_u32(arg, 1, LEAT_LATENCY_MAX, frames))
		return 0;
	return leat_error_set(error, -EINVAL,
			      "%s '%s' will not do: give it a whole number of "
			      "frames from 1 to %u",
			      option, arg, LEAT_LATENCY_MAX);
}

int leat_latency_check(const struct leat_latency_options *options,
		       struct leat_error *error)
{
	const char *dashes = options->dashes ? options->dashes : "--";

	if (options->fixed > 0 && (options->min > 0 || options->max > 0))
		return leat_error_set(error, -EINVAL,
				      "%slatency fixes what %slatency-min and "
				      "%slatency-max would bound: give it "
				      "alone, or only those",
				      dashes, dashes, dashes);
	if (options->max > 0 && options->min > options->max)
		return leat_error_set(error, -EINVAL,
				      "%slatency-min %u is more than "
				      "%slatency-max %u: give the smaller one "
				      "to %slatency-min",
				      dashes, options->min, dashes,
				      options->max, dashes);
	return 0;
}
