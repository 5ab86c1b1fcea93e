/* SPDX-License-Identifier: MIT */
#include "guarded.h"

#include "cli/now.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

static bool has_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

bool leat_guarded(void (*fn)(void *user), void *user, int timeout_ms)
{
	int64_t deadline_ms = leat_now_ms() + timeout_ms;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn(user);
		_exit(0);
	}
	if (pid < 0)
		return false;
	while (!has_ended(pid, &status)) {
		if (leat_now_ms() >= deadline_ms) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return false;
		}
		pause_ms(2);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
