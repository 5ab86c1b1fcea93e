/* SPDX-License-Identifier: MIT */
#include "attack.h"

#include "unit/helpers.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATE_MS 20000
/* The daemon may be slow to answer where the machine is, but not this slow. */
#define ANSWER_MS 2000
#define RTKIT_US 200000
#define RACERS_MAX 4

struct proc *attack_target(struct attack *attack)
{
	return attack->bridge.form == BRIDGE_MODULE
		       ? &attack->bridge.pipewire.proc
		       : &attack->bridge.pipewire_side;
}

const char *attack_log(const struct attack *attack)
{
	return attack->bridge.form == BRIDGE_MODULE ? "pipewire.log"
						    : "leat-pipewire.log";
}

static bool start_program(struct bridge *bridge)
{
	const char *const argv[] = { bridge_program("leat-pipewire"), "--mode",
				     "follow", HONEST_LINK, NULL };
	char path[128];
	struct proc_options options = {
		.log = sandbox_path(&bridge->sandbox, "leat-pipewire.log", path,
				    sizeof(path)),
		.merged = true,
	};

	return proc_start(&bridge->pipewire_side, argv, &options) == 0;
}

/* As rtkit has it for whoever asks it for realtime priority. */
static bool limit_target(struct attack *attack)
{
	const struct rlimit limit = { RTKIT_US, RTKIT_US };

	return prlimit(attack_target(attack)->pid, RLIMIT_RTTIME, &limit,
		       NULL) == 0;
}

bool attack_begin(struct attack *attack)
{
	struct bridge *bridge = &attack->bridge;

	if (bridge->form == BRIDGE_MODULE)
		bridge->pipewire.modules =
			"{ name = libpipewire-module-leat args = { "
			"link.name = " HONEST_LINK " leat.mode = follow } }";
	attack->up = pipewire_server_start(&bridge->pipewire,
					   &bridge->sandbox) == 0 &&
		     (bridge->form == BRIDGE_MODULE || start_program(bridge)) &&
		     foe_listen(&attack->foe);
	return attack->up;
}

bool attack_is_realtime(struct attack *attack)
{
	char path[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task",
		 (int)attack_target(attack)->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int tid = atoi(entry->d_name);

		found = found || (tid > 0 && (sched_getscheduler(tid) &
					      ~SCHED_RESET_ON_FORK) != 0);
	}
	if (dir)
		closedir(dir);
	return found;
}

bool attack_answers(struct attack *attack)
{
	static const char *const argv[] = { "pw-cli", "info", "0", NULL };
	static char text[65536];
	int res = proc_run(argv, NULL, text, sizeof(text), ANSWER_MS);

	if (res != 0)
		fprintf(stderr, "pw-cli: %d\n%s\n", res, text);
	return res == 0 && proc_is_running(attack_target(attack));
}

static bool has_node(void *arg)
{
	return helper_tell(arg, "link leat." HONEST_LINK ".source:capture_FL "
				"listener:recv_1") == 0;
}

/* A library sets the limit as it begins: ours comes when it has a link. */
bool attack_link(struct attack *attack)
{
	return foe_host(&attack->foe) && limit_target(attack) &&
	       sig_pw_start(&attack->listener, &attack->bridge.sandbox,
			    "listener", "--recv", NULL) == 0 &&
	       wait_for(has_node, &attack->listener, STATE_MS);
}

void attack_leave(struct attack *attack)
{
	foe_leave(&attack->foe);
	helper_stop(&attack->listener);
}

bool attack_race(struct attack *attack,
		 void (*go)(struct attack *attack, long long end_ms), int n,
		 int time_ms)
{
	long long end_ms = now_ms() + time_ms;
	pid_t pids[RACERS_MAX];
	bool answers = true;

	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			go(attack, end_ms);
			_exit(0);
		}
	}
	while (now_ms() < end_ms)
		answers = attack_answers(attack) && answers;
	for (int i = 0; i < n; i++)
		answers = unit_wait_child(pids[i]) == 0 && answers;
	return attack_answers(attack) && answers;
}

void attack_raise(struct attack *attack)
{
	(void)send(attack->foe.peer_fds[2], "x", 1,
		   MSG_DONTWAIT | MSG_NOSIGNAL);
}
