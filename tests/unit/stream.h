/* SPDX-License-Identifier: MIT */
/* Run a resampler over a signal that is a function of the position. */
#ifndef LEAT_UNIT_STREAM_H
#define LEAT_UNIT_STREAM_H

#include "link/resampler.h"

#include <stddef.h>
#include <stdint.h>

/* The input, one channel; position in input frames. */
struct stream_signal {
	double frequency; /* cycles per input frame */
	double amplitude;
};

struct stream {
	struct leat_resampler *resampler;
	struct stream_signal signal;
	double speed;	   /* of the last pull's end */
	double ratio;	   /* nominal */
	float *output;	   /* what was pulled */
	double *positions; /* of each output frame */
	size_t n;	   /* how many there are */
	size_t room;
};

void stream_open(struct stream *stream, uint32_t in_rate_hz,
		 uint32_t out_rate_hz, double frequency_hz, size_t room);
void stream_close(struct stream *stream);

/* Pull n_out frames at this speed, feeding what that needs. */
void stream_run(struct stream *stream, uint32_t n_out, double speed);

/* Fit a sine to the frames from..n of the output: SINAD and amplitude. */
struct sine_fit stream_fit(const struct stream *stream, size_t from,
			   double frequency_in);

#endif
