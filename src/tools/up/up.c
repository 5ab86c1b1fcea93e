/* SPDX-License-Identifier: MIT */
/* leat-up: find or start both servers, bridge them, look after it all. */
#include "demo.h"
#include "live.h"
#include "up_options.h"

#include "cli/options.h"
#include "cli/rate.h"
#include "tools/common/console.h"
#include "tools/common/find.h"
#include "tools/common/output.h"
#include "tools/servers/private_jack.h"
#include "tools/servers/private_pipewire.h"
#include "tools/servers/probe.h"

#include <leat/link.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define READY_TIMEOUT_MS 10000
#define DEFAULT_RATE_HZ 48000

/* From being asked to end, and from being killed. */
#define END_TIMEOUT_MS 3000
#define KILL_TIMEOUT_MS 3000

/* The steps of run() give 0, an exit status, or this: asked to end. */
#define STOPPED (-1)

struct up {
	struct leat_up_options options;
	struct leat_loop loop;
	struct leat_console console;
	struct leat_live live;
	struct leat_demo demo;
	struct leat_source duration;
	bool time_over;

	char jack_path[PATH_MAX], pipewire_path[PATH_MAX];
	struct leat_probe jack_probe, pipewire_probe;
	struct leat_private_jack private_jack;
	struct leat_private_pipewire private_pipewire;
	struct leat_service jack_side, pipewire_side;
};

/* ---- commands ---- */

static bool private_jack(const struct up *up)
{
	return up->private_jack.name[0] != 0;
}

static bool private_pipewire(const struct up *up)
{
	return up->private_pipewire.dir.path[0] != 0;
}

static void add_passed(struct leat_command *command,
		       const struct leat_up_passed *passed)
{
	for (unsigned i = 0; i < passed->n_args; i++)
		leat_command_add(command, passed->arg[i]);
}

static void jack_command(struct up *up, struct leat_command *command)
{
	leat_command_init(command, up->jack_path, "leat-jack");
	add_passed(command, &up->options.to_jack_side);
	if (private_jack(up)) {
		leat_command_add(command, "--server");
		leat_command_add(command, up->private_jack.name);
	}
}

static void pipewire_command(struct up *up, struct leat_command *command)
{
	leat_command_init(command, up->pipewire_path, "leat-pipewire");
	add_passed(command, &up->options.to_pipewire_side);
	if (private_pipewire(up))
		leat_private_pipewire_env(&up->private_pipewire, command);
}

static void finish_command(struct up *up, struct leat_command *command,
			   const char *option)
{
	leat_command_add(command, option);
	if (strcmp(option, "--ready-fd") == 0)
		leat_command_add(command, "3");
	leat_command_add(command, up->options.link);
}

/* ---- checks before anything is started ---- */

static int find_program(struct up *up, const char *name, char *path)
{
	if (leat_find_program(name, path, PATH_MAX))
		return 0;
	leat_console_log(&up->console,
			 "%s is not installed: install leat with it, or set "
			 "LEAT_PATH to the folder it is in",
			 name);
	return LEAT_EXIT_FAILED;
}

static int check_link(struct up *up)
{
	struct leat_link_status status;
	struct leat_error error;
	char dir[PATH_MAX];

	if (leat_runtime_dir(dir, sizeof(dir), true, &error) < 0) {
		leat_console_log(&up->console, "%s", error.text);
		return LEAT_EXIT_FAILED;
	}
	if (leat_status_query(up->options.link, &status) != 0)
		return 0;
	leat_console_log(&up->console,
			 "the link '%s' is bridged already (process %d): stop "
			 "that one or choose another link name",
			 up->options.link, (int)status.jack.pid);
	return LEAT_EXIT_FAILED;
}

static int check(struct up *up)
{
	int res = find_program(up, "leat-jack", up->jack_path);

	if (res == 0)
		res = find_program(up, "leat-pipewire", up->pipewire_path);
	if (res == 0 && up->options.demo)
		res = leat_demo_prepare(&up->demo, &up->loop, &up->console,
					up->options.demo);
	return res == 0 ? check_link(up) : res;
}

/* ---- the servers ---- */

/* Before another server is started for its sake. */
static int judge_rate(struct up *up, const struct leat_probe *probe)
{
	const char *kind = probe == &up->jack_probe ? "JACK server"
						    : "PipeWire daemon";
	struct leat_error error;

	if (leat_rate_check(kind, probe->server, probe->rate_hz, &error) == 0)
		return 0;
	leat_console_log(&up->console, "%s", error.text);
	return LEAT_EXIT_FAILED;
}

/* Whether a server was found, or may be started: as the steps of run(). */
static int judge(struct up *up, const struct leat_probe *probe, bool named)
{
	switch (probe->outcome) {
	case LEAT_PROBE_FOUND:
		return judge_rate(up, probe);
	case LEAT_PROBE_STOPPED:
		return STOPPED;
	case LEAT_PROBE_MISSING:
		if (!named && !up->options.no_private)
			return 0;
		break;
	case LEAT_PROBE_USAGE:
	case LEAT_PROBE_FAILED:
		break;
	}
	leat_console_log(&up->console, "%s%s", probe->text,
			 probe->outcome == LEAT_PROBE_MISSING && !named
				 ? "; without --no-private one would be started"
				 : "");
	return probe->outcome == LEAT_PROBE_USAGE ? LEAT_EXIT_USAGE
						  : LEAT_EXIT_FAILED;
}

static int probe_both(struct up *up)
{
	struct leat_command command;
	int res;

	jack_command(up, &command);
	finish_command(up, &command, "--probe");
	leat_probe(&up->jack_probe, &up->loop, &command);
	res = judge(up, &up->jack_probe, up->options.server);
	if (res != 0)
		return res;
	pipewire_command(up, &command);
	finish_command(up, &command, "--probe");
	leat_probe(&up->pipewire_probe, &up->loop, &command);
	return judge(up, &up->pipewire_probe, up->options.remote);
}

/* What private servers need, before either is started. */
static int find_servers(struct up *up)
{
	int res = 0;

	if (up->jack_probe.outcome == LEAT_PROBE_MISSING)
		res = leat_private_jack_find(&up->private_jack, &up->console);
	if (res == 0 && up->pipewire_probe.outcome == LEAT_PROBE_MISSING)
		res = leat_private_pipewire_find(&up->private_pipewire,
						 &up->console);
	return res;
}

static uint32_t private_rate(const struct up *up)
{
	if (up->options.rate_hz > 0)
		return up->options.rate_hz;
	if (up->pipewire_probe.outcome == LEAT_PROBE_FOUND)
		return up->pipewire_probe.rate_hz;
	return DEFAULT_RATE_HZ;
}

static int start_private_jack(struct up *up)
{
	struct leat_private_jack *jack = &up->private_jack;
	struct leat_command command;
	uint32_t rate_hz = private_rate(up);
	int res;

	if (up->jack_probe.outcome == LEAT_PROBE_FOUND)
		return 0;
	leat_console_say(&up->console,
			 "No JACK server runs: starting a private one (%u Hz, "
			 "period %u).",
			 rate_hz, up->options.period);
	res = leat_private_jack_start(
		jack, &up->loop, &up->console, rate_hz, up->options.period,
		up->options.n_to_pipewire + up->options.n_to_jack);
	if (res != 0)
		return res;
	jack_command(up, &command);
	finish_command(up, &command, "--probe");
	res = leat_probe_await(&up->jack_probe, &jack->service, &command);
	if (res != 0)
		return res;
	leat_service_watch(&jack->service);
	leat_console_say(&up->console, "  Others reach it with %s", jack->env);
	return 0;
}

static int start_private_pipewire(struct up *up)
{
	struct leat_private_pipewire *pipewire = &up->private_pipewire;
	struct leat_command command;
	int res;

	if (up->pipewire_probe.outcome == LEAT_PROBE_FOUND)
		return 0;
	leat_console_say(&up->console,
			 "No PipeWire daemon runs: starting a private one "
			 "(%u Hz).",
			 up->jack_probe.rate_hz);
	res = leat_private_pipewire_start(pipewire, &up->loop, &up->console,
					  up->jack_probe.rate_hz,
					  up->jack_probe.period);
	if (res != 0)
		return res;
	pipewire_command(up, &command);
	finish_command(up, &command, "--probe");
	res = leat_probe_await(&up->pipewire_probe, &pipewire->service,
			       &command);
	if (res != 0)
		return res;
	leat_service_watch(&pipewire->service);
	leat_console_say(&up->console, "  Others reach it with %s",
			 pipewire->runtime);
	return 0;
}

/* ---- the sides ---- */

/* Why a side did not get up. It has said so itself if it could. */
static int report_side(struct up *up, struct leat_service *side)
{
	const struct leat_child *child = &side->child;
	char how[64];

	if (side->ended && !child->killed &&
	    (child->status == LEAT_EXIT_FAILED ||
	     child->status == LEAT_EXIT_USAGE))
		return child->status;
	if (side->ended && !child->killed &&
	    child->status == LEAT_CHILD_NOT_RUN)
		return LEAT_EXIT_FAILED;
	snprintf(how, sizeof(how), "did not get up within %d s",
		 READY_TIMEOUT_MS / 1000);
	if (side->ended)
		leat_child_how(child, how, sizeof(how));
	leat_console_log(&up->console, "%s %s: the link '%s' is not bridged",
			 side->name, how, up->options.link);
	return LEAT_EXIT_FAILED;
}

static int start_side(struct up *up, struct leat_service *side,
		      const char *name)
{
	side->has_ready_fd = true;
	if (leat_service_init(side, name, &up->loop, &up->console) < 0 ||
	    leat_service_start(side) < 0)
		return LEAT_EXIT_FAILED;
	leat_loop_until(&up->loop, &side->settled,
			leat_now_ms() + READY_TIMEOUT_MS);
	if (!side->up)
		return up->loop.stopped ? STOPPED : report_side(up, side);
	/* Its server may be away when it is started again. */
	leat_command_add(&side->command, "--wait");
	leat_service_watch(side);
	return 0;
}

static int start_sides(struct up *up)
{
	int res;

	jack_command(up, &up->jack_side.command);
	finish_command(up, &up->jack_side.command, "--ready-fd");
	res = start_side(up, &up->jack_side, "leat-jack");
	if (res != 0)
		return res;
	pipewire_command(up, &up->pipewire_side.command);
	finish_command(up, &up->pipewire_side.command, "--ready-fd");
	res = start_side(up, &up->pipewire_side, "leat-pipewire");
	if (res != 0)
		return res;
	leat_console_say(&up->console,
			 "The link '%s' bridges JACK (%s) and PipeWire (%s). "
			 "Ctrl-C ends it.",
			 up->options.link, up->jack_probe.server,
			 up->pipewire_probe.server);
	return 0;
}

/* ---- while it is up ---- */

/* Nobody's own servers are played to unasked. */
static bool shows_demo(const struct up *up)
{
	return up->options.demo && private_jack(up) && private_pipewire(up);
}

static int start_demo(struct up *up)
{
	struct leat_command *command = &up->demo.command;

	if (!shows_demo(up))
		return 0;
	leat_command_add(command, up->options.link);
	leat_command_add_env(command, up->private_jack.env);
	leat_private_pipewire_env(&up->private_pipewire, command);
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
	int res = leat_timer_init(&up->duration, &up->loop, on_time_over, up);

	if (res == 0)
		leat_timer_set(&up->duration, up->options.duration_ms, 0);
	return res;
}

static int stay_up(struct up *up)
{
	static const bool never = false;
	int res = 0;

	if (up->options.duration_ms > 0)
		res = start_duration(up);
	if (res == 0 && !up->options.quiet)
		res = leat_live_start(&up->live, up->options.link, &up->loop,
				      &up->console, up->options.interval_ms);
	if (res < 0) {
		leat_console_log(&up->console, "cannot make a timer: %s",
				 leat_errno_text(res));
		return LEAT_EXIT_FAILED;
	}
	leat_loop_until(&up->loop, &never, LEAT_NO_DEADLINE);
	leat_live_finish(&up->live);
	if (up->console.failed)
		return LEAT_EXIT_FAILED;
	if (up->time_over && shows_demo(up))
		return leat_demo_result(&up->demo);
	return STOPPED;
}

static int run(struct up *up)
{
	int (*const steps[])(struct up *) = {
		check,
		probe_both,
		find_servers,
		start_private_jack,
		start_private_pipewire,
		start_sides,
		start_demo,
		stay_up,
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

static bool wait_for_end(struct up *up, struct leat_service *const services[2],
			 int64_t deadline_ms)
{
	while (!services[0]->ended || !services[1]->ended) {
		int left_ms = leat_left_ms(deadline_ms);

		if (left_ms == 0)
			return false;
		leat_loop_step(&up->loop, left_ms);
	}
	return true;
}

static void end_two(struct up *up, struct leat_service *a,
		    struct leat_service *b)
{
	struct leat_service *const services[2] = { a, b };

	for (int i = 0; i < 2; i++)
		leat_service_stop(services[i], SIGTERM);
	if (wait_for_end(up, services, leat_now_ms() + END_TIMEOUT_MS))
		return;
	for (int i = 0; i < 2; i++) {
		if (!services[i]->ended)
			leat_console_log(&up->console,
					 "%s does not end: killing it",
					 services[i]->name);
		leat_service_stop(services[i], SIGKILL);
	}
	wait_for_end(up, services, leat_now_ms() + KILL_TIMEOUT_MS);
}

/* What was started last ends first: demo, sides, servers. */
static void end_all(struct up *up)
{
	leat_demo_finish(&up->demo);
	end_two(up, &up->pipewire_side, &up->jack_side);
	end_two(up, &up->private_pipewire.service, &up->private_jack.service);
	leat_service_finish(&up->pipewire_side);
	leat_service_finish(&up->jack_side);
	leat_service_finish(&up->private_pipewire.service);
	leat_service_finish(&up->private_jack.service);
	leat_source_close(&up->duration);
	leat_private_pipewire_clean(&up->private_pipewire);
	leat_private_jack_clean(&up->private_jack);
	leat_loop_finish(&up->loop);
}

/* Before anything is started there is nothing to end. */
static void init(struct up *up)
{
	up->jack_side.ended = true;
	up->pipewire_side.ended = true;
	up->private_jack.service.ended = true;
	up->private_pipewire.service.ended = true;
	up->duration.fd = -1;
	leat_console_init(&up->console, up->options.quiet);
}

int main(int argc, char **argv)
{
	struct up up = { 0 };
	int res;

	leat_up_options_parse(&up.options, argc, argv);
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	init(&up);
	res = leat_loop_init(&up.loop);
	if (res < 0) {
		leat_console_log(&up.console, "cannot wait for events: %s",
				 leat_errno_text(res));
		return LEAT_EXIT_FAILED;
	}
	res = run(&up);
	end_all(&up);
	if (!leat_output_close() && res == 0)
		res = LEAT_EXIT_FAILED;
	return res;
}
