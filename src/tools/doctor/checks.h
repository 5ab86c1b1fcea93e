/* SPDX-License-Identifier: MIT */
#ifndef LEAT_DOCTOR_CHECKS_H
#define LEAT_DOCTOR_CHECKS_H

#include "finding.h"

/*
 * All checks of the machine and of the servers' processes, from files below
 * a root.
 *
 * @param realtime  What came of leat_live_realtime().
 */
void leat_check_system(struct leat_report *report, const char *root,
		       const char *jack_name, int realtime);

/* All checks of what the servers say. NULL: the usual ones. */
void leat_check_live(struct leat_report *report, const char *jack_name,
		     const char *remote);

#endif
