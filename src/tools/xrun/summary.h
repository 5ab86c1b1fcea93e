/* SPDX-License-Identifier: MIT */
/* What an experiment found, for people on a terminal. */
#ifndef LEAT_XRUN_SUMMARY_H
#define LEAT_XRUN_SUMMARY_H

#include "result.h"

#include <stdio.h>

/* "jack 50 %", "cpu 2 workers", "none". Returns text. */
const char *xrun_step_load_text(char text[XRUN_TEXT_BYTES],
				const struct xrun_step *step);

/* One line about a step that is over. */
void xrun_summary_step(FILE *file, const struct xrun_result *result,
		       const struct xrun_step *step);

/* All of it: who was late, what was lost where, how the bridges compare. */
void xrun_summary(FILE *file, const struct xrun_result *result);

#endif
