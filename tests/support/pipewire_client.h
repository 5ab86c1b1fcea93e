/* SPDX-License-Identifier: MIT */
/** What a client of PipeWire's in the tests needs. */
#ifndef TEST_SUPPORT_PIPEWIRE_CLIENT_H
#define TEST_SUPPORT_PIPEWIRE_CLIENT_H

#include <pipewire/pipewire.h>

#include <string.h>

/**
 * A context whose data loop is realtime. In 0.3.65 only this configuration makes
 * it so; later there is no such file, and the plain one does it.
 */
static inline struct pw_context *pipewire_client_context(struct pw_loop *loop)
{
	struct pw_properties *props = pw_properties_new(NULL, NULL);

	if (strncmp(pw_get_library_version(), "0.3.", 4) == 0)
		pw_properties_set(props, PW_KEY_CONFIG_NAME, "client-rt.conf");
	return pw_context_new(loop, props, 0);
}

#endif
