/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <pipewire/version.h>

#include <stdio.h>

#ifndef PW_CHECK_VERSION
#define PW_CHECK_VERSION(major, minor, micro)                                  \
	(PW_MAJOR > (major) || (PW_MAJOR == (major) && PW_MINOR > (minor)) ||  \
	 (PW_MAJOR == (major) && PW_MINOR == (minor) && PW_MICRO >= (micro)))
#endif

/* Named in the header from 1.2.2 on. */
#define FLAG_XRUN_RECOVER (1u << 1)

void leat_pw_clock_name(struct spa_io_position *position, const char *link_name)
{
	snprintf(position->clock.name, sizeof(position->clock.name), "leat.%s",
		 link_name);
}

void leat_pw_clock_aim(struct spa_io_clock *clock, uint32_t n_frames,
		       uint32_t rate_hz)
{
#if PW_CHECK_VERSION(0, 3, 68)
	clock->target_rate = SPA_FRACTION(1, rate_hz);
	clock->target_duration = n_frames;
#else
	(void)clock;
	(void)n_frames;
	(void)rate_hz;
#endif
}

void leat_pw_clock_write(struct spa_io_position *position,
			 const struct leat_stamp *stamp, uint32_t n_frames,
			 uint32_t rate_hz, int64_t delay)
{
	struct spa_io_clock *clock;

	if (!position)
		return;
	clock = &position->clock;
	clock->nsec = stamp->time_ns;
	clock->rate = SPA_FRACTION(1, rate_hz);
	clock->position = stamp->index;
	clock->duration = n_frames;
	clock->delay = delay;
	clock->rate_diff = 1.0;
	clock->next_nsec =
		stamp->time_ns + n_frames * UINT64_C(1000000000) / rate_hz;
	leat_pw_clock_aim(clock, n_frames, rate_hz);
}

bool leat_pw_clock_recovering(const struct spa_io_position *position)
{
	return position && (position->clock.flags & FLAG_XRUN_RECOVER);
}
