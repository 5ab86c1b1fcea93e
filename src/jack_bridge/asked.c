/* SPDX-License-Identifier: MIT */
#include "asked.h"

#include "connect.h"

#include <string.h>

/* The other port's name, or NULL if this one is asked for in another way. */
static const char *other_of(const char *text, char *own, size_t own_bytes)
{
	const char *equals = strchr(text, '=');

	if (!equals || (size_t)(equals - text) >= own_bytes)
		return NULL;
	memcpy(own, text, (size_t)(equals - text));
	own[equals - text] = 0;
	return equals + 1;
}

void leat_jack_asked_came(const struct leat_jack_asked *asked,
			  const struct leat_jack_process *process,
			  const char *port_name)
{
	char own[64];

	for (uint32_t i = 0; i < asked->n; i++) {
		const char *other = other_of(asked->list[i], own, sizeof(own));

		if (other && strcmp(other, port_name) == 0)
			(void)leat_jack_connect(process, own, other);
	}
}

static void make_physical(const struct leat_jack_process *process,
			  enum leat_direction direction)
{
	const char **names = leat_jack_physical_ports(process, direction);

	for (uint32_t i = 0;
	     names && names[i] && i < process->n_ports[direction]; i++)
		(void)leat_jack_connect(
			process,
			jack_port_short_name(process->ports[direction][i]),
			names[i]);
	jack_free(names);
}

void leat_jack_asked_make(const struct leat_jack_asked *asked,
			  const struct leat_jack_process *process)
{
	char own[64];

	for (uint32_t i = 0; i < asked->n; i++) {
		const char *other = other_of(asked->list[i], own, sizeof(own));

		if (other) {
			(void)leat_jack_connect(process, own, other);
			continue;
		}
		make_physical(process, LEAT_TO_JACK);
		make_physical(process, LEAT_TO_PIPEWIRE);
	}
}
