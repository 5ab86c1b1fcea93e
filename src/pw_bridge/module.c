/* SPDX-License-Identifier: MIT */
/*
 * libpipewire-module-leat: the PipeWire side of a link as a module. In a daemon,
 * from a file in ~/.config/pipewire/pipewire.conf.d:
 *
 *	context.modules = [
 *	    { name = libpipewire-module-leat
 *	        args = {
 *	            link.name = main
 *	            # leat.mode = auto
 *	            # audio.position = [ FL FR ]
 *	            # source.props = { node.description = "From JACK" }
 *	        }
 *	    }
 *	]
 *
 * or in a process of its own: pipewire -c leat.conf. All of its arguments are in
 * libpipewire-module-leat(7).
 *
 * What runs is the code of leat-pipewire, on a thread, a context and a data loop
 * of its own, as a client of the daemon that it is in. So there is nothing that
 * the other side of a link could do to the daemon's loops: they never touch the
 * link. The daemon's main loop waits for that thread twice, while the context is
 * made and when the module ends; in neither has JACK a part.
 */
#include "args.h"
#include "bridge.h"
#include "graph.h"
#include "log_pipewire.h"

#include "cli/log.h"
#include "cli/thread.h"

#include <pipewire/impl.h>
#include <pipewire/pipewire.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* For the samples of both rings: half a minute of stereo has a quarter of it. */
#define MOST_BYTES ((uint64_t)128 << 20)

#define STACK_BYTES ((size_t)1024 * 1024)

/* A property of our modules, by which another of the same link is found. */
#define KEY_LINK "leat.link"

struct module {
	struct pw_impl_module *module;
	struct spa_hook listener, context_listener;
	struct leat_pw_args args; /* what setup refers to */
	struct spa_dict props[LEAT_N_DIRECTIONS];
	struct leat_pw_bridge_setup setup;
	struct leat_pw_bridge *bridge; /* the thread's */
	struct leat_error error;       /* likewise */
	int res;		       /* of making it */
	sem_t made;
	pthread_t thread;
	bool runs; /* and is to be waited for */
};

/* As PipeWire looks for it. */
SPA_EXPORT int pipewire__module_init(struct pw_impl_module *module,
				     const char *args);

/* ---- the thread ---- */

static void *run(void *user)
{
	struct module *self = user;
	bool made;

	self->res = leat_pw_bridge_create(&self->bridge, &self->setup,
					  &self->error);
	/* From here on self->res is for the thread that waits. */
	made = self->res == 0;
	sem_post(&self->made);
	if (!made)
		return NULL;
	if (leat_pw_bridge_loop(self->bridge) < 0)
		leat_log("%s: %s", self->args.link_name, self->error.text);
	leat_pw_bridge_destroy(self->bridge);
	return NULL;
}

static void wait_until_made(struct module *self)
{
	while (sem_wait(&self->made) < 0 && errno == EINTR)
		;
}

/* Have the thread make the bridge; it goes on by itself. */
static int start(struct module *self, struct leat_error *error)
{
	struct pw_context *context = pw_impl_module_get_context(self->module);
	int level = leat_pw_log_level(), res;
	struct rlimit most;
	bool known;

	self->setup.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (self->setup.stop_fd < 0)
		return leat_error_set(error, -errno,
				      "cannot make an eventfd: %s",
				      leat_errno_text(errno));
	known = getrlimit(RLIMIT_RTTIME, &most) == 0;
	res = leat_thread_start(&self->thread, STACK_BYTES, run, self);
	if (res < 0)
		return leat_error_set(error, res, "cannot make a thread: %s",
				      leat_errno_text(res));
	wait_until_made(self);
	/* Both are of the process, and a new context sets them as it likes. */
	leat_pw_log_restore(context, level);
	if (known)
		(void)setrlimit(RLIMIT_RTTIME, &most);
	self->runs = self->res == 0;
	if (self->runs)
		return 0;
	pthread_join(self->thread, NULL);
	return leat_error_set(error, self->res, "%s", self->error.text);
}

static void stop(struct module *self)
{
	if (!self->runs)
		return;
	(void)eventfd_write(self->setup.stop_fd, 1);
	pthread_join(self->thread, NULL);
	self->runs = false;
}

/* ---- what it is to do ---- */

static const char *context_property(struct pw_context *context, const char *key)
{
	return pw_properties_get(pw_context_get_properties(context), key);
}

static bool is_daemon(struct pw_context *context)
{
	const char *text = context_property(context, PW_KEY_CORE_DAEMON);

	return text && spa_atob(text);
}

/* In a daemon, that one; else the one that any client takes. */
static const char *remote_of(const struct module *self,
			     struct pw_context *context)
{
	const char *name = context_property(context, PW_KEY_CORE_NAME);

	if (self->args.remote[0])
		return self->args.remote;
	if (!is_daemon(context))
		return NULL;
	return name ? name : PW_DEFAULT_REMOTE;
}

static void set_up(struct module *self, struct pw_context *context)
{
	const struct leat_pw_args *args = &self->args;
	struct leat_pw_bridge_setup *setup = &self->setup;

	setup->link_name = args->link_name;
	setup->remote = remote_of(self, context);
	setup->mode = args->mode;
	memcpy(setup->channels, args->channels, sizeof(setup->channels));
	setup->nodes.name = args->node_name[0] ? args->node_name : NULL;
	setup->nodes.make_default = args->make_default;
	setup->nodes.latency.fixed = args->latency.fixed;
	setup->nodes.latency.min = args->latency.min;
	setup->nodes.latency.max = args->latency.max;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		self->props[d] = SPA_DICT_INIT(args->props[d].items,
					       args->props[d].n_items);
		setup->nodes.props[d] = &self->props[d];
	}
	setup->dashes = LEAT_PW_ARGS_DASHES;
	setup->most_bytes = MOST_BYTES;
	setup->patient = true;
	setup->ready_fd = -1;
}

/* ---- what else the context has ---- */

struct search {
	const char *type, *key, *value;
	bool found;
};

static const char *global_property(struct pw_global *global, const char *key)
{
	const struct pw_properties *props = pw_global_get_properties(global);

	if (pw_global_is_type(global, PW_TYPE_INTERFACE_Module))
		props = pw_impl_module_get_properties(
			pw_global_get_object(global));
	return props ? pw_properties_get(props, key) : NULL;
}

static int look(void *user, struct pw_global *global)
{
	struct search *search = user;
	const char *value;

	if (!pw_global_is_type(global, search->type))
		return 0;
	value = global_property(global, search->key);
	search->found = value && strcmp(value, search->value) == 0;
	return search->found;
}

static bool has(struct pw_context *context, const char *type, const char *key,
		const char *value)
{
	struct search search = { type, key, value, false };

	(void)pw_context_for_each_global(context, look, &search);
	return search.found;
}

static int check_place(struct module *self, struct pw_context *context,
		       struct leat_error *error)
{
	const char *name = self->args.link_name;

	if (context_property(context, LEAT_PW_KEY_CLIENT))
		return leat_error_set(
			error, -ELOOP,
			"the configuration of clients loads "
			"libpipewire-module-leat: it belongs into "
			"that of the daemon (pipewire.conf.d), or "
			"into one of its own");
	if (has(context, PW_TYPE_INTERFACE_Module, KEY_LINK, name))
		return leat_error_set(error, -EEXIST,
				      "the link '%s' has a "
				      "libpipewire-module-leat here already: "
				      "give this one another link.name",
				      name);
	return 0;
}

/* ---- PipeWire's side of a module ---- */

static void destroy(struct module *self)
{
	if (self->setup.stop_fd >= 0)
		close(self->setup.stop_fd);
	sem_destroy(&self->made);
	leat_pw_args_finish(&self->args);
	free(self);
}

static void on_destroy(void *user)
{
	struct module *self = user;

	spa_hook_remove(&self->listener);
	spa_hook_remove(&self->context_listener);
	stop(self);
	destroy(self);
}

/* A daemon that ends loses its clients first: we are not to miss it. */
static void on_context_destroy(void *user)
{
	stop(user);
}

static const struct pw_impl_module_events events = {
	PW_VERSION_IMPL_MODULE_EVENTS,
	.destroy = on_destroy,
};

static const struct pw_context_events context_events = {
	PW_VERSION_CONTEXT_EVENTS,
	.destroy = on_context_destroy,
};

/* What `pw-cli info` and the search for another one see. */
static void describe(struct module *self)
{
	const struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_MODULE_DESCRIPTION,
				   "PipeWire side of a bridge to JACK"),
		SPA_DICT_ITEM_INIT(PW_KEY_MODULE_USAGE,
				   "see libpipewire-module-leat(7)"),
		SPA_DICT_ITEM_INIT(PW_KEY_MODULE_VERSION, LEAT_VERSION),
		SPA_DICT_ITEM_INIT(KEY_LINK, self->args.link_name),
	};

	pw_impl_module_update_properties(self->module,
					 &SPA_DICT_INIT_ARRAY(items));
}

static int begin(struct module *self, const char *args,
		 struct leat_error *error)
{
	struct pw_context *context = pw_impl_module_get_context(self->module);
	int res = leat_pw_args_read(&self->args, args, error);

	if (res == 0)
		res = check_place(self, context, error);
	if (res < 0)
		return res;
	set_up(self, context);
	return start(self, error);
}

static int load(struct pw_impl_module *module, const char *args,
		struct leat_error *error)
{
	struct module *self = calloc(1, sizeof(*self));
	int res;

	if (!self)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	self->module = module;
	self->setup.stop_fd = -1;
	sem_init(&self->made, 0, 0);
	res = begin(self, args, error);
	if (res < 0) {
		destroy(self);
		return res;
	}
	describe(self);
	pw_impl_module_add_listener(module, &self->listener, &events, self);
	pw_context_add_listener(pw_impl_module_get_context(module),
				&self->context_listener, &context_events, self);
	return 0;
}

/*
 * A daemon that reads its configuration does not start if a module of it fails,
 * and a desktop without sound is much for a slip of the pen. Its settings are
 * there when it is done with that.
 */
static bool would_keep_from_starting(struct pw_context *context)
{
	return is_daemon(context) && !has(context, PW_TYPE_INTERFACE_Metadata,
					  PW_KEY_METADATA_NAME, "settings");
}

int pipewire__module_init(struct pw_impl_module *module, const char *args)
{
	struct leat_error error;
	int res;

	leat_pw_log_init();
	res = load(module, args, &error);
	if (res == 0)
		return 0;
	leat_log("not loaded: %s", error.text);
	if (!would_keep_from_starting(pw_impl_module_get_context(module)))
		return res;
	pw_impl_module_schedule_destroy(module);
	return 0;
}
