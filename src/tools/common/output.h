/* SPDX-License-Identifier: MIT */
/* Standard output that may not be there, or not take what is written. */
#ifndef LEAT_TOOLS_OUTPUT_H
#define LEAT_TOOLS_OUTPUT_H

#include <stdbool.h>

/*
 * Make sure that descriptors 0 to 2 are taken, so that nothing opened later
 * is mistaken for them. False with a message if standard output is closed.
 */
bool leat_output_open(void);

/* Write what is buffered; false with a message if it is lost. */
bool leat_output_close(void);

#endif
