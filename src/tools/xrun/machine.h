/* SPDX-License-Identifier: MIT */
/* The machine an experiment runs on and the settings that matter. */
#ifndef LEAT_XRUN_MACHINE_H
#define LEAT_XRUN_MACHINE_H

#include "result.h"

/* What files below a root show: "" for this machine. */
void xrun_machine_read(struct xrun_machine *machine, const char *root);

/*
 * The same, what leat-doctor finds, whether we may be realtime, versions and
 * the time. Both servers are asked, so do this before an experiment and not in
 * it. Whether there is a witness is the caller's to say.
 *
 * @param jack_name  Of the JACK server; NULL: the usual one.
 * @param remote     The PipeWire daemon; NULL: the usual one.
 */
void xrun_machine_look(struct xrun_machine *machine, const char *jack_name,
		       const char *remote);

#endif
