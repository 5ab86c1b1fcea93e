/* SPDX-License-Identifier: MIT */
/**
 * A client of JACK's that keeps all that it hears, in frames of JACK's time:
 * what it was not called for is silent.
 */
#ifndef TEST_EAR_H
#define TEST_EAR_H

#include <jack/jack.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define EAR_CHANNELS 2u

struct ear {
	jack_client_t *client;
	jack_port_t *ports[EAR_CHANNELS];
	float *samples; /* interleaved, room for n_room frames */
	uint64_t n_room;
	/* The process thread's. */
	bool begun;
	jack_nframes_t first_time; /* JACK's, of the first frame */
	atomic_uint_least64_t n_frames;
	atomic_uint_least64_t n_missed; /* of these, not called for */
};

/** Hear up to so many frames from these two ports. */
bool ear_open(struct ear *ear, const char *server, uint64_t n_room,
	      const char *const from[EAR_CHANNELS]);
void ear_close(struct ear *ear);

#endif
