/* SPDX-License-Identifier: MIT */
/*
 * One thread that sleeps until something happens: descriptors, timers, and the
 * signals that ask the program to end.
 */
#ifndef LEAT_TOOLS_LOOP_H
#define LEAT_TOOLS_LOOP_H

#include "cli/now.h"

#include <stdbool.h>
#include <stdint.h>

/* A descriptor and what to do when it can be read. */
struct leat_source {
	int fd; /* -1: not in use */
	void (*ready)(void *user);
	void *user;
	struct leat_loop *loop; /* that it is watched by, or NULL */
};

struct leat_loop {
	int epoll_fd;
	struct leat_source signals;
	bool stopped;  /* asked to end */
	bool *hung_up; /* what SIGHUP sets, where it does not stop; or NULL */
};

/* Begin; SIGINT, SIGTERM and SIGHUP stop the loop from now on. 0 or -errno. */
int leat_loop_init(struct leat_loop *loop);
void leat_loop_finish(struct leat_loop *loop);

/* Call source->ready whenever its fd can be read. 0 or -errno. */
int leat_loop_add(struct leat_loop *loop, struct leat_source *source);

/* Do not call it any more; its descriptor stays open. */
void leat_loop_remove(struct leat_source *source);

/* The same, and close its descriptor, if it has one. */
void leat_source_close(struct leat_source *source);

/* Handle one event, or wait for it no longer than timeout_ms (-1: for ever). */
void leat_loop_step(struct leat_loop *loop, int timeout_ms);

/* Handle events until *done, a stop or the deadline; returns *done. */
bool leat_loop_until(struct leat_loop *loop, const bool *done,
		     int64_t deadline_ms);

/* A deadline that never comes. */
#define LEAT_NO_DEADLINE INT64_MAX

/* Milliseconds to a deadline, as leat_loop_step() takes them. */
int leat_left_ms(int64_t deadline_ms);

/* Make a timer that is not set; ready is called when it goes off. */
int leat_timer_init(struct leat_source *timer, struct leat_loop *loop,
		    void (*ready)(void *user), void *user);

/* Go off after first_ms and then every interval_ms (0: only once). */
void leat_timer_set(struct leat_source *timer, int64_t first_ms,
		    int64_t interval_ms);

/* To be called from ready: the timer is heard. */
void leat_timer_clear(struct leat_source *timer);

#endif
