/* SPDX-License-Identifier: MIT */
/*
 * Taps: waiting. Nobody wakes a tap but the link's socket and its own timer,
 * which is set for when the frames should be there.
 */
#include "tap_private.h"

#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

/*
 * JACK's cycle begins, and some time later its callback has published the
 * block. Then naps: short at first, and longer while nothing comes, as the
 * stream may stand still for days.
 */
#define CALLBACK_NS UINT64_C(50000)
#define NAP_MIN_NS UINT64_C(200000)
#define NAP_MAX_NS UINT64_C(50000000)

static uint64_t frames_ns(const struct leat_tap_wire *wire, uint64_t n_frames)
{
	return n_frames * NS_PER_S / wire->format.rate_hz;
}

/*
 * When JACK publishes the block that a position ends in, by its last cycle: it
 * began with the stamp's frame at the stamp's time, and the block's length is
 * how far the index has come since. 0: not known, or it should be there.
 */
static uint64_t due_by_stamp(const struct leat_tap_wire *wire,
			     uint64_t position, uint64_t now_ns)
{
	struct leat_stamp stamp;
	uint64_t block, n, at_ns;

	if (wire->part != wire->clock || !leat_tap_wire_stamp(wire, &stamp) ||
	    stamp.index >= wire->newest)
		return 0;
	/* Or a time that has not come, which is as far away. */
	if (now_ns - stamp.time_ns > NS_PER_S)
		return 0;
	block = wire->newest - stamp.index;
	if (block > wire->format.capacity || position <= wire->newest)
		return 0;
	n = (position - wire->newest + block - 1) / block;
	at_ns = stamp.time_ns + frames_ns(wire, n * block) + CALLBACK_NS;
	return at_ns > now_ns ? at_ns - now_ns : 0;
}

/* Twice as long as the last one, while nothing comes. */
static uint64_t nap(struct leat_tap *tap)
{
	if (tap->wire->newest != tap->nap_index || tap->nap_ns < NAP_MIN_NS)
		tap->nap_ns = NAP_MIN_NS;
	else
		tap->nap_ns *= 2;
	if (tap->nap_ns > NAP_MAX_NS)
		tap->nap_ns = NAP_MAX_NS;
	tap->nap_index = tap->wire->newest;
	return tap->nap_ns;
}

/* Till the watermark should be reached. */
static uint64_t until_frames(struct leat_tap *tap, uint64_t now_ns)
{
	const struct leat_tap_wire *wire = tap->wire;
	uint64_t wanted = tap->position + leat_tap_mark(tap);
	uint64_t due_ns = due_by_stamp(wire, wanted, now_ns);
	uint64_t nap_ns;

	if (due_ns > 0)
		return due_ns;
	nap_ns = nap(tap);
	/* No stamps this way: as many frames take at least so long. */
	if (wire->part != wire->clock && wanted > wire->newest + wire->block)
		due_ns = frames_ns(wire, wanted - wire->newest - wire->block);
	if (due_ns > NAP_MAX_NS)
		due_ns = NAP_MAX_NS;
	return due_ns > nap_ns ? due_ns : nap_ns;
}

/* How long to sleep; 0: till the link says something. */
static uint64_t sleep_ns(struct leat_tap *tap)
{
	uint64_t now_ns = leat_tap_now_ns();

	if (tap->wire)
		return until_frames(tap, now_ns);
	if (tap->next)
		return NAP_MIN_NS;
	if (tap->link.fd >= 0)
		return 0;
	return tap->link.retry_at_ns > now_ns ? tap->link.retry_at_ns - now_ns
					      : 1;
}

/* It also makes forgotten that the timer has expired before. */
static void set_timer(const struct leat_tap *tap, uint64_t ns)
{
	struct itimerspec when = { 0 };

	when.it_value.tv_sec = (time_t)(ns / NS_PER_S);
	when.it_value.tv_nsec = (long)(ns % NS_PER_S);
	(void)timerfd_settime(tap->timer_fd, 0, &when, NULL);
}

bool leat_tap_prepare_wait(struct leat_tap *tap)
{
	tap->ask = true;
	if (!tap->stashed)
		tap->stashed = leat_tap_next(tap, &tap->stash) != LEAT_TAP_NONE;
	if (!tap->stashed)
		set_timer(tap, sleep_ns(tap));
	return tap->stashed;
}

/* Whole milliseconds, and no less; -1: without an end. */
static int timeout_of(uint64_t now_ns, uint64_t until_ns)
{
	if (until_ns == UINT64_MAX)
		return -1;
	return (int)((until_ns - now_ns + 999999) / 1000000);
}

int leat_tap_wait(struct leat_tap *tap, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = tap->link.epoll_fd, .events = POLLIN };
	uint64_t now_ns = leat_tap_now_ns(), until_ns = UINT64_MAX;

	if (timeout_ms >= 0)
		until_ns = now_ns + (uint64_t)timeout_ms * 1000000;
	while (!leat_tap_prepare_wait(tap)) {
		now_ns = leat_tap_now_ns();
		if (now_ns >= until_ns)
			return 0;
		if (poll(&poll_fd, 1, timeout_of(now_ns, until_ns)) < 0)
			return -errno;
	}
	return 1;
}

int leat_tap_fd(const struct leat_tap *tap)
{
	return tap->link.epoll_fd;
}

void leat_tap_set_watermark(struct leat_tap *tap, uint32_t n_frames)
{
	tap->watermark = n_frames > 0 ? n_frames : 1;
}
