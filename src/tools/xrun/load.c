/* SPDX-License-Identifier: MIT */
#include "load.h"

#include "cli/now.h"
#include "tools/common/find.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define END_TIMEOUT_MS 2000

/* What stress-ng calls a kind; NULL: it has none that fits. */
static const char *const stressor[XRUN_N_LOADS] = {
	[XRUN_LOAD_CPU] = "--cpu",
	[XRUN_LOAD_MEMORY] = "--vm",
	[XRUN_LOAD_IO] = "--hdd",
};

void xrun_load_init(struct xrun_load_run *run, struct leat_loop *loop,
		    struct leat_console *console)
{
	memset(run, 0, sizeof(*run));
	run->loop = loop;
	run->console = console;
	run->child_ended = true;
	if (!leat_find_program("leat-xrun", run->own_path, PATH_MAX))
		run->own_path[0] = 0;
	if (!leat_find_program("stress-ng", run->stress_path, PATH_MAX))
		run->stress_path[0] = 0;
}

static void on_end(void *user)
{
	struct xrun_load_run *run = user;

	run->child_ended = true;
}

static void set_command(struct xrun_load_run *run, struct leat_command *command,
			enum xrun_load load)
{
	if (run->stress_path[0] && stressor[load]) {
		leat_command_init(command, run->stress_path, "stress-ng");
		leat_command_add(command, "--quiet");
		leat_command_add(command, stressor[load]);
		if (load == XRUN_LOAD_IO) {
			leat_command_add(command, run->level);
			leat_command_add(command, "--temp-path");
			leat_command_add(command, "/var/tmp");
			return;
		}
	} else {
		leat_command_init(command, run->own_path, "leat-xrun");
		leat_command_add(command, "--worker");
		leat_command_add(command, xrun_load_word(load));
	}
	leat_command_add(command, run->level);
}

static int start_child(struct xrun_load_run *run, enum xrun_load load,
		       char why[XRUN_TEXT_BYTES])
{
	const struct leat_child_fds fds = { -1, -1, -1 };
	struct leat_command command;

	set_command(run, &command, load);
	run->child_ended = leat_child_start(&run->child, run->loop, &command,
					    &fds, on_end, run) < 0;
	run->has_child = !run->child_ended;
	if (run->has_child)
		return 0;
	snprintf(why, XRUN_TEXT_BYTES, "its processes cannot be started");
	return -1;
}

int xrun_load_start(struct xrun_load_run *run, enum xrun_load load,
		    uint32_t level, const pid_t *pids, unsigned n_pids,
		    char why[XRUN_TEXT_BYTES])
{
	snprintf(run->level, sizeof(run->level), "%u", level);
	switch (load) {
	case XRUN_LOAD_NONE:
		return 0;
	case XRUN_LOAD_JACK:
		atomic_store(&run->jack->load_percent, level);
		return 0;
	case XRUN_LOAD_PIPEWIRE:
		atomic_store(&run->pipewire->load_percent, level);
		return 0;
	case XRUN_LOAD_QUOTA:
		return xrun_quota_start(&run->quota, level, pids, n_pids, why);
	default:
		return level > 0 ? start_child(run, load, why) : 0;
	}
}

bool xrun_load_is_there(const struct xrun_load_run *run)
{
	return !run->has_child || !run->child_ended;
}

static void end_child(struct xrun_load_run *run)
{
	const int signals[] = { SIGTERM, SIGKILL };

	for (int i = 0; i < 2 && !run->child_ended; i++) {
		/* stress-ng has children, in its process group. */
		if (leat_child_alive(&run->child))
			kill(-run->child.pid, signals[i]);
		leat_child_signal(&run->child, signals[i]);
		leat_loop_until(run->loop, &run->child_ended,
				leat_now_ms() + END_TIMEOUT_MS);
		while (!run->child_ended && run->loop->stopped)
			leat_loop_step(run->loop, END_TIMEOUT_MS);
	}
	run->has_child = false;
}

void xrun_load_stop(struct xrun_load_run *run)
{
	if (run->jack)
		atomic_store(&run->jack->load_percent, 0);
	if (run->pipewire)
		atomic_store(&run->pipewire->load_percent, 0);
	xrun_quota_stop(&run->quota);
	end_child(run);
}
