/* SPDX-License-Identifier: MIT */
/* Both ends of a bare ring of numbers, in one place. */
#ifndef LEAT_UNIT_PAIR_H
#define LEAT_UNIT_PAIR_H

#include <leat/ring.h>

#include <stdbool.h>
#include <stdint.h>

#define PAIR_CAPACITY_MAX 256u

struct pair {
	struct leat_ring_words producer_words;
	struct leat_ring_words consumer_words;
	struct leat_producer producer;
	struct leat_consumer consumer;
	uint64_t items[PAIR_CAPACITY_MAX];
};

/* Where the counters run over, and where they do not. */
extern const uint64_t pair_seeds[];
extern const unsigned pair_n_seeds;

/* Set up both ends; false if the library refuses. */
bool pair_open(struct pair *pair, uint32_t capacity, uint64_t first_index,
	       uint32_t flags);

/* Fill what begin offered with the index of each item. */
void pair_fill(struct pair *pair, const struct leat_spans *spans);

/* Whether what begin offered holds the index of each item, from one on. */
bool pair_matches(const struct pair *pair, const struct leat_spans *spans,
		  uint64_t index);

/* Write or read up to n items; how many it was. UINT32_MAX: wrong items. */
uint32_t pair_write(struct pair *pair, uint32_t n_items);
uint32_t pair_read(struct pair *pair, uint32_t n_items);

/* What a peer that breaks the rules would do. */
void pair_forge(struct leat_word *word, uint64_t value);

#endif
