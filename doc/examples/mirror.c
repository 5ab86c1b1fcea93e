/* SPDX-License-Identifier: MIT */
/* A ring whose items never wrap: its memory is mapped twice in a row. */
#include <leat/fdring.h>
#include <leat/shm.h>

#include <stdio.h>
#include <string.h>

/* A power of two, so that they fill a page of any kind. */
struct item {
	char text[32];
};

/* A page for items, a huge one if there is any, mapped twice. */
static int create_items(struct leat_shm *shm)
{
	const uint32_t flags = LEAT_SHM_MIRRORED | LEAT_SHM_HUGE_IF_ANY;
	const struct leat_shm_config config = {
		.size_bytes = leat_shm_page_bytes(flags),
		.flags = flags,
	};

	return leat_shm_create_with(shm, "items", &config);
}

/* Called once for each send, though most of these pass the end. */
static uint32_t put(void *user, void *items, uint32_t n_items)
{
	unsigned *n_calls = user;

	++*n_calls;
	memset(items, 'x', n_items * sizeof(struct item));
	return n_items;
}

static uint32_t take(void *user, const void *items, uint32_t n_items)
{
	unsigned *n_calls = user;

	(void)items;
	++*n_calls;
	return n_items;
}

/* Both ends in one thread: blocks of more than half the ring, there and back. */
static int carry(const struct leat_shm *shm, unsigned *n_calls)
{
	static struct leat_ring_words words[2];
	struct leat_fdring_config config = {
		.ring = { .own = &words[0],
			  .peer = &words[1],
			  .capacity = (uint32_t)(shm->size_bytes /
						 sizeof(struct item)),
			  .flags = LEAT_RING_MIRRORED | LEAT_RING_POLL },
		.items = shm->addr,
		.item_size_bytes = sizeof(struct item),
		.raise_fd = -1,
		.wait_fd = -1,
	};
	const uint32_t n_items = config.ring.capacity / 2 + 1;
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	int res = leat_fd_producer_init(&producer, &config);

	config.ring.own = &words[1];
	config.ring.peer = &words[0];
	if (res == 0)
		res = leat_fd_consumer_init(&consumer, &config);
	for (int i = 0; res == 0 && i < 10; i++)
		if (leat_send(&producer, n_items, put, n_calls) != n_items ||
		    leat_recv(&consumer, n_items, take, n_calls) != n_items)
			return -1;
	return res;
}

int main(void)
{
	struct leat_shm shm = LEAT_SHM_NONE;
	int res = create_items(&shm);
	unsigned n_calls = 0;

	if (res < 0) {
		fprintf(stderr, "leat_shm_create_with: %s\n", strerror(-res));
		return 1;
	}
	res = carry(&shm, &n_calls);
	printf("pages of %zu bytes, %u calls for 20 blocks\n", shm.page_bytes,
	       n_calls);
	leat_shm_finish(&shm);
	return res == 0 && n_calls == 20 ? 0 : 1;
}
