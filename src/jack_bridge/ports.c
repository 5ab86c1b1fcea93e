/* SPDX-License-Identifier: MIT */
#include "ports.h"

#include "metadata.h"
#include "port_name.h"

#include <errno.h>
#include <stdio.h>

#define NAME_BYTES 64

static void describe(const struct leat_jack_process *process,
		     const struct leat_jack_client_setup *setup, int d,
		     uint32_t i)
{
	enum leat_direction direction = (enum leat_direction)d;
	uint8_t position = setup->position[d][i];
	char pretty_name[NAME_BYTES], group[NAME_BYTES];
	struct leat_jack_port_words words = {
		.pretty_name = pretty_name,
		.order = i + (d > 0 ? setup->n_channels[0] : 0),
	};

	leat_jack_port_pretty_name(pretty_name, sizeof(pretty_name), direction,
				   position);
	if (leat_jack_port_group(group, sizeof(group), direction, position,
				 setup->position[d], setup->n_channels[d]))
		words.group = group;
	leat_jack_metadata_set_port(process->client, process->ports[d][i],
				    &words);
}

static jack_port_t *register_port(jack_client_t *client,
				  enum leat_direction direction,
				  uint8_t position)
{
	unsigned long flags = direction == LEAT_TO_PIPEWIRE ? JackPortIsInput
							    : JackPortIsOutput;
	char name[NAME_BYTES];

	leat_jack_port_name(name, sizeof(name), direction, position);
	return jack_port_register(client, name, JACK_DEFAULT_AUDIO_TYPE, flags,
				  0);
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
			describe(process, setup, d, i);
		}
	}
	leat_jack_metadata_set_client(process->client, setup->pretty_name);
	return 0;
}

void leat_jack_ports_unregister(struct leat_jack_process *process,
				void (*step)(void))
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		for (uint32_t i = 0; i < process->n_ports[d]; i++) {
			jack_port_t *port = process->ports[d][i];

			step();
			leat_jack_metadata_remove_port(process->client, port);
			step();
			jack_port_unregister(process->client, port);
		}
	step();
	leat_jack_metadata_remove_client(process->client);
}
