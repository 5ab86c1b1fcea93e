/* SPDX-License-Identifier: MIT */
/* The shipped stamp.c, compiled for the machine of machine.h. */
#include "stamp_virtual.h"

#include "link/stamp.c"
