/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <stdio.h>
#include <string.h>

#ifdef HAVE_JACK

#include <jack/jack.h>

#include <dlfcn.h>
#include <glob.h>

/* What is used of libjack. */
struct calls {
	__typeof__(jack_get_version_string) *get_version_string;
	__typeof__(jack_set_error_function) *set_error_function;
	__typeof__(jack_set_info_function) *set_info_function;
	__typeof__(jack_client_open) *client_open;
	__typeof__(jack_client_close) *client_close;
	__typeof__(jack_get_sample_rate) *get_sample_rate;
	__typeof__(jack_get_buffer_size) *get_buffer_size;
	__typeof__(jack_get_ports) *get_ports;
	__typeof__(jack_port_by_name) *port_by_name;
	__typeof__(jack_port_flags) *port_flags;
	__typeof__(jack_port_get_all_connections) *port_get_all_connections;
	__typeof__(jack_free) *free;
};

/* ISO C has no conversion from an object's pointer to a function's. */
static bool find_call(void *library, const char *name, void *call)
{
	void *symbol = dlsym(library, name);

	memcpy(call, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool find_calls(struct calls *jack, void *library)
{
	const struct {
		const char *name;
		void *call;
	} table[] = {
		{ "jack_set_error_function", &jack->set_error_function },
		{ "jack_set_info_function", &jack->set_info_function },
		{ "jack_client_open", &jack->client_open },
		{ "jack_client_close", &jack->client_close },
		{ "jack_get_sample_rate", &jack->get_sample_rate },
		{ "jack_get_buffer_size", &jack->get_buffer_size },
		{ "jack_get_ports", &jack->get_ports },
		{ "jack_port_by_name", &jack->port_by_name },
		{ "jack_port_flags", &jack->port_flags },
		{ "jack_port_get_all_connections",
		  &jack->port_get_all_connections },
		{ "jack_free", &jack->free },
	};

	/* Older ones do not have this. */
	find_call(library, "jack_get_version_string",
		  &jack->get_version_string);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!find_call(library, table[i].name, table[i].call))
			return false;
	return true;
}

/* Where programs are told to take PipeWire's libjack for JACK's. */
static void find_configured(struct leat_libjack *libjack)
{
	glob_t found;

	if (glob("/etc/ld.so.conf.d/*pipewire*jack*.conf", 0, NULL, &found) ==
	    0) {
		snprintf(libjack->configured, sizeof(libjack->configured), "%s",
			 found.gl_pathv[0]);
		globfree(&found);
	}
}

static void describe_library(struct leat_libjack *libjack,
			     const struct calls *jack)
{
	const char *version =
		jack->get_version_string ? jack->get_version_string() : NULL;
	void *address;
	Dl_info info;

	memcpy(&address, &jack->client_open, sizeof(address));
	if (dladdr(address, &info) && info.dli_fname)
		snprintf(libjack->path, sizeof(libjack->path), "%s",
			 info.dli_fname);
	if (version)
		snprintf(libjack->version, sizeof(libjack->version), "%s",
			 version);
	find_configured(libjack);
}

/* ---- the server ---- */

/* What is played by a sound card does not come back to JACK. */
static bool passes(const struct calls *jack, jack_client_t *client,
		   const char *port_name)
{
	jack_port_t *port = jack->port_by_name(client, port_name);

	return port && !(jack->port_flags(port) &
			 (JackPortIsPhysical | JackPortIsTerminal));
}

static void take_port(const struct calls *jack, jack_client_t *client,
		      const char *name, struct leat_routes *routes)
{
	jack_port_t *port = jack->port_by_name(client, name);
	const char **others;

	if (!port || !passes(jack, client, name))
		return;
	others = jack->port_get_all_connections(client, port);
	for (int i = 0; others && others[i]; i++)
		if (passes(jack, client, others[i]))
			leat_routes_jack(routes, name, others[i]);
	jack->free(others);
}

static void take_connections(const struct calls *jack, jack_client_t *client,
			     struct leat_routes *routes)
{
	const char **ports =
		jack->get_ports(client, NULL, NULL, JackPortIsOutput);

	for (int i = 0; ports && ports[i]; i++)
		take_port(jack, client, ports[i], routes);
	jack->free(ports);
	routes->jack_known = true;
}

/* libjack prints what we say better. */
static void say_nothing(const char *text)
{
	(void)text;
}

static void look_at_server(const struct calls *jack,
			   struct leat_jack_view *view,
			   struct leat_routes *routes)
{
	jack_client_t *client;

	jack->set_error_function(say_nothing);
	jack->set_info_function(say_nothing);
	client = jack->client_open("leat-doctor",
				   JackNoStartServer | JackServerName, NULL,
				   view->name);
	if (!client)
		return;
	view->running = true;
	view->rate_hz = jack->get_sample_rate(client);
	view->period = jack->get_buffer_size(client);
	take_connections(jack, client, routes);
	jack->client_close(client);
}

void leat_live_jack(struct leat_libjack *libjack, struct leat_jack_view *view,
		    struct leat_routes *routes, const char *server)
{
	struct calls jack;
	void *library = dlopen("libjack.so.0", RTLD_NOW | RTLD_LOCAL);

	memset(libjack, 0, sizeof(*libjack));
	memset(view, 0, sizeof(*view));
	snprintf(view->name, sizeof(view->name), "%s", server);
	libjack->looked = true;
	if (!library || !find_calls(&jack, library))
		return;
	libjack->found = true;
	describe_library(libjack, &jack);
	/* It would show PipeWire's graph as JACK's. */
	if (!strstr(libjack->version, "PipeWire"))
		look_at_server(&jack, view, routes);
	/* Its threads may be there still: it stays loaded. */
}

#else

void leat_live_jack(struct leat_libjack *libjack, struct leat_jack_view *view,
		    struct leat_routes *routes, const char *server)
{
	(void)routes;
	memset(libjack, 0, sizeof(*libjack));
	memset(view, 0, sizeof(*view));
	snprintf(view->name, sizeof(view->name), "%s", server);
}

#endif
