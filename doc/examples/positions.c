/* SPDX-License-Identifier: MIT */
/* The channels of a layout, by name: positions [CHANNELS]. */
#include <leat/frames.h>
#include <leat/positions.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 6;
	uint8_t positions[LEAT_CHANNELS_MAX];

	if (n > LEAT_CHANNELS_MAX)
		return 1;
	leat_positions_default(positions, (uint32_t)n);
	for (unsigned long i = 0; i < n; i++)
		printf("%s: %s\n", leat_position_name(positions[i]),
		       leat_position_label(positions[i]));
	return leat_position_parse("FL") == LEAT_POSITION_FL ? 0 : 1;
}
