/* SPDX-License-Identifier: MIT */
/*
 * Calls of the C library that fail on demand.
 *
 * A program that is linked with faults.c and faults_link_args (meson.build)
 * calls these in place of the real ones. One call at a time is told to fail;
 * all others do what they always do.
 */
#ifndef LEAT_UNIT_FAULTS_H
#define LEAT_UNIT_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_call {
	FAULT_NONE,
	FAULT_ANY_DESCRIPTOR, /* see faults_free_zero() */
	FAULT_ACCEPT4,
	FAULT_ACCESS,
	FAULT_ALLOC, /* aligned_alloc() or calloc() */
	FAULT_BIND,
	FAULT_CONNECT,
	FAULT_DPRINTF,
	FAULT_EPOLL_CREATE1,
	FAULT_EPOLL_CTL,
	FAULT_FCNTL,
	FAULT_FLOCK,
	FAULT_FSTAT,
	FAULT_FTRUNCATE,
	FAULT_GETSOCKOPT,
	FAULT_LISTEN,
	FAULT_LSTAT,
	FAULT_MADVISE,
	FAULT_MEMFD_CREATE,
	FAULT_MKDIR,
	FAULT_MLOCK,
	FAULT_MMAP,
	FAULT_OPEN,
	FAULT_POLL,
	FAULT_READ,
	FAULT_RECV,
	FAULT_RECVMSG,
	FAULT_SEND,
	FAULT_SENDMSG,
	FAULT_SNPRINTF,
	FAULT_SOCKET,
	FAULT_SOCKETPAIR,
	FAULT_STAT,
	FAULT_SYSCALL,
	FAULT_TIMERFD_CREATE,
	FAULT_UNLINK,
	FAULT_WRITE,
	N_FAULTS
};

/* Let the nth call from now on (0: the next) fail with that errno, once. */
void faults_fail(enum fault_call call, unsigned nth, int error);

/* Let the nth read or write do with so many bytes. */
void faults_shorten(enum fault_call call, unsigned nth, int n_bytes);

/* Let something happen just before the nth call, which then does not fail. */
void faults_meanwhile(enum fault_call call, unsigned nth, void (*fn)(void));

/*
 * Let the nth call that makes a descriptor find the number 0 free, which has to
 * be taken before.
 */
void faults_free_zero(unsigned nth);

/* Nothing fails any more. Whether what was asked for has happened. */
bool faults_end(void);

/* Blocks that were not freed yet. */
unsigned faults_blocks(void);

/*
 * From now on time is what it is set to, and poll() only notes how long it was
 * to sleep, lets step_ms pass and reports these events. now_ns 0: as it was.
 */
void faults_virtual_time(int64_t now_ns, int64_t step_ms, short events);

/*
 * What poll() was told last of some descriptor; or -2, if it was not called since
 * time was set.
 */
int faults_polled_ms(void);

/*
 * What a timer was set to last, to expire once; or -1, if none was since time
 * was set.
 */
int64_t faults_timer_ns(void);

/* How often epoll_wait() was told to wait. */
unsigned faults_epoll_waits(void);

/* How often nanosleep() was called. */
unsigned faults_naps(void);

/* How often something was closed that was not open, or unmapped in vain. */
unsigned faults_bad_closes(void);

#endif
