/* SPDX-License-Identifier: MIT */
/**
 * A client of JACK's that plays the two tones, and keeps what comes back: on
 * the first two channels its own, on the others those of PipeWire's.
 */
#ifndef TEST_JACK_TONES_H
#define TEST_JACK_TONES_H

#include "drift.h"
#include "tones.h"

#include <jack/jack.h>

struct jack_tones {
	struct tones tones;
	const struct drift *drift; /* of the server */
	jack_client_t *client;
	jack_port_t *out[TONES_CHANNELS], *in[TONES_CHANNELS];
	uint32_t rate_hz;
	uint64_t at;		  /* frames played */
	jack_nframes_t next_time; /* when the next cycle is due, in frames */
	uint64_t n_starts;	  /* of the server's schedule */
	struct upsets upsets;
	atomic_uint n_xruns; /* that the server told of */
	uint32_t n_xruns_seen;
	atomic_uint stall_us; /* oversleep so much in the next cycle */
};

/** 0 or a negative errno. */
int jack_tones_open(struct jack_tones *self, uint32_t rate_hz,
		    uint32_t n_channels, const struct drift *drift);
void jack_tones_close(struct jack_tones *self);

/** Connect it with the link: what it plays, and n_channels that it hears. */
bool jack_tones_connect(struct jack_tones *self);

/** Or with itself, to see what the servers cost without a bridge. */
bool jack_tones_connect_itself(struct jack_tones *self);

/** Provoke an xrun (of a synchronous server). */
void jack_tones_stall(struct jack_tones *self, unsigned us);

#endif
