/* SPDX-License-Identifier: MIT */
/* The JACK client of a bridge: opening, ports, names, notices, closing. */
#ifndef LEAT_JACK_CLIENT_H
#define LEAT_JACK_CLIENT_H

#include "process.h"

#include <leat/link.h>

#include <jack/jack.h>

/* What JACK told us since we last asked; bits, set from JACK's threads. */
enum jack_notice {
	JACK_NOTICE_SHUTDOWN = 1u << 0, /* the server is gone */
	JACK_NOTICE_PERIOD = 1u << 1,	/* its period changed */
	JACK_NOTICE_CONNECTIONS = 1u
				  << 2, /* ports came, went, were connected */
};

struct jack_client_setup {
	const char *client_name;
	const char *server; /* NULL: the default one */
	uint32_t n_channels[LEAT_N_DIRECTIONS];
	uint8_t position[LEAT_N_DIRECTIONS][LEAT_CHANNELS_MAX];
};

struct jack_side_client {
	jack_client_t *client; /* NULL while there is no server */
	int notice_fd;	       /* eventfd, readable when there are notices */
	uint32_t notices;      /* enum jack_notice, atomic */
	struct jack_process process;
	struct leat_side_words *status;
	uint32_t rate_hz;
	uint32_t period; /* atomic: JACK's notification thread sets it */
};

/* Whether libjack is JACK's own; PipeWire's would bridge a graph to itself. */
int jack_library_check(struct leat_error *error);

/* The name by which people know the server. */
const char *jack_server_name(const char *server);

/* A client only to ask the server; NULL if there is none. */
jack_client_t *jack_side_probe_open(const char *server);

int jack_side_client_init(struct jack_side_client *self,
			  struct leat_side_words *status);
void jack_side_client_finish(struct jack_side_client *self);

/*
 * Open the client and activate it. -ENOENT: there is no server.
 *
 * It never starts one.
 */
int jack_side_client_open(struct jack_side_client *self,
			  const struct jack_client_setup *setup,
			  struct leat_error *error);
void jack_side_client_close(struct jack_side_client *self);

/* Take the notices that have come; 0 if none. */
uint32_t jack_side_client_notices(struct jack_side_client *self);
uint32_t jack_side_client_period(const struct jack_side_client *self);

#endif
