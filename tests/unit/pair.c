/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <leat/inline/atomics.h>

#include <string.h>

const uint64_t pair_seeds[] = {
	0,
	1000,
	UINT32_MAX - 2,
	UINT64_MAX - 2,
};
const unsigned pair_n_seeds = sizeof(pair_seeds) / sizeof(pair_seeds[0]);

bool pair_open(struct pair *pair, uint32_t capacity, uint64_t first_index,
	       uint32_t flags)
{
	const struct leat_ring_config producer = {
		.own = &pair->producer_words,
		.peer = &pair->consumer_words,
		.capacity = capacity,
		.flags = flags,
	};
	const struct leat_ring_config consumer = {
		.own = &pair->consumer_words,
		.peer = &pair->producer_words,
		.capacity = capacity,
		.flags = flags,
	};

	/* What the ring does not set up itself must not matter. */
	memset(pair, 0xa5, sizeof(*pair));
	leat_ring_words_init(&pair->producer_words, first_index);
	leat_ring_words_init(&pair->consumer_words, first_index);
	return leat_producer_init(&pair->producer, &producer) == 0 &&
	       leat_consumer_init(&pair->consumer, &consumer) == 0;
}

void pair_fill(struct pair *pair, const struct leat_spans *spans)
{
	uint64_t index = leat_producer_index(&pair->producer);

	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < spans->span[s].n_items; i++)
			pair->items[spans->span[s].offset + i] = index++;
}

bool pair_matches(const struct pair *pair, const struct leat_spans *spans,
		  uint64_t index)
{
	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < spans->span[s].n_items; i++)
			if (pair->items[spans->span[s].offset + i] != index++)
				return false;
	return true;
}

uint32_t pair_write(struct pair *pair, uint32_t n_items)
{
	struct leat_spans spans;
	uint32_t n = leat_producer_begin(&pair->producer, n_items, &spans);

	pair_fill(pair, &spans);
	leat_producer_commit(&pair->producer, n);
	return n;
}

uint32_t pair_read(struct pair *pair, uint32_t n_items)
{
	uint64_t index = leat_consumer_index(&pair->consumer);
	struct leat_spans spans;
	uint32_t n = leat_consumer_begin(&pair->consumer, n_items, &spans);
	bool right = pair_matches(pair, &spans, index);

	leat_consumer_commit(&pair->consumer, n);
	return right ? n : UINT32_MAX;
}

void pair_forge(struct leat_word *word, uint64_t value)
{
	leat_word_store(word, value);
}
