/* SPDX-License-Identifier: MIT */
/*
 * What people see of us: in mixers, patchbays, lists of devices. The names by
 * which programs find a node are among them.
 */
#ifndef LEAT_PW_NAMES_H
#define LEAT_PW_NAMES_H

#include <leat/link.h>

#include <pipewire/properties.h>

struct leat_pw_names {
	const char *link_name;
	const char
		*name; /* what node.name begins with; NULL: from the link's */
	const char *description; /* NULL: made likewise */
};

void leat_pw_names_set_node(struct pw_properties *props,
			    enum leat_direction direction,
			    const struct leat_pw_names *names);

/* Of what owns the nodes, wherever its code runs. */
void leat_pw_names_set_client(struct pw_properties *props);

#endif
