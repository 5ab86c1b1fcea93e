/* SPDX-License-Identifier: MIT */
/*
 * One child process: started, watched by its pidfd, ended.
 *
 * It has a process group of its own, so that Ctrl-C does not reach it, and
 * gets SIGTERM when its parent dies, however that dies.
 */
#ifndef LEAT_TOOLS_CHILD_H
#define LEAT_TOOLS_CHILD_H

#include "tools/common/loop.h"

#include <stddef.h>
#include <sys/types.h>

/* The status of a child that could not run its program, and has said why. */
#define LEAT_CHILD_NOT_RUN 127

#define LEAT_ARGS_MAX 320
#define LEAT_ENV_MAX 12

/* What to run. The strings are the caller's. */
struct leat_command {
	const char *path;
	const char *argv[LEAT_ARGS_MAX + 1];
	unsigned n_args;
	const char *env[LEAT_ENV_MAX]; /* "NAME=VALUE", or "NAME" to unset */
	unsigned n_env;
};

/* Begin a command with its path and name. */
void leat_command_init(struct leat_command *command, const char *path,
		       const char *name);

/* Add an argument or a change of the environment; false if it is full. */
bool leat_command_add(struct leat_command *command, const char *arg);
bool leat_command_add_env(struct leat_command *command, const char *env);

/* Descriptors a child begins with; -1: standard error and output as ours. */
struct leat_child_fds {
	int out_fd, err_fd;
	int third_fd; /* becomes descriptor 3; -1: there is none */
};

struct leat_child {
	pid_t pid; /* 0: there is none */
	struct leat_source source;
	void (*ended)(void *user);
	void *user;
	bool killed;	 /* it ended by a signal */
	int status;	 /* exit status, or the number of the signal */
	bool terminated; /* it was asked to end */
};

/* Start it; ended is called once when it has ended and is gone. 0 or -errno. */
int leat_child_start(struct leat_child *child, struct leat_loop *loop,
		     const struct leat_command *command,
		     const struct leat_child_fds *fds,
		     void (*ended)(void *user), void *user);

/* Send it a signal, if it is there. */
void leat_child_signal(struct leat_child *child, int signal);

/* Whether it is there. */
bool leat_child_alive(const struct leat_child *child);

/* How it ended: "was killed by signal 9 (Killed)", "ended with status 1". */
void leat_child_how(const struct leat_child *child, char *text,
		    size_t text_bytes);

#endif
