/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

int leat_live_realtime(void)
{
	const struct sched_param param = { .sched_priority = 1 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
			_exit(errno);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}
