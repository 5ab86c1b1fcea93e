/* SPDX-License-Identifier: MIT */
/* One thread that sleeps on many rings at once, with epoll. */
#include <leat/fdring.h>

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define N_RINGS 4u
#define N_ITEMS 80000u /* on all of them together */

struct lane {
	struct leat_ring_words words[2]; /* the writer's, the reader's */
	uint32_t items[32];
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
};

static bool open_lane(struct lane *lane, int epoll_fd)
{
	struct epoll_event event = { EPOLLIN, { &lane->consumer } };
	int wake = eventfd(1, EFD_CLOEXEC); /* 1: look at it once */
	struct leat_fdring_config config = {
		.ring = { &lane->words[0], &lane->words[1], 32, 0 },
		.items = lane->items,
		.item_size_bytes = sizeof(lane->items[0]),
		.raise_fd = wake,
		.wait_fd = wake, /* of the reader: the writer never sleeps */
	};
	bool ok = leat_fd_producer_init(&lane->producer, &config) == 0;

	config.ring.own = &lane->words[1];
	config.ring.peer = &lane->words[0];
	return ok && leat_fd_consumer_init(&lane->consumer, &config) == 0 &&
	       epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake, &event) == 0;
}

static uint32_t put(void *user, void *items, uint32_t n_items)
{
	*(uint32_t *)items = *(const uint32_t *)user;
	return n_items;
}

static void *write_to_all(void *user)
{
	struct lane *lanes = user;

	for (uint32_t i = 0; i < N_ITEMS; i++)
		while (!leat_send(&lanes[i % N_RINGS].producer, 1, put, &i))
			sched_yield();
	return NULL;
}

static uint32_t get(void *user, const void *items, uint32_t n_items)
{
	*(uint64_t *)user += *(const uint32_t *)items;
	return n_items;
}

int main(void)
{
	struct lane lanes[N_RINGS] = { 0 }; /* all begin at index 0 */
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;
	uint64_t n = 0, sum = 0;
	pthread_t peer;

	for (uint32_t i = 0; i < N_RINGS; i++)
		if (!open_lane(&lanes[i], epoll_fd))
			return 1;
	if (pthread_create(&peer, NULL, write_to_all, lanes) != 0)
		return 1;
	while (n < N_ITEMS && epoll_wait(epoll_fd, &event, 1, -1) == 1)
		/* Empty it, and have it signal what comes after that. */
		while (leat_fd_consumer_prepare(event.data.ptr, 1))
			n += leat_recv(event.data.ptr, 1, get, &sum);
	return pthread_join(peer, NULL) || sum != N_ITEMS / 2 * (N_ITEMS - 1);
}
