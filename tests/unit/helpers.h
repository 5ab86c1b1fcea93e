/* SPDX-License-Identifier: MIT */
/* What several test programs need. Nothing here uses CUnit. */
#ifndef LEAT_UNIT_HELPERS_H
#define LEAT_UNIT_HELPERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Longer than any machine stalls; reached only if something is wrong. */
#define UNIT_DEADLINE_MS 30000

/* What unit_wait_child() returns for a child that a signal ended. */
#define UNIT_CHILD_KILLED 256

/* CLOCK_MONOTONIC, in milliseconds. */
int64_t unit_now_ms(void);

/* Open descriptors of this process. */
unsigned unit_count_fds(void);

/* Whether a number is an open descriptor. */
bool unit_fd_open(int fd);

/* Whether processes can be watched: since Linux 5.3, but not in valgrind. */
bool unit_has_pidfds(void);

/* Wait until a descriptor can be read, or has hung up. */
bool unit_readable(int fd, int timeout_ms);

/* Run a function in a child process, which exits with its result. */
pid_t unit_fork(int (*fn)(void *user), void *user);

/*
 * The exit code of a child, UNIT_CHILD_KILLED plus the number of the signal
 * that ended it, or -1 if it did not end in time; then it is killed.
 */
int unit_wait_child(pid_t pid);

/* Both of these. */
int unit_in_child(int (*fn)(void *user), void *user);

/* A private directory as XDG_RUNTIME_DIR; removed with all that is in it. */
bool unit_rundir_make(void);
const char *unit_rundir(void);
void unit_rundir_remove(void);

/* A small generator of pseudo-random numbers, for repeatable runs. */
uint32_t unit_random(uint64_t *state);

/* Pass one descriptor over a socket; the receiver gets -1 on failure. */
bool unit_send_fd(int socket_fd, int fd);
/* The same in a packet with nothing else. */
bool unit_send_only_fd(int socket_fd, int fd);
int unit_recv_fd(int socket_fd);

#endif
