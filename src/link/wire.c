/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>

int leat_wire_create(struct leat_wire **wire, const struct leat_link_spec *spec,
		     const struct leat_wire_message *message,
		     enum leat_direction out)
{
	enum leat_direction in = out == LEAT_TO_JACK ? LEAT_TO_PIPEWIRE
						     : LEAT_TO_JACK;
	struct leat_frames_format format;
	struct leat_wire *self = calloc(1, sizeof(*self));
	int res;

	*wire = NULL;
	if (!self)
		return -ENOMEM;
	self->generation = message->generation;
	leat_spec_format(spec, out, message, &format);
	res = leat_frames_producer_create(&self->out, &format);
	if (res == 0) {
		leat_spec_format(spec, in, message, &format);
		res = leat_frames_consumer_create(&self->in, &format);
	}
	if (res < 0) {
		leat_wire_destroy(self);
		return res;
	}
	*wire = self;
	return 0;
}

void leat_wire_destroy(struct leat_wire *wire)
{
	if (!wire)
		return;
	leat_frames_producer_destroy(wire->out);
	leat_frames_consumer_destroy(wire->in);
	free(wire);
}
