/* SPDX-License-Identifier: MIT */
/*
 * Standard output for samples: what is written may wait for its reader, and the
 * program does not wait with it.
 */
#ifndef LEAT_TAP_OUTLET_H
#define LEAT_TAP_OUTLET_H

#include "samples.h"

#include <leat/attributes.h>

struct outlet {
	int fd;
	enum samples_format format;
	uint32_t n_channels;
	uint64_t n_silent;  /* frames of silence still to be written */
	uint64_t n_clipped; /* samples beyond the range so far */
	unsigned char *bytes;
	size_t room_bytes;
	size_t n_bytes; /* in it */
	size_t at;	/* of them, written */
};

/* Pieces have at most max_frames. -ENOMEM. */
LEAT_MUST_CHECK int outlet_open(struct outlet *outlet, int fd,
				enum samples_format format, uint32_t n_channels,
				uint32_t max_frames);
void outlet_close(struct outlet *outlet);

/* Whether everything put so far is written. */
bool outlet_is_empty(const struct outlet *outlet);

/* Put one piece of these; the outlet is empty. */
void outlet_put_bytes(struct outlet *outlet, const void *bytes, size_t n_bytes);
void outlet_put_frames(struct outlet *outlet, const float *const *planes,
		       uint32_t n_frames);
void outlet_put_silence(struct outlet *outlet, uint64_t n_frames);

/*
 * Write what the reader takes now: 0 if that was all, -EAGAIN if the descriptor
 * is to be polled for POLLOUT, or another negative errno.
 */
LEAT_MUST_CHECK int outlet_run(struct outlet *outlet);

#endif
