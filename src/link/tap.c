/* SPDX-License-Identifier: MIT */
/* Taps: opening and closing one, and where it is. */
#include "tap_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* ---- opening ---- */

static int check(const char *link_name, enum leat_direction direction,
		 const struct leat_tap_config *config, struct leat_error *error)
{
	int res = leat_link_name_check(link_name, error);

	if (res < 0)
		return res;
	if ((unsigned)direction >= LEAT_N_DIRECTIONS)
		return leat_error_set(error, -EINVAL,
				      "a link has no such direction");
	if (config && config->size_bytes != sizeof(*config))
		return leat_error_set(error, -EINVAL,
				      "the tap's configuration is of another "
				      "version of the library");
	return 0;
}

static int open_fds(struct leat_tap *tap, struct leat_error *error)
{
	struct epoll_event event = { .events = EPOLLIN };

	tap->link.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	tap->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (tap->link.epoll_fd < 0 || tap->timer_fd < 0 ||
	    epoll_ctl(tap->link.epoll_fd, EPOLL_CTL_ADD, tap->timer_fd,
		      &event) < 0)
		return leat_error_set(error, -errno, "cannot make a timer: %s",
				      strerror(errno));
	return 0;
}

static int connect_first(struct leat_tap *tap, struct leat_error *error)
{
	int res = leat_tap_link_connect(&tap->link, leat_tap_now_ns(), error);

	return res == -ENOENT ? 0 : res;
}

int leat_tap_open(struct leat_tap **tap, const char *link_name,
		  enum leat_direction direction,
		  const struct leat_tap_config *config,
		  struct leat_error *error)
{
	struct leat_tap *self;
	int res = check(link_name, direction, config, error);

	*tap = NULL;
	if (res < 0)
		return res;
	self = calloc(1, sizeof(*self));
	if (!self)
		return leat_error_set(error, -ENOMEM, "out of memory");
	self->direction = direction;
	self->link.fd = self->link.epoll_fd = self->timer_fd = -1;
	strcpy(self->link.name, link_name);
	leat_tap_set_watermark(self, config ? config->watermark : 1);
	self->history_frames = config ? config->history_frames : 0;
	res = open_fds(self, error);
	if (res == 0)
		res = connect_first(self, error);
	if (res < 0) {
		leat_tap_close(self);
		return res;
	}
	*tap = self;
	return 0;
}

void leat_tap_close(struct leat_tap *tap)
{
	if (!tap)
		return;
	leat_tap_wire_close(tap->wire);
	leat_tap_wire_close(tap->next);
	if (tap->link.fd >= 0)
		close(tap->link.fd);
	if (tap->timer_fd >= 0)
		close(tap->timer_fd);
	if (tap->link.epoll_fd >= 0)
		close(tap->link.epoll_fd);
	free(tap);
}

/* ---- where it is ---- */

uint64_t leat_tap_position(const struct leat_tap *tap)
{
	return tap->position;
}

uint64_t leat_tap_newest(struct leat_tap *tap)
{
	if (!tap->wire)
		return tap->position;
	(void)leat_tap_wire_look(tap->wire);
	return tap->wire->newest;
}

uint64_t leat_tap_oldest(struct leat_tap *tap)
{
	uint64_t safe;

	if (!tap->wire)
		return tap->position;
	(void)leat_tap_wire_look_at_all(tap->wire);
	safe = leat_tap_wire_oldest_safe(tap->wire);
	/* What is before that may be stale. */
	return safe > tap->wire->log.known_from ? safe
						: tap->wire->log.known_from;
}

void leat_tap_go(struct leat_tap *tap, uint64_t position)
{
	tap->position = tap->readable = position;
	tap->n_begun = 0;
	leat_tap_log_seek(&tap->wire->log, position);
	leat_tap_log_seek(&tap->wire->clock_log, position);
}

uint64_t leat_tap_seek(struct leat_tap *tap, uint64_t n_frames)
{
	uint64_t oldest = leat_tap_oldest(tap), newest;

	if (!tap->wire)
		return 0;
	newest = tap->wire->newest;
	/* Of this wire, what was found before is not what comes next. */
	if (tap->stash.what != LEAT_TAP_UP)
		tap->stashed = false;
	if (newest < oldest)
		newest = oldest;
	leat_tap_go(tap,
		    n_frames < newest - oldest ? newest - n_frames : oldest);
	return newest - tap->position;
}

bool leat_tap_time(const struct leat_tap *tap, uint64_t position,
		   struct leat_tap_time *time)
{
	return tap->wire && leat_tap_wire_time(tap->wire, position, time);
}

const struct leat_tap_format *leat_tap_format(const struct leat_tap *tap)
{
	return tap->counts.n_generations > 0 ? &tap->format : NULL;
}

enum leat_tap_state leat_tap_state(const struct leat_tap *tap)
{
	if (tap->wire)
		return LEAT_TAP_LIVE;
	return tap->link.fd >= 0 && tap->link.answered ? LEAT_TAP_CONNECTED
						       : LEAT_TAP_ABSENT;
}

void leat_tap_counts(const struct leat_tap *tap, struct leat_tap_counts *counts)
{
	*counts = tap->counts;
}

uint32_t leat_tap_mark(const struct leat_tap *tap)
{
	uint32_t most = (tap->wire->format.capacity - tap->wire->block) / 2;

	if (most == 0)
		most = 1;
	return tap->watermark < most ? tap->watermark : most;
}
