/* SPDX-License-Identifier: MIT */
/* What a port is called: by programs, by people, and with which others. */
#ifndef LEAT_JACK_PORT_NAME_H
#define LEAT_JACK_PORT_NAME_H

#include <leat/link.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of a port without that of its client: "to_pipewire_FL". */
void leat_jack_port_name(char *name, size_t name_bytes,
			 enum leat_direction direction, uint8_t position);

/* The same for people: "To PipeWire Front Left". */
void leat_jack_port_pretty_name(char *name, size_t name_bytes,
				enum leat_direction direction,
				uint8_t position);

/*
 * The pair that a port is one half of, where the link has both of them: "To
 * PipeWire Front". Nothing is known of how others belong together, AUX least
 * of all: false then.
 */
bool leat_jack_port_group(char *name, size_t name_bytes,
			  enum leat_direction direction, uint8_t position,
			  const uint8_t *positions, uint32_t n_channels);

#endif
