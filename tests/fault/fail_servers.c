/* SPDX-License-Identifier: MIT */
/*
 * What our programs call of libjack and libpipewire to set things up, and that
 * can fail. Neither library is linked: a program may have none of them.
 */
#include "fail.h"

#include <jack/jack.h>
#include <jack/metadata.h>
#include <pipewire/pipewire.h>

#include <stdarg.h>
#include <string.h>

/* ---- JACK ---- */

#define STAND_IN_JACK(name, parameters, arguments)                             \
	STAND_IN(int, name, parameters, arguments, -1, (void)caller)
#define STAND_IN_CALLBACK(name, type)                                          \
	STAND_IN_JACK(name,                                                    \
		      (jack_client_t * client, type callback, void *user),     \
		      (client, callback, user))

/* It takes more arguments, if its options say so: the server's name. */
EXPORT(jack_client_t *, jack_client_open,
       (const char *name, jack_options_t options, jack_status_t *status, ...))
{
	REAL(jack_client_t *, jack_client_open,
	     (const char *, jack_options_t, jack_status_t *, ...));
	const char *server;
	va_list args;

	if (fail_due("jack_client_open", CALLER)) {
		if (status)
			*status = JackFailure;
		return NULL;
	}
	va_start(args, status);
	server = va_arg(args, const char *);
	va_end(args);
	return real(name, options, status, server);
}

STAND_IN_JACK(jack_activate, (jack_client_t * client), (client))
STAND_IN_JACK(jack_connect,
	      (jack_client_t * client, const char *from, const char *to),
	      (client, from, to))
STAND_IN(jack_port_t *, jack_port_register,
	 (jack_client_t * client, const char *name, const char *type,
	  unsigned long flags, unsigned long size),
	 (client, name, type, flags, size), NULL, (void)caller)
STAND_IN(jack_port_t *, jack_port_by_name,
	 (jack_client_t * client, const char *name), (client, name), NULL,
	 (void)caller)
STAND_IN(const char **, jack_get_ports,
	 (jack_client_t * client, const char *name, const char *type,
	  unsigned long flags),
	 (client, name, type, flags), NULL, (void)caller)
STAND_IN(const char **, jack_port_get_all_connections,
	 (const jack_client_t *client, const jack_port_t *port), (client, port),
	 NULL, (void)caller)
STAND_IN_JACK(jack_set_property,
	      (jack_client_t * client, jack_uuid_t subject, const char *key,
	       const char *value, const char *type),
	      (client, subject, key, value, type))
STAND_IN_JACK(jack_recompute_total_latencies, (jack_client_t * client),
	      (client))
STAND_IN_CALLBACK(jack_set_thread_init_callback, JackThreadInitCallback)
STAND_IN_CALLBACK(jack_set_process_callback, JackProcessCallback)
STAND_IN_CALLBACK(jack_set_buffer_size_callback, JackBufferSizeCallback)
STAND_IN_CALLBACK(jack_set_freewheel_callback, JackFreewheelCallback)
STAND_IN_CALLBACK(jack_set_xrun_callback, JackXRunCallback)
STAND_IN_CALLBACK(jack_set_port_registration_callback,
		  JackPortRegistrationCallback)
STAND_IN_CALLBACK(jack_set_port_connect_callback, JackPortConnectCallback)
STAND_IN_CALLBACK(jack_set_latency_callback, JackLatencyCallback)

/* ---- PipeWire: functions ---- */

STAND_IN(struct pw_main_loop *, pw_main_loop_new,
	 (const struct spa_dict *props), (props), NULL, (void)caller)
STAND_IN(struct pw_context *, pw_context_new,
	 (struct pw_loop * loop, struct pw_properties *props, size_t size),
	 (loop, props, size), NULL, (void)caller)
STAND_IN(struct pw_core *, pw_context_connect,
	 (struct pw_context * context, struct pw_properties *props,
	  size_t size),
	 (context, props, size), NULL, (void)caller)
STAND_IN(struct pw_stream *, pw_stream_new,
	 (struct pw_core * core, const char *name, struct pw_properties *props),
	 (core, name, props), NULL, (void)caller)
STAND_IN(int, pw_stream_connect,
	 (struct pw_stream * stream, enum pw_direction direction, uint32_t id,
	  enum pw_stream_flags flags, const struct spa_pod **params,
	  uint32_t n_params),
	 (stream, direction, id, flags, params, n_params), -errno, (void)caller)
STAND_IN(int, pw_stream_update_params,
	 (struct pw_stream * stream, const struct spa_pod **params,
	  uint32_t n_params),
	 (stream, params, n_params), -errno, (void)caller)

/* Its arguments are keys and values, and NULL. */
EXPORT(struct pw_properties *, pw_properties_new, (const char *key, ...))
{
	REAL(struct pw_properties *, pw_properties_new, (const char *, ...));
	struct pw_properties *props;
	va_list args;

	if (fail_due("pw_properties_new", CALLER))
		return NULL;
	props = real(NULL, NULL);
	va_start(args, key);
	for (; props && key; key = va_arg(args, const char *))
		pw_properties_set(props, key, va_arg(args, const char *));
	va_end(args);
	return props;
}

/*
 * What is made at the daemon: registries, what is bound, and in streams. Our
 * code calls it through the protocol's module.
 */
EXPORT(struct pw_proxy *, pw_proxy_new,
       (struct pw_proxy * factory, const char *type, uint32_t version,
	size_t size))
{
	REAL(struct pw_proxy *, pw_proxy_new,
	     (struct pw_proxy *, const char *, uint32_t, size_t));

	return fail_due_anywhere("pw_proxy_new")
		       ? NULL
		       : real(factory, type, version, size);
}

/* ---- PipeWire: a loop's methods, which are called through a table ---- */

static const struct spa_loop_utils_methods *real_utils;

static struct spa_source *add_io(void *object, int fd, uint32_t mask,
				 bool closes, spa_source_io_func_t func,
				 void *data)
{
	return fail_due("pw_loop_add_io", CALLER)
		       ? NULL
		       : real_utils->add_io(object, fd, mask, closes, func,
					    data);
}

static struct spa_source *add_event(void *object, spa_source_event_func_t func,
				    void *data)
{
	return fail_due("pw_loop_add_event", CALLER)
		       ? NULL
		       : real_utils->add_event(object, func, data);
}

static struct spa_source *add_timer(void *object, spa_source_timer_func_t func,
				    void *data)
{
	return fail_due("pw_loop_add_timer", CALLER)
		       ? NULL
		       : real_utils->add_timer(object, func, data);
}

static struct spa_source *add_signal(void *object, int number,
				     spa_source_signal_func_t func, void *data)
{
	return fail_due("pw_loop_add_signal", CALLER)
		       ? NULL
		       : real_utils->add_signal(object, number, func, data);
}

/* All loops of the library have the same table: once for all. */
static struct pw_loop *watch(struct pw_loop *loop)
{
	static struct spa_loop_utils_methods ours;
	struct spa_callbacks *table = &loop->utils->iface.cb;

	if (!real_utils) {
		real_utils = table->funcs;
		memcpy(&ours, real_utils, sizeof(ours));
		ours.add_io = add_io;
		ours.add_event = add_event;
		ours.add_timer = add_timer;
		ours.add_signal = add_signal;
	}
	table->funcs = &ours;
	return loop;
}

EXPORT(struct pw_loop *, pw_main_loop_get_loop, (struct pw_main_loop * loop))
{
	REAL(struct pw_loop *, pw_main_loop_get_loop, (struct pw_main_loop *));

	return watch(real(loop));
}

EXPORT(struct pw_loop *, pw_data_loop_get_loop, (struct pw_data_loop * loop))
{
	REAL(struct pw_loop *, pw_data_loop_get_loop, (struct pw_data_loop *));

	return watch(real(loop));
}
