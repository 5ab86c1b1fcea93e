/* SPDX-License-Identifier: MIT */
/*
 * JACK's side of a link without a server: a JACK that is only memory, the
 * process callback, and the other end of its two rings. Without CUnit.
 */
#ifndef LEAT_UNIT_CIRCLE_H
#define LEAT_UNIT_CIRCLE_H

#include "jack_bridge/process.h"

#include <leat/load.h>
#include <leat/status.h>

#include <stdbool.h>
#include <stdint.h>

#define CIRCLE_CHANNELS 2u
#define CIRCLE_CAPACITY 4096u
#define CIRCLE_PERIOD 64u
#define CIRCLE_PERIOD_MAX 1024u

/* What libjack keeps for us. */
struct _jack_client {
	jack_nframes_t rate_hz;
	jack_nframes_t frame_time;
	jack_time_t start_us; /* of its cycle; 0: it does not tell */
};

struct _jack_port {
	float samples[CIRCLE_PERIOD_MAX];
	uint64_t busy_ns; /* that asking for it takes */
};

struct circle {
	struct _jack_client client;
	struct _jack_port ports[LEAT_N_DIRECTIONS][CIRCLE_CHANNELS];
	struct leat_side_words status;
	struct leat_load_words load;
	struct leat_jack_process process;
	struct leat_wire jack;	   /* of the callback */
	struct leat_wire pipewire; /* the other end */
	unsigned n_poisoned;	   /* calls of process.poisoned */
	uint32_t sync_wait_percent;
};

/* Set up, with a wire; false if the library refuses. */
bool circle_open(struct circle *circle);
/* The same, with JACK waiting for the answer. */
bool circle_open_waiting(struct circle *circle, uint32_t sync_wait_percent);
void circle_close(struct circle *circle);

/* A cycle of JACK's. The signal counts up, so that each frame is known. */
void circle_cycle(struct circle *circle, uint32_t n_frames);

/*
 * What PipeWire's side does with it: play the newest block and send it back at
 * the same index. false if there is none.
 */
bool circle_answer(struct circle *circle);

/* Ask to be woken by the next cycle, after clearing what was signalled. */
void circle_sleep(struct circle *circle);

/* Whether JACK's outputs carry what its inputs did n_frames ago. */
bool circle_is_back(const struct circle *circle, uint32_t n_frames);
/* Whether they carry what its inputs do. */
bool circle_is_back_at_once(const struct circle *circle, uint32_t n_frames);

#endif
