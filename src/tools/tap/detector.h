/* SPDX-License-Identifier: MIT */
/* Looks for signal, silence, clipping and xruns in a stream. */
#ifndef LEAT_TAP_DETECTOR_H
#define LEAT_TAP_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

enum finding {
	FOUND_NOTHING,
	FOUND_SIGNAL,
	FOUND_SILENCE,
	FOUND_CLIP,
	FOUND_XRUN,
	N_FINDINGS
};

struct detector {
	bool wanted[N_FINDINGS];
	float threshold;	   /* linear: what is above it is signal */
	uint64_t n_silence_frames; /* of silence that count as such */
	uint64_t n_frames;	   /* so far */
	uint64_t n_quiet;	   /* of them, at the end, in all channels */
	/* What was found, where, and of signal and clips in which channel. */
	enum finding found;
	uint64_t position; /* of silence: where it began */
	uint32_t channel;
	float level;
};

/* "signal", "silence", "clip", "xrun" */
const char *finding_name(enum finding finding);

/* The next frames. Returns what is found, now or before; the first counts. */
enum finding detector_frames(struct detector *detector,
			     const float *const *planes, uint32_t n_channels,
			     uint32_t n_frames);

/* The next frames are silent. */
enum finding detector_silence(struct detector *detector, uint64_t n_frames);

/* The next frames are not known: they are no silence. */
void detector_unknown(struct detector *detector);

/* There was an xrun. */
enum finding detector_xrun(struct detector *detector);

#endif
