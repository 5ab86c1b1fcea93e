/* SPDX-License-Identifier: MIT */
/**
 * Processes of a test: started, waited for and ended one by one, by pid.
 */
#ifndef TEST_SUPPORT_PROC_H
#define TEST_SUPPORT_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** How to start one. Zero is: our environment and outputs, no input. */
struct proc_options {
	const char *const
		*env;	 /* "NAME=VALUE", or "NAME" to unset; NULL ends */
	const char *log; /* file that output is appended to */
	bool piped;	 /* standard input and output are pipes to us */
	bool merged;	 /* standard error goes where the output goes */
};

/** A process. Zero it; it may be started again after its end. */
struct proc {
	char name[32]; /* of the program, for messages */
	pid_t pid;     /* 0: none started */
	int pidfd;     /* open until the end was seen */
	int in;	       /* write end of its standard input, or -1 */
	int out;       /* read end of its standard output, or -1 */
	bool ended;    /* its end was seen */
	int status;    /* then, as of waitid(2): see proc_exit_status() */
};

/**
 * Start argv[0] (looked for in PATH). It dies with us.
 *
 * @return  0, or a negative errno, also when the program cannot be executed.
 */
int proc_start(struct proc *proc, const char *const *argv,
	       const struct proc_options *options);

/** Whether it was started and has not ended. */
bool proc_is_running(struct proc *proc);

/** Wait for its end. @return  Whether it has ended. */
bool proc_wait(struct proc *proc, int timeout_ms);

/** Send a signal. 0, or -ESRCH when it is gone. */
int proc_signal(struct proc *proc, int signal);

/**
 * End it: SIGTERM (and SIGCONT), after timeout_ms SIGKILL. One that has ended or
 * never started is fine.
 *
 * @return  Its exit status, see proc_exit_status().
 */
int proc_stop(struct proc *proc, int timeout_ms);

/** Send SIGKILL and wait for the end. */
void proc_kill(struct proc *proc);

/** Exit status of an ended one: the code, or 128 + the signal; else -1. */
int proc_exit_status(const struct proc *proc);

/**
 * Run to the end, with what it prints (both outputs) in text.
 *
 * @return  Exit status; 128 + SIGKILL also when it had to be killed at the
 *          deadline; negative errno if it could not be started.
 */
int proc_run(const char *const *argv, const char *const *env, char *text,
	     size_t size_bytes, int timeout_ms);

/**
 * Read a line of its output, without the line end.
 *
 * @return  Length, or -ETIMEDOUT, -EPIPE at the end, -EMSGSIZE.
 */
int proc_read_line(struct proc *proc, char *line, size_t size_bytes,
		   int timeout_ms);

/** Ask every 5 ms. @return  Whether the condition came true in time. */
bool wait_for(bool (*condition)(void *arg), void *arg, int timeout_ms);

/** CLOCK_MONOTONIC in milliseconds. */
long long now_ms(void);

void sleep_ms(int ms);

#endif
