/* SPDX-License-Identifier: MIT */
#include "demo.h"

#include "tools/common/find.h"

#include <leat/link.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define END_TIMEOUT_MS 3000

int leat_demo_prepare(struct leat_demo *demo, struct leat_loop *loop,
		      struct leat_console *console, const char *file)
{
	if (access(file, R_OK) < 0) {
		leat_console_log(console, "cannot read '%s': %s", file,
				 leat_errno_text(errno));
		return 1;
	}
	if (!leat_find_program("leat-verify", demo->path, sizeof(demo->path))) {
		leat_console_log(console,
				 "leat-verify is not installed: install it, "
				 "or leave out --demo");
		return 1;
	}
	leat_command_init(&demo->command, demo->path, "leat-verify");
	leat_command_add(&demo->command, "--play");
	leat_command_add(&demo->command, file);
	demo->loop = loop;
	demo->console = console;
	demo->output.source.fd = -1;
	return 0;
}

static void print_line(void *user, const char *line)
{
	struct leat_demo *demo = user;

	leat_console_print(demo->console, line);
}

static void on_end(void *user)
{
	struct leat_demo *demo = user;
	char how[64];

	leat_lines_close(&demo->output);
	demo->ended = true;
	if (!demo->child.killed || demo->child.terminated)
		return;
	leat_child_how(&demo->child, how, sizeof(how));
	leat_console_log(demo->console, "leat-verify %s", how);
}

int leat_demo_start(struct leat_demo *demo)
{
	struct leat_child_fds fds = { -1, -1, -1 };
	int res;

	res = leat_lines_open(&demo->output, demo->loop, print_line, demo);
	if (res >= 0) {
		fds.out_fd = res;
		fds.err_fd = res;
		res = leat_child_start(&demo->child, demo->loop, &demo->command,
				       &fds, on_end, demo);
		close(fds.out_fd);
	}
	if (res == 0)
		return 0;
	leat_console_log(demo->console, "cannot start leat-verify: %s",
			 leat_errno_text(res));
	return 1;
}

int leat_demo_result(const struct leat_demo *demo)
{
	if (!demo->ended) {
		leat_console_log(demo->console,
				 "the demo is not done: give it more time with "
				 "--duration");
		return 1;
	}
	return demo->child.killed || demo->child.status != 0 ? 1 : 0;
}

void leat_demo_finish(struct leat_demo *demo)
{
	int64_t deadline_ms = leat_now_ms() + END_TIMEOUT_MS;

	if (!demo->loop || !leat_child_alive(&demo->child))
		return;
	leat_child_signal(&demo->child, SIGTERM);
	while (!demo->ended && leat_left_ms(deadline_ms) > 0)
		leat_loop_step(demo->loop, leat_left_ms(deadline_ms));
	if (demo->ended)
		return;
	leat_child_signal(&demo->child, SIGKILL);
	while (!demo->ended)
		leat_loop_step(demo->loop, -1);
}
