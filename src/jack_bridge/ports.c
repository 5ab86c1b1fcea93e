/* SPDX-License-Identifier: MIT */
#include "ports.h"

#include "port_name.h"

#include <leat/positions.h>

#include <jack/metadata.h>
#include <jack/uuid.h>

#include <errno.h>
#include <stdio.h>

#define NAME_BYTES 64

/* Inside of jackd up to 1.9.22 there are none of these. */
#pragma weak jack_set_property
#pragma weak jack_remove_properties

/* Best effort: some libjacks are built without their metadata database. */
static void set_pretty_name(jack_client_t *client, jack_port_t *port,
			    enum leat_direction direction, uint8_t position)
{
	char text[NAME_BYTES];

	if (!jack_set_property)
		return;
	snprintf(text, sizeof(text), "%s PipeWire %s",
		 direction == LEAT_TO_PIPEWIRE ? "To" : "From",
		 leat_position_label(position));
	(void)jack_set_property(client, jack_port_uuid(port),
				JACK_METADATA_PRETTY_NAME, text, "text/plain");
}

static jack_port_t *register_port(jack_client_t *client,
				  enum leat_direction direction,
				  uint8_t position)
{
	unsigned long flags = direction == LEAT_TO_PIPEWIRE ? JackPortIsInput
							    : JackPortIsOutput;
	char name[NAME_BYTES];
	jack_port_t *port;

	leat_jack_port_name(name, sizeof(name), direction, position);
	port = jack_port_register(client, name, JACK_DEFAULT_AUDIO_TYPE, flags,
				  0);
	if (port)
		set_pretty_name(client, port, direction, position);
	return port;
}

int leat_jack_ports_register(struct leat_jack_process *process,
			     const struct leat_jack_client_setup *setup,
			     struct leat_error *error)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		for (uint32_t i = 0; i < setup->n_channels[d]; i++) {
			process->ports[d][i] = register_port(
				process->client, (enum leat_direction)d,
				setup->position[d][i]);
			if (!process->ports[d][i])
				return leat_error_set(
					error, -ENOSPC,
					"the JACK server has no room for %u + "
					"%u ports: use fewer channels, or "
					"start jackd with a larger --port-max",
					setup->n_channels[LEAT_TO_PIPEWIRE],
					setup->n_channels[LEAT_TO_JACK]);
			/* As many as there are: they may have to go again. */
			process->n_ports[d] = i + 1;
		}
	}
	return 0;
}

void leat_jack_ports_unregister(struct leat_jack_process *process,
				void (*step)(void))
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		for (uint32_t i = 0; i < process->n_ports[d]; i++) {
			jack_port_t *port = process->ports[d][i];

			step();
			(void)jack_remove_properties(process->client,
						     jack_port_uuid(port));
			step();
			jack_port_unregister(process->client, port);
		}
}
