/* SPDX-License-Identifier: MIT */
/* Our node in PipeWire: hears the signal and sends it back. */
#ifndef LEAT_XRUN_PW_END_H
#define LEAT_XRUN_PW_END_H

#include "recorder.h"

#include <leat/link.h>

struct xrun_pw_end;

/*
 * Connect to a daemon (NULL: the usual one) and make the node. 0, or a
 * negative errno and a sentence.
 */
LEAT_MUST_CHECK int xrun_pw_end_open(struct xrun_pw_end **end,
				     const char *remote,
				     struct leat_error *error);
/* NULL is fine. */
void xrun_pw_end_close(struct xrun_pw_end *end);

/*
 * Link both ports to those of leat's link of that name; with NULL to those of
 * any node that is not of a private daemon itself; waits for them.
 */
LEAT_MUST_CHECK int xrun_pw_end_connect(struct xrun_pw_end *end,
					const char *link_name, int timeout_ms,
					struct leat_error *error);

/* Link its output to the private daemon's sink, which then drives it. */
LEAT_MUST_CHECK int xrun_pw_end_connect_sink(struct xrun_pw_end *end,
					     int timeout_ms,
					     struct leat_error *error);

/* Take back what connect did, as far as its other end is still there. */
void xrun_pw_end_disconnect(struct xrun_pw_end *end);

/* Do what there is to do, for at most that long. */
void xrun_pw_end_run(struct xrun_pw_end *end, int time_ms);

const char *xrun_pw_end_version(void);
struct xrun_recorder *xrun_pw_end_recorder(struct xrun_pw_end *end);

/* Whether the daemon went away. */
bool xrun_pw_end_is_gone(const struct xrun_pw_end *end);

#endif
