/* SPDX-License-Identifier: MIT */
/*
 * The shipped stamps and events, with logs of one slot: each overwrites the one
 * before.
 */
#ifndef LEAT_PROOF_STAMP_VIRTUAL_H
#define LEAT_PROOF_STAMP_VIRTUAL_H

#include <leat/frames.h>

#undef LEAT_STAMP_LOG_SIZE
#define LEAT_STAMP_LOG_SIZE 1u

#include "link/event_log.h"
#include "link/stamp.h"

#undef LEAT_EVENT_LOG_SIZE
#define LEAT_EVENT_LOG_SIZE 1u

#endif
