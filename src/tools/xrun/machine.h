/* SPDX-License-Identifier: MIT */
/* The machine an experiment runs on and the settings that matter. */
#ifndef LEAT_XRUN_MACHINE_H
#define LEAT_XRUN_MACHINE_H

#include "result.h"

/* What files below a root show: "" for this machine. */
void xrun_machine_read(struct xrun_machine *machine, const char *root);

/*
 * The same, whether we may be realtime, the time, and what leat-doctor finds in
 * files: no server is asked, so it may be done while an experiment is set up.
 * The versions of the servers and the witness are the caller's to say.
 *
 * @param jack_name  Of the JACK server.
 */
void xrun_machine_look(struct xrun_machine *machine, const char *jack_name);

#endif
