/* SPDX-License-Identifier: MIT */
/* The shipped event_log.c, compiled for the machine of machine.h. */
#include "stamp_virtual.h"

#include "link/event_log.c"
