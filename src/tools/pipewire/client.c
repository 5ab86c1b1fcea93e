/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "context.h"

#include <errno.h>

static int connect_daemon(struct pipewire_client *client, const char *remote,
			  const char *otherwise, struct leat_error *error)
{
	struct pw_properties *props = NULL;

	if (remote)
		props = pw_properties_new(PW_KEY_REMOTE_NAME, remote, NULL);
	client->core = pw_context_connect(client->context, props, 0);
	if (!client->core)
		return leat_error_set(error, -ECONNREFUSED,
				      "no PipeWire daemon%s%s answers: start "
				      "it, or %s",
				      remote ? " " : "", remote ? remote : "",
				      otherwise);
	client->patchbay = patchbay_new(client->loop, client->core);
	if (!client->patchbay)
		return leat_error_set(error, -ENOMEM, "out of memory");
	if (!patchbay_sync(client->patchbay, PIPEWIRE_ANSWER_MS))
		return leat_error_set(error, -ETIMEDOUT,
				      "the PipeWire daemon does not answer");
	return 0;
}

int pipewire_client_open(struct pipewire_client *client, const char *remote,
			 const char *otherwise, struct leat_error *error)
{
	pw_init(NULL, NULL);
	client->main_loop = pw_main_loop_new(NULL);
	if (!client->main_loop)
		return leat_error_set(error, -ENOMEM, "out of memory");
	client->loop = pw_main_loop_get_loop(client->main_loop);
	pw_loop_enter(client->loop);
	client->context = pipewire_context_new(client->loop);
	if (!client->context)
		return leat_error_set(error, -errno,
				      "PipeWire's library does not start: is "
				      "pipewire-bin installed?");
	return connect_daemon(client, remote, otherwise, error);
}

void pipewire_client_close(struct pipewire_client *client)
{
	patchbay_destroy(client->patchbay);
	if (client->core)
		pw_core_disconnect(client->core);
	if (client->context)
		pw_context_destroy(client->context);
	if (client->loop)
		pw_loop_leave(client->loop);
	if (client->main_loop)
		pw_main_loop_destroy(client->main_loop);
	pw_deinit();
}
