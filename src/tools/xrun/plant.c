/* SPDX-License-Identifier: MIT */
#include "plant.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void set_plant(struct xrun_experiment *e,
		      const struct xrun_plant_option *plant)
{
	struct xrun_recorder *recorder = NULL;

	if (plant->place == XRUN_PLANT_JACK)
		recorder = e->watch.jack;
	if (plant->place == XRUN_PLANT_PIPEWIRE)
		recorder = e->watch.pipewire;
	if (!recorder)
		return;
	atomic_store(&recorder->plant_us, plant->delay_us);
	atomic_store(&recorder->plant_every_ms, plant->every_ms);
}

static void unset_plant(struct xrun_experiment *e)
{
	atomic_store(&e->watch.jack->plant_every_ms, 0);
	atomic_store(&e->watch.pipewire->plant_every_ms, 0);
}

static void on_stopper_end(void *user)
{
	struct xrun_experiment *e = user;

	e->stopper_ended = true;
}

#define STOPPED_PIDS_MAX (XRUN_LAB_PIDS_MAX + 2)

/* All servers, the bridge, the witness, and ourselves. */
static int start_stopper(struct xrun_experiment *e)
{
	const struct leat_child_fds fds = { -1, -1, -1 };
	char numbers[STOPPED_PIDS_MAX + 2][16];
	pid_t pids[STOPPED_PIDS_MAX];
	struct leat_command command;
	unsigned n = xrun_lab_pids(&e->lab, pids);

	if (e->witness)
		pids[n++] = e->witness->pid;
	pids[n++] = getpid();
	leat_command_init(&command, e->load.own_path, "leat-xrun");
	leat_command_add(&command, "--worker");
	leat_command_add(&command, "stopper");
	snprintf(numbers[0], 16, "%u", e->options->plant.delay_us);
	snprintf(numbers[1], 16, "%u", e->options->plant.every_ms);
	for (unsigned i = 0; i < n; i++)
		snprintf(numbers[i + 2], 16, "%d", (int)pids[i]);
	for (unsigned i = 0; i < n + 2; i++)
		leat_command_add(&command, numbers[i]);
	e->stopper_ended = false;
	return leat_child_start(&e->stopper, e->loop, &command, &fds,
				on_stopper_end, e);
}

static void stop_stopper(struct xrun_experiment *e)
{
	pid_t pids[XRUN_LAB_PIDS_MAX];
	unsigned n = xrun_lab_pids(&e->lab, pids);

	if (!leat_child_alive(&e->stopper))
		return;
	leat_child_signal(&e->stopper, SIGKILL);
	while (!e->stopper_ended)
		leat_loop_step(e->loop, 100);
	/* It may have died between the two. */
	for (unsigned i = 0; i < n; i++)
		kill(pids[i], SIGCONT);
	if (e->witness)
		kill(e->witness->pid, SIGCONT);
}

int xrun_plant_start(struct xrun_experiment *e)
{
	set_plant(e, &e->options->plant);
	if (e->options->plant.place != XRUN_PLANT_MACHINE)
		return 0;
	if (start_stopper(e) == 0)
		return 0;
	leat_console_log(e->console, "cannot start who is to stop everything");
	return 1;
}

void xrun_plant_stop(struct xrun_experiment *e)
{
	unset_plant(e);
	stop_stopper(e);
}
