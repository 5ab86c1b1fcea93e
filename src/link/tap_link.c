/* SPDX-License-Identifier: MIT */
#include "tap_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

uint64_t leat_tap_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void hang_up(struct leat_tap_link *link, uint64_t now_ns, int retry_ms)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	link->retry_at_ns = now_ns + (uint64_t)retry_ms * 1000000;
}

void leat_tap_link_leave(struct leat_tap_link *link, uint64_t now_ns,
			 const char *text)
{
	hang_up(link, now_ns, LEAT_TAP_REFUSED_MS);
	snprintf(link->text, sizeof(link->text), "%s", text);
}

static int say_hello(struct leat_tap_link *link)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct leat_message message;

	if (epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, link->fd, &event) < 0)
		return -errno;
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TAP;
	return leat_message_send(link->fd, &message, NULL, 0);
}

int leat_tap_link_connect(struct leat_tap_link *link, uint64_t now_ns,
			  struct leat_error *error)
{
	int res;

	hang_up(link, now_ns, LEAT_TAP_RETRY_MS);
	res = leat_connect(link->name, error);
	if (res < 0)
		return res;
	link->fd = res;
	link->answered = false;
	res = say_hello(link);
	if (res < 0) {
		hang_up(link, now_ns, LEAT_TAP_RETRY_MS);
		return leat_error_set(error, res, "cannot join the link: %s",
				      leat_errno_text(res));
	}
	return 0;
}

/*
 * Older programs take a tap's first message for nonsense and hang up. So does
 * one that ends just then: it is asked once more.
 */
static bool knows_no_taps(struct leat_tap_link *link)
{
	if (link->answered)
		return false;
	return ++link->n_silent > 1;
}

/* The connection has ended, or has to. res: of the last message. */
static enum leat_tap_news gone(struct leat_tap_link *link, uint64_t now_ns,
			       int res, int *error)
{
	struct leat_error words;
	const char *text = leat_gone_text(&words, res);

	*error = res == -EPIPE ? 0 : res;
	if (res == -ENOTSUP)
		text = "this link speaks another version of leat's protocol: "
		       "update both sides";
	if (res == -EPIPE && knows_no_taps(link)) {
		*error = -ENOTSUP;
		text = "this link does not answer taps: update leat-jack, and "
		       "start it anew";
	}
	if (*error)
		leat_tap_link_leave(link, now_ns, text);
	else
		hang_up(link, now_ns, LEAT_TAP_RETRY_MS);
	return LEAT_TAP_GONE;
}

/* A host says why before it closes: that it is full, or too old or too new. */
static enum leat_tap_news sent_away(struct leat_tap_link *link, uint64_t now_ns,
				    const struct leat_bye *bye, int *error)
{
	*error = link->answered ? 0 : -EUSERS;
	leat_tap_link_leave(link, now_ns, bye->text);
	return LEAT_TAP_GONE;
}

static enum leat_tap_news take(struct leat_tap_link *link, uint64_t now_ns,
			       const struct leat_message *message,
			       const int *fds, int *error)
{
	switch (message->type) {
	case LEAT_MESSAGE_TAP:
		link->answered = true;
		link->n_silent = 0;
		link->text[0] = 0;
		return message->n_fds > 0 ? LEAT_TAP_WIRE : LEAT_TAP_NO_WIRE;
	case LEAT_MESSAGE_BYE:
		return sent_away(link, now_ns, &message->body.bye, error);
	default:
		for (uint32_t i = 0; i < message->n_fds; i++)
			close(fds[i]);
		return gone(link, now_ns, -EPROTO, error);
	}
}

enum leat_tap_news leat_tap_link_hear(struct leat_tap_link *link,
				      uint64_t now_ns,
				      struct leat_message *message,
				      int fds[LEAT_PROTO_FDS_MAX], int *error)
{
	int res;

	if (link->fd < 0 && (now_ns < link->retry_at_ns ||
			     leat_tap_link_connect(link, now_ns, NULL) < 0))
		return LEAT_TAP_NO_NEWS;
	res = leat_message_recv(link->fd, message, fds);
	if (res == -EAGAIN)
		return LEAT_TAP_NO_NEWS;
	if (res < 0)
		return gone(link, now_ns, res, error);
	return take(link, now_ns, message, fds, error);
}
