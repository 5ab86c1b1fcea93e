/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include "cli/now.h"

/* Of the clock's time, what is looked at as one; and what it may hold. */
#define WINDOW_NS UINT64_C(100000000)
#define WINDOWS_PER_S 10
#define TIMES 4

bool leat_pw_pace_add(struct leat_pw_pace *pace, uint32_t n_frames,
		      uint32_t rate_hz)
{
	if (!pace->held)
		return false;
	pace->n_frames += n_frames < LEAT_PW_PACE_LEAST ? LEAT_PW_PACE_LEAST
							: n_frames;
	return pace->n_frames >= (uint64_t)rate_hz * TIMES / WINDOWS_PER_S;
}

bool leat_pw_pace_kept(struct leat_pw_pace *pace, uint64_t now_ns)
{
	bool kept = now_ns - pace->since_ns >= WINDOW_NS;

	pace->since_ns = now_ns;
	pace->n_frames = 0;
	return kept;
}

bool leat_pw_pace_keeps(struct leat_pw_pace *pace, uint32_t n_frames,
			uint32_t rate_hz)
{
	return !leat_pw_pace_add(pace, n_frames, rate_hz) ||
	       leat_pw_pace_kept(pace, leat_now_ns());
}
