/* SPDX-License-Identifier: MIT */
/* A ring whose ends sleep and wake each other, each with an eventfd. */
#include <leat/fdring.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#define CAPACITY 60u
#define N_ITEMS 100000u

/* Items may be anything of a fixed size. */
struct point {
	uint32_t x, y;
};

/* Called with room for n_items that lie side by side. */
static uint32_t fill(void *user, void *items, uint32_t n_items)
{
	uint32_t *n_done = user;
	struct point *points = items;

	for (uint32_t i = 0; i < n_items; i++, ++*n_done)
		points[i] = (struct point){ *n_done, 2 * *n_done };
	return n_items;
}

static uint32_t check(void *user, const void *items, uint32_t n_items)
{
	uint32_t *n_done = user;
	const struct point *points = items;

	for (uint32_t i = 0; i < n_items; i++, ++*n_done)
		if (points[i].x != *n_done || points[i].y != 2 * *n_done)
			abort();
	return n_items;
}

static void *write_points(void *user)
{
	struct leat_fd_producer *producer = user;
	uint32_t n_done = 0;

	/* Sleep until there is room for one point, or more. */
	while (n_done < N_ITEMS && leat_fd_producer_wait(producer, 1, -1) == 0)
		leat_send(producer, N_ITEMS - n_done, fill, &n_done);
	return NULL;
}

int main(void)
{
	int wakes[2] = { eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC) };
	struct leat_ring_words words[2] = { 0 }; /* both begin at index 0 */
	struct point points[CAPACITY];
	struct leat_fdring_config config = {
		.ring = { &words[0], &words[1], CAPACITY, 0 },
		.items = points,
		.item_size_bytes = sizeof(points[0]),
		.raise_fd = wakes[1],
		.wait_fd = wakes[0],
	};
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	uint32_t n_done = 0;
	pthread_t thread;

	if (leat_fd_producer_init(&producer, &config) < 0)
		return 1;
	config.ring.own = &words[1];
	config.ring.peer = &words[0];
	config.raise_fd = wakes[0];
	config.wait_fd = wakes[1];
	if (leat_fd_consumer_init(&consumer, &config) < 0 ||
	    pthread_create(&thread, NULL, write_points, &producer) != 0)
		return 1;
	while (n_done < N_ITEMS && leat_fd_consumer_wait(&consumer, 1, -1) == 0)
		leat_recv(&consumer, CAPACITY, check, &n_done);
	return pthread_join(thread, NULL);
}
