/* SPDX-License-Identifier: MIT */
#include "contestant.h"

const struct bench_contestant *const bench_contestants[] = {
	&bench_leat_wake,
	&bench_leat_poll,
	&bench_leat_mirrored,
	&bench_leat_frames,
	&bench_shared_count,
#ifdef BENCH_HAVE_JACK
	&bench_jack,
#endif
#ifdef BENCH_HAVE_SPA
	&bench_spa,
#endif
#ifdef BENCH_HAVE_BOOST
	&bench_boost,
#endif
#ifdef BENCH_HAVE_MOODYCAMEL
	&bench_moodycamel,
#endif
#ifdef BENCH_HAVE_DPDK
	&bench_dpdk,
#endif
	NULL,
};
