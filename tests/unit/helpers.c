/* SPDX-License-Identifier: MIT */
#include "helpers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t unit_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

unsigned unit_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

bool unit_fd_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

bool unit_has_pidfds(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0)
		return errno != ENOSYS;
	close(fd);
	return true;
}

bool unit_readable(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&pfd, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* What a child executed is lost, if it is counted, in _exit(). */
static void keep_coverage(void)
{
#ifdef LEAT_COVERAGE
	void __gcov_dump(void);

	__gcov_dump();
#endif
}

pid_t unit_fork(int (*fn)(void *user), void *user)
{
	pid_t pid = fork();
	int res;

	if (pid == 0) {
		res = fn(user);
		keep_coverage();
		_exit(res);
	}
	return pid;
}

int unit_wait_child(pid_t pid)
{
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	int status;

	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (unit_now_ms() > deadline_ms) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		poll(NULL, 0, 1);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : UNIT_CHILD_KILLED + WTERMSIG(status);
}

int unit_in_child(int (*fn)(void *user), void *user)
{
	return unit_wait_child(unit_fork(fn, user));
}

static char rundir[64];

bool unit_rundir_make(void)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(rundir, sizeof(rundir), "%s/leat-unit-XXXXXX",
			 tmp && tmp[0] == '/' ? tmp : "/tmp");

	return n < (int)sizeof(rundir) && mkdtemp(rundir) &&
	       setenv("XDG_RUNTIME_DIR", rundir, 1) == 0;
}

const char *unit_rundir(void)
{
	return rundir;
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void unit_rundir_remove(void)
{
	nftw(rundir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Marsaglia, "Xorshift RNGs", 2003; a state of 0 would stay 0. */
uint32_t unit_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

union one_fd {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static bool send_fd(int socket_fd, int fd, size_t n_bytes)
{
	union one_fd control = { 0 };
	char byte = 0;
	struct iovec iov = { &byte, n_bytes };
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	return sendmsg(socket_fd, &header, MSG_NOSIGNAL) == (ssize_t)n_bytes;
}

bool unit_send_fd(int socket_fd, int fd)
{
	return send_fd(socket_fd, fd, 1);
}

bool unit_send_only_fd(int socket_fd, int fd)
{
	return send_fd(socket_fd, fd, 0);
}

int unit_recv_fd(int socket_fd)
{
	union one_fd control = { 0 };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int fd;

	if (!unit_readable(socket_fd, UNIT_DEADLINE_MS) ||
	    recvmsg(socket_fd, &header, MSG_CMSG_CLOEXEC) != 1 ||
	    !CMSG_FIRSTHDR(&header))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(fd));
	return fd;
}
