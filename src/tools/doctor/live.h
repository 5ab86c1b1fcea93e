/* SPDX-License-Identifier: MIT */
/*
 * What only asking shows: whether the kernel makes a thread realtime, which
 * libjack is loaded, and the servers that run.
 */
#ifndef LEAT_DOCTOR_LIVE_H
#define LEAT_DOCTOR_LIVE_H

#include "graphs.h"
#include "loops.h"

/*
 * Have a process become a realtime one, for an instant. 0, the errno of
 * sched_setscheduler(2), or -1 if it could not be tried.
 */
int leat_live_realtime(void);

/*
 * Look at the JACK server, and take its connections down. libjack is loaded
 * and not linked, so that its absence can be told.
 */
void leat_live_jack(struct leat_libjack *libjack, struct leat_jack_view *jack,
		    struct leat_routes *routes, const char *server);

/* Look at the PipeWire daemon, and take its links down. */
void leat_live_pipewire(struct leat_pw_view *pipewire,
			struct leat_routes *routes, const char *remote);

#endif
