/* SPDX-License-Identifier: MIT */
#include "wires.h"

#include <unistd.h>

static bool in_use(const struct leat_jack_wires *self,
		   const struct leat_wire *wire)
{
	return self->client->client &&
	       leat_jack_process_uses(&self->client->process, wire);
}

bool leat_jack_wires_retire(struct leat_jack_wires *self)
{
	bool waiting = false;

	for (int i = 0; i < LEAT_JACK_WIRES_RETIRING_MAX; i++) {
		if (self->retiring[i] && !in_use(self, self->retiring[i])) {
			leat_wire_destroy(self->retiring[i]);
			self->retiring[i] = NULL;
		}
		waiting = waiting || self->retiring[i];
	}
	return waiting;
}

static void put_aside(struct leat_jack_wires *self, struct leat_wire *wire)
{
	if (!wire)
		return;
	for (int i = 0; i < LEAT_JACK_WIRES_RETIRING_MAX; i++)
		if (!self->retiring[i]) {
			self->retiring[i] = wire;
			return;
		}
	/*
	 * The callback uses one wire at a time, so seven of these are free;
	 * a peer that makes wires faster than JACK has cycles waits here.
	 */
	while (in_use(self, self->retiring[0]))
		usleep(1000);
	leat_wire_destroy(self->retiring[0]);
	self->retiring[0] = wire;
}

void leat_jack_wires_use(struct leat_jack_wires *self, struct leat_wire *wire)
{
	struct leat_wire *old = self->current;

	self->current = wire;
	leat_jack_process_set_wire(&self->client->process, wire);
	put_aside(self, old);
	(void)leat_jack_wires_retire(self);
}
