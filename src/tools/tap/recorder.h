/* SPDX-License-Identifier: MIT */
/*
 * The thread that writes a recording, and the sink of a weave that fills it.
 * When the format changes, the recording goes on in a further part.
 */
#ifndef LEAT_TAP_RECORDER_H
#define LEAT_TAP_RECORDER_H

#include "recording.h"
#include "weave.h"

struct recorder_config {
	const char *path;
	const struct file_format *format;
	int64_t split_ns; /* 0: one file */
	bool overwrite;
	bool stream;
	const char *link_name;
};

struct recorder;

/*
 * -ENOMEM. The file is opened when the format is known.
 */
LEAT_MUST_CHECK int recorder_create(struct recorder **recorder,
				    const struct recorder_config *config);

/* After recorder_finish(). NULL is fine. */
void recorder_destroy(struct recorder *recorder);

/* For weave_create(). */
struct weave_sink recorder_sink(struct recorder *recorder);

/* Readable when the recorder takes more; -1 before there is a format. */
int recorder_fd(const struct recorder *recorder);

/* Whether it can go on; if not, why. */
LEAT_MUST_CHECK int recorder_check(struct recorder *recorder,
				   struct leat_error *error);

void recorder_sums(struct recorder *recorder, struct recording_sums *sums);

/* How full the spool is, in percent. */
uint32_t recorder_percent(const struct recorder *recorder);

/*
 * Write what is gathered and end the file; why goes into the side file. As
 * recorder_check().
 */
LEAT_MUST_CHECK int recorder_finish(struct recorder *recorder, const char *why,
				    struct leat_error *error);

#endif
