/* SPDX-License-Identifier: MIT */
/* One file of a recording, and the side file beside it. */
#ifndef LEAT_TAP_PART_H
#define LEAT_TAP_PART_H

#include "file_format.h"
#include "marks.h"
#include "reserve.h"

#include <leat/link.h>

#include <sndfile.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct part_config {
	const struct file_format *format;
	uint32_t n_channels;
	uint32_t rate_hz;
	bool overwrite;
	bool stream;		/* to standard output, which cannot go back */
	struct marks_head head; /* file is filled in */
};

struct part {
	struct part_config config;
	SNDFILE *file; /* NULL: a pipe that takes WAV, which it cannot write */
	int fd;
	FILE *marks; /* NULL: none is wanted */
	struct reserve reserve;
	uint64_t n_frames; /* written */
	uint64_t n_bytes;  /* to a stream */
};

/* Write all of it: 0 or a negative errno. */
LEAT_MUST_CHECK int part_write_bytes(int fd, const void *bytes, size_t n_bytes);

/*
 * Begin PATH and PATH.marks; or write to standard output, without marks.
 *
 * -EEXIST: one of them is there, and may not be overwritten. Other negative
 * errnos: what the system or libsndfile say. error says why, in one sentence;
 * nothing is left behind.
 */
LEAT_MUST_CHECK int part_open(struct part *part, const char *path,
			      const struct part_config *config,
			      struct leat_error *error);

/*
 * Write interleaved frames.
 *
 * -ENOSPC, -EDQUOT, -EFBIG: there is no room for them; the file can still be
 * ended. Other negative errnos: the file may be damaged.
 */
LEAT_MUST_CHECK int part_write(struct part *part, const float *samples,
			       uint32_t n_frames);

void part_mark(struct part *part, const struct mark *mark);

/*
 * Make the file readable as it is, whatever happens to the process; where the
 * format can do that.
 */
void part_update(struct part *part);

/*
 * End it. Why goes into the side file.
 *
 * 0, or a negative errno if the file or its side file could not be ended.
 */
LEAT_MUST_CHECK int part_close(struct part *part, const char *why);

/* Bytes of the file so far. */
uint64_t part_bytes(const struct part *part);

#endif
