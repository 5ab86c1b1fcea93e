/* SPDX-License-Identifier: MIT */
/*
 * A share of a processor for some processes: a control group, of version 2 or
 * of version 1, where realtime threads have a quota of their own.
 */
#ifndef LEAT_XRUN_QUOTA_H
#define LEAT_XRUN_QUOTA_H

#include "result.h"

#include <limits.h>
#include <sys/types.h>

struct xrun_quota {
	char path[PATH_MAX];   /* of the group; "": there is none */
	char parent[PATH_MAX]; /* where they were, and go back to */
	unsigned n_pids;
	pid_t pids[8];
};

/* Give so many percent of a processor to them: 0, or -1 and why not. */
int xrun_quota_start(struct xrun_quota *quota, uint32_t percent,
		     const pid_t *pids, unsigned n_pids,
		     char why[XRUN_TEXT_BYTES]);
void xrun_quota_stop(struct xrun_quota *quota);

#endif
