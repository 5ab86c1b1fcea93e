/* SPDX-License-Identifier: MIT */
/*
 * The largest ring of frames, 4 GiB, is refused where there is no room for it to
 * be mapped, and is not taken for a small one; the largest of a link is not.
 */
#include <leat/frames.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

static int check(uint32_t capacity)
{
	struct leat_frames_format format = {
		.n_channels = LEAT_CHANNELS_MAX,
		.capacity = capacity,
		.rate_hz = 48000,
		.direction = LEAT_TO_JACK,
	};

	return leat_frames_format_check(&format);
}

int main(void)
{
	int wanted = sizeof(void *) > 4 ? 0 : -EINVAL;

	if (check(1u << 20) == 0 && check(LEAT_FRAMES_CAPACITY_MAX) == wanted)
		return 0;
	printf("failed: a ring of %u frames\n", LEAT_FRAMES_CAPACITY_MAX);
	return 1;
}
