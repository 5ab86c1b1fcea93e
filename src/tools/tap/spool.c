/* SPDX-License-Identifier: MIT */
#include "spool.h"

#include "samples.h"

#include <leat/fdring.h>

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A disk is in no hurry: 170 ms at 48 kHz. */
#define WAKE_ITEMS 16u

struct spool {
	uint32_t n_channels;
	uint32_t n_items;
	size_t item_bytes;
	struct leat_ring_words words[2];
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	struct spool_item *filling; /* handed out by begin, not committed */
	atomic_bool finished;
	atomic_uint n_used; /* items, for spool_percent() */
	int fd[2];	    /* wakes the consumer, the producer */
	void *items;
};

static int set_up_ends(struct spool *spool)
{
	struct leat_fdring_config config = {
		.ring = { .own = &spool->words[0],
			  .peer = &spool->words[1],
			  .capacity = spool->n_items },
		.items = spool->items,
		.item_size_bytes = spool->item_bytes,
		.raise_fd = spool->fd[0],
		.wait_fd = spool->fd[1],
	};
	int res;

	leat_ring_words_init(&spool->words[0], 0);
	leat_ring_words_init(&spool->words[1], 0);
	res = leat_fd_producer_init(&spool->producer, &config);
	if (res < 0)
		return res;
	config.ring.own = &spool->words[1];
	config.ring.peer = &spool->words[0];
	config.raise_fd = spool->fd[1];
	config.wait_fd = spool->fd[0];
	return leat_fd_consumer_init(&spool->consumer, &config);
}

static int set_up(struct spool *spool)
{
	spool->fd[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	spool->fd[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (spool->fd[0] < 0 || spool->fd[1] < 0)
		return -errno;
	spool->items = calloc(spool->n_items, spool->item_bytes);
	if (!spool->items)
		return -ENOMEM;
	return set_up_ends(spool);
}

int spool_create(struct spool **out, uint32_t n_channels, uint64_t n_frames)
{
	struct spool *spool = aligned_alloc(
		LEAT_LINE_BYTES, (sizeof(*spool) + LEAT_LINE_BYTES - 1) /
					 LEAT_LINE_BYTES * LEAT_LINE_BYTES);
	size_t bytes = offsetof(struct spool_item, samples) +
		       (size_t)SPOOL_FRAMES * n_channels * sizeof(float);
	int res;

	if (!spool)
		return -ENOMEM;
	memset(spool, 0, sizeof(*spool));
	spool->n_channels = n_channels;
	spool->n_items = (uint32_t)(n_frames / SPOOL_FRAMES) + 2 * SPOOL_SPARE;
	spool->item_bytes = (bytes + 15) / 16 * 16;
	spool->fd[0] = spool->fd[1] = -1;
	res = set_up(spool);
	if (res < 0)
		spool_destroy(spool);
	else
		*out = spool;
	return res;
}

void spool_destroy(struct spool *spool)
{
	if (!spool)
		return;
	for (int i = 0; i < 2; i++)
		if (spool->fd[i] >= 0)
			close(spool->fd[i]);
	free(spool->items);
	free(spool);
}

/* ---- filling ---- */

bool spool_ready(struct spool *spool)
{
	if (leat_producer_room(&spool->producer.ring) >= SPOOL_SPARE)
		return true;
	return leat_fd_producer_prepare(&spool->producer, SPOOL_SPARE);
}

int spool_fd(const struct spool *spool)
{
	return spool->fd[1];
}

/* The one being filled, or the next one. spool_ready() said there is one. */
static struct spool_item *item_of(struct spool *spool)
{
	void *items[2];
	uint32_t n_each[2];

	if (spool->filling)
		return spool->filling;
	if (leat_fd_producer_begin(&spool->producer, 1, items, n_each) == 0)
		abort();
	return items[0];
}

static void publish(struct spool *spool)
{
	spool->filling = NULL;
	atomic_fetch_add(&spool->n_used, 1);
	leat_fd_producer_commit(&spool->producer, 1);
}

void spool_flush(struct spool *spool)
{
	if (spool->filling)
		publish(spool);
}

static void gather(struct spool *spool, const float *const *planes,
		   uint32_t offset, uint32_t n)
{
	struct spool_item *item = item_of(spool);

	if (!spool->filling) {
		item->kind = SPOOL_SOUND;
		item->n_frames = 0;
		spool->filling = item;
	}
	samples_interleave(item->samples + item->n_frames * spool->n_channels,
			   planes, spool->n_channels, offset, n);
	item->n_frames += n;
	if (item->n_frames == SPOOL_FRAMES)
		publish(spool);
}

void spool_put_frames(struct spool *spool, const float *const *planes,
		      uint32_t n_frames)
{
	for (uint32_t done = 0, n; done < n_frames; done += n) {
		uint32_t room = SPOOL_FRAMES;

		if (spool->filling)
			room -= (uint32_t)spool->filling->n_frames;
		n = n_frames - done < room ? n_frames - done : room;
		gather(spool, planes, done, n);
	}
}

static struct spool_item *begin_item(struct spool *spool, enum spool_kind kind)
{
	struct spool_item *item;

	spool_flush(spool);
	item = item_of(spool);
	item->kind = kind;
	return item;
}

void spool_put_silence(struct spool *spool, uint64_t n_frames)
{
	begin_item(spool, SPOOL_SILENCE)->n_frames = n_frames;
	publish(spool);
}

void spool_put_missing(struct spool *spool, uint32_t lane, enum mark_kind kind,
		       uint64_t n_frames)
{
	struct spool_item *item = begin_item(spool, SPOOL_MISSING);

	item->lane = lane;
	item->mark.kind = kind;
	item->n_frames = n_frames;
	publish(spool);
}

void spool_put_mark(struct spool *spool, uint32_t lane, const struct mark *mark)
{
	struct spool_item *item = begin_item(spool, SPOOL_MARK);

	item->lane = lane;
	item->mark = *mark;
	publish(spool);
}

void spool_finish(struct spool *spool)
{
	uint64_t one = 1;

	spool_flush(spool);
	atomic_store(&spool->finished, true);
	if (write(spool->fd[0], &one, sizeof(one)) < 0) {
		/* It is raised already, which does as well. */
	}
}

/* ---- emptying ---- */

static const struct spool_item *next_item(struct spool *spool)
{
	const void *items[2];
	uint32_t n_each[2];

	if (leat_fd_consumer_begin(&spool->consumer, 1, items, n_each) == 0)
		return NULL;
	return items[0];
}

const struct spool_item *spool_take(struct spool *spool, int timeout_ms)
{
	const struct spool_item *item = next_item(spool);

	if (item || atomic_load(&spool->finished))
		return item ? item : next_item(spool);
	/* Many at once, or what there is when the time is over. */
	if (leat_fd_consumer_wait(&spool->consumer, WAKE_ITEMS, timeout_ms) ==
	    -EPROTO)
		return NULL;
	return next_item(spool);
}

void spool_drop(struct spool *spool)
{
	atomic_fetch_sub(&spool->n_used, 1);
	leat_fd_consumer_commit(&spool->consumer, 1);
}

bool spool_is_over(struct spool *spool)
{
	return atomic_load(&spool->finished) && !next_item(spool);
}

uint32_t spool_percent(const struct spool *spool)
{
	return (uint32_t)((uint64_t)atomic_load(&spool->n_used) * 100 /
			  spool->n_items);
}
