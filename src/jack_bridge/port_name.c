/* SPDX-License-Identifier: MIT */
#include "port_name.h"

#include <leat/positions.h>

#include <stdio.h>

void leat_jack_port_name(char *name, size_t name_bytes,
			 enum leat_direction direction, uint8_t position)
{
	snprintf(name, name_bytes, "%s_%s",
		 direction == LEAT_TO_PIPEWIRE ? "to_pipewire"
					       : "from_pipewire",
		 leat_position_name(position));
}
