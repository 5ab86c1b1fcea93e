/* SPDX-License-Identifier: MIT */
#include "lab.h"

#include "cli/log.h"
#include "tools/common/find.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READY_TIMEOUT_MS 10000
#define END_TIMEOUT_MS 3000

/* JACK's ports of one channel each way. */
#define N_CHANNELS 2

#define STOPPED (-1)

/* ---- commands ---- */

const char *xrun_lab_server(const struct xrun_lab *lab)
{
	return lab->options->server ? lab->options->server
				    : lab->private_jack.name;
}

/* What a side says when all goes well is nothing new in an experiment. */
static void be_quiet(struct leat_command *command)
{
	if (!getenv(LEAT_LOG_LEVEL_VARIABLE))
		leat_command_add_env(command,
				     LEAT_LOG_LEVEL_VARIABLE "=warning");
}

static void jack_command(struct xrun_lab *lab, struct leat_command *command,
			 const char *option)
{
	leat_command_init(command, lab->jack_path, "leat-jack");
	be_quiet(command);
	leat_command_add(command, "--server");
	leat_command_add(command, xrun_lab_server(lab));
	leat_command_add(command, "--channels");
	leat_command_add(command, "1");
	if (lab->options->sync_wait) {
		leat_command_add(command, "--sync-wait");
		leat_command_add(command, lab->options->sync_wait);
	}
	leat_command_add(command, option);
}

static void pipewire_command(struct xrun_lab *lab, struct leat_command *command,
			     const char *option)
{
	leat_command_init(command, lab->pipewire_path, "leat-pipewire");
	be_quiet(command);
	if (lab->options->remote) {
		leat_command_add(command, "--remote");
		leat_command_add(command, lab->options->remote);
	} else {
		leat_private_pipewire_env(&lab->private_pipewire, command);
	}
	if (lab->options->mode) {
		leat_command_add(command, "--mode");
		leat_command_add(command, lab->options->mode);
	}
	leat_command_add(command, option);
}

/* ---- the servers ---- */

static int find_programs(struct xrun_lab *lab)
{
	const char *missing = NULL;

	if (!leat_find_program("leat-jack", lab->jack_path, PATH_MAX))
		missing = "leat-jack";
	else if (!leat_find_program("leat-pipewire", lab->pipewire_path,
				    PATH_MAX))
		missing = "leat-pipewire";
	if (!missing)
		return 0;
	leat_console_log(lab->console,
			 "%s is not installed: install leat with it, or set "
			 "LEAT_PATH to the folder it is in",
			 missing);
	return 1;
}

/* A server that was named has to be there. */
static int judge(struct xrun_lab *lab, const struct leat_probe *probe)
{
	if (probe->outcome == LEAT_PROBE_FOUND)
		return 0;
	if (probe->outcome == LEAT_PROBE_STOPPED)
		return STOPPED;
	leat_console_log(lab->console, "%s", probe->text);
	return 1;
}

static int take_jack(struct xrun_lab *lab)
{
	struct leat_command command;

	jack_command(lab, &command, "--probe");
	leat_command_add(&command, lab->link);
	leat_probe(&lab->jack_probe, lab->loop, &command);
	return judge(lab, &lab->jack_probe);
}

static int start_jack(struct xrun_lab *lab)
{
	struct leat_private_jack *jack = &lab->private_jack;
	struct leat_command command;

	if (leat_private_jack_find(jack, lab->console) != 0 ||
	    leat_private_jack_start(jack, lab->loop, lab->console,
				    lab->options->rate_hz, lab->options->period,
				    N_CHANNELS) != 0)
		return 1;
	jack_command(lab, &command, "--probe");
	leat_command_add(&command, lab->link);
	return leat_probe_await(&lab->jack_probe, &jack->service, &command);
}

static int take_pipewire(struct xrun_lab *lab)
{
	struct leat_command command;

	pipewire_command(lab, &command, "--probe");
	leat_command_add(&command, lab->link);
	leat_probe(&lab->pipewire_probe, lab->loop, &command);
	return judge(lab, &lab->pipewire_probe);
}

/* Our own client finds it as the bridge does, by the environment. */
static void use_private_pipewire(const struct xrun_lab *lab)
{
	setenv("PIPEWIRE_RUNTIME_DIR", lab->private_pipewire.dir.path, 1);
	unsetenv("PIPEWIRE_REMOTE");
}

static int start_pipewire(struct xrun_lab *lab)
{
	struct leat_private_pipewire *pipewire = &lab->private_pipewire;
	struct leat_command command;

	if (leat_private_pipewire_find(pipewire, lab->console) != 0 ||
	    leat_private_pipewire_start(pipewire, lab->loop, lab->console,
					lab->jack_probe.rate_hz,
					lab->jack_probe.period) != 0)
		return 1;
	use_private_pipewire(lab);
	pipewire_command(lab, &command, "--probe");
	leat_command_add(&command, lab->link);
	return leat_probe_await(&lab->pipewire_probe, &pipewire->service,
				&command);
}

int xrun_lab_start(struct xrun_lab *lab, const struct xrun_options *options,
		   struct leat_loop *loop, struct leat_console *console)
{
	struct leat_error error;
	char dir[PATH_MAX];
	int res;

	lab->options = options;
	lab->loop = loop;
	lab->console = console;
	snprintf(lab->link, sizeof(lab->link), "xrun-%d", (int)getpid());
	if (leat_runtime_dir(dir, sizeof(dir), true, &error) < 0) {
		leat_console_log(console, "%s", error.text);
		return 1;
	}
	res = find_programs(lab);
	if (res == 0)
		res = options->server ? take_jack(lab) : start_jack(lab);
	if (res == 0)
		res = options->remote ? take_pipewire(lab)
				      : start_pipewire(lab);
	return res;
}

/* ---- the bridge ---- */

static int report_side(struct xrun_lab *lab, const struct leat_service *side)
{
	char how[64];

	if (lab->loop->stopped)
		return STOPPED;
	snprintf(how, sizeof(how), "did not get up within %d s",
		 READY_TIMEOUT_MS / 1000);
	if (side->ended)
		leat_child_how(&side->child, how, sizeof(how));
	leat_console_log(lab->console, "%s %s: there is no bridge", side->name,
			 how);
	return 1;
}

/* A service may be started again, after it was finished. */
static int start_side(struct xrun_lab *lab, struct leat_service *side)
{
	side->has_ready_fd = true;
	if (leat_service_start(side) < 0)
		return 1;
	leat_loop_until(lab->loop, &side->settled,
			leat_now_ms() + READY_TIMEOUT_MS);
	return side->up ? 0 : report_side(lab, side);
}

static int prepare(struct xrun_lab *lab, struct leat_service *service,
		   const char *name)
{
	memset(service, 0, sizeof(*service));
	return leat_service_init(service, name, lab->loop, lab->console) < 0;
}

int xrun_lab_start_leat(struct xrun_lab *lab)
{
	int res = prepare(lab, &lab->jack_side, "leat-jack");

	if (res == 0)
		res = prepare(lab, &lab->pipewire_side, "leat-pipewire");
	if (res != 0)
		return res;
	jack_command(lab, &lab->jack_side.command, "--ready-fd");
	leat_command_add(&lab->jack_side.command, "3");
	leat_command_add(&lab->jack_side.command, lab->link);
	pipewire_command(lab, &lab->pipewire_side.command, "--ready-fd");
	leat_command_add(&lab->pipewire_side.command, "3");
	leat_command_add(&lab->pipewire_side.command, lab->link);
	res = start_side(lab, &lab->jack_side);
	return res == 0 ? start_side(lab, &lab->pipewire_side) : res;
}

int xrun_lab_start_other(struct xrun_lab *lab, const char *text)
{
	struct leat_command *command = &lab->other.command;

	if (prepare(lab, &lab->other, "the other bridge") != 0)
		return 1;
	lab->other.keep_output = true;
	leat_command_init(command, "/bin/sh", "sh");
	leat_command_add(command, "-c");
	leat_command_add(command, text);
	leat_command_add_env(command, lab->private_jack.env);
	leat_private_pipewire_env(&lab->private_pipewire, command);
	return leat_service_start(&lab->other) < 0 ? 1 : 0;
}

/* ---- the end ---- */

static bool all_ended(struct leat_service *const *services, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!services[i]->ended)
			return false;
	return true;
}

static void signal_group(struct leat_service *service, int signal)
{
	/* A shell's children are in its process group. */
	if (leat_child_alive(&service->child))
		kill(-service->child.pid, signal);
	leat_service_stop(service, signal);
}

static void end_all(struct xrun_lab *lab, struct leat_service *const *services,
		    unsigned n)
{
	const int signals[] = { SIGTERM, SIGKILL };

	for (int s = 0; s < 2 && !all_ended(services, n); s++) {
		int64_t deadline_ms = leat_now_ms() + END_TIMEOUT_MS;

		for (unsigned i = 0; i < n; i++)
			if (!services[i]->ended)
				signal_group(services[i], signals[s]);
		while (!all_ended(services, n) && leat_left_ms(deadline_ms) > 0)
			leat_loop_step(lab->loop, leat_left_ms(deadline_ms));
	}
	for (unsigned i = 0; i < n; i++)
		leat_service_finish(services[i]);
}

void xrun_lab_stop_bridge(struct xrun_lab *lab)
{
	struct leat_service *const services[] = { &lab->pipewire_side,
						  &lab->jack_side,
						  &lab->other };

	end_all(lab, services, 3);
	for (int i = 0; i < 3; i++) {
		memset(services[i], 0, sizeof(*services[i]));
		services[i]->ended = true;
	}
}

void xrun_lab_init(struct xrun_lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	lab->jack_side.ended = true;
	lab->pipewire_side.ended = true;
	lab->other.ended = true;
	lab->private_jack.service.ended = true;
	lab->private_pipewire.service.ended = true;
}

void xrun_lab_finish(struct xrun_lab *lab)
{
	struct leat_service *const servers[] = { &lab->private_pipewire.service,
						 &lab->private_jack.service };

	if (!lab->loop)
		return;
	xrun_lab_stop_bridge(lab);
	end_all(lab, servers, 2);
	leat_private_pipewire_clean(&lab->private_pipewire);
	leat_private_jack_clean(&lab->private_jack);
}

/* ---- about it ---- */

static bool has_ended(const struct leat_service *service)
{
	return service->name && service->loop && service->ended &&
	       !service->stopping;
}

const struct leat_service *xrun_lab_ended(const struct xrun_lab *lab)
{
	const struct leat_service *const services[] = {
		&lab->private_jack.service, &lab->private_pipewire.service,
		&lab->jack_side, &lab->pipewire_side, &lab->other
	};

	for (int i = 0; i < 5; i++)
		if (has_ended(services[i]))
			return services[i];
	return NULL;
}

unsigned xrun_lab_pids(const struct xrun_lab *lab,
		       pid_t pids[XRUN_LAB_PIDS_MAX])
{
	const struct leat_service *const services[XRUN_LAB_PIDS_MAX] = {
		&lab->private_jack.service, &lab->private_pipewire.service,
		&lab->jack_side, &lab->pipewire_side, &lab->other
	};
	unsigned n = 0;

	for (int i = 0; i < XRUN_LAB_PIDS_MAX; i++)
		if (leat_child_alive(&services[i]->child))
			pids[n++] = services[i]->child.pid;
	return n;
}
