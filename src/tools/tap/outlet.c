/* SPDX-License-Identifier: MIT */
#include "outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* At least; a header has to fit. */
#define ROOM_MIN 4096u

int outlet_open(struct outlet *outlet, int fd, enum samples_format format,
		uint32_t n_channels, uint32_t max_frames)
{
	size_t room = (size_t)max_frames * n_channels * samples_bytes(format);

	memset(outlet, 0, sizeof(*outlet));
	outlet->fd = fd;
	outlet->format = format;
	outlet->n_channels = n_channels;
	outlet->room_bytes = room < ROOM_MIN ? ROOM_MIN : room;
	outlet->bytes = malloc(outlet->room_bytes);
	return outlet->bytes ? 0 : -ENOMEM;
}

void outlet_close(struct outlet *outlet)
{
	free(outlet->bytes);
	outlet->bytes = NULL;
}

bool outlet_is_empty(const struct outlet *outlet)
{
	return outlet->at == outlet->n_bytes && outlet->n_silent == 0;
}

void outlet_put_bytes(struct outlet *outlet, const void *bytes, size_t n_bytes)
{
	memcpy(outlet->bytes, bytes, n_bytes);
	outlet->n_bytes = n_bytes;
	outlet->at = 0;
}

void outlet_put_frames(struct outlet *outlet, const float *const *planes,
		       uint32_t n_frames)
{
	outlet->n_clipped += samples_pack(outlet->bytes, outlet->format, planes,
					  outlet->n_channels, 0, n_frames);
	outlet->n_bytes = (size_t)n_frames * outlet->n_channels *
			  samples_bytes(outlet->format);
	outlet->at = 0;
}

void outlet_put_silence(struct outlet *outlet, uint64_t n_frames)
{
	outlet->n_silent = n_frames;
}

/* The next of the silence; zeros in every format. */
static void fill_with_silence(struct outlet *outlet)
{
	size_t frame = outlet->n_channels * samples_bytes(outlet->format);
	uint64_t n = outlet->room_bytes / frame;

	if (n > outlet->n_silent)
		n = outlet->n_silent;
	outlet->n_silent -= n;
	outlet->n_bytes = n * frame;
	outlet->at = 0;
	memset(outlet->bytes, 0, outlet->n_bytes);
}

/* A pipe that can be written to takes this much without waiting: pipe(7). */
static ssize_t write_some(const struct outlet *outlet)
{
	struct pollfd fd = { .fd = outlet->fd, .events = POLLOUT };
	size_t n = outlet->n_bytes - outlet->at;

	if (poll(&fd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(outlet->fd, outlet->bytes + outlet->at,
		     n < PIPE_BUF ? n : PIPE_BUF);
}

int outlet_run(struct outlet *outlet)
{
	while (!outlet_is_empty(outlet)) {
		ssize_t n;

		if (outlet->at == outlet->n_bytes)
			fill_with_silence(outlet);
		n = write_some(outlet);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			outlet->at += (size_t)n;
	}
	return 0;
}
