/* SPDX-License-Identifier: MIT */
/*
 * The PipeWire end of the circle: plays into the link's sink and records from
 * its source.
 */
#ifndef LEAT_VERIFY_PW_SIDE_H
#define LEAT_VERIFY_PW_SIDE_H

#include "tape.h"

#include <leat/link.h>

struct pw_side;

/* Connect to the daemon. A negative errno with a sentence if it cannot. */
int pw_side_open(struct pw_side **side, const char *remote,
		 struct leat_error *error);

/* Its node and links go with it. NULL is fine. */
void pw_side_close(struct pw_side *side);

/*
 * Make ports for the tape's channels and link them to those of the link.
 * -EBUSY with a sentence if something is linked to them already.
 *
 * positions  A name for each channel ("FL").
 */
int pw_side_link(struct pw_side *side, const char *link_name,
		 const char *const *positions, struct tape *tape,
		 struct leat_error *error);

/* Run until the condition is true; false when time is over or it is gone. */
bool pw_side_wait(struct pw_side *side, bool (*condition)(void *user),
		  void *user, int timeout_ms);

bool pw_side_is_gone(const struct pw_side *side);

#endif
