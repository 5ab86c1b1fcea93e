/* SPDX-License-Identifier: MIT */
/*
 * What JACK's metadata say of us: names for people, the order of ports, which
 * are pairs, an icon. Best effort: libjack may be built without its database
 * (Debian's is from forky on), or be unable to open it, and nothing else depends
 * on it. Not for realtime threads.
 */
#ifndef LEAT_JACK_METADATA_H
#define LEAT_JACK_METADATA_H

#include <jack/jack.h>

#include <stdint.h>

/*
 * Wait until no other leat-jack of this user is at it, for a second at most:
 * JACK's database has locks on its pages, and nobody who notices that two
 * processes wait for each other; then jackd waits, too (libjack 1.9.21). Not
 * inside of jackd, which others that are at it wait for. What it returns is for
 * the end.
 */
int leat_jack_metadata_begin(void);
void leat_jack_metadata_end(int turn);

/* What is said of a port. */
struct leat_jack_port_words {
	const char *pretty_name;
	const char *group; /* NULL: of none */
	uint32_t order;	   /* among those of the client */
};

void leat_jack_metadata_set_port(jack_client_t *client, jack_port_t *port,
				 const struct leat_jack_port_words *words);
void leat_jack_metadata_remove_port(jack_client_t *client, jack_port_t *port);

/* The client itself, and no port of it. */
void leat_jack_metadata_set_client(jack_client_t *client,
				   const char *pretty_name);
void leat_jack_metadata_remove_client(jack_client_t *client);

#endif
