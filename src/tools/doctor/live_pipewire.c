/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void name_remote(struct leat_pw_view *view, const char *remote)
{
	const char *name = remote ? remote : getenv("PIPEWIRE_REMOTE");

	memset(view, 0, sizeof(*view));
	snprintf(view->remote, sizeof(view->remote), "%s",
		 name && name[0] ? name : "pipewire-0");
}

#ifdef HAVE_PIPEWIRE

#include <pipewire/pipewire.h>

/* It needs the other one before it. */
#include <pipewire/extensions/metadata.h>

#include <errno.h>

/* How long the daemon may take to answer. */
#define ANSWER_S 3

struct node {
	struct spa_list link;
	uint32_t id;
	char name[128];
};

/* Links may be told before their nodes are: they wait. */
struct wire {
	struct spa_list link;
	uint32_t id, output, input;
};

struct looker {
	struct pw_main_loop *main_loop;
	struct pw_core *core;
	struct pw_registry *registry;
	struct pw_proxy *settings;
	struct spa_hook core_listener, registry_listener, settings_listener;
	struct spa_list nodes, wires;
	struct leat_pw_view *view;
	int sync_seq;
	bool done;
};

/* ---- what the daemon tells ---- */

static int on_setting(void *user, uint32_t subject, const char *key,
		      const char *type, const char *value)
{
	struct looker *self = user;

	(void)type;
	if (subject == PW_ID_CORE && key && value)
		leat_pw_view_set(self->view, key, value);
	return 0;
}

static const struct pw_metadata_events settings_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_setting,
};

static void take_settings(struct looker *self, uint32_t id, const char *type,
			  const struct spa_dict *props)
{
	const char *name = spa_dict_lookup(props, PW_KEY_METADATA_NAME);

	if (self->settings || !name || strcmp(name, "settings") != 0)
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

static void take_node(struct looker *self, uint32_t id,
		      const struct spa_dict *props)
{
	const char *name = spa_dict_lookup(props, PW_KEY_NODE_NAME);
	struct node *node = name ? calloc(1, sizeof(*node)) : NULL;

	if (!node)
		return;
	node->id = id;
	snprintf(node->name, sizeof(node->name), "%s", name);
	spa_list_append(&self->nodes, &node->link);
}

static void take_wire(struct looker *self, uint32_t id,
		      const struct spa_dict *props)
{
	const char *output = spa_dict_lookup(props, PW_KEY_LINK_OUTPUT_NODE);
	const char *input = spa_dict_lookup(props, PW_KEY_LINK_INPUT_NODE);
	struct wire *wire = output && input ? calloc(1, sizeof(*wire)) : NULL;

	if (!wire)
		return;
	wire->id = id;
	wire->output = (uint32_t)strtoul(output, NULL, 10);
	wire->input = (uint32_t)strtoul(input, NULL, 10);
	spa_list_append(&self->wires, &wire->link);
}

static void on_global(void *user, uint32_t id, uint32_t permissions,
		      const char *type, uint32_t version,
		      const struct spa_dict *props)
{
	struct looker *self = user;

	(void)permissions;
	(void)version;
	if (!props)
		return;
	if (strcmp(type, PW_TYPE_INTERFACE_Metadata) == 0)
		take_settings(self, id, type, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Node) == 0)
		take_node(self, id, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Link) == 0)
		take_wire(self, id, props);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
};

static void on_info(void *user, const struct pw_core_info *info)
{
	struct looker *self = user;
	const struct spa_dict_item *item;

	if (info->version)
		snprintf(self->view->version, sizeof(self->view->version), "%s",
			 info->version);
	if (!info->props)
		return;
	spa_dict_for_each(item, info->props)
		leat_pw_view_set(self->view, item->key, item->value);
}

static void on_done(void *user, uint32_t id, int seq)
{
	struct looker *self = user;

	if (id != PW_ID_CORE || seq != self->sync_seq)
		return;
	self->done = true;
	pw_main_loop_quit(self->main_loop);
}

static void on_error(void *user, uint32_t id, int seq, int res,
		     const char *message)
{
	struct looker *self = user;

	(void)seq;
	(void)message;
	if (id == PW_ID_CORE && res == -EPIPE)
		pw_main_loop_quit(self->main_loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = on_info,
	.done = on_done,
	.error = on_error,
};

static void on_timeout(void *user, uint64_t count)
{
	struct looker *self = user;

	(void)count;
	pw_main_loop_quit(self->main_loop);
}

/* ---- asking ---- */

static void ask(struct looker *self)
{
	struct pw_loop *loop = pw_main_loop_get_loop(self->main_loop);
	struct spa_source *timer = pw_loop_add_timer(loop, on_timeout, self);
	struct timespec when = { ANSWER_S, 0 };

	pw_core_add_listener(self->core, &self->core_listener, &core_events,
			     self);
	self->registry =
		pw_core_get_registry(self->core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(self->registry, &self->registry_listener,
				 &registry_events, self);
	self->sync_seq = pw_core_sync(self->core, PW_ID_CORE, 0);
	pw_loop_update_timer(loop, timer, &when, NULL, false);
	pw_main_loop_run(self->main_loop);
	pw_loop_destroy_source(loop, timer);
	if (self->settings) {
		spa_hook_remove(&self->settings_listener);
		pw_proxy_destroy(self->settings);
	}
	spa_hook_remove(&self->registry_listener);
	pw_proxy_destroy((struct pw_proxy *)self->registry);
	spa_hook_remove(&self->core_listener);
}

static const char *node_name(const struct looker *self, uint32_t id)
{
	struct node *node;

	spa_list_for_each(node, &self->nodes,
			  link) if (node->id == id) return node->name;
	return NULL;
}

static void take_routes(struct looker *self, struct leat_routes *routes)
{
	struct wire *wire;

	spa_list_for_each(wire, &self->wires, link)
	{
		const char *output = node_name(self, wire->output);
		const char *input = node_name(self, wire->input);

		if (output && input)
			leat_routes_pipewire(routes, output, input, wire->id);
	}
	routes->pipewire_known = true;
}

static void forget(struct looker *self)
{
	struct node *node;
	struct wire *wire;

	spa_list_consume(node, &self->nodes, link)
	{
		spa_list_remove(&node->link);
		free(node);
	}
	spa_list_consume(wire, &self->wires, link)
	{
		spa_list_remove(&wire->link);
		free(wire);
	}
}

static void look(struct looker *self, struct pw_context *context,
		 struct leat_routes *routes)
{
	struct pw_properties *props =
		pw_properties_new(PW_KEY_REMOTE_NAME, self->view->remote, NULL);

	self->core = pw_context_connect(context, props, 0);
	if (!self->core)
		return;
	spa_list_init(&self->nodes);
	spa_list_init(&self->wires);
	ask(self);
	self->view->running = self->done;
	self->view->frozen = !self->done;
	if (self->done)
		take_routes(self, routes);
	forget(self);
	pw_core_disconnect(self->core);
}

void leat_live_pipewire(struct leat_pw_view *view, struct leat_routes *routes,
			const char *remote)
{
	struct looker self = { .view = view };
	struct pw_context *context;

	name_remote(view, remote);
	view->looked = true;
	snprintf(view->library, sizeof(view->library), "%s",
		 pw_get_library_version());
	pw_init(NULL, NULL);
	self.main_loop = pw_main_loop_new(NULL);
	context =
		self.main_loop
			? pw_context_new(pw_main_loop_get_loop(self.main_loop),
					 NULL, 0)
			: NULL;
	if (context) {
		look(&self, context, routes);
		pw_context_destroy(context);
	}
	if (self.main_loop)
		pw_main_loop_destroy(self.main_loop);
	pw_deinit();
}

#else

void leat_live_pipewire(struct leat_pw_view *view, struct leat_routes *routes,
			const char *remote)
{
	(void)routes;
	name_remote(view, remote);
}

#endif
