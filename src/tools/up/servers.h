/* SPDX-License-Identifier: MIT */
/*
 * The servers of all links: those that run are found, and where a link names
 * none and none runs, a private one is started, which all such links share.
 */
#ifndef LEAT_TOOLS_UP_SERVERS_H
#define LEAT_TOOLS_UP_SERVERS_H

#include "tools/servers/private_jack.h"
#include "tools/servers/private_pipewire.h"
#include "tools/servers/probe.h"
#include "words.h"

#include <limits.h>

/* Besides exit statuses: asked to end. */
#define LEAT_UP_STOPPED (-1)

struct leat_up_servers {
	struct leat_loop *loop;
	struct leat_console *console;
	char jack_path[PATH_MAX];     /* of leat-jack */
	char pipewire_path[PATH_MAX]; /* of leat-pipewire */
	uint32_t rate_hz;    /* of a private JACK server; 0: PipeWire's */
	uint32_t period;     /* of a private JACK server */
	uint32_t n_channels; /* of all links, both ways together */
	bool no_private;
	bool wait; /* what is missing is waited for */
	struct leat_private_jack jack;
	struct leat_private_pipewire pipewire;
};

/* One side of a link, and the server that it is for. */
struct leat_up_end {
	const char *link;
	struct leat_up_words words;
	bool is_named; /* the words name a server */
	bool is_private;
	struct leat_probe probe;
};

/* A failure in words, besides the message. */
struct leat_up_why {
	char text[512];
};

void leat_up_servers_init(struct leat_up_servers *servers,
			  struct leat_loop *loop, struct leat_console *console);

/* Look for our own programs: 0, or an exit status with a message. */
int leat_up_servers_find(struct leat_up_servers *servers);

/* What to run as a side, with one option more. */
void leat_up_jack_command(struct leat_up_servers *servers,
			  const struct leat_up_end *end,
			  struct leat_command *command, const char *option);
void leat_up_pipewire_command(struct leat_up_servers *servers,
			      const struct leat_up_end *end,
			      struct leat_command *command, const char *option);

/*
 * Find or start the servers of a link.
 *
 * @return  0; an exit status, with a message; or LEAT_UP_STOPPED.
 */
int leat_up_servers_provide(struct leat_up_servers *servers,
			    struct leat_up_end *jack,
			    struct leat_up_end *pipewire,
			    struct leat_up_why *why);

/* Whether both are private ones. */
bool leat_up_servers_are_private(const struct leat_up_servers *servers);

/* End the private ones, and remove what they leave. */
void leat_up_servers_finish(struct leat_up_servers *servers);

#endif
