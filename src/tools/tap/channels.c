/* SPDX-License-Identifier: MIT */
#include "channels.h"

#include <leat/positions.h>

#include <stdio.h>
#include <string.h>

const char *channels_direction(enum leat_direction direction)
{
	return direction == LEAT_TO_PIPEWIRE ? "to_pipewire" : "to_jack";
}

const char *channels_name(const struct weave_format *format, uint32_t channel,
			  char *name, size_t name_bytes)
{
	uint32_t lane = 0;
	const char *position;

	while (lane + 1 < format->n_lanes &&
	       channel >= format->lane[lane].n_channels)
		channel -= format->lane[lane++].n_channels;
	position = channel < LEAT_CHANNELS_MAX
			   ? leat_position_name(
				     format->lane[lane].position[channel])
			   : NULL;
	snprintf(name, name_bytes, "%s%s%s",
		 format->n_lanes > 1
			 ? channels_direction(format->lane[lane].direction)
			 : "",
		 format->n_lanes > 1 ? ":" : "", position ? position : "?");
	return name;
}

const char *channels_list(const struct weave_format *format, char *list,
			  size_t list_bytes)
{
	char name[32];
	size_t length = 0;

	list[0] = 0;
	for (uint32_t c = 0; c < format->n_channels; c++) {
		channels_name(format, c, name, sizeof(name));
		if (length + strlen(name) + 2 > list_bytes)
			break;
		length += (size_t)snprintf(list + length, list_bytes - length,
					   "%s%s", c > 0 ? " " : "", name);
	}
	return list;
}
