/* SPDX-License-Identifier: MIT */
/* Experiments that never were, for what is made of them. */
#ifndef LEAT_REPORT_MADE_UP_H
#define LEAT_REPORT_MADE_UP_H

#include "tools/xrun/result.h"

/*
 * "good", "lost", "quick", "ramp", "matrix", "compare"; "empty", "unknown", "huge";
 * "hostile", with names that would like to be markup.
 *
 * @return  0, or -errno. To be finished with xrun_result_finish().
 */
int made_up(struct xrun_result *result, const char *kind);

/* Name number n of them, or NULL. */
const char *made_up_kind(unsigned n);

/* What every name of "hostile" is. */
extern const char made_up_hostile[];

#endif
