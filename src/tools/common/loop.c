/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void on_signal(void *user)
{
	struct leat_loop *loop = user;
	struct signalfd_siginfo info;

	if (read(loop->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP && loop->hung_up)
		*loop->hung_up = true;
	else
		loop->stopped = true;
}

/* nohup has SIGHUP ignored, and that is to be respected. */
static bool ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 &&
	       action.sa_handler == SIG_IGN;
}

static int watch_signals(struct leat_loop *loop)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	if (!ignored(SIGHUP))
		sigaddset(&mask, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	/* A parent that ignores it would have children vanish unwaited for. */
	signal(SIGCHLD, SIG_DFL);
	/* Writing to a pipe that nobody reads is an error, not a death. */
	signal(SIGPIPE, SIG_IGN);
	loop->signals.fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signals.fd < 0)
		return -errno;
	return leat_loop_add(loop, &loop->signals);
}

int leat_loop_init(struct leat_loop *loop)
{
	int res;

	loop->stopped = false;
	loop->hung_up = NULL;
	loop->signals = (struct leat_source){ -1, on_signal, loop, NULL };
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	res = watch_signals(loop);
	if (res < 0)
		leat_loop_finish(loop);
	return res;
}

void leat_loop_finish(struct leat_loop *loop)
{
	leat_source_close(&loop->signals);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

int leat_loop_add(struct leat_loop *loop, struct leat_source *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0)
		return -errno;
	source->loop = loop;
	return 0;
}

void leat_loop_remove(struct leat_source *source)
{
	if (source->loop && source->fd >= 0)
		epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->fd,
			  NULL);
	source->loop = NULL;
}

/*
 * Closing alone does not take it from epoll: between its fork and its exec a
 * child has a copy, and the source may be gone when it is called next.
 */
void leat_source_close(struct leat_source *source)
{
	leat_loop_remove(source);
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}

/* One event at a time: what it calls may close any other source. */
void leat_loop_step(struct leat_loop *loop, int timeout_ms)
{
	struct epoll_event event;

	if (epoll_wait(loop->epoll_fd, &event, 1, timeout_ms) == 1) {
		const struct leat_source *source = event.data.ptr;

		source->ready(source->user);
	}
}

bool leat_loop_until(struct leat_loop *loop, const bool *done,
		     int64_t deadline_ms)
{
	while (!*done && !loop->stopped) {
		int left_ms = leat_left_ms(deadline_ms);

		if (left_ms == 0)
			break;
		leat_loop_step(loop, left_ms);
	}
	return *done;
}

int leat_left_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == LEAT_NO_DEADLINE)
		return -1;
	left = deadline_ms - leat_now_ms();
	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int leat_timer_init(struct leat_source *timer, struct leat_loop *loop,
		    void (*ready)(void *user), void *user)
{
	int res;

	*timer = (struct leat_source){ -1, ready, user, NULL };
	timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->fd < 0)
		return -errno;
	res = leat_loop_add(loop, timer);
	if (res < 0)
		leat_source_close(timer);
	return res;
}

static struct timespec ms_to_timespec(int64_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000,
				  .tv_nsec = ms % 1000 * 1000000 };
}

void leat_timer_set(struct leat_source *timer, int64_t first_ms,
		    int64_t interval_ms)
{
	struct itimerspec when = {
		.it_value = ms_to_timespec(first_ms > 0 ? first_ms : 1),
		.it_interval = ms_to_timespec(interval_ms),
	};

	/* Fails only on times out of range, which options.c does not let in. */
	timerfd_settime(timer->fd, 0, &when, NULL);
}

void leat_timer_clear(struct leat_source *timer)
{
	uint64_t n_expired;

	if (read(timer->fd, &n_expired, sizeof(n_expired)) < 0) {
		/* Not due any more: nothing to clear. */
	}
}
