/* SPDX-License-Identifier: MIT */
/*
 * Ask a side whether its server runs: leat-jack --probe, leat-pipewire
 * --probe. The tools themselves know neither libjack nor libpipewire.
 */
#ifndef LEAT_TOOLS_PROBE_H
#define LEAT_TOOLS_PROBE_H

#include "service.h"

enum leat_probe_outcome {
	LEAT_PROBE_FOUND,
	LEAT_PROBE_MISSING, /* no such server runs */
	LEAT_PROBE_USAGE,   /* the side does not like its options */
	LEAT_PROBE_FAILED,  /* something else; text says what */
	LEAT_PROBE_STOPPED  /* the loop was asked to end */
};

struct leat_probe {
	enum leat_probe_outcome outcome;
	uint32_t rate_hz;
	uint32_t period; /* of JACK; 0 for PipeWire */
	char server[64]; /* JACK's name or PipeWire's remote */
	char text[512];	 /* the side's sentence when not found */
};

/* Run a command once and read what it says. */
void leat_probe(struct leat_probe *probe, struct leat_loop *loop,
		const struct leat_command *command);

/*
 * Wait until a server that was just started is found.
 *
 * @return  0, 1 with a message, or -1 if the loop was stopped meanwhile.
 */
int leat_probe_await(struct leat_probe *probe, struct leat_service *server,
		     const struct leat_command *command);

#endif
