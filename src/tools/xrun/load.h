/* SPDX-License-Identifier: MIT */
/* A load, from the beginning of a step to its end. */
#ifndef LEAT_XRUN_LOAD_H
#define LEAT_XRUN_LOAD_H

#include "options.h"
#include "quota.h"
#include "recorder.h"

#include "tools/common/console.h"
#include "tools/servers/child.h"

#include <limits.h>

struct xrun_load_run {
	struct leat_loop *loop;
	struct leat_console *console;
	struct xrun_recorder *jack, *pipewire;
	char own_path[PATH_MAX], stress_path[PATH_MAX]; /* "": there is none */
	struct leat_child child;
	bool has_child, child_ended;
	char level[16];
	struct xrun_quota quota;
};

void xrun_load_init(struct xrun_load_run *run, struct leat_loop *loop,
		    struct leat_console *console);

/*
 * Begin. Processes that a quota is for are those of the bridge.
 *
 * @param why  Why it cannot be had here, if so.
 * @return     0 or -1.
 */
int xrun_load_start(struct xrun_load_run *run, enum xrun_load load,
		    uint32_t level, const pid_t *pids, unsigned n_pids,
		    char why[XRUN_TEXT_BYTES]);

/* Whether it is still there: a worker may have ended by itself. */
bool xrun_load_is_there(const struct xrun_load_run *run);

void xrun_load_stop(struct xrun_load_run *run);

#endif
