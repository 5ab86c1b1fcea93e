/* SPDX-License-Identifier: MIT */
/**
 * Tones, and what is heard of them, cut into windows of a tenth of a second: a
 * realtime thread plays and keeps, another one judges.
 *
 * The first tone is for the noise. The second is so low that its phase says
 * how long the way took.
 */
#ifndef TEST_TONES_H
#define TEST_TONES_H

#include <leat/attributes.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TONES_HIGH_HZ 1000u
#define TONES_LOW_HZ 30u
#define TONES_AMPLITUDE 0.5

#define TONES_CHANNELS 4
/* Windows in a second, and how many are kept until they are judged. */
#define TONES_PER_S 10u
#define TONES_KEPT 32u

/** When a graph was where: its frame, and CLOCK_MONOTONIC. */
struct moment {
	uint64_t frame;
	int64_t time_ns;
	double frame_ns; /* length of a frame then */
	int64_t late_ns; /* how late the thread was called */
};

/** Disturbances of a graph's clock so far, as its thread saw them. */
struct upsets {
	uint32_t n_hard; /* xruns, cycles not called in */
	uint32_t n_late; /* cycles called late */
};

struct window {
	struct moment from;    /* its first sample */
	struct upsets upsets;  /* at its end */
	int64_t least_late_ns; /* of its cycles */
	float *samples[TONES_CHANNELS];
};

struct tones {
	uint32_t rate_hz;
	uint32_t n_channels; /* that are kept */
	uint32_t n_frames;   /* of a window */
	float *wave;	     /* a second of 1 Hz */
	float *samples;	     /* of all windows */
	uint32_t fill;	     /* of the window being kept */
	atomic_uint n_kept;  /* windows */
	atomic_uint n_judged;
	atomic_uint n_lost; /* there was no room for them */
	struct window windows[TONES_KEPT];
};

/** 0 or -ENOMEM. Thread: main. */
int tones_init(struct tones *tones, uint32_t rate_hz, uint32_t n_channels);
void tones_finish(struct tones *tones);

/** One tone from a frame on. RT-safe. */
LEAT_RT void tones_play(const struct tones *tones, uint32_t tone_hz,
			uint64_t frame, float *out, uint32_t n_frames);

/** Keep a cycle; a plane that is NULL is silence. RT-safe. */
LEAT_RT void tones_keep(struct tones *tones, const float *const *planes,
			uint32_t n_frames, const struct moment *moment,
			const struct upsets *upsets);

/** The next window to judge, or NULL; free it once that is done. */
const struct window *tones_next(const struct tones *tones);
void tones_free(struct tones *tones);

#endif
