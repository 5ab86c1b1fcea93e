/* SPDX-License-Identifier: MIT */
#include "channels.h"

#include <errno.h>
#include <string.h>

static int check(const struct leat_pw_channels *wanted,
		 const struct leat_link_spec *spec,
		 enum leat_direction direction, struct leat_error *error)
{
	uint32_t n = spec->n_channels[direction];

	if (n == 0 || wanted->n == 0 || n == wanted->n)
		return 0;
	return leat_error_set(error, -EINVAL,
			      "audio.channels or audio.position asks for %u "
			      "channels %s JACK, and there are %u: start "
			      "leat-jack with that many (--channels, --map), "
			      "or ask for as many as there are",
			      wanted->n,
			      direction == LEAT_TO_JACK ? "to" : "from", n);
}

int leat_pw_channels_apply(
	const struct leat_pw_channels wanted[LEAT_N_DIRECTIONS],
	struct leat_link_spec *spec, struct leat_error *error)
{
	int res = 0;

	for (int d = 0; d < LEAT_N_DIRECTIONS && res == 0; d++)
		res = check(&wanted[d], spec, (enum leat_direction)d, error);
	for (int d = 0; d < LEAT_N_DIRECTIONS && res == 0; d++)
		if (wanted[d].named)
			memcpy(spec->position[d], wanted[d].position,
			       spec->n_channels[d]);
	return res;
}
