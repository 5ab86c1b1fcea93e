/* SPDX-License-Identifier: MIT */
/* The C library's functions that our programs call and that can fail. */
#include "fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* One that makes a descriptor. */
#define STAND_IN_FD(name, parameters, arguments)                               \
	STAND_IN(int, name, parameters, arguments, -1,                         \
		 fail_keep_fd(res, caller))
/* One that makes two. */
#define STAND_IN_PAIR(name, parameters, arguments)                             \
	STAND_IN(int, name, parameters, arguments, -1,                         \
		 keep_pair(res, fds, caller))

/* ---- memory: what dlsym() itself may call does not look for itself ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *old);

EXPORT(void *, malloc, (size_t size))
{
	return fail_due("malloc", CALLER)
		       ? NULL
		       : fail_keep_block(__libc_malloc(size), CALLER);
}

EXPORT(void *, calloc, (size_t n, size_t size))
{
	return fail_due("calloc", CALLER)
		       ? NULL
		       : fail_keep_block(__libc_calloc(n, size), CALLER);
}

EXPORT(void *, realloc, (void *old, size_t size))
{
	void *block;

	if (fail_due("realloc", CALLER))
		return NULL;
	fail_drop_block(old);
	block = __libc_realloc(old, size);
	return fail_keep_block(block, CALLER);
}

EXPORT(void *, aligned_alloc, (size_t alignment, size_t size))
{
	return fail_due("aligned_alloc", CALLER)
		       ? NULL
		       : fail_keep_block(__libc_memalign(alignment, size),
					 CALLER);
}

EXPORT(void, free, (void *old))
{
	fail_drop_block(old);
	__libc_free(old);
}

STAND_IN(void *, mmap64,
	 (void *addr, size_t n, int prot, int flags, int fd, off64_t offset),
	 (addr, n, prot, flags, fd, offset), MAP_FAILED, (void)caller)
STAND_IN_INT(madvise, (void *addr, size_t n, int advice), (addr, n, advice))
STAND_IN_INT(mlock, (const void *addr, size_t n), (addr, n))

/* ---- descriptors ---- */

static void keep_pair(int res, const int fds[2], const void *caller)
{
	if (res < 0)
		return;
	fail_keep_fd(fds[0], caller);
	fail_keep_fd(fds[1], caller);
}

/* Linux has closed it, whatever it says: close(2). */
EXPORT(int, close, (int fd))
{
	REAL(int, close, (int));
	int res;

	fail_drop_fd(fd);
	res = real(fd);
	return fail_due("close", CALLER) ? -1 : res;
}

STAND_IN_FD(open64, (const char *path, int flags, mode_t mode),
	    (path, flags, mode))
STAND_IN_FD(openat64, (int dir, const char *path, int flags, mode_t mode),
	    (dir, path, flags, mode))
STAND_IN_FD(dup, (int fd), (fd))
STAND_IN_FD(socket, (int domain, int type, int protocol),
	    (domain, type, protocol))
STAND_IN_FD(accept4,
	    (int fd, struct sockaddr *address, socklen_t *size, int flags),
	    (fd, address, size, flags))
STAND_IN_FD(epoll_create1, (int flags), (flags))
STAND_IN_FD(eventfd, (unsigned n, int flags), (n, flags))
STAND_IN_FD(signalfd, (int fd, const sigset_t *mask, int flags),
	    (fd, mask, flags))
STAND_IN_FD(timerfd_create, (clockid_t clock, int flags), (clock, flags))
STAND_IN_FD(memfd_create, (const char *name, unsigned flags), (name, flags))
STAND_IN_FD(pidfd_open, (pid_t pid, unsigned flags), (pid, flags))
STAND_IN_PAIR(pipe2, (int fds[2], int flags), (fds, flags))
STAND_IN_PAIR(socketpair, (int domain, int type, int protocol, int fds[2]),
	      (domain, type, protocol, fds))

static bool makes_fd(int command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
}

/* What it does, and so how it can fail, is another with each command. */
static const char *name_of(int command)
{
	return makes_fd(command)	? "fcntl64 (F_DUPFD)"
	       : command == F_ADD_SEALS ? "fcntl64 (F_ADD_SEALS)"
					: "fcntl64";
}

EXPORT(int, fcntl64, (int fd, int command, long argument))
{
	REAL(int, fcntl64, (int, int, long));
	int res;

	if (fail_due(name_of(command), CALLER))
		return -1;
	res = real(fd, command, argument);
	return makes_fd(command) ? fail_keep_fd(res, CALLER) : res;
}

/* Of its calls, those that our programs make directly: pidfd_open(). */
STAND_IN(long, syscall,
	 (long number, long a, long b, long c, long d, long e, long f),
	 (number, a, b, c, d, e, f), -1, fail_keep_fd((int)res, caller))

/* ---- files ---- */

STAND_IN_INT(access, (const char *path, int mode), (path, mode))
STAND_IN_INT(faccessat, (int dir, const char *path, int mode, int flags),
	     (dir, path, mode, flags))
STAND_IN_INT(stat64, (const char *path, struct stat64 *st), (path, st))
STAND_IN_INT(lstat64, (const char *path, struct stat64 *st), (path, st))
STAND_IN_INT(fstat64, (int fd, struct stat64 *st), (fd, st))
STAND_IN_INT(fstatat64, (int dir, const char *path, struct stat64 *st, int f),
	     (dir, path, st, f))
STAND_IN_INT(fstatfs64, (int fd, struct statfs64 *fs), (fd, fs))
STAND_IN_INT(ftruncate64, (int fd, off64_t size), (fd, size))
STAND_IN_INT(flock, (int fd, int operation), (fd, operation))
STAND_IN_INT(mkdir, (const char *path, mode_t mode), (path, mode))
STAND_IN_INT(unlink, (const char *path), (path))
STAND_IN_INT(unlinkat, (int dir, const char *path, int flags),
	     (dir, path, flags))
STAND_IN_INT(rmdir, (const char *path), (path))
STAND_IN(char *, mkdtemp, (char *path), (path), NULL, (void)caller)
STAND_IN_SIZE(readlink, (const char *path, char *text, size_t n),
	      (path, text, n))
STAND_IN_SIZE(read, (int fd, void *bytes, size_t n), (fd, bytes, n))
STAND_IN_SIZE(write, (int fd, const void *bytes, size_t n), (fd, bytes, n))
STAND_IN(DIR *, opendir, (const char *path), (path), NULL,
	 fail_keep_block(res, caller))
STAND_IN(DIR *, fdopendir, (int fd), (fd), NULL, if (res) fail_drop_fd(fd);
	 fail_keep_block(res, caller))
STAND_IN_INT(scandir64,
	     (const char *path, struct dirent64 ***list,
	      int (*filter)(const struct dirent64 *),
	      int (*compare)(const struct dirent64 **,
			     const struct dirent64 **)),
	     (path, list, filter, compare))
STAND_IN(FILE *, fopen64, (const char *path, const char *mode), (path, mode),
	 NULL, fail_keep_block(res, caller))

EXPORT(int, closedir, (DIR * dir))
{
	REAL(int, closedir, (DIR *));

	fail_drop_block(dir);
	return real(dir);
}

/* A buffer that cannot be written shows here; the file is closed. */
EXPORT(int, fclose, (FILE * file))
{
	REAL(int, fclose, (FILE *));
	int res;

	fail_drop_block(file);
	res = real(file);
	return fail_due("fclose", CALLER) ? EOF : res;
}

int fail_dprintf(int fd, const char *format, ...) __asm__("dprintf")
	__attribute__((visibility("default"), noinline, format(printf, 2, 3)));
int fail_dprintf(int fd, const char *format, ...)
{
	va_list args;
	int n;

	if (fail_due("dprintf", CALLER))
		return -1;
	va_start(args, format);
	n = vdprintf(fd, format, args);
	va_end(args);
	return n;
}

/* ---- sockets ---- */

STAND_IN_INT(bind, (int fd, const struct sockaddr *address, socklen_t size),
	     (fd, address, size))
STAND_IN_INT(connect, (int fd, const struct sockaddr *address, socklen_t size),
	     (fd, address, size))
STAND_IN_INT(listen, (int fd, int backlog), (fd, backlog))
STAND_IN_INT(getsockopt,
	     (int fd, int level, int name, void *value, socklen_t *size),
	     (fd, level, name, value, size))
STAND_IN_INT(setsockopt,
	     (int fd, int level, int name, const void *value, socklen_t size),
	     (fd, level, name, value, size))
STAND_IN_INT(shutdown, (int fd, int how), (fd, how))
STAND_IN_SIZE(send, (int fd, const void *bytes, size_t n, int flags),
	      (fd, bytes, n, flags))
STAND_IN_SIZE(recv, (int fd, void *bytes, size_t n, int flags),
	      (fd, bytes, n, flags))
STAND_IN_SIZE(sendmsg, (int fd, const struct msghdr *message, int flags),
	      (fd, message, flags))

/* Descriptors that come with it are ours from then on. */
static void keep_received(const struct msghdr *message, const void *caller)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(message);
	size_t n = cmsg && cmsg->cmsg_level == SOL_SOCKET &&
				   cmsg->cmsg_type == SCM_RIGHTS
			   ? (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int)
			   : 0;

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
		fail_keep_fd(fd, caller);
	}
}

STAND_IN(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags),
	 (fd, message, flags), -1, if (res >= 0) keep_received(message, caller))

/* ---- waiting ---- */

STAND_IN_INT(epoll_ctl, (int epoll, int op, int fd, struct epoll_event *event),
	     (epoll, op, fd, event))
STAND_IN_INT(epoll_wait,
	     (int epoll, struct epoll_event *events, int n, int timeout_ms),
	     (epoll, events, n, timeout_ms))
STAND_IN_INT(poll, (struct pollfd * fds, nfds_t n, int timeout_ms),
	     (fds, n, timeout_ms))
STAND_IN_INT(ppoll,
	     (struct pollfd * fds, nfds_t n, const struct timespec *timeout,
	      const sigset_t *mask),
	     (fds, n, timeout, mask))
STAND_IN_INT(usleep, (useconds_t us), (us))
STAND_IN_INT(eventfd_read, (int fd, eventfd_t *n), (fd, n))
STAND_IN_INT(eventfd_write, (int fd, eventfd_t n), (fd, n))
STAND_IN_INT(timerfd_settime,
	     (int fd, int flags, const struct itimerspec *time,
	      struct itimerspec *old),
	     (fd, flags, time, old))

/* ---- processes ---- */

STAND_IN_INT(fork, (void), ())
STAND_IN_INT(execv, (const char *path, char *const *argv), (path, argv))
STAND_IN_INT(setpgid, (pid_t pid, pid_t group), (pid, group))
STAND_IN_INT(dup2, (int from, int to), (from, to))
STAND_IN_INT(setenv, (const char *name, const char *value, int overwrite),
	     (name, value, overwrite))
STAND_IN_INT(prctl, (int option, long a, long b, long c, long d),
	     (option, a, b, c, d))
STAND_IN_INT(waitid, (idtype_t kind, id_t id, siginfo_t *info, int options),
	     (kind, id, info, options))
STAND_IN_INT(pidfd_send_signal,
	     (int fd, int signal, siginfo_t *info, unsigned flags),
	     (fd, signal, info, flags))
