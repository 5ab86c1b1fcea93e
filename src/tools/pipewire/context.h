/* SPDX-License-Identifier: MIT */
#ifndef LEAT_PIPEWIRE_CONTEXT_H
#define LEAT_PIPEWIRE_CONTEXT_H

#include "pw_bridge/config_name.h"

/* A context whose data loop is realtime. NULL, and errno, if there is none. */
static inline struct pw_context *pipewire_context_new(struct pw_loop *loop)
{
	struct pw_properties *props = pw_properties_new(
		PW_KEY_CONFIG_NAME, leat_pw_config_name(), NULL);

	return pw_context_new(loop, props, 0);
}

#endif
