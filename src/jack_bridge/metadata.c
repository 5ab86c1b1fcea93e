/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include <leat/link.h>

#include <jack/metadata.h>
#include <jack/uuid.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define ICON_NAME "leat"
#define TEXT "text/plain"
/* As <jack/metadata.h> recommends it for the order. */
#define INTEGER "http://www.w3.org/2001/XMLSchema#int"

/* Inside of jackd up to 1.9.22 there are none of these. */
#pragma weak jack_set_property
#pragma weak jack_remove_property

/* How long others are waited for. */
#define TURN_MS 1000

/* ---- taking turns ---- */

/* The folder of the links' sockets, which is there by now. */
static int open_folder(void)
{
	char path[256];

	if (leat_runtime_dir(path, sizeof(path), false, NULL) < 0)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int leat_jack_metadata_begin(void)
{
	int turn = open_folder();

	for (int i = 0; turn >= 0 && i < TURN_MS; i++) {
		if (flock(turn, LOCK_EX | LOCK_NB) == 0)
			break;
		usleep(1000);
	}
	return turn;
}

void leat_jack_metadata_end(int turn)
{
	if (turn >= 0)
		close(turn);
}

/* ---- properties ---- */

static void set(jack_client_t *client, jack_uuid_t subject, const char *key,
		const char *value, const char *type)
{
	if (jack_set_property)
		(void)jack_set_property(client, subject, key, value, type);
}

/*
 * One by one: jack_remove_properties() walks through the database of all with
 * read locks, and deletes as it goes. Two processes that do so at once wait for
 * each other for ever, and jackd for both (libjack 1.9.21).
 */
static void forget(jack_client_t *client, jack_uuid_t subject, const char *key)
{
	if (jack_remove_property)
		(void)jack_remove_property(client, subject, key);
}

/*
 * A subject is a number that JACK uses again, and its database outlives a server
 * that is killed: what the one before us said is not to stay.
 */
static void set_or_forget(jack_client_t *client, jack_uuid_t subject,
			  const char *key, const char *value)
{
	if (value)
		set(client, subject, key, value, TEXT);
	else
		forget(client, subject, key);
}

/* ---- ports ---- */

void leat_jack_metadata_set_port(jack_client_t *client, jack_port_t *port,
				 const struct leat_jack_port_words *words)
{
	jack_uuid_t subject = jack_port_uuid(port);
	char order[16];

	snprintf(order, sizeof(order), "%u", words->order);
	set(client, subject, JACK_METADATA_PRETTY_NAME, words->pretty_name,
	    TEXT);
	set(client, subject, JACK_METADATA_ORDER, order, INTEGER);
	set_or_forget(client, subject, JACK_METADATA_PORT_GROUP, words->group);
}

void leat_jack_metadata_remove_port(jack_client_t *client, jack_port_t *port)
{
	jack_uuid_t subject = jack_port_uuid(port);

	forget(client, subject, JACK_METADATA_PRETTY_NAME);
	forget(client, subject, JACK_METADATA_ORDER);
	forget(client, subject, JACK_METADATA_PORT_GROUP);
}

/* ---- the client ---- */

/* 0, which is nobody: internal clients of some servers have no number. */
static jack_uuid_t uuid_of(jack_client_t *client)
{
	char *text = jack_get_uuid_for_client_name(
		client, jack_get_client_name(client));
	jack_uuid_t uuid;

	if (!text || jack_uuid_parse(text, &uuid) != 0)
		uuid = 0;
	jack_free(text);
	return uuid;
}

void leat_jack_metadata_set_client(jack_client_t *client,
				   const char *pretty_name)
{
	jack_uuid_t subject = uuid_of(client);

	if (subject == 0)
		return;
	set(client, subject, JACK_METADATA_PRETTY_NAME, pretty_name, TEXT);
	set(client, subject, JACK_METADATA_ICON_NAME, ICON_NAME, TEXT);
}

void leat_jack_metadata_remove_client(jack_client_t *client)
{
	jack_uuid_t subject = uuid_of(client);

	if (subject == 0)
		return;
	forget(client, subject, JACK_METADATA_PRETTY_NAME);
	forget(client, subject, JACK_METADATA_ICON_NAME);
}
