/* SPDX-License-Identifier: MIT */
/**
 * leat-tap in a test: started, ended, and what it wrote looked at.
 */
#ifndef TEST_TAP_RUN_H
#define TEST_TAP_RUN_H

#include "bridge.h"

#include <stdbool.h>
#include <stdint.h>

/** A recording that was read back. */
struct tape_file {
	uint32_t n_channels;
	uint32_t rate_hz;
	uint64_t n_frames;
	float *samples; /* interleaved */
};

/** A line of a side file. */
struct tape_mark {
	uint64_t position;
	uint64_t n_frames;
	char kind[16];
	char text[128];
};

struct tape_marks {
	unsigned n;
	struct tape_mark mark[256];
};

/** Start leat-tap with these arguments, up to a NULL; output goes to log. */
bool tap_start(struct proc *proc, const struct bridge *bridge, const char *log,
	       ...) __attribute__((sentinel));

/** Run it to its end. @return  Its exit status; what it says is in text. */
int tap_run(char *text, size_t text_bytes, int timeout_ms, ...)
	__attribute__((sentinel));

bool tape_load(struct tape_file *file, const char *path);
void tape_free(struct tape_file *file);

bool tape_load_marks(struct tape_marks *marks, const char *path);

/** Frames that marks of a kind (NULL: any) cover. */
uint64_t tape_marked(const struct tape_marks *marks, const char *kind);

/** Whether a server was late meanwhile, by its own word. */
bool tape_had_xruns(const struct tape_marks *marks);

/** What a channel pair of a recording is, next to the counting signal. */
struct tape_count {
	uint64_t n_before; /* frames before the first of the signal */
	uint64_t n_exact;  /* frames of the signal, each the one that follows */
	uint64_t n_silent; /* frames of silence within a mark */
	uint64_t n_other;  /* faded ones, next to a mark */
	uint64_t n_wrong;  /* anything else */
	uint64_t first_bad; /* the first of them */
	int64_t slack;	    /* frames by which the signal went on in silence,
			       less the silence's length; of all together */
};

/**
 * Judge two channels, which are those of leat-sig-jack, from the first frame
 * of the signal on.
 */
void tape_judge(struct tape_count *count, const struct tape_file *file,
		uint32_t first_channel, const struct tape_marks *marks);

/**
 * When JACK leaves a period out, the signal may not have counted it either: so
 * the silence may be longer by that, and by nothing else. Where JACK was late
 * and left nothing out, a period may be there twice.
 */
bool tape_slack_is_told(int64_t slack, const struct tape_marks *marks);

/**
 * Whether a recording is of this length, and all of it is the counting signal,
 * in each pair of channels, but silence that is marked. Says what is not.
 */
bool tape_is_true(const char *path, uint32_t n_channels, uint32_t rate_hz,
		  uint64_t n_frames);

/**
 * Whether two recordings of one direction are the same, bit by bit, where they
 * overlap, which is at least n_least frames. Says where they are not.
 */
bool tapes_agree(const struct tape_file *a, const struct tape_file *b,
		 uint64_t n_least);

#endif
