/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 5

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
	struct timespec time = { .tv_sec = ms / 1000,
				 .tv_nsec = (ms % 1000) * 1000000L };

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

bool wait_for(bool (*condition)(void *arg), void *arg, int timeout_ms)
{
	long long end_ms = now_ms() + timeout_ms;

	for (;;) {
		if (condition(arg))
			return true;
		if (now_ms() >= end_ms)
			return false;
		sleep_ms(POLL_MS);
	}
}

/*
 * The child's part, between fork and exec.
 */

static void child_env(const char *const *env)
{
	for (; env && *env; env++) {
		const char *equals = strchr(*env, '=');
		char name[128];

		if (!equals) {
			unsetenv(*env);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(equals - *env),
			 *env);
		setenv(name, equals + 1, 1);
	}
}

static void child_log(const char *log, bool piped)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	dup2(fd, STDERR_FILENO);
	if (!piped)
		dup2(fd, STDOUT_FILENO);
}

static void child_files(const struct proc_options *options, const int *in,
			const int *out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(options->piped ? in[0] : null, STDIN_FILENO);
	if (options->piped)
		dup2(out[1], STDOUT_FILENO);
	if (options->log)
		child_log(options->log, options->piped);
	if (options->merged)
		dup2(STDOUT_FILENO, STDERR_FILENO);
}

static void child_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static _Noreturn void child_run(const char *const *argv,
				const struct proc_options *options,
				const int *in, const int *out, int report)
{
	union {
		const char *const *in;
		char *const *out;
	} args = { .in = argv }; /* execvp() does not write to them */

	child_signals();
	child_files(options, in, out);
	child_env(options->env);
	execvp(args.out[0], args.out);
	if (write(report, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * Ours.
 */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_pair(int *pair)
{
	close_fd(&pair[0]);
	close_fd(&pair[1]);
}

static void take_end(struct proc *proc, const siginfo_t *info)
{
	proc->ended = true;
	proc->status = info->si_code == CLD_EXITED ? info->si_status
						   : 128 + info->si_status;
	close_fd(&proc->pidfd);
}

static int start_pipes(int *in, int *out, int *report, bool piped)
{
	if (piped && (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0))
		return -errno;
	return pipe2(report, O_CLOEXEC) < 0 ? -errno : 0;
}

/* The report pipe closes at a good exec; else it holds the errno. */
static int read_report(int report)
{
	int error = 0;

	if (read(report, &error, sizeof(error)) != (ssize_t)sizeof(error))
		return 0;
	return -error;
}

static int fork_child(struct proc *proc, const char *const *argv,
		      const struct proc_options *options, const int *in,
		      const int *out, int report)
{
	pid_t parent = getpid();

	proc->pid = fork();
	if (proc->pid < 0)
		return -errno;
	if (proc->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* We may have died before it was set. */
		if (getppid() != parent)
			_exit(126);
		child_run(argv, options, in, out, report);
	}
	proc->pidfd = (int)syscall(SYS_pidfd_open, proc->pid, 0);
	return 0;
}

static void name_it(struct proc *proc, const char *path)
{
	const char *slash = strrchr(path, '/');

	snprintf(proc->name, sizeof(proc->name), "%.31s",
		 slash ? slash + 1 : path);
}

int proc_start(struct proc *proc, const char *const *argv,
	       const struct proc_options *options)
{
	int in[2] = { -1, -1 };
	int out[2] = { -1, -1 };
	int report[2] = { -1, -1 };
	int res;

	*proc = (struct proc){ .pidfd = -1, .in = -1, .out = -1 };
	name_it(proc, argv[0]);
	res = start_pipes(in, out, report, options->piped);
	if (res == 0)
		res = fork_child(proc, argv, options, in, out, report[1]);
	close_fd(&report[1]);
	if (res == 0)
		res = read_report(report[0]);
	close_fd(&report[0]);
	if (res < 0) {
		proc_kill(proc);
		close_pair(in);
		close_pair(out);
		return res;
	}
	close_fd(&in[0]);
	close_fd(&out[1]);
	proc->in = in[1];
	proc->out = out[0];
	return 0;
}

bool proc_wait(struct proc *proc, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = proc->pidfd, .events = POLLIN };
	siginfo_t info = { .si_pid = 0 };

	if (proc->pid <= 0 || proc->ended)
		return true;
	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return false;
	if (waitid(P_PID, (id_t)proc->pid, &info, WEXITED) < 0)
		return false;
	take_end(proc, &info);
	return true;
}

bool proc_is_running(struct proc *proc)
{
	return proc->pid > 0 && !proc_wait(proc, 0);
}

int proc_signal(struct proc *proc, int signal)
{
	if (!proc_is_running(proc))
		return -ESRCH;
	if (syscall(SYS_pidfd_send_signal, proc->pidfd, signal, NULL, 0) < 0)
		return -errno;
	return 0;
}

static void close_pipes(struct proc *proc)
{
	if (proc->pid <= 0)
		return;
	close_fd(&proc->in);
	close_fd(&proc->out);
}

void proc_kill(struct proc *proc)
{
	if (proc_signal(proc, SIGKILL) == 0)
		proc_wait(proc, -1);
	close_pipes(proc);
}

int proc_stop(struct proc *proc, int timeout_ms)
{
	if (proc_signal(proc, SIGTERM) == 0) {
		proc_signal(proc, SIGCONT);
		if (!proc_wait(proc, timeout_ms))
			fprintf(stderr, "%s (%d) did not end: killed\n",
				proc->name, (int)proc->pid);
	}
	proc_kill(proc);
	return proc_exit_status(proc);
}

int proc_exit_status(const struct proc *proc)
{
	return proc->ended ? proc->status : -1;
}

static int wait_readable(int fd, long long end_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	long long left_ms = end_ms - now_ms();
	int n = poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0);

	if (n < 0)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

int proc_read_line(struct proc *proc, char *line, size_t size_bytes,
		   int timeout_ms)
{
	long long end_ms = now_ms() + timeout_ms;
	size_t n = 0;

	/* A byte at a time, so that nothing of the next line is taken. */
	while (n < size_bytes) {
		int res = wait_readable(proc->out, end_ms);

		if (res < 0)
			return res;
		if (read(proc->out, line + n, 1) != 1)
			return -EPIPE;
		if (line[n] == '\n') {
			line[n] = '\0';
			return (int)n;
		}
		n++;
	}
	return -EMSGSIZE;
}

static void read_all(struct proc *proc, char *text, size_t size_bytes,
		     long long end_ms)
{
	char rest[256];
	size_t used = 0;

	text[0] = '\0';
	while (wait_readable(proc->out, end_ms) == 0) {
		size_t room = size_bytes - 1 - used;
		char *to = room ? text + used : rest;
		ssize_t n = read(proc->out, to, room ? room : sizeof(rest));

		if (n <= 0)
			return;
		if (room)
			used += (size_t)n;
		text[used] = '\0';
	}
}

int proc_run(const char *const *argv, const char *const *env, char *text,
	     size_t size_bytes, int timeout_ms)
{
	long long end_ms = now_ms() + timeout_ms;
	struct proc_options options = { .env = env,
					.piped = true,
					.merged = true };
	struct proc proc;
	int res = proc_start(&proc, argv, &options);

	if (res < 0)
		return res;
	close_fd(&proc.in);
	read_all(&proc, text, size_bytes, end_ms);
	if (!proc_wait(&proc, (int)(end_ms > now_ms() ? end_ms - now_ms() : 0)))
		fprintf(stderr, "%s took too long: killed\n", proc.name);
	proc_kill(&proc);
	return proc_exit_status(&proc);
}
