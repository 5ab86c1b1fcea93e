/* SPDX-License-Identifier: MIT */
#include "connect.h"

#include <errno.h>
#include <stdio.h>

/* Bytes of a port's full name. */
#define NAME_BYTES 320

bool leat_jack_connect(const struct leat_jack_process *process, const char *own,
		       const char *other)
{
	char name[NAME_BYTES];
	jack_port_t *port;
	int res;

	snprintf(name, sizeof(name), "%s:%s",
		 jack_get_client_name(process->client), own);
	port = jack_port_by_name(process->client, name);
	if (!port || !jack_port_by_name(process->client, other))
		return false;
	if (jack_port_connected_to(port, other))
		return true;
	if (jack_port_flags(port) & JackPortIsOutput)
		res = jack_connect(process->client, name, other);
	else
		res = jack_connect(process->client, other, name);
	return res == 0 || res == EEXIST;
}

const char **leat_jack_physical_ports(const struct leat_jack_process *process,
				      enum leat_direction direction)
{
	/* The other ends of what goes to JACK are those one can play to. */
	unsigned long other = direction == LEAT_TO_JACK ? JackPortIsInput
							: JackPortIsOutput;

	return jack_get_ports(process->client, NULL, JACK_DEFAULT_AUDIO_TYPE,
			      other | JackPortIsPhysical);
}
