/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include "cli/rights.h"
#include "config_name.h"
#include "names.h"

#include <pipewire/extensions/metadata.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *leat_pw_graph_remote_name(const struct leat_pw_graph *self)
{
	const char *name = self->remote ? self->remote
					: getenv("PIPEWIRE_REMOTE");

	return name && name[0] ? name : "pipewire-0";
}

/* ---- what the daemon tells ---- */

static int on_setting(void *user, uint32_t subject, const char *key,
		      const char *type, const char *value)
{
	struct leat_pw_graph *self = user;

	(void)type;
	if (subject != PW_ID_CORE || !key || !value)
		return 0;
	leat_pw_graph_rates_set(&self->rates, key, value);
	/* Somebody may have made room for a rate that was refused. */
	if (self->ready)
		self->events->ready(self->user);
	return 0;
}

static const struct pw_metadata_events settings_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_setting,
};

static void on_global(void *user, uint32_t id, uint32_t permissions,
		      const char *type, uint32_t version,
		      const struct spa_dict *props)
{
	struct leat_pw_graph *self = user;
	const char *name;

	(void)permissions;
	(void)version;
	if (self->settings || !props ||
	    strcmp(type, PW_TYPE_INTERFACE_Metadata) != 0)
		return;
	name = spa_dict_lookup(props, PW_KEY_METADATA_NAME);
	if (!name || strcmp(name, "settings") != 0)
		return;
	self->settings = pw_registry_bind(self->registry, id, type,
					  PW_VERSION_METADATA, 0);
	if (self->settings)
		pw_metadata_add_listener((struct pw_metadata *)self->settings,
					 &self->settings_listener,
					 &settings_events, self);
	/* What it says comes before the answer to this. */
	self->sync_seq = pw_core_sync(self->core, PW_ID_CORE, 0);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
};

static void on_info(void *user, const struct pw_core_info *info)
{
	struct leat_pw_graph *self = user;
	const struct spa_dict_item *item;

	if (!info->props)
		return;
	spa_dict_for_each(item, info->props)
		leat_pw_graph_rates_set(&self->rates, item->key, item->value);
}

static void on_done(void *user, uint32_t id, int seq)
{
	struct leat_pw_graph *self = user;

	if (id != PW_ID_CORE || seq != self->sync_seq || self->ready)
		return;
	self->ready = true;
	self->events->ready(self->user);
}

static void on_error(void *user, uint32_t id, int seq, int res,
		     const char *message)
{
	struct leat_pw_graph *self = user;

	(void)seq;
	(void)message;
	/* Nothing may be destroyed inside this callback: do it later. */
	if (id == PW_ID_CORE && res == -EPIPE)
		pw_loop_signal_event(self->loop, self->lost_event);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = on_info,
	.done = on_done,
	.error = on_error,
};

static void on_lost(void *user, uint64_t count)
{
	struct leat_pw_graph *self = user;

	(void)count;
	if (self->core)
		self->events->lost(self->user);
}

/* ---- connecting ---- */

int leat_pw_graph_init(struct leat_pw_graph *self, struct pw_loop *loop,
		       const char *remote,
		       const struct leat_pw_graph_events *events, void *user)
{
	struct pw_properties *props;

	memset(self, 0, sizeof(*self));
	self->loop = loop;
	self->remote = remote;
	self->events = events;
	self->user = user;
	props = pw_properties_new(PW_KEY_CONFIG_NAME, leat_pw_config_name(),
				  LEAT_PW_KEY_CLIENT, "true", NULL);
	if (props)
		self->context = pw_context_new(loop, props, 0);
	if (!self->context)
		return -errno;
	self->lost_event = pw_loop_add_event(loop, on_lost, self);
	return self->lost_event ? 0 : -errno;
}

void leat_pw_graph_finish(struct leat_pw_graph *self)
{
	if (!self->context)
		return;
	leat_pw_graph_disconnect(self);
	if (self->lost_event)
		pw_loop_destroy_source(self->loop, self->lost_event);
	pw_context_destroy(self->context);
	self->context = NULL;
}

/* Descriptors that libpipewire takes for what it is asked for at once. */
#define GRAPH_FDS 12

/*
 * libpipewire fails in many ways where there is no daemon. Those below are
 * about what we may have and do.
 */
bool leat_pw_graph_is_ours(int res)
{
	static const int errors[] = { EACCES,  EMFILE, ENFILE,
				      ENOBUFS, ENOMEM, EPERM };

	for (size_t i = 0; i < SPA_N_ELEMENTS(errors); i++)
		if (errors[i] == -res)
			return true;
	return false;
}

int leat_pw_graph_cause(int res)
{
	int lack = 0;

	if (!leat_pw_graph_is_ours(res))
		lack = leat_check_descriptors(GRAPH_FDS);
	return lack < 0 ? lack : res;
}

/* errno says why. -ENOENT: there is no daemon. */
static int not_connected(const struct leat_pw_graph *self,
			 struct leat_error *error)
{
	const char *name = leat_pw_graph_remote_name(self);
	int res = leat_pw_graph_cause(-errno);

	if (leat_pw_graph_is_ours(res))
		return leat_error_set(error, res,
				      "cannot connect to the PipeWire daemon "
				      "'%s': %s",
				      name, leat_errno_text(res));
	return leat_error_set(error, -ENOENT,
			      "no PipeWire daemon '%s' is running for this "
			      "user: start one (pipewire), or name it with "
			      "--remote",
			      name);
}

int leat_pw_graph_connect(struct leat_pw_graph *self, struct leat_error *error)
{
	struct pw_properties *props = pw_properties_new(NULL, NULL);

	if (!props)
		return not_connected(self, error);
	leat_pw_names_set_client(props);
	if (self->remote)
		pw_properties_set(props, PW_KEY_REMOTE_NAME, self->remote);
	self->ready = false;
	self->rates = (struct leat_pw_graph_rates){ .rate_hz = 48000 };
	self->core = pw_context_connect(self->context, props, 0);
	if (!self->core)
		return not_connected(self, error);
	self->registry =
		pw_core_get_registry(self->core, PW_VERSION_REGISTRY, 0);
	if (!self->registry) {
		(void)not_connected(self, error);
		pw_core_disconnect(self->core);
		self->core = NULL;
		return -ENOMEM;
	}
	pw_core_add_listener(self->core, &self->core_listener, &core_events,
			     self);
	pw_registry_add_listener(self->registry, &self->registry_listener,
				 &registry_events, self);
	self->sync_seq = pw_core_sync(self->core, PW_ID_CORE, 0);
	return 0;
}

void leat_pw_graph_disconnect(struct leat_pw_graph *self)
{
	if (!self->core)
		return;
	if (self->settings) {
		spa_hook_remove(&self->settings_listener);
		pw_proxy_destroy(self->settings);
	}
	spa_hook_remove(&self->registry_listener);
	pw_proxy_destroy((struct pw_proxy *)self->registry);
	spa_hook_remove(&self->core_listener);
	pw_core_disconnect(self->core);
	self->settings = NULL;
	self->registry = NULL;
	self->core = NULL;
	self->ready = false;
}
