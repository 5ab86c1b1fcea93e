/* SPDX-License-Identifier: MIT */
/* Connections of our ports, as JACK makes them. */
#ifndef LEAT_JACK_CONNECT_H
#define LEAT_JACK_CONNECT_H

#include "process.h"

#include <stdbool.h>

/*
 * Connect our port, named without the client, with another one, if both are
 * there. Returns whether they are connected now.
 */
bool leat_jack_connect(const struct leat_jack_process *process, const char *own,
		       const char *other);

/*
 * The physical ports that ours of a direction go with, in order; NULL if there
 * are none. For jack_free().
 */
const char **leat_jack_physical_ports(const struct leat_jack_process *process,
				      enum leat_direction direction);

#endif
