/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include "connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int leat_jack_connections_init(struct leat_jack_connections *self)
{
	memset(self, 0, sizeof(*self));
	self->list = calloc(LEAT_JACK_CONNECTIONS_MAX, sizeof(*self->list));
	return self->list ? 0 : -ENOMEM;
}

void leat_jack_connections_finish(struct leat_jack_connections *self)
{
	free(self->list);
	self->list = NULL;
	self->n = 0;
}

static struct leat_jack_connection *find(struct leat_jack_connections *self,
					 const char *own, const char *other)
{
	for (uint32_t i = 0; i < self->n; i++)
		if (strcmp(self->list[i].own, own) == 0 &&
		    strcmp(self->list[i].other, other) == 0)
			return &self->list[i];
	return NULL;
}

static struct leat_jack_connection *remember(struct leat_jack_connections *self,
					     const char *own, const char *other)
{
	struct leat_jack_connection *found = find(self, own, other);

	if (found)
		return found;
	if (self->n == LEAT_JACK_CONNECTIONS_MAX ||
	    strlen(own) >= sizeof(found->own) ||
	    strlen(other) >= sizeof(found->other))
		return NULL;
	found = &self->list[self->n++];
	memset(found, 0, sizeof(*found));
	strcpy(found->own, own);
	strcpy(found->other, other);
	return found;
}

static bool ask_for(struct leat_jack_connections *self, const char *own,
		    const char *other)
{
	struct leat_jack_connection *connection = remember(self, own, other);

	if (connection)
		connection->asked = true;
	return connection != NULL;
}

int leat_jack_connections_want(struct leat_jack_connections *self,
			       const char *text)
{
	const char *equals = strchr(text, '=');
	char own[64];

	if (strcmp(text, "physical") == 0) {
		self->physical = true;
		return 0;
	}
	if (!equals || equals == text ||
	    (size_t)(equals - text) >= sizeof(own) || !strchr(equals, ':'))
		return -EINVAL;
	memcpy(own, text, (size_t)(equals - text));
	own[equals - text] = 0;
	return ask_for(self, own, equals + 1) ? 0 : -EINVAL;
}

/* Our ports of one direction with the physical ones, in order. */
static void want_physical(struct leat_jack_connections *self,
			  const struct leat_jack_process *process,
			  enum leat_direction direction)
{
	const char **names = leat_jack_physical_ports(process, direction);

	for (uint32_t i = 0;
	     names && names[i] && i < process->n_ports[direction]; i++)
		(void)ask_for(
			self,
			jack_port_short_name(process->ports[direction][i]),
			names[i]);
	if (names)
		self->physical = false;
	jack_free(names);
}

/* Take in the connections of one port. */
static void learn(struct leat_jack_connections *self,
		  const struct leat_jack_process *process, jack_port_t *port)
{
	const char **names =
		jack_port_get_all_connections(process->client, port);

	for (uint32_t i = 0; names && names[i]; i++) {
		struct leat_jack_connection *found =
			remember(self, jack_port_short_name(port), names[i]);

		if (found) {
			found->made = true;
			found->doubts = 0;
		}
	}
	jack_free(names);
}

static bool connected(const struct leat_jack_connection *connection,
		      const struct leat_jack_process *process)
{
	char own[LEAT_JACK_CONNECTION_NAME_BYTES];
	jack_port_t *port;

	snprintf(own, sizeof(own), "%s:%s",
		 jack_get_client_name(process->client), connection->own);
	port = jack_port_by_name(process->client, own);
	return port && jack_port_connected_to(port, connection->other);
}

/*
 * A connection that was there and is not any more: somebody undid it, and that
 * is how they want it, unless the server is about to be lost, or it was asked
 * for and the other client has just gone. True if it is to be forgotten.
 */
static bool undone(struct leat_jack_connection *connection,
		   const struct leat_jack_process *process)
{
	bool was = connection->made || connection->doubts > 0;

	connection->made = connected(connection, process);
	if (connection->made)
		connection->pending = false;
	if (connection->made || !was ||
	    (connection->asked &&
	     !jack_port_by_name(process->client, connection->other)))
		connection->doubts = 0;
	else
		connection->doubts++;
	return connection->doubts > LEAT_JACK_CONNECTION_DOUBTS;
}

/* Returns whether some are in doubt. */
static bool forget_undone(struct leat_jack_connections *self,
			  const struct leat_jack_process *process)
{
	uint32_t kept = 0;
	bool doubt = false;

	for (uint32_t i = 0; i < self->n; i++) {
		if (undone(&self->list[i], process))
			continue;
		doubt = doubt || self->list[i].doubts > 0;
		self->list[kept++] = self->list[i];
	}
	self->n = kept;
	return doubt;
}

static bool is_due(const struct leat_jack_connection *connection)
{
	return !connection->made && connection->doubts == 0 &&
	       (connection->asked || connection->pending);
}

bool leat_jack_connections_update(struct leat_jack_connections *self,
				  const struct leat_jack_process *process)
{
	bool doubt = forget_undone(self, process);

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		for (uint32_t i = 0; i < process->n_ports[d]; i++)
			learn(self, process, process->ports[d][i]);
	if (self->physical) {
		want_physical(self, process, LEAT_TO_JACK);
		want_physical(self, process, LEAT_TO_PIPEWIRE);
	}
	for (uint32_t i = 0; i < self->n; i++)
		if (is_due(&self->list[i]))
			self->list[i].made =
				leat_jack_connect(process, self->list[i].own,
						  self->list[i].other);
	return doubt;
}

void leat_jack_connections_lost(struct leat_jack_connections *self)
{
	for (uint32_t i = 0; i < self->n; i++) {
		struct leat_jack_connection *connection = &self->list[i];

		if (connection->made || connection->doubts > 0)
			connection->pending = true;
		connection->made = false;
		connection->doubts = 0;
	}
}
