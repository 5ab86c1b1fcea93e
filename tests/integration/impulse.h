/* SPDX-License-Identifier: MIT */
/**
 * A client of JACK's that measures the way from its output to its input with
 * an impulse every quarter of a second, and says of its own latency what it is
 * told to, as a device would.
 */
#ifndef TEST_IMPULSE_H
#define TEST_IMPULSE_H

#include <jack/jack.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct impulse {
	jack_client_t *client;
	jack_port_t *out, *in;
	atomic_uint device[2]; /* frames, by jack_latency_callback_mode_t */

	/* The process thread's. */
	uint64_t at;	    /* frames played */
	uint64_t played_at; /* the latest impulse */
	float loudest;	    /* since then */
	uint64_t loudest_at;
	jack_nframes_t next_time; /* when the next cycle is due */
	bool upset;		  /* a cycle was not called since then */

	atomic_uint n_measured;
	atomic_int measured; /* frames, the latest; -1: nothing came */
};

bool impulse_open(struct impulse *impulse, const char *server);
void impulse_close(struct impulse *impulse);

/** Connect, once the ports are there. */
bool impulse_connect(struct impulse *impulse, const char *to, const char *from);

/** Report other frames as a device's, and have JACK know. */
void impulse_report(struct impulse *impulse, uint32_t capture,
		    uint32_t playback);

/**
 * Wait for n measurements in a row within `apart` frames of each other.
 *
 * @return  The latest of them, -1 if there are none.
 */
int impulse_measure(struct impulse *impulse, int n, int apart, int timeout_ms);

/** What JACK says of the way: from the output on, and up to the input. */
jack_latency_range_t impulse_playback(struct impulse *impulse);
jack_latency_range_t impulse_capture(struct impulse *impulse);

#endif
