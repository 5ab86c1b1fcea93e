/* SPDX-License-Identifier: MIT */
/* What all verbs do: taps on a link, woven, until something ends it. */
#ifndef LEAT_TAP_SESSION_H
#define LEAT_TAP_SESSION_H

#include "source.h"
#include "tap_options.h"
#include "weave.h"

struct session_config {
	const struct tap_options *options;
	int64_t from_ns;     /* how far back it begins */
	int64_t duration_ns; /* when it ends; 0: not of itself */
	uint32_t watermark;  /* frames to be woken for */
};

struct session {
	const char *link_name;
	uint32_t n_sources;
	struct source source[LANES_MAX];
	struct weave *weave;
	int signal_fd;
	int signal;	   /* that wants an end; 0: none did */
	int64_t began_ns;  /* when it was opened */
	bool told_waiting; /* that nothing is there yet */
};

/*
 * Open the taps; signals that end programs are taken from here on, so no thread
 * may be there yet.
 *
 * Returns 0; or an exit status, and said why.
 */
LEAT_MUST_CHECK int session_open(struct session *session,
				 const struct session_config *config,
				 const struct weave_sink *sink);

/* Zeroed, or opened, or half so. */
void session_close(struct session *session);

/*
 * Wait until there is something, or `fd` (-1: none) is ready for these events
 * of poll(2). While the sink takes nothing, taps are not waited for.
 */
void session_wait(struct session *session, bool taps, int fd, short events,
		  int timeout_ms);

/* Pass on what there is. Returns whether the end is reached. */
bool session_run(struct session *session);

/* Say so, once, if there has been nothing for long. */
void session_tell_waiting(struct session *session);

#endif
