/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <pipewire/keys.h>

/* In data/icons; the same for all that people see. */
#define ICON_NAME "leat"

/*
 * The nick is also what stands before each port in its alias, which is what
 * patchbays show of it: so it is short, and tells the two nodes apart.
 */
static void set_texts(struct pw_properties *props, bool source,
		      const struct leat_pw_names *names)
{
	const char *way = source ? "From" : "To";

	if (names->description)
		pw_properties_set(props, PW_KEY_NODE_DESCRIPTION,
				  names->description);
	else
		pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION,
				   "%s JACK (%s)", way, names->link_name);
	pw_properties_setf(props, PW_KEY_NODE_NICK, "%s JACK %s", way,
			   names->link_name);
	/* qpwgraph has it as a second line, below the description. */
	pw_properties_setf(props, PW_KEY_MEDIA_NAME, "leat link %s",
			   names->link_name);
}

void leat_pw_names_set_node(struct pw_properties *props,
			    enum leat_direction direction,
			    const struct leat_pw_names *names)
{
	bool source = direction == LEAT_TO_PIPEWIRE;
	const char *kind = source ? "source" : "sink";

	if (names->name)
		pw_properties_setf(props, PW_KEY_NODE_NAME, "%s.%s",
				   names->name, kind);
	else
		pw_properties_setf(props, PW_KEY_NODE_NAME, "leat.%s.%s",
				   names->link_name, kind);
	set_texts(props, source, names);
	/* Mixers look at the first, patchbays at the second. */
	pw_properties_set(props, PW_KEY_DEVICE_ICON_NAME, ICON_NAME);
	pw_properties_set(props, PW_KEY_APP_ICON_NAME, ICON_NAME);
}

void leat_pw_names_set_client(struct pw_properties *props)
{
	pw_properties_set(props, PW_KEY_APP_NAME, "leat");
	pw_properties_set(props, PW_KEY_APP_ICON_NAME, ICON_NAME);
	pw_properties_set(props, PW_KEY_APP_VERSION, LEAT_VERSION);
}
