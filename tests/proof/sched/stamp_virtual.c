/* SPDX-License-Identifier: MIT */
/* The shipped stamp.c, compiled for the machine of machine.h. */
#include "link/stamp.c"
