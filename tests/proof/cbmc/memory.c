/* SPDX-License-Identifier: MIT */
/*
 * The pointers that the shipped fdring.c hands out, against the same peer: each
 * byte of each item lies in the items, for every item size up to ITEM_MAX bytes
 * and every capacity up to CAPACITY_MAX.
 */
#define NDEBUG
#include "ringbuf/ring.c"

#include <leat/fdring.h>

#include <poll.h>
#include <stdlib.h>
#include <time.h>

int virtual_poll(struct pollfd *pfd, nfds_t n, int timeout_ms);
#define poll virtual_poll
#include "ringbuf/fdring.c"
#undef poll

uint32_t nondet_uint32(void);
size_t nondet_size(void);

#ifndef CAPACITY_MAX
#define CAPACITY_MAX 16
#define ITEM_MAX 8
#endif

static struct leat_ring_words own_words, peer_words;

int leat_signal_init(struct leat_signal *signal, int fd)
{
	signal->fd = fd;
	return 0;
}

bool leat_signal_raise(struct leat_signal *signal)
{
	return signal->fd >= 0;
}

static struct leat_fdring_config any_config(void)
{
	struct leat_fdring_config config = {
		.ring = { .own = &own_words,
			  .peer = &peer_words,
			  .capacity = nondet_uint32(),
			  .flags = nondet_uint32() },
		.item_size_bytes = nondet_size(),
		.raise_fd = -1,
		.wait_fd = -1,
	};

	__CPROVER_assume(config.ring.capacity <= CAPACITY_MAX);
	__CPROVER_assume(config.item_size_bytes <= ITEM_MAX);
	config.items = malloc(config.ring.capacity * config.item_size_bytes);
	__CPROVER_assume(config.items);
	return config;
}

/* Some byte of one of the items: any. */
static size_t any_byte(uint32_t n_items, size_t item_size_bytes)
{
	size_t byte = nondet_size();

	__CPROVER_assume(byte < n_items * item_size_bytes);
	return byte;
}

static void write_any(struct leat_fd_producer *producer)
{
	void *items[2];
	uint32_t n_each[2];

	leat_fd_producer_begin(producer, nondet_uint32(), items, n_each);
	for (int i = 0; i < 2; i++)
		if (n_each[i] > 0)
			((unsigned char *)items[i])[any_byte(
				n_each[i], producer->item_size_bytes)] = 1;
	leat_fd_producer_commit(producer, nondet_uint32());
}

static unsigned read_any(struct leat_fd_consumer *consumer)
{
	const void *items[2];
	uint32_t n_each[2];
	unsigned sum = 0;

	leat_fd_consumer_begin(consumer, nondet_uint32(), items, n_each);
	for (int i = 0; i < 2; i++)
		if (n_each[i] > 0)
			sum += ((const unsigned char *)items[i])[any_byte(
				n_each[i], consumer->item_size_bytes)];
	leat_fd_consumer_commit(consumer, nondet_uint32());
	return sum;
}

/* Where an end begins is any value: one round stands for all of them. */
void producer_in_memory(void)
{
	struct leat_fdring_config config = any_config();
	struct leat_fd_producer producer;

	if (leat_fd_producer_init(&producer, &config) == 0)
		write_any(&producer);
}

void consumer_in_memory(void)
{
	struct leat_fdring_config config = any_config();
	struct leat_fd_consumer consumer;

	if (leat_fd_consumer_init(&consumer, &config) == 0)
		(void)read_any(&consumer);
}

int main(void)
{
	FUNCTION();
	return 0;
}
