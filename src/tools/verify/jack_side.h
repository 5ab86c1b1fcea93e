/* SPDX-License-Identifier: MIT */
/*
 * The JACK end of the circle: connects what the link brings from PipeWire to
 * what it takes back, and watches whether the server itself leaves out
 * anything.
 */
#ifndef LEAT_VERIFY_JACK_SIDE_H
#define LEAT_VERIFY_JACK_SIDE_H

#include <leat/frames.h>
#include <leat/link.h>

#include <stdbool.h>

struct jack_side;

/*
 * Open a client and find the ports of the link; a server is never started.
 * A negative errno with a sentence if that cannot be.
 */
int jack_side_open(struct jack_side **side, const char *server_name,
		   const char *link_name, struct leat_error *error);

/* Disconnects what was connected. NULL is fine. */
void jack_side_close(struct jack_side *side);

uint32_t jack_side_rate_hz(const struct jack_side *side);
uint32_t jack_side_period(const struct jack_side *side);

/* Channels that go both ways, and the position of each ("FL"). */
uint32_t jack_side_n_channels(const struct jack_side *side);
const char *jack_side_position(const struct jack_side *side, uint32_t channel);

/* -EBUSY with a sentence if the user has connected one of the ports. */
int jack_side_connect(struct jack_side *side, struct leat_error *error);

/* Periods left out and xruns so far, as the server and its clock tell. */
unsigned jack_side_n_faults(const struct jack_side *side);

/* Whether the server ended. */
bool jack_side_is_gone(const struct jack_side *side);

#endif
