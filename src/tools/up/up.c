/* SPDX-License-Identifier: MIT */
/* leat-up: find or start the servers, bridge them, look after it all. */
#include "demo.h"
#include "links.h"
#include "notify.h"
#include "plan.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The steps of run() give 0, an exit status, or this: asked to end. */
#define STOPPED LEAT_UP_STOPPED

struct up {
	struct leat_up_options options;
	struct leat_loop loop;
	struct leat_console console;
	struct leat_view view;
	struct leat_notify notify;
	struct leat_plan *plan;
	struct leat_up_servers servers;
	struct leat_up_links links;
	struct leat_demo demo;
	struct leat_source duration;
	bool time_over;
	bool had_terminal;
	bool hung_up;
};

/* ---- before anything is started ---- */

/* What the whole program does, until it ends. */
static void set_program(struct up *up)
{
	const struct leat_settings *settings = &up->plan->settings;
	const char *level = settings->value[LEAT_SET_LOG_LEVEL];
	bool quiet = leat_settings_flag(settings, LEAT_SET_QUIET);

	if (level)
		(void)leat_log_set_level(level);
	up->console.quiet = quiet;
	up->links.shared.quiet = quiet;
	up->servers.no_private =
		leat_settings_flag(settings, LEAT_SET_NO_PRIVATE);
	up->servers.wait = leat_settings_flag(settings, LEAT_SET_WAIT);
	up->servers.rate_hz = leat_settings_number(settings, LEAT_SET_RATE, 0);
	up->servers.period =
		leat_settings_number(settings, LEAT_SET_PERIOD, 256);
	up->servers.n_channels = leat_plan_channels(up->plan);
	leat_view_init(&up->view, &up->loop, &up->console,
		       leat_settings_ms(settings, LEAT_SET_INTERVAL, 0));
}

static int plan(struct up *up)
{
	struct leat_plan_why why;
	int status = 0;

	up->plan = leat_plan_make(&up->options, &up->console, &status, &why);
	if (!up->plan) {
		leat_notify_tell(&up->notify, "STATUS=%s", why.text);
		return status;
	}
	set_program(up);
	/* Without a file there is nothing to be read anew. */
	if (up->plan->path[0])
		up->loop.hung_up = &up->hung_up;
	return 0;
}

static int check(struct up *up)
{
	struct leat_error error;
	char dir[PATH_MAX];
	int res = leat_up_servers_find(&up->servers);

	if (res == 0 && up->options.demo)
		res = leat_demo_prepare(&up->demo, &up->loop, &up->console,
					up->options.demo);
	if (res == 0 && leat_runtime_dir(dir, sizeof(dir), true, &error) < 0) {
		leat_console_log(&up->console, "%s", error.text);
		res = LEAT_EXIT_FAILED;
	}
	return res;
}

/* ---- while it is up ---- */

/* A terminal that goes away takes with it what was started there. */
static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void tell(struct up *up)
{
	char text[LEAT_UP_LINKS_TEXT_BYTES];

	if (!leat_notify_wanted(&up->notify) ||
	    !leat_up_links_news(&up->links, text, sizeof(text)))
		return;
	if (leat_up_links_are_ready(&up->links))
		leat_notify_tell(&up->notify, "READY=1\nSTATUS=%s", text);
	else
		leat_notify_tell(&up->notify, "STATUS=%s", text);
}

static void reload(struct up *up)
{
	struct leat_plan_why why;
	struct leat_plan *new;
	int status;

	leat_notify_tell(&up->notify, "RELOADING=1\nMONOTONIC_USEC=%llu",
			 (unsigned long long)(leat_now_ns() / 1000));
	up->links.shown[0] = 0;
	new = leat_plan_make(&up->options, &up->console, &status, &why);
	if (!new) {
		leat_console_log(&up->console,
				 "what was in force before stays in force");
		return;
	}
	leat_plan_destroy(up->plan);
	up->plan = new;
	leat_up_links_plan(&up->links, up->plan);
}

static void on_hangup(struct up *up)
{
	up->hung_up = false;
	if (up->had_terminal && !has_terminal())
		up->loop.stopped = true;
	else
		reload(up);
}

/* Until something is to be looked at, and look at it. */
static void go_on(struct up *up)
{
	while (!up->links.news && !up->hung_up && !up->loop.stopped)
		leat_loop_step(&up->loop, -1);
	if (up->hung_up)
		on_hangup(up);
	if (!up->loop.stopped)
		leat_up_links_step(&up->links);
	tell(up);
}

/* Some links may have failed; it is in vain if all have. */
static int start_links(struct up *up)
{
	leat_up_links_plan(&up->links, up->plan);
	leat_up_links_step(&up->links);
	tell(up);
	while (!up->loop.stopped && !leat_up_links_are_settled(&up->links))
		go_on(up);
	if (up->loop.stopped)
		return STOPPED;
	return leat_up_links_failure(&up->links);
}

/* Nobody's own servers are played to unasked. */
static bool shows_demo(const struct up *up)
{
	return up->options.demo && leat_up_servers_are_private(&up->servers);
}

static int start_demo(struct up *up)
{
	struct leat_command *command = &up->demo.command;

	if (!shows_demo(up))
		return 0;
	leat_command_add(command, up->plan->link[0].name);
	leat_command_add_env(command, up->servers.jack.env);
	leat_private_pipewire_env(&up->servers.pipewire, command);
	return leat_demo_start(&up->demo);
}

static void on_time_over(void *user)
{
	struct up *up = user;

	up->time_over = true;
	up->loop.stopped = true;
}

static int start_duration(struct up *up)
{
	int res;

	if (up->options.duration_ms == 0)
		return 0;
	res = leat_timer_init(&up->duration, &up->loop, on_time_over, up);
	if (res < 0) {
		leat_console_log(&up->console, "cannot make a timer: %s",
				 leat_errno_text(res));
		return LEAT_EXIT_FAILED;
	}
	leat_timer_set(&up->duration, up->options.duration_ms, 0);
	return 0;
}

static int stay_up(struct up *up)
{
	while (!up->loop.stopped)
		go_on(up);
	leat_view_finish(&up->view);
	if (up->console.failed)
		return LEAT_EXIT_FAILED;
	if (up->time_over && shows_demo(up))
		return leat_demo_result(&up->demo);
	return STOPPED;
}

static int run(struct up *up)
{
	int (*const steps[])(struct up *) = {
		plan, check, start_links, start_demo, start_duration, stay_up,
	};
	int res = 0;

	for (size_t i = 0; res == 0 && i < sizeof(steps) / sizeof(steps[0]);
	     i++) {
		if (up->loop.stopped)
			res = STOPPED;
		else if (up->console.failed)
			res = LEAT_EXIT_FAILED;
		else
			res = steps[i](up);
	}
	return res == STOPPED ? 0 : res;
}

/* ---- the end ---- */

/* What was started last ends first: demo, sides, servers. */
static void end_all(struct up *up)
{
	leat_notify_tell(&up->notify, "STOPPING=1");
	leat_demo_finish(&up->demo);
	leat_view_finish(&up->view);
	leat_up_links_finish(&up->links, &up->loop);
	leat_up_servers_finish(&up->servers);
	leat_source_close(&up->duration);
	leat_notify_finish(&up->notify);
	leat_loop_finish(&up->loop);
	leat_plan_destroy(up->plan);
	leat_settings_clear(&up->options.settings);
}

static int init(struct up *up)
{
	int res;

	up->duration.fd = -1;
	up->had_terminal = has_terminal();
	leat_console_init(
		&up->console,
		leat_settings_flag(&up->options.settings, LEAT_SET_QUIET));
	leat_up_servers_init(&up->servers, &up->loop, &up->console);
	leat_view_init(&up->view, &up->loop, &up->console, 0);
	leat_up_links_init(&up->links, &up->servers, &up->view);
	up->notify.fd = -1;
	up->notify.watchdog.fd = -1;
	res = leat_loop_init(&up->loop);
	if (res == 0)
		res = leat_notify_init(&up->notify, &up->loop);
	up->links.shared.relay = leat_notify_wanted(&up->notify);
	return res;
}

int main(int argc, char **argv)
{
	struct up *up = calloc(1, sizeof(*up));
	int res;

	if (!up) {
		leat_log("%s", leat_errno_text(ENOMEM));
		return LEAT_EXIT_FAILED;
	}
	leat_up_options_parse(&up->options, argc, argv);
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	res = init(up);
	if (res < 0) {
		leat_console_log(&up->console, "cannot wait for events: %s",
				 leat_errno_text(res));
		res = LEAT_EXIT_FAILED;
	} else {
		res = run(up);
	}
	end_all(up);
	free(up);
	if (!leat_output_close() && res == 0)
		res = LEAT_EXIT_FAILED;
	return res;
}
