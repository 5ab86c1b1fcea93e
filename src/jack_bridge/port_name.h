/* SPDX-License-Identifier: MIT */
#ifndef LEAT_JACK_PORT_NAME_H
#define LEAT_JACK_PORT_NAME_H

#include <leat/link.h>

#include <stddef.h>
#include <stdint.h>

/* The name of a port without that of its client: "to_pipewire_FL". */
void leat_jack_port_name(char *name, size_t name_bytes,
			 enum leat_direction direction, uint8_t position);

#endif
