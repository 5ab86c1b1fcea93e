/* SPDX-License-Identifier: MIT */
/* The JACK client of a bridge: opening, ports, names, notices, closing. */
#ifndef LEAT_JACK_CLIENT_H
#define LEAT_JACK_CLIENT_H

#include "asked.h"
#include "latency.h"
#include "process.h"

#include <leat/link.h>

#include <jack/jack.h>

/* What JACK told us since we last asked; bits, set from JACK's threads. */
enum leat_jack_notice {
	LEAT_JACK_NOTICE_SHUTDOWN = 1u << 0,	/* the server is gone */
	LEAT_JACK_NOTICE_PERIOD = 1u << 1,	/* its period changed */
	LEAT_JACK_NOTICE_CONNECTIONS = 1u << 2, /* of ports, or ports */
	LEAT_JACK_NOTICE_POISONED = 1u << 3,	/* the peer wrote nonsense */
	LEAT_JACK_NOTICE_GUARD = 1u << 4,	/* the guard found something */
	LEAT_JACK_NOTICE_FREEWHEEL = 1u << 5,	/* it begins or ends */
	LEAT_JACK_NOTICE_LATENCY = 1u << 6	/* other latency lies beyond */
};

struct leat_jack_client_setup {
	const char *client_name;
	const char *pretty_name; /* for people */
	const char *server;	 /* NULL: the default one */
	uint32_t n_channels[LEAT_N_DIRECTIONS];
	uint8_t position[LEAT_N_DIRECTIONS][LEAT_CHANNELS_MAX];
	uint32_t sync_wait_percent; /* of a period; 0: never wait */
	bool rt_guard;
	int32_t latency_trim[LEAT_N_DIRECTIONS]; /* frames */

	/*
	 * Inside of the server: the client that it has made for us and ends
	 * itself, whose it is, and the connections that it makes as ports come.
	 */
	jack_client_t *given; /* NULL: a program's own is opened */
	void *owner;
	struct leat_jack_asked asked;
};

struct leat_jack_client {
	jack_client_t *client; /* NULL while there is no server */
	int notice_fd;	       /* eventfd, readable when there are notices */
	uint32_t notices;      /* enum leat_jack_notice, atomic */
	bool lost;	       /* atomic: the server is gone */
	bool ends;	       /* it closes as the process is asked to end */
	pid_t notice_thread;   /* atomic: JACK's, 0 until it was heard of */
	struct leat_jack_process process;
	struct leat_rt_guard guard;
	struct leat_jack_latency latency;
	struct leat_jack_asked asked;
	struct leat_side_words *status;
	struct leat_load_words *load;
	void *owner; /* of a client that was given */
	bool given;
	uint32_t rate_hz;
	uint32_t period; /* atomic: JACK's notification thread sets it */
};

/* Whether libjack is JACK's own; PipeWire's would bridge a graph to itself. */
int leat_jack_library_check(struct leat_error *error);

/* The name by which people know the server. */
const char *leat_jack_server_name(const char *server);

/* A client only to ask the server; NULL if there is none. */
/*
 * Whether there are descriptors and space for a client: libjack may crash where
 * there is too little, so it is not called then.
 */
int leat_jack_check_room(const char *server, struct leat_error *error);

jack_client_t *leat_jack_probe_open(const char *server);

int leat_jack_client_init(struct leat_jack_client *self,
			  struct leat_side_words *status,
			  struct leat_load_words *load);
void leat_jack_client_finish(struct leat_jack_client *self);

/*
 * Open the client, or take the one that is given, and activate it. -ENOENT:
 * there is no server.
 *
 * It never starts one.
 */
int leat_jack_client_open(struct leat_jack_client *self,
			  const struct leat_jack_client_setup *setup,
			  struct leat_error *error);
void leat_jack_client_close(struct leat_jack_client *self);

/* The server has closed the client that it gave: no callback comes any more. */
void leat_jack_client_ended(struct leat_jack_client *self);

/* Take the notices that have come; 0 if none. */
uint32_t leat_jack_client_notices(struct leat_jack_client *self);
/*
 * The scheduling policy of JACK's thread; that of the server is none of ours:
 * where it is not realtime, neither is the thread, and that is as it should be.
 */
int leat_jack_client_policy(const struct leat_jack_client *self);

uint32_t leat_jack_client_period(const struct leat_jack_client *self);

#endif
