/* SPDX-License-Identifier: MIT */
/*
 * How fast JACK may go. A peer that lies can wake the data loop, and have it run
 * the graph, without a pause; and who does not pause at realtime priority is
 * killed by the kernel where rtkit has granted that (RLIMIT_RTTIME, 200 ms). So
 * what is done for JACK is counted, in frames, and must take the time that
 * frames take; four times as fast is passed over, as servers catch up.
 */
#ifndef LEAT_PW_PACE_H
#define LEAT_PW_PACE_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stdint.h>

/* What being woken counts for, and a cycle of less: JACK's shortest period. */
#define LEAT_PW_PACE_LEAST 16u

/* Zero it. */
struct leat_pw_pace {
	uint64_t since_ns;
	uint64_t n_frames; /* since then */
	bool held;	   /* to it; else anything is passed over */
};

/*
 * Something was done for so many frames: whether it is time to look at the
 * clock, which is not read for each.
 */
LEAT_RT bool leat_pw_pace_add(struct leat_pw_pace *pace, uint32_t n_frames,
			      uint32_t rate_hz);

/* Whether what was added has taken its time; and begin anew. */
LEAT_RT bool leat_pw_pace_kept(struct leat_pw_pace *pace, uint64_t now_ns);

/* Both of these, with the clock as it is now. */
LEAT_RT bool leat_pw_pace_keeps(struct leat_pw_pace *pace, uint32_t n_frames,
				uint32_t rate_hz);

#endif
