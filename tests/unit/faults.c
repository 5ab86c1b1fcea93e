/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

static struct {
	enum fault_call call;
	unsigned nth;
	int error;   /* or 0: */
	int n_bytes; /* at most */
	void (*meanwhile)(void);
	bool hit;
} fault;

static struct {
	int64_t now_ns; /* 0: time is what it is */
	int64_t step_ms;
	short events;
	int polled_ms;
	int64_t timer_ns;
} virtual_time;

static unsigned n_bad_closes, n_epoll_waits, n_naps;

/* What was allocated and free() did not get yet. */
static void *blocks[64];

void faults_fail(enum fault_call call, unsigned nth, int error)
{
	fault.call = call;
	fault.nth = nth;
	fault.error = error;
	fault.meanwhile = NULL;
	fault.hit = false;
}

void faults_meanwhile(enum fault_call call, unsigned nth, void (*fn)(void))
{
	faults_fail(call, nth, 0);
	fault.meanwhile = fn;
}

void faults_shorten(enum fault_call call, unsigned nth, int n_bytes)
{
	faults_fail(call, nth, 0);
	fault.n_bytes = n_bytes;
}

bool faults_end(void)
{
	fault.call = FAULT_NONE;
	return fault.hit;
}

void faults_virtual_time(int64_t now_ns, int64_t step_ms, short events)
{
	virtual_time.now_ns = now_ns;
	virtual_time.step_ms = step_ms;
	virtual_time.events = events;
	virtual_time.polled_ms = -2;
	virtual_time.timer_ns = -1;
}

int faults_polled_ms(void)
{
	return virtual_time.polled_ms;
}

int64_t faults_timer_ns(void)
{
	return virtual_time.timer_ns;
}

unsigned faults_epoll_waits(void)
{
	return n_epoll_waits;
}

unsigned faults_naps(void)
{
	return n_naps;
}

unsigned faults_bad_closes(void)
{
	return n_bad_closes;
}

static bool due(enum fault_call call)
{
	if (call != fault.call || fault.hit || fault.nth-- > 0)
		return false;
	fault.hit = true;
	return true;
}

static bool fails(enum fault_call call)
{
	if (!due(call))
		return false;
	if (fault.meanwhile) {
		fault.meanwhile();
		return false;
	}
	errno = fault.error;
	return true;
}

static void free_zero(void)
{
	int __real_close(int fd);

	__real_close(0);
}

void faults_free_zero(unsigned nth)
{
	faults_meanwhile(FAULT_ANY_DESCRIPTOR, nth, free_zero);
}

/* Of calls that make descriptors. */
static bool fails_to_make(enum fault_call call)
{
	(void)fails(FAULT_ANY_DESCRIPTOR);
	return fails(call);
}

/* How much of n bytes is to be passed on; less than none: it fails. */
static ssize_t portion(enum fault_call call, size_t n_bytes)
{
	if (!due(call))
		return (ssize_t)n_bytes;
	errno = fault.error;
	return fault.error ? -1 : fault.n_bytes;
}

/* ---- memory ---- */

static void **find(void *block)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (blocks[i] == block)
			return &blocks[i];
	return NULL;
}

unsigned faults_blocks(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		n += blocks[i] != NULL;
	return n;
}

/* The linker calls these: --wrap, in its manual. */
#define WRAP(type, name, ...)                                                  \
	type __real_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__)

static void *keep(void *block)
{
	void **place = find(NULL);

	if (!place)
		abort();
	*place = block;
	return block;
}

WRAP(void *, aligned_alloc, size_t alignment, size_t size)
{
	return fails(FAULT_ALLOC) ? NULL
				  : keep(__real_aligned_alloc(alignment, size));
}

WRAP(void *, calloc, size_t n, size_t size)
{
	return fails(FAULT_ALLOC) ? NULL : keep(__real_calloc(n, size));
}

WRAP(void, free, void *block)
{
	void **place = block ? find(block) : NULL;

	/* What counts coverage frees what was not got here. */
	if (place)
		*place = NULL;
	__real_free(block);
}

WRAP(void *, mmap64, void *addr, size_t n, int prot, int flags, int fd,
     off_t offset)
{
	if (fails(FAULT_MMAP))
		return MAP_FAILED;
	return __real_mmap64(addr, n, prot, flags, fd, offset);
}

WRAP(int, munmap, void *addr, size_t n)
{
	int res = __real_munmap(addr, n);

	n_bad_closes += res < 0;
	return res;
}

/* ---- descriptors ---- */

WRAP(int, close, int fd)
{
	int res = __real_close(fd);

	n_bad_closes += res < 0;
	return res;
}

WRAP(int, open64, const char *path, int flags, mode_t mode)
{
	return fails_to_make(FAULT_OPEN) ? -1
					 : __real_open64(path, flags, mode);
}

WRAP(int, fcntl64, int fd, int command, long argument)
{
	return fails(FAULT_FCNTL) ? -1 : __real_fcntl64(fd, command, argument);
}

WRAP(ssize_t, read, int fd, void *bytes, size_t n)
{
	ssize_t part = portion(FAULT_READ, n);

	return part < 0 ? -1 : __real_read(fd, bytes, (size_t)part);
}

WRAP(ssize_t, write, int fd, const void *bytes, size_t n)
{
	ssize_t part = portion(FAULT_WRITE, n);

	return part < 0 ? -1 : __real_write(fd, bytes, (size_t)part);
}

int __wrap_dprintf(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int __wrap_dprintf(int fd, const char *format, ...)
{
	va_list args;
	int n;

	if (fails(FAULT_DPRINTF))
		return -1;
	va_start(args, format);
	n = vdprintf(fd, format, args);
	va_end(args);
	return n;
}

int __wrap_snprintf(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int __wrap_snprintf(char *text, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	if (fails(FAULT_SNPRINTF))
		return -1;
	va_start(args, format);
	n = vsnprintf(text, size, format, args);
	va_end(args);
	return n;
}

WRAP(long, syscall, long number, long a, long b)
{
	return fails_to_make(FAULT_SYSCALL) ? -1 : __real_syscall(number, a, b);
}

WRAP(int, epoll_wait, int epoll_fd, struct epoll_event *events, int n,
     int timeout_ms)
{
	n_epoll_waits += timeout_ms != 0;
	return __real_epoll_wait(epoll_fd, events, n, timeout_ms);
}

WRAP(int, nanosleep, const struct timespec *length, struct timespec *left)
{
	n_naps++;
	return __real_nanosleep(length, left);
}

/* Those that fail or do what they always do. */
#define WRAP_ARGUMENTS(...) __VA_ARGS__
#define WRAP_INT(fault_call, type, name, parameters, arguments)                \
	WRAP(type, name, WRAP_ARGUMENTS parameters)                            \
	{                                                                      \
		return fails(fault_call) ? -1 : __real_##name arguments;       \
	}
#define WRAP_MAKE(fault_call, type, name, parameters, arguments)               \
	WRAP(type, name, WRAP_ARGUMENTS parameters)                            \
	{                                                                      \
		return fails_to_make(fault_call) ? -1                          \
						 : __real_##name arguments;    \
	}

WRAP_MAKE(FAULT_ACCEPT4, int, accept4,
	  (int fd, struct sockaddr *address, socklen_t *size, int flags),
	  (fd, address, size, flags))
WRAP_INT(FAULT_ACCESS, int, access, (const char *path, int mode), (path, mode))
WRAP_INT(FAULT_BIND, int, bind,
	 (int fd, const struct sockaddr *address, socklen_t size),
	 (fd, address, size))
WRAP_INT(FAULT_CONNECT, int, connect,
	 (int fd, const struct sockaddr *address, socklen_t size),
	 (fd, address, size))
WRAP_MAKE(FAULT_EPOLL_CREATE1, int, epoll_create1, (int flags), (flags))
WRAP_INT(FAULT_EPOLL_CTL, int, epoll_ctl,
	 (int epoll_fd, int op, int fd, struct epoll_event *event),
	 (epoll_fd, op, fd, event))
WRAP_INT(FAULT_FLOCK, int, flock, (int fd, int operation), (fd, operation))
WRAP_INT(FAULT_FSTAT, int, fstat64, (int fd, struct stat *st), (fd, st))
WRAP_INT(FAULT_FTRUNCATE, int, ftruncate64, (int fd, off_t size), (fd, size))
WRAP_INT(FAULT_GETSOCKOPT, int, getsockopt,
	 (int fd, int level, int name, void *value, socklen_t *size),
	 (fd, level, name, value, size))
WRAP_INT(FAULT_LISTEN, int, listen, (int fd, int backlog), (fd, backlog))
WRAP_INT(FAULT_LSTAT, int, lstat64, (const char *path, struct stat *st),
	 (path, st))
WRAP_MAKE(FAULT_MEMFD_CREATE, int, memfd_create,
	  (const char *name, unsigned flags), (name, flags))
WRAP_INT(FAULT_MKDIR, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP_INT(FAULT_MADVISE, int, madvise, (void *addr, size_t n, int advice),
	 (addr, n, advice))
WRAP_INT(FAULT_MLOCK, int, mlock, (const void *addr, size_t n), (addr, n))
WRAP(int, poll, struct pollfd *pfd, nfds_t n, int timeout_ms)
{
	if (fails(FAULT_POLL))
		return -1;
	if (virtual_time.now_ns == 0)
		return __real_poll(pfd, n, timeout_ms);
	if (n > 0)
		virtual_time.polled_ms = timeout_ms;
	virtual_time.now_ns += virtual_time.step_ms * 1000000;
	pfd->revents = virtual_time.events;
	return pfd->revents != 0;
}

WRAP(int, clock_gettime, clockid_t clock, struct timespec *t)
{
	if (virtual_time.now_ns == 0)
		return __real_clock_gettime(clock, t);
	t->tv_sec = virtual_time.now_ns / 1000000000;
	t->tv_nsec = virtual_time.now_ns % 1000000000;
	return 0;
}
WRAP_INT(FAULT_RECV, ssize_t, recv, (int fd, void *bytes, size_t n, int flags),
	 (fd, bytes, n, flags))
WRAP_MAKE(FAULT_RECVMSG, ssize_t, recvmsg,
	  (int fd, struct msghdr *message, int flags), (fd, message, flags))
WRAP_INT(FAULT_SEND, ssize_t, send,
	 (int fd, const void *bytes, size_t n, int flags),
	 (fd, bytes, n, flags))
WRAP_INT(FAULT_SENDMSG, ssize_t, sendmsg,
	 (int fd, const struct msghdr *message, int flags),
	 (fd, message, flags))
WRAP_MAKE(FAULT_SOCKET, int, socket, (int domain, int type, int protocol),
	  (domain, type, protocol))
WRAP_MAKE(FAULT_SOCKETPAIR, int, socketpair,
	  (int domain, int type, int protocol, int fds[2]),
	  (domain, type, protocol, fds))
WRAP_INT(FAULT_STAT, int, stat64, (const char *path, struct stat *st),
	 (path, st))
WRAP_MAKE(FAULT_TIMERFD_CREATE, int, timerfd_create, (int clock, int flags),
	  (clock, flags))
WRAP(int, timerfd_settime, int fd, int flags, const struct itimerspec *when,
     struct itimerspec *before)
{
	int res = __real_timerfd_settime(fd, flags, when, before);

	if (res == 0 && when->it_interval.tv_sec == 0 &&
	    when->it_interval.tv_nsec == 0)
		virtual_time.timer_ns = when->it_value.tv_sec * 1000000000 +
					when->it_value.tv_nsec;
	return res;
}

WRAP_INT(FAULT_UNLINK, int, unlink, (const char *path), (path))
