/* SPDX-License-Identifier: MIT */
#include "port_name.h"

#include <leat/positions.h>

#include <stdio.h>
#include <string.h>

struct pair {
	uint8_t left, right;
	const char *label;
};

static const struct pair pairs[] = {
	{ LEAT_POSITION_FL, LEAT_POSITION_FR, "Front" },
	{ LEAT_POSITION_SL, LEAT_POSITION_SR, "Side" },
	{ LEAT_POSITION_FLC, LEAT_POSITION_FRC, "Front Center Pair" },
	{ LEAT_POSITION_RL, LEAT_POSITION_RR, "Rear" },
	{ LEAT_POSITION_TFL, LEAT_POSITION_TFR, "Top Front" },
	{ LEAT_POSITION_TRL, LEAT_POSITION_TRR, "Top Rear" },
};

#define N_PAIRS (sizeof(pairs) / sizeof(pairs[0]))

void leat_jack_port_name(char *name, size_t name_bytes,
			 enum leat_direction direction, uint8_t position)
{
	snprintf(name, name_bytes, "%s_%s",
		 direction == LEAT_TO_PIPEWIRE ? "to_pipewire"
					       : "from_pipewire",
		 leat_position_name(position));
}

static void say(char *text, size_t text_bytes, enum leat_direction direction,
		const char *label)
{
	snprintf(text, text_bytes, "%s PipeWire %s",
		 direction == LEAT_TO_PIPEWIRE ? "To" : "From", label);
}

void leat_jack_port_pretty_name(char *name, size_t name_bytes,
				enum leat_direction direction, uint8_t position)
{
	say(name, name_bytes, direction, leat_position_label(position));
}

static const struct pair *find_pair(uint8_t position)
{
	for (size_t i = 0; i < N_PAIRS; i++)
		if (pairs[i].left == position || pairs[i].right == position)
			return &pairs[i];
	return NULL;
}

bool leat_jack_port_group(char *name, size_t name_bytes,
			  enum leat_direction direction, uint8_t position,
			  const uint8_t *positions, uint32_t n_channels)
{
	const struct pair *pair = find_pair(position);

	if (!pair || !memchr(positions, pair->left, n_channels) ||
	    !memchr(positions, pair->right, n_channels))
		return false;
	say(name, name_bytes, direction, pair->label);
	return true;
}
