/* SPDX-License-Identifier: MIT */
/* What calls fail with, and what a program has to say then. */
#ifndef LEAT_FAULT_SENTENCES_H
#define LEAT_FAULT_SENTENCES_H

#include "fail.h"

#include <stdbool.h>
#include <stddef.h>

#define ERRORS_MAX 8

/*
 * The errnos that a call is failed with: those that its manual page gives to
 * circumstances, and not to mistakes of the caller. 0 ends them.
 */
const int *errors_of(const char *call);

/*
 * The file that says who hosts a link is left where it cannot be known to be
 * ours. Nobody has it locked then, and the next one takes it.
 */
bool may_leave_lock(const char *call);

/* Whether a failed call may be tried again at once, without a word. */
bool is_passing(const char *call, int error);

/*
 * What is missing in a sentence about this call and this errno; NULL: it names
 * both, and says what to do.
 */
const char *missing_in(const char *sentence, const char *call, int error);

#endif
