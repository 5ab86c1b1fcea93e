/* SPDX-License-Identifier: MIT */
#ifndef LEAT_DOCTOR_GUARDED_H
#define LEAT_DOCTOR_GUARDED_H

#include <stdbool.h>

/*
 * Do something in a process of its own, which is ended if it takes too long:
 * libjack waits for a server that is stopped for ever.
 *
 * @param user  What is changed here is seen by us only where memory is shared.
 * @return      Whether it was done.
 */
bool leat_guarded(void (*fn)(void *user), void *user, int timeout_ms);

#endif
