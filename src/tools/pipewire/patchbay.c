/* SPDX-License-Identifier: MIT */
#include "patchbay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long an iteration of the loop may sleep. */
#define TICK_MS 5

enum kind { KIND_NODE, KIND_PORT, KIND_LINK };

/* Something in the registry that we have a use for. */
struct object {
	struct spa_list link;
	uint32_t id;
	enum kind kind;
	char name[128];		     /* node, port */
	uint32_t node;		     /* port: whose it is */
	enum pw_direction direction; /* port */
	uint32_t output;	     /* link: its ports */
	uint32_t input;
};

struct patchbay {
	struct pw_loop *loop;
	struct pw_core *core;
	struct pw_registry *registry;
	struct spa_hook core_listener;
	struct spa_hook registry_listener;
	struct spa_list objects;
	int pending; /* sequence number asked for */
	int done;    /* the latest that was answered */
	bool gone;
};

static uint32_t get_id(const struct spa_dict *props, const char *key)
{
	const char *value = spa_dict_lookup(props, key);

	return value ? (uint32_t)strtoul(value, NULL, 10) : SPA_ID_INVALID;
}

static void take_name(struct object *object, const struct spa_dict *props,
		      const char *key)
{
	const char *name = spa_dict_lookup(props, key);

	snprintf(object->name, sizeof(object->name), "%s", name ? name : "");
}

static void take_port(struct object *object, const struct spa_dict *props)
{
	const char *direction = spa_dict_lookup(props, PW_KEY_PORT_DIRECTION);

	take_name(object, props, PW_KEY_PORT_NAME);
	object->node = get_id(props, PW_KEY_NODE_ID);
	object->direction = direction && strcmp(direction, "out") == 0
				    ? PW_DIRECTION_OUTPUT
				    : PW_DIRECTION_INPUT;
}

static bool take(struct object *object, const char *type,
		 const struct spa_dict *props)
{
	if (strcmp(type, PW_TYPE_INTERFACE_Node) == 0) {
		object->kind = KIND_NODE;
		take_name(object, props, PW_KEY_NODE_NAME);
	} else if (strcmp(type, PW_TYPE_INTERFACE_Port) == 0) {
		object->kind = KIND_PORT;
		take_port(object, props);
	} else if (strcmp(type, PW_TYPE_INTERFACE_Link) == 0) {
		object->kind = KIND_LINK;
		object->output = get_id(props, PW_KEY_LINK_OUTPUT_PORT);
		object->input = get_id(props, PW_KEY_LINK_INPUT_PORT);
	} else {
		return false;
	}
	return true;
}

static void on_global(void *data, uint32_t id, uint32_t permissions,
		      const char *type, uint32_t version,
		      const struct spa_dict *props)
{
	struct patchbay *bay = data;
	struct object *object;

	(void)permissions;
	(void)version;
	if (!props)
		return;
	object = calloc(1, sizeof(*object));
	if (!object)
		return;
	object->id = id;
	if (take(object, type, props))
		spa_list_append(&bay->objects, &object->link);
	else
		free(object);
}

static void drop(struct object *object)
{
	spa_list_remove(&object->link);
	free(object);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct patchbay *bay = data;
	struct object *object;
	struct object *next;

	spa_list_for_each_safe(object, next, &bay->objects,
			       link) if (object->id == id) drop(object);
}

static void on_done(void *data, uint32_t id, int seq)
{
	struct patchbay *bay = data;

	if (id == PW_ID_CORE)
		bay->done = seq;
}

static void on_core_error(void *data, uint32_t id, int seq, int res,
			  const char *message)
{
	struct patchbay *bay = data;

	(void)seq;
	(void)message;
	if (id == PW_ID_CORE && res == -EPIPE)
		bay->gone = true;
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
	.error = on_core_error,
};

struct patchbay *patchbay_new(struct pw_loop *loop, struct pw_core *core)
{
	struct patchbay *bay = calloc(1, sizeof(*bay));

	if (!bay)
		return NULL;
	bay->loop = loop;
	bay->core = core;
	spa_list_init(&bay->objects);
	bay->registry = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0);
	if (!bay->registry) {
		free(bay);
		return NULL;
	}
	pw_core_add_listener(core, &bay->core_listener, &core_events, bay);
	pw_registry_add_listener(bay->registry, &bay->registry_listener,
				 &registry_events, bay);
	return bay;
}

void patchbay_destroy(struct patchbay *bay)
{
	struct object *object;
	struct object *next;

	if (!bay)
		return;
	spa_list_for_each_safe(object, next, &bay->objects, link) drop(object);
	spa_hook_remove(&bay->registry_listener);
	spa_hook_remove(&bay->core_listener);
	pw_proxy_destroy((struct pw_proxy *)bay->registry);
	free(bay);
}

bool patchbay_is_gone(const struct patchbay *bay)
{
	return bay->gone;
}

static long long time_ms_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

bool patchbay_wait(struct patchbay *bay, bool (*condition)(void *arg),
		   void *arg, int timeout_ms)
{
	long long end_ms = time_ms_now() + timeout_ms;

	for (;;) {
		if (condition(arg))
			return true;
		if (bay->gone || time_ms_now() >= end_ms)
			return false;
		pw_loop_iterate(bay->loop, TICK_MS);
	}
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void patchbay_run(struct patchbay *bay, int time_ms)
{
	patchbay_wait(bay, never, NULL, time_ms);
}

static bool is_synced(void *arg)
{
	struct patchbay *bay = arg;

	return bay->done == bay->pending;
}

bool patchbay_sync(struct patchbay *bay, int timeout_ms)
{
	bay->pending = pw_core_sync(bay->core, PW_ID_CORE, bay->pending);
	return patchbay_wait(bay, is_synced, bay, timeout_ms);
}

static const struct object *find_node(const struct patchbay *bay, uint32_t id)
{
	const struct object *object;

	spa_list_for_each(object, &bay->objects,
			  link) if (object->kind == KIND_NODE &&
				    object->id == id) return object;
	return NULL;
}

static bool is_port_of(const struct patchbay *bay, const struct object *object,
		       const char *node_name, size_t node_length,
		       enum pw_direction direction)
{
	const struct object *node;

	if (object->kind != KIND_PORT || object->direction != direction)
		return false;
	node = find_node(bay, object->node);
	return node && strlen(node->name) == node_length &&
	       strncmp(node->name, node_name, node_length) == 0;
}

uint32_t patchbay_find_port(const struct patchbay *bay, const char *name,
			    enum pw_direction direction)
{
	/* A node name may hold colons, ours do not: the last one divides. */
	const char *colon = strrchr(name, ':');
	const struct object *object;

	if (!colon)
		return SPA_ID_INVALID;
	spa_list_for_each(object, &bay->objects,
			  link) if (is_port_of(bay, object, name,
					       (size_t)(colon - name),
					       direction) &&
				    strcmp(object->name, colon + 1) ==
					    0) return object->id;
	return SPA_ID_INVALID;
}

bool patchbay_has_node(const struct patchbay *bay, const char *name)
{
	const struct object *object;

	spa_list_for_each(object, &bay->objects,
			  link) if (object->kind == KIND_NODE &&
				    strcmp(object->name, name) ==
					    0) return true;
	return false;
}

const char *patchbay_find_node(const struct patchbay *bay,
			       enum pw_direction direction,
			       bool (*is_wanted)(const char *node_name))
{
	const struct object *object;

	spa_list_for_each(object, &bay->objects, link)
	{
		const struct object *node = NULL;

		if (object->kind == KIND_PORT && object->direction == direction)
			node = find_node(bay, object->node);
		if (node && is_wanted(node->name))
			return node->name;
	}
	return NULL;
}

uint32_t patchbay_list_ports(const struct patchbay *bay, const char *node_name,
			     enum pw_direction direction, const char **names,
			     uint32_t n_max)
{
	const struct object *object;
	uint32_t n = 0;

	spa_list_for_each(object, &bay->objects,
			  link) if (n < n_max &&
				    is_port_of(bay, object, node_name,
					       strlen(node_name), direction))
		names[n++] = object->name;
	return n;
}

static uint32_t find_link(const struct patchbay *bay, uint32_t output,
			  uint32_t input)
{
	const struct object *object;

	spa_list_for_each(object, &bay->objects,
			  link) if (object->kind == KIND_LINK &&
				    object->output == output &&
				    object->input == input) return object->id;
	return SPA_ID_INVALID;
}

bool patchbay_has_links(const struct patchbay *bay, const char *port,
			enum pw_direction direction)
{
	uint32_t id = patchbay_find_port(bay, port, direction);
	const struct object *object;

	spa_list_for_each(object, &bay->objects,
			  link) if (object->kind == KIND_LINK &&
				    (object->output == id ||
				     object->input == id)) return true;
	return false;
}

bool patchbay_is_linked(const struct patchbay *bay, const char *output,
			const char *input)
{
	uint32_t from = patchbay_find_port(bay, output, PW_DIRECTION_OUTPUT);
	uint32_t to = patchbay_find_port(bay, input, PW_DIRECTION_INPUT);

	return find_link(bay, from, to) != SPA_ID_INVALID;
}

/* A link that is being made, or removed. */
struct wish {
	struct patchbay *bay;
	const char *output_name;
	const char *input_name;
	uint32_t output;
	uint32_t input;
	int res; /* what the daemon answered */
};

static bool has_ports(void *arg)
{
	struct wish *wish = arg;

	wish->output = patchbay_find_port(wish->bay, wish->output_name,
					  PW_DIRECTION_OUTPUT);
	wish->input = patchbay_find_port(wish->bay, wish->input_name,
					 PW_DIRECTION_INPUT);
	return wish->output != SPA_ID_INVALID && wish->input != SPA_ID_INVALID;
}

static bool is_made(void *arg)
{
	const struct wish *wish = arg;

	return wish->res < 0 || find_link(wish->bay, wish->output,
					  wish->input) != SPA_ID_INVALID;
}

static bool is_removed(void *arg)
{
	const struct wish *wish = arg;

	return find_link(wish->bay, wish->output, wish->input) ==
	       SPA_ID_INVALID;
}

static void on_link_error(void *data, int seq, int res, const char *message)
{
	struct wish *wish = data;

	(void)seq;
	(void)message;
	wish->res = res;
}

static const struct pw_proxy_events link_events = {
	PW_VERSION_PROXY_EVENTS,
	.error = on_link_error,
};

static struct pw_proxy *create_link(const struct wish *wish)
{
	struct pw_properties *props =
		pw_properties_new(PW_KEY_OBJECT_LINGER, "true", NULL);
	struct pw_proxy *proxy;

	if (!props)
		return NULL;
	pw_properties_setf(props, PW_KEY_LINK_OUTPUT_PORT, "%u", wish->output);
	pw_properties_setf(props, PW_KEY_LINK_INPUT_PORT, "%u", wish->input);
	proxy = pw_core_create_object(wish->bay->core, "link-factory",
				      PW_TYPE_INTERFACE_Link, PW_VERSION_LINK,
				      &props->dict, 0);
	pw_properties_free(props);
	return proxy;
}

static int make_link(struct wish *wish, int timeout_ms)
{
	struct pw_proxy *proxy = create_link(wish);
	struct spa_hook listener;
	bool in_time;

	if (!proxy)
		return -errno;
	spa_zero(listener);
	pw_proxy_add_listener(proxy, &listener, &link_events, wish);
	in_time = patchbay_wait(wish->bay, is_made, wish, timeout_ms);
	spa_hook_remove(&listener);
	pw_proxy_destroy(proxy);
	/* What lingers must not hear of our end first. */
	patchbay_sync(wish->bay, timeout_ms);
	if (wish->bay->gone)
		return -EPIPE;
	return in_time ? wish->res : -ETIMEDOUT;
}

int patchbay_link(struct patchbay *bay, const char *output, const char *input,
		  int timeout_ms)
{
	struct wish wish = { .bay = bay,
			     .output_name = output,
			     .input_name = input };

	if (!patchbay_wait(bay, has_ports, &wish, timeout_ms))
		return bay->gone ? -EPIPE : -ENOENT;
	if (is_made(&wish))
		return 0;
	return make_link(&wish, timeout_ms);
}

int patchbay_unlink(struct patchbay *bay, const char *output, const char *input,
		    int timeout_ms)
{
	struct wish wish = { .bay = bay,
			     .output_name = output,
			     .input_name = input };

	if (!has_ports(&wish) || is_removed(&wish))
		return -ENOENT;
	pw_registry_destroy(bay->registry,
			    find_link(bay, wish.output, wish.input));
	return patchbay_wait(bay, is_removed, &wish, timeout_ms) ? 0
								 : -ETIMEDOUT;
}
