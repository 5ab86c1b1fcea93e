/* SPDX-License-Identifier: MIT */
/*
 * Our client of JACK's: sends the number of each frame of JACK's time, and
 * hears what comes back.
 */
#ifndef LEAT_XRUN_JACK_END_H
#define LEAT_XRUN_JACK_END_H

#include "recorder.h"

#include <leat/link.h>

struct xrun_jack_end;

/*
 * Open a client of a server; a server is never started. 0, or a negative
 * errno and a sentence.
 */
LEAT_MUST_CHECK int xrun_jack_end_open(struct xrun_jack_end **end,
				       const char *server_name,
				       struct leat_error *error);
/* NULL is fine. */
void xrun_jack_end_close(struct xrun_jack_end *end);

uint32_t xrun_jack_end_rate_hz(const struct xrun_jack_end *end);
uint32_t xrun_jack_end_period(const struct xrun_jack_end *end);
const char *xrun_jack_end_version(void);

/* Change the server's period: 0 or a negative errno. */
LEAT_MUST_CHECK int xrun_jack_end_set_period(struct xrun_jack_end *end,
					     uint32_t period);

/*
 * Connect both ports to those of a client whose name begins so, or with NULL
 * to those of any client but the driver; waits for them. 0 or as above.
 */
LEAT_MUST_CHECK int xrun_jack_end_connect(struct xrun_jack_end *end,
					  const char *client_name,
					  int timeout_ms,
					  struct leat_error *error);

struct xrun_recorder *xrun_jack_end_recorder(struct xrun_jack_end *end);

/* Xruns that the server told of, ever. */
uint32_t xrun_jack_end_n_xruns(const struct xrun_jack_end *end);
bool xrun_jack_end_is_gone(const struct xrun_jack_end *end);

#endif
