/* SPDX-License-Identifier: MIT */
/*
 * What the nodes' channels are to be. JACK's side has the last word on how many
 * there are, as its ports are them; what they are called is for PipeWire's side
 * to say, where it wants to.
 */
#ifndef LEAT_PW_CHANNELS_H
#define LEAT_PW_CHANNELS_H

#include <leat/link.h>

#include <stdbool.h>
#include <stdint.h>

/* Of one direction. */
struct leat_pw_channels {
	uint32_t n; /* how many; 0: as many as there are */
	bool named; /* n positions follow */
	uint8_t position[LEAT_CHANNELS_MAX];
};

/*
 * Call the channels of a link as it is wanted. -EINVAL, with the spec as it was,
 * if there is another number of them; a direction without any is fine.
 */
LEAT_MUST_CHECK int
leat_pw_channels_apply(const struct leat_pw_channels wanted[LEAT_N_DIRECTIONS],
		       struct leat_link_spec *spec, struct leat_error *error);

#endif
