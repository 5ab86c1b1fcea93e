/* SPDX-License-Identifier: MIT */
/* Making the rings of a wire, from either side. */
#ifndef LEAT_LINK_WIRE_H
#define LEAT_LINK_WIRE_H

#include "proto.h"

/* A wire with this side's parts, not connected: out goes that direction. */
int leat_wire_create(struct leat_wire **wire, const struct leat_link_spec *spec,
		     const struct leat_wire_message *message,
		     enum leat_direction out);

#endif
