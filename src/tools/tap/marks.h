/* SPDX-License-Identifier: MIT */
/*
 * The side file of a recording: what is not in it, and what happened
 * meanwhile, as lines of text with frame positions.
 *
 * data/man/leat-tap.1 promises the form.
 */
#ifndef LEAT_TAP_MARKS_H
#define LEAT_TAP_MARKS_H

#include <stdint.h>
#include <stdio.h>

enum mark_kind {
	MARK_LOST,   /* the tap was too slow: frames were overwritten */
	MARK_HOLE,   /* the direction carried nothing: its producer was idle */
	MARK_AWAY,   /* the link was away, or its producer */
	MARK_BACK,   /* a new generation: what follows is of new rings */
	MARK_XRUN,   /* a server was late, or a period was left out */
	MARK_SLIP,   /* the link moved on purpose, to keep its latency */
	MARK_FORMAT, /* the rate or the channels changed: a new part */
	MARK_N_KINDS
};

struct mark {
	enum mark_kind kind;
	uint64_t position; /* frames from the recording's beginning */
	uint64_t n_frames; /* of silence there; 0 for a mere moment */
	char text[96];	   /* more, for people; one line */
};

/* What stands at a side file's top. */
struct marks_head {
	const char *file; /* without folders */
	const char *link;
	const char *direction;
	const char *channels; /* "FL FR", or several */
	uint32_t rate_hz;
	uint64_t first_frame; /* of the part, in the recording */
	const char *began;    /* UTC, ISO 8601; or NULL */
};

const char *mark_kind_name(enum mark_kind kind);

void marks_write_head(FILE *file, const struct marks_head *head);

/*
 * One line, with positions in the part that begins at first_frame and has at
 * most n_part_frames (UINT64_MAX: as many as come). Of a mark that reaches
 * beyond the part on either side, what lies in it.
 */
void marks_write(FILE *file, const struct mark *mark, uint64_t first_frame,
		 uint64_t n_part_frames, uint32_t rate_hz);

/* The last line: how long the part is, and why it ends. */
void marks_write_end(FILE *file, uint64_t n_frames, uint32_t rate_hz,
		     const char *why);

#endif
