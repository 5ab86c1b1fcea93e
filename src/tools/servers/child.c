/* SPDX-License-Identifier: MIT */
#include "child.h"

#include "cli/log.h"

#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where descriptors of a child wait until their places are free. */
#define FIRST_SPARE_FD 10

void leat_command_init(struct leat_command *command, const char *path,
		       const char *name)
{
	command->path = path;
	command->n_args = 0;
	command->n_env = 0;
	leat_command_add(command, name);
}

bool leat_command_add(struct leat_command *command, const char *arg)
{
	if (command->n_args == LEAT_ARGS_MAX)
		return false;
	command->argv[command->n_args++] = arg;
	command->argv[command->n_args] = NULL;
	return true;
}

bool leat_command_add_env(struct leat_command *command, const char *env)
{
	if (command->n_env == LEAT_ENV_MAX)
		return false;
	command->env[command->n_env++] = env;
	return true;
}

/* ---- between fork and exec ---- */

static void give_up(const char *what, const struct leat_child_fds *fds)
{
	int error = errno;

	/* Where what the program says is heard. */
	if (fds->err_fd >= 0)
		(void)dup2(fds->err_fd, STDERR_FILENO);
	errno = error;
	leat_log("cannot run %s: %s", what, leat_errno_text(errno));
	_exit(LEAT_CHILD_NOT_RUN);
}

static int spare(int fd)
{
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);

	/* As fcntl(2) has it where there is no such number. */
	if (copy < 0 && errno == EINVAL)
		errno = EMFILE;
	return copy;
}

/* dup2(2) has these two for races that are over the next time. */
static int place(int fd, int wanted)
{
	int res;

	do
		res = dup2(fd, wanted);
	while (res < 0 && (errno == EINTR || errno == EBUSY));
	return res;
}

/* All are moved out of the way first, then into place. */
static void place_fds(const struct leat_child_fds *fds, const char *path)
{
	int wanted[4] = { open("/dev/null", O_RDWR | O_CLOEXEC), fds->out_fd,
			  fds->err_fd, fds->third_fd };

	for (int i = 0; i < 4; i++) {
		int fd = wanted[i];

		wanted[i] = spare(fd);
		if (fd >= 0 && wanted[i] < 0)
			give_up(path, fds);
	}
	for (int i = 0; i < 4; i++)
		if (wanted[i] >= 0 && place(wanted[i], i) < 0)
			give_up(path, fds);
}

/* No other thread is there, so the environment may be changed after fork. */
static bool change_env(const struct leat_command *command)
{
	for (unsigned i = 0; i < command->n_env; i++) {
		const char *change = command->env[i];
		const char *equals = strchr(change, '=');
		char name[64];

		if (!equals) {
			unsetenv(change);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(equals - change),
			 change);
		if (setenv(name, equals + 1, 1) < 0)
			return false;
	}
	return true;
}

/*
 * Ignored signals would stay ignored in the child. SIGPIPE is to: a pipe to a
 * parent that was killed must not kill before SIGTERM is heard.
 */
static void default_signals(void)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t none;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run(const struct leat_command *command,
		const struct leat_child_fds *fds, pid_t parent)
{
	union {
		const char *const *in;
		char *const *out;
	} argv = { .in = command->argv };

	setpgid(0, 0);
	place_fds(fds, command->path);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		give_up(command->path, fds);
	/* It may have died before that was set. */
	if (getppid() != parent)
		_exit(LEAT_CHILD_NOT_RUN);
	if (!change_env(command))
		give_up(command->path, fds);
	default_signals();
	execv(command->path, argv.out);
	give_up(command->path, fds);
}

/* ---- in the parent ---- */

static void reap(struct leat_child *child)
{
	siginfo_t info = { 0 };
	int res;

	do
		res = waitid(P_PID, (id_t)child->pid, &info, WEXITED);
	while (res < 0 && errno == EINTR);
	if (res < 0)
		info.si_code = CLD_EXITED;
	child->killed = info.si_code != CLD_EXITED;
	child->status = info.si_status;
	child->pid = 0;
}

static void on_end(void *user)
{
	struct leat_child *child = user;

	reap(child);
	leat_source_close(&child->source);
	child->ended(child->user);
}

/* The pid is not reaped yet, so it cannot be somebody else's. */
static int watch(struct leat_child *child, struct leat_loop *loop)
{
	int res;

	child->source.fd = pidfd_open(child->pid, 0);
	res = child->source.fd < 0 ? -errno
				   : leat_loop_add(loop, &child->source);
	if (res == 0)
		return 0;
	leat_source_close(&child->source);
	kill(child->pid, SIGKILL);
	reap(child);
	return res;
}

int leat_child_start(struct leat_child *child, struct leat_loop *loop,
		     const struct leat_command *command,
		     const struct leat_child_fds *fds,
		     void (*ended)(void *user), void *user)
{
	pid_t parent = getpid();

	memset(child, 0, sizeof(*child));
	child->source = (struct leat_source){ -1, on_end, child, NULL };
	child->ended = ended;
	child->user = user;
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0)
		run(command, fds, parent);
	if (child->pid < 0) {
		child->pid = 0;
		return -errno;
	}
	return watch(child, loop);
}

void leat_child_signal(struct leat_child *child, int signal)
{
	if (!leat_child_alive(child))
		return;
	pidfd_send_signal(child->source.fd, signal, NULL, 0);
	child->terminated = true;
}

bool leat_child_alive(const struct leat_child *child)
{
	return child->pid > 0;
}

void leat_child_how(const struct leat_child *child, char *text,
		    size_t text_bytes)
{
	if (child->killed)
		snprintf(text, text_bytes, "was killed by signal %d (%s)",
			 child->status, strsignal(child->status));
	else
		snprintf(text, text_bytes, "ended with status %d",
			 child->status);
}
