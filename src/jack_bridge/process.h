/* SPDX-License-Identifier: MIT */
/*
 * The realtime half of the JACK side: everything that the process callback
 * touches, and the callback.
 *
 * The two rings of a wire count the same frames: W, those that JACK has
 * written. In the cycle that begins at W it writes [W, W+P) to PipeWire and
 * wants exactly [W-P, W) back; whatever else is there is late and passed
 * over. So the way back takes P frames, whatever happened before; none at all
 * with --sync-wait, where it wants [W, W+P) once it has sent that.
 */
#ifndef LEAT_JACK_PROCESS_H
#define LEAT_JACK_PROCESS_H

#include "link/fade.h"
#include "link/load_record.h"
#include "rt_guard/rt_guard.h"
#include "sync_wait.h"

#include <leat/link.h>

#include <jack/jack.h>

struct leat_jack_process {
	jack_client_t *client;
	jack_port_t *ports[LEAT_N_DIRECTIONS][LEAT_CHANNELS_MAX];
	uint32_t n_ports[LEAT_N_DIRECTIONS];
	struct leat_side_words *status;
	struct leat_load_words *load; /* or NULL: nothing is recorded */
	/* Called once for a wire on which the peer wrote nonsense. RT-safe. */
	void (*poisoned)(void *user) LEAT_RT;
	void *user;
	struct leat_rt_guard *guard; /* or NULL */

	/* Handed over by the main thread, and back. */
	void *wire_wanted; /* struct leat_wire, or NULL */
	void *wire_used;   /* what the callback uses */

	bool freewheels; /* atomic: JACK's cycles are not in real time */

	/* The callback's own. */
	struct leat_wire *wire;
	struct leat_jack_sync_wait sync_wait;
	uint64_t index;		   /* W */
	uint64_t newest;	   /* of PipeWire's blocks, as last seen */
	bool poison_told;	   /* of this wire */
	jack_nframes_t n_before;   /* frames of the wire's last cycle, or 0 */
	bool has_sent;		   /* on this wire */
	jack_nframes_t due_time;   /* then: JACK's, where that ended */
	jack_nframes_t frame_time; /* JACK's, at the start of the cycle */
	uint64_t time_ns;	   /* CLOCK_MONOTONIC, the same moment */
	jack_nframes_t n_cycle;	   /* frames of the last cycle */
	struct leat_load_cycle cycle; /* what is recorded of it */
	uint32_t rate_hz;
	float *planes[LEAT_N_DIRECTIONS][LEAT_CHANNELS_MAX];
	struct leat_fade fade;
};

/*
 * Set up for a client that is not active yet. sync_wait_percent: of a period, 0
 * not to wait for PipeWire.
 */
void leat_jack_process_init(struct leat_jack_process *self,
			    jack_client_t *client,
			    struct leat_side_words *status,
			    uint32_t sync_wait_percent);

/* Thread: JACK's process thread. RT-safe. */
LEAT_RT int leat_jack_process_callback(jack_nframes_t n_frames, void *user);

/*
 * Give the callback another wire, or none. The old one is free to be
 * destroyed when leat_jack_process_uses() no longer says so.
 */
void leat_jack_process_set_wire(struct leat_jack_process *self,
				struct leat_wire *wire);
bool leat_jack_process_uses(const struct leat_jack_process *self,
			    const struct leat_wire *wire);

/* The client is closed: no callback will run any more. */
void leat_jack_process_stopped(struct leat_jack_process *self);

#endif
