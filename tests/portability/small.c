/* SPDX-License-Identifier: MIT */
/*
 * The bare ring and the fd ring with a C library other than the usual one:
 * small enough to be linked statically and run anywhere.
 */
#include <leat/fdring.h>
#include <leat/ring.h>

#include <errno.h>
#include <stdio.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>
#endif

#define CAPACITY 5u

/* Something to raise and something to wait on. */
static int open_signal(int fds[2])
{
#ifdef _WIN32
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);

	fds[0] = fds[1] = (int)HandleToLong(event);
	return event ? 0 : -1;
#else
	return pipe(fds);
#endif
}

static int failed(const char *what)
{
	printf("failed: %s\n", what);
	return 1;
}

static int check_bare_ring(void)
{
	struct leat_ring_words words[2] = { 0 };
	struct leat_ring_config out = { &words[0], &words[1], CAPACITY, 0 };
	struct leat_ring_config in = { &words[1], &words[0], CAPACITY, 0 };
	struct leat_producer producer;
	struct leat_consumer consumer;
	struct leat_spans spans;

	if (leat_producer_init(&producer, &out) < 0 ||
	    leat_consumer_init(&consumer, &in) < 0)
		return failed("set-up of a bare ring");
	for (uint32_t i = 0; i < 100; i++) {
		if (leat_producer_begin(&producer, 3, &spans) != 3 ||
		    spans.span[0].offset != 3 * i % CAPACITY)
			return failed("writing to a bare ring");
		leat_producer_commit(&producer, 3);
		if (leat_consumer_begin(&consumer, CAPACITY, &spans) != 3)
			return failed("reading from a bare ring");
		leat_consumer_commit(&consumer, 3);
	}
	return 0;
}

static uint32_t fill(void *user, void *items, uint32_t n_items)
{
	for (uint32_t i = 0; i < n_items; i++)
		((uint32_t *)items)[i] = (*(uint32_t *)user)++;
	return n_items;
}

static uint32_t check(void *user, const void *items, uint32_t n_items)
{
	for (uint32_t i = 0; i < n_items; i++)
		if (((const uint32_t *)items)[i] != (*(uint32_t *)user)++)
			return i;
	return n_items;
}

static int check_waking(struct leat_fd_producer *producer,
			struct leat_fd_consumer *consumer)
{
	uint32_t n_sent = 0, n_got = 0;

	for (int i = 0; i < 100; i++) {
		if (leat_fd_consumer_wait(consumer, 1, 1) != -ETIMEDOUT)
			return failed("the wait for nothing");
		if (leat_send(producer, 4, fill, &n_sent) != 4)
			return failed("sending");
		if (producer->wake.n_raised != (uint64_t)i + 1)
			return failed("waking");
		if (leat_fd_consumer_wait(consumer, 4, -1) != 0)
			return failed("the wait for items");
		if (leat_fd_producer_wait(producer, 4, 0) != -ETIMEDOUT)
			return failed("the wait for room");
		if (leat_recv(consumer, CAPACITY, check, &n_got) != 4)
			return failed("receiving");
	}
	return 0;
}

static int check_fd_ring(void)
{
	struct leat_ring_words words[2] = { 0 };
	uint32_t items[CAPACITY];
	int fds[2];
	struct leat_fdring_config config = {
		.ring = { &words[0], &words[1], CAPACITY, 0 },
		.items = items,
		.item_size_bytes = sizeof(items[0]),
		.wait_fd = -1,
	};
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;

	if (open_signal(fds) < 0)
		return failed("making a signal");
	config.raise_fd = fds[1];
	if (leat_fd_producer_init(&producer, &config) < 0)
		return failed("set-up of a producer");
	config.ring.own = &words[1];
	config.ring.peer = &words[0];
	config.raise_fd = -1;
	config.wait_fd = fds[0];
	if (leat_fd_consumer_init(&consumer, &config) < 0)
		return failed("set-up of a consumer");
	return check_waking(&producer, &consumer);
}

int main(void)
{
	return check_bare_ring() || check_fd_ring() ? 1 : 0;
}
