/* SPDX-License-Identifier: MIT */
/**
 * A node of PipeWire's that passes on the first two channels and keeps what
 * passes, and plays the two tones itself on the others.
 */
#ifndef TEST_PW_TONES_H
#define TEST_PW_TONES_H

#include "tones.h"

struct pw_tones;

/** plays: whether it has the other channels. 0 or a negative errno. */
int pw_tones_open(struct pw_tones **tones, uint32_t rate_hz, bool plays);
/** NULL is fine. */
void pw_tones_close(struct pw_tones *tones);

/** Link it with the link's nodes. */
bool pw_tones_link(struct pw_tones *tones);

/** Or with itself, to see what the servers cost without a bridge. */
bool pw_tones_link_itself(struct pw_tones *tones);

/** Run its main loop for some time. */
void pw_tones_run(struct pw_tones *tones, int time_ms);

/** What it keeps, of two channels. */
struct tones *pw_tones_kept(struct pw_tones *tones);

#endif
