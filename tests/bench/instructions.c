/* SPDX-License-Identifier: MIT */
/*
 * Sends blocks of 512 bytes, for instructions.sh to count instructions:
 * counted_send() sends one, counted_memcpy() only copies it.
 */
#include <leat/fdring.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 512u
#define CAPACITY 64u
#define FRAME_BYTES 8u
#define BLOCK_FRAMES (BLOCK_BYTES / FRAME_BYTES)

static struct leat_ring_words words[2];
static unsigned char items[CAPACITY * BLOCK_BYTES];
static unsigned char block[BLOCK_BYTES];

/* What a user writes, with a constant size. */
__attribute__((noinline)) static void
counted_send(struct leat_fd_producer *producer)
{
	void *room[2];
	uint32_t n_each[2];

	leat_fd_producer_begin(producer, BLOCK_FRAMES, room, n_each);
	if (n_each[0] == BLOCK_FRAMES)
		memcpy(room[0], block, BLOCK_BYTES);
	leat_fd_producer_commit(producer, BLOCK_FRAMES);
}

__attribute__((noinline)) static void counted_memcpy(unsigned char *target)
{
	memcpy(target, block, BLOCK_BYTES);
}

static void drain(struct leat_fd_consumer *consumer)
{
	const void *at[2];
	uint32_t n_each[2];
	uint32_t n = leat_fd_consumer_begin(consumer, CAPACITY * BLOCK_FRAMES,
					    at, n_each);

	leat_fd_consumer_commit(consumer, n);
}

int main(int argc, char **argv)
{
	struct leat_fdring_config config = {
		.ring = { .own = &words[0],
			  .peer = &words[1],
			  .capacity = CAPACITY * BLOCK_FRAMES,
			  .flags = argc > 2 ? LEAT_RING_POLL : 0 },
		.items = items,
		.item_size_bytes = FRAME_BYTES,
		.raise_fd = -1,
		.wait_fd = -1,
	};
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	unsigned n_sends = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;

	if (leat_fd_producer_init(&producer, &config) < 0)
		return 1;
	config.ring.own = &words[1];
	config.ring.peer = &words[0];
	if (leat_fd_consumer_init(&consumer, &config) < 0)
		return 1;
	for (unsigned i = 0; i < n_sends; i++) {
		counted_send(&producer);
		counted_memcpy(items + i % CAPACITY * BLOCK_BYTES);
		if (i % CAPACITY == CAPACITY - 1)
			drain(&consumer);
	}
	printf("%llu\n",
	       (unsigned long long)leat_producer_index(&producer.ring));
	return 0;
}
