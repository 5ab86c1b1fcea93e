/* SPDX-License-Identifier: MIT */
/*
 * A recording: a stream without holes, written into one file or into parts of
 * a given length, with a side file beside each.
 *
 * All on one thread, and no matter how long a disk takes.
 */
#ifndef LEAT_TAP_RECORDING_H
#define LEAT_TAP_RECORDING_H

#include "part.h"
#include "weave.h"

#include <limits.h>

struct recording_sums {
	uint64_t n_frames; /* written, silence and all */
	uint64_t n_bytes;  /* of all files */
	uint64_t n_missing[MARK_N_KINDS];
	uint64_t n_marks[MARK_N_KINDS];
	float peak; /* the largest sample so far */
};

struct recording_config {
	const char *path;
	const struct file_format *format;
	uint64_t split_frames; /* of each part; 0: one */
	bool overwrite;
	bool stream;
	uint32_t n_channels;
	uint32_t rate_hz;
	uint32_t n_lanes;
	const char *lane_name[LANES_MAX];
	struct marks_head head; /* without file and first_frame */
	unsigned first_part;	/* 0: the first has no number */
	/* What was so far, where the recording goes on. */
	struct recording_sums sums;
};

/* A lane's silence, which may go on. */
struct recording_run {
	enum mark_kind kind;
	uint64_t position;
	uint64_t n_frames; /* 0: there is none */
};

struct recording {
	struct recording_config config;
	struct part part;
	bool open;
	char path[PATH_MAX]; /* of the part */
	unsigned number;     /* of the part */
	uint64_t part_begin; /* frames of the recording before it */
	uint64_t closed_bytes;
	struct recording_run run[LANES_MAX];
	struct recording_sums sums;
	struct leat_error error;
};

/* Whether the first file can be opened; errors as of part_open(). */
LEAT_MUST_CHECK int recording_open(struct recording *recording,
				   const struct recording_config *config,
				   struct leat_error *error);

/* Errors as of part_write(); recording->error says it in a sentence. */
LEAT_MUST_CHECK int recording_frames(struct recording *recording,
				     const float *samples, uint64_t n_frames);
LEAT_MUST_CHECK int recording_silence(struct recording *recording,
				      uint64_t n_frames);

/* A lane is silent in the next n_frames, and why. */
void recording_missing(struct recording *recording, uint32_t lane,
		       enum mark_kind kind, uint64_t n_frames);
void recording_mark(struct recording *recording, uint32_t lane,
		    const struct mark *mark);

/* Make what there is readable, for the case that the process is killed. */
void recording_update(struct recording *recording);

/* End it; why goes into the side file. Errors as of part_close(). */
LEAT_MUST_CHECK int recording_close(struct recording *recording,
				    const char *why);

#endif
