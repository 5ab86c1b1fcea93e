/* SPDX-License-Identifier: MIT */
#include <leat/fdring.h>

#include <errno.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <poll.h>
#include <time.h>
#endif

/* A mirror repeats whole pages, and every page is a multiple of this one. */
#define SMALLEST_PAGE_BYTES 4096

static int check_items(const struct leat_fdring_config *config)
{
	size_t size_bytes = config->ring.capacity * config->item_size_bytes;

	if (!config->items || config->item_size_bytes == 0)
		return -EINVAL;
	if (config->ring.flags & LEAT_RING_MIRRORED &&
	    size_bytes % SMALLEST_PAGE_BYTES != 0)
		return -EINVAL;
	return 0;
}

static int signals_init(const struct leat_fdring_config *config,
			struct leat_signal *wake, struct leat_signal *wait)
{
	int res = leat_signal_init(wake, config->raise_fd);

	return res < 0 ? res : leat_signal_init(wait, config->wait_fd);
}

int leat_fd_producer_init(struct leat_fd_producer *producer,
			  const struct leat_fdring_config *config)
{
	int res = check_items(config);

	if (res < 0)
		return res;
	producer->items = config->items;
	producer->item_size_bytes = config->item_size_bytes;
	res = signals_init(config, &producer->wake, &producer->wait);
	return res < 0 ? res
		       : leat_producer_init(&producer->ring, &config->ring);
}

int leat_fd_consumer_init(struct leat_fd_consumer *consumer,
			  const struct leat_fdring_config *config)
{
	int res = check_items(config);

	if (res < 0)
		return res;
	consumer->items = config->items;
	consumer->item_size_bytes = config->item_size_bytes;
	res = signals_init(config, &consumer->wake, &consumer->wait);
	return res < 0 ? res
		       : leat_consumer_init(&consumer->ring, &config->ring);
}

bool leat_fd_producer_prepare(struct leat_fd_producer *producer,
			      uint32_t n_items)
{
	/* Clear first: a signal raised from here on must be seen by poll. */
	leat_signal_clear(&producer->wait);
	return leat_producer_arm(&producer->ring, n_items);
}

bool leat_fd_consumer_prepare(struct leat_fd_consumer *consumer,
			      uint32_t n_items)
{
	leat_signal_clear(&consumer->wait);
	return leat_consumer_arm(&consumer->ring, n_items);
}

#ifdef _WIN32
static int64_t now_ms(void)
{
	return (int64_t)GetTickCount64();
}

/* As below; of an event nobody can tell that its other holders are gone. */
static int sleep_on(int fd, int timeout_ms, int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - now_ms();
	DWORD n_ms = timeout_ms < 0 ? INFINITE : (DWORD)left_ms;

	if (timeout_ms >= 0 && left_ms <= 0)
		return -ETIMEDOUT;
	if (fd < 0) {
		Sleep(n_ms);
		return -ETIMEDOUT;
	}
	switch (WaitForSingleObject(LongToHandle(fd), n_ms)) {
	case WAIT_OBJECT_0:
		return 0;
	case WAIT_TIMEOUT:
		return -ETIMEDOUT;
	default:
		return -EBADF;
	}
}
#else
static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Sleep on fd until deadline_ms (or for ever, if timeout_ms is negative).
 * 1: the other end is closed, so that nobody can sleep on it any more.
 */
static int sleep_on(int fd, int timeout_ms, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left_ms = timeout_ms < 0 ? -1 : deadline_ms - now_ms();
	int n;

	if (timeout_ms >= 0 && left_ms <= 0)
		return -ETIMEDOUT;
	n = poll(&pfd, 1, (int)left_ms);
	if (n < 0)
		return -errno;
	/* Nothing at all: what is left is nothing either, the next time. */
	return pfd.revents & ~POLLIN ? 1 : 0;
}
#endif

/* Whether there is no need to ask. */
static bool producer_ready(struct leat_fd_producer *producer, uint32_t n_items)
{
	return leat_producer_room(&producer->ring) >= n_items;
}

/* The same. On a timed ring what counts is what comes from now on. */
static bool consumer_ready(struct leat_fd_consumer *consumer, uint32_t n_items)
{
	return !consumer->ring.end.timed &&
	       leat_consumer_fill(&consumer->ring) >= n_items;
}

int leat_fd_producer_wait(struct leat_fd_producer *producer, uint32_t n_items,
			  int timeout_ms)
{
	int64_t deadline_ms = timeout_ms < 0 ? 0 : now_ms() + timeout_ms;
	int res = 0;

	/*
	 * What was signalled before the other end was closed comes first.
	 * Woken, look at the ring and leave the descriptor to be cleared
	 * before the next sleep: a system call less until the data.
	 */
	while (!producer_ready(producer, n_items) &&
	       !leat_fd_producer_prepare(producer, n_items)) {
		if (res > 0)
			return -EPIPE;
		res = sleep_on(producer->wait.fd, timeout_ms, deadline_ms);
		if (res < 0)
			return res;
	}
	return leat_producer_poisoned(&producer->ring) ? -EPROTO : 0;
}

int leat_fd_consumer_wait(struct leat_fd_consumer *consumer, uint32_t n_items,
			  int timeout_ms)
{
	int64_t deadline_ms = timeout_ms < 0 ? 0 : now_ms() + timeout_ms;
	int res = 0;

	/*
	 * What was signalled before the other end was closed comes first.
	 * Woken, look at the ring and leave the descriptor to be cleared
	 * before the next sleep: a system call less until the data.
	 */
	while (!consumer_ready(consumer, n_items) &&
	       !leat_fd_consumer_prepare(consumer, n_items)) {
		if (res > 0)
			return -EPIPE;
		res = sleep_on(consumer->wait.fd, timeout_ms, deadline_ms);
		if (res < 0)
			return res;
	}
	return leat_consumer_poisoned(&consumer->ring) ? -EPROTO : 0;
}
