/* SPDX-License-Identifier: MIT */
#include <leat/ring.h>

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct leat_word) == 8, "a word is 64 bits");
_Static_assert(sizeof(struct leat_ring_words) == 2 * LEAT_LINE_BYTES,
	       "two lines, one writer");
_Static_assert(offsetof(struct leat_ring_words, wake_at) == LEAT_LINE_BYTES,
	       "wake_at: own line");

void leat_ring_words_init(struct leat_ring_words *words, uint64_t index)
{
	memset(words, 0, sizeof(*words));
	leat_word_store(&words->index, index);
	/* As far as can be from being passed: nobody waits yet. */
	leat_word_store(&words->wake_at, index);
}

static int end_init(struct leat_ring_end *end,
		    const struct leat_ring_config *config)
{
	if (!config->own || !config->peer || config->capacity == 0 ||
	    config->capacity > LEAT_RING_CAPACITY_MAX)
		return -EINVAL;
	memset(end, 0, sizeof(*end));
	end->own = config->own;
	end->peer = config->peer;
	end->capacity = config->capacity;
	end->limit = config->capacity;
	end->wrap_at = config->flags & LEAT_RING_MIRRORED ? UINT32_MAX
							  : config->capacity;
	end->poll = config->flags & LEAT_RING_POLL;
	end->timed = config->flags & LEAT_RING_TIMED;
	end->plain = !end->timed;
	end->index = leat_word_load(&end->own->index);
	end->published = end->index;
	end->seen = leat_word_load(&end->peer->index);
	end->turn = end->index - end->index % end->capacity;
	return 0;
}

int leat_producer_init(struct leat_producer *producer,
		       const struct leat_ring_config *config)
{
	struct leat_ring_end *end = &producer->end;
	int res = end_init(end, config);

	if (res < 0)
		return res;
	if (!end->timed && end->index - end->seen > end->capacity)
		return -EPROTO;
	return 0;
}

int leat_consumer_init(struct leat_consumer *consumer,
		       const struct leat_ring_config *config)
{
	struct leat_ring_end *end = &consumer->end;
	int res = end_init(end, config);

	if (res < 0)
		return res;
	if (!end->timed && end->seen - end->index > end->capacity)
		return -EPROTO;
	return 0;
}

/* Take in the peer's index if it can be true: seen <= now <= furthest. */
static void look(struct leat_ring_end *end, uint64_t now, uint64_t furthest)
	LEAT_RT
{
	if (leat_index_between(end->seen, now, furthest)) {
		end->seen = now;
	} else {
		end->poisoned = true;
		end->plain = false;
	}
}

/* The furthest that the consumer can be is where the producer is. */
static void look_at_consumer(struct leat_ring_end *end, uint64_t now) LEAT_RT
{
	look(end, now, end->index);
}

/*
 * The furthest that the producer can be is a whole ring ahead; on a timed
 * ring, anywhere ahead.
 */
static void look_at_producer(struct leat_ring_end *end, uint64_t now) LEAT_RT
{
	look(end, now,
	     end->timed ? end->seen + INT64_MAX : end->index + end->capacity);
}

/* Move the private index, forwards or backwards; nothing is published. */
static void jump(struct leat_ring_end *end, uint64_t index) LEAT_RT
{
	uint32_t offset = leat_ring_offset(end);

	if (leat_index_before(index, end->index))
		offset = leat_offset_retreat(offset, end->index - index,
					     end->capacity);
	else
		offset = leat_offset_advance(offset, index - end->index,
					     end->capacity);
	end->index = index;
	end->turn = index - offset;
}

/* Publish the index, which may lie anywhere. */
static void publish_timed(struct leat_ring_end *end) LEAT_RT
{
	uint64_t old = end->published, index = end->index;
	uint64_t wake_at;

	end->published = index;
	if (end->poll) {
		leat_word_store(&end->own->index, index);
		/* What is overwritten next must not be seen before this. */
		leat_stores_before_stores();
		return;
	}
	leat_word_publish(&end->own->index, index);
	wake_at = leat_word_load_after_publish(&end->peer->wake_at);
	if (leat_index_before(old, index) &&
	    leat_index_crosses(old, index, wake_at))
		end->wake_due = true;
}

void leat_ring_commit_rare(struct leat_ring_end *end, uint32_t n_items)
{
	if (!end->timed)
		return;
	if (n_items > end->begun)
		n_items = end->begun;
	end->begun = 0;
	/* Nothing was passed, and no jump either: there is no news. */
	if (n_items == 0 && end->index == end->published)
		return;
	jump(end, end->index + n_items);
	publish_timed(end);
}

/* ---- producer ---- */

static uint32_t room_seen(const struct leat_ring_end *end) LEAT_RT
{
	uint64_t used = end->index - end->seen;

	return used < end->limit ? end->limit - (uint32_t)used : 0;
}

static uint32_t room_for(struct leat_ring_end *end, uint32_t n_items) LEAT_RT
{
	if (end->poisoned)
		return 0;
	if (end->timed)
		return end->limit;
	if (room_seen(end) < n_items) {
		look_at_consumer(end, leat_word_load(&end->peer->index));
		if (end->poisoned)
			return 0;
	}
	return room_seen(end);
}

uint32_t leat_producer_look(struct leat_producer *producer, uint32_t n_items)
{
	uint32_t room = room_for(&producer->end, n_items);

	return producer->end.begun = n_items < room ? n_items : room;
}

uint32_t leat_producer_begin_at(struct leat_producer *producer, uint64_t index,
				uint32_t n_items, struct leat_spans *spans)
{
	struct leat_ring_end *end = &producer->end;

	end->begun = 0;
	if (!end->timed || n_items > end->capacity ||
	    leat_index_before(index, end->index)) {
		leat_spans_cut(spans, leat_ring_offset(end), 0, end->wrap_at);
		return 0;
	}
	if (index != end->index) {
		jump(end, index);
		/*
		 * Seen before what is written there: leat_consumer_intact()
		 * reckons with writes next to the index, not far ahead of it.
		 */
		leat_word_publish(&end->own->index, index);
	}
	end->begun = n_items;
	leat_spans_cut(spans, leat_ring_offset(end), n_items, end->wrap_at);
	return n_items;
}

void leat_producer_keep_wake(struct leat_producer *producer)
{
	producer->end.wake_due = true;
}

bool leat_producer_arm(struct leat_producer *producer, uint32_t n_items)
{
	struct leat_ring_end *end = &producer->end;

	if (end->poisoned || end->timed)
		return true;
	if (n_items > end->limit)
		n_items = end->limit;
	leat_word_publish(&end->own->wake_at,
			  end->index + n_items - end->limit);
	look_at_consumer(end, leat_word_load_after_publish(&end->peer->index));
	return end->poisoned || room_seen(end) >= n_items;
}

uint32_t leat_producer_room(struct leat_producer *producer)
{
	return room_for(&producer->end, UINT32_MAX);
}

uint64_t leat_producer_index(const struct leat_producer *producer)
{
	return producer->end.index;
}

void leat_producer_set_limit(struct leat_producer *producer, uint32_t limit)
{
	struct leat_ring_end *end = &producer->end;

	if (limit == 0)
		limit = 1;
	end->limit = limit < end->capacity ? limit : end->capacity;
}

bool leat_producer_poisoned(const struct leat_producer *producer)
{
	return producer->end.poisoned;
}

/* ---- consumer ---- */

/* On a timed ring the producer may be behind, or have lapped this end. */
static uint32_t fill_seen(const struct leat_ring_end *end) LEAT_RT
{
	uint64_t fill = end->seen - end->index;

	return fill <= end->capacity ? (uint32_t)fill : 0;
}

static uint32_t fill_for(struct leat_ring_end *end, uint32_t n_items) LEAT_RT
{
	if (end->poisoned)
		return 0;
	if (fill_seen(end) < n_items) {
		look_at_producer(end, leat_word_load(&end->peer->index));
		if (end->poisoned)
			return 0;
	}
	return fill_seen(end);
}

uint32_t leat_consumer_look(struct leat_consumer *consumer, uint32_t n_items)
{
	uint32_t fill = fill_for(&consumer->end, n_items);

	return consumer->end.begun = n_items < fill ? n_items : fill;
}

uint32_t leat_consumer_begin_at(struct leat_consumer *consumer, uint64_t index,
				uint32_t n_items, struct leat_spans *spans)
{
	struct leat_ring_end *end = &consumer->end;
	uint64_t newest = leat_consumer_newest(consumer);
	bool there = end->timed && !end->poisoned &&
		     !leat_index_before(newest, index + n_items) &&
		     newest - index <= end->capacity;

	end->begun = 0;
	if (end->timed)
		jump(end, index);
	if (there)
		end->begun = n_items;
	leat_spans_cut(spans, leat_ring_offset(end), end->begun, end->wrap_at);
	return end->begun;
}

void leat_consumer_pass(struct leat_consumer *consumer, uint64_t index)
{
	struct leat_ring_end *end = &consumer->end;

	end->begun = 0;
	if (!end->timed)
		return;
	jump(end, index);
	publish_timed(end);
}

void leat_consumer_keep_wake(struct leat_consumer *consumer)
{
	consumer->end.wake_due = true;
}

bool leat_consumer_arm(struct leat_consumer *consumer, uint32_t n_items)
{
	struct leat_ring_end *end = &consumer->end;
	uint64_t base = end->timed ? end->seen : end->index;

	if (end->poisoned)
		return true;
	if (n_items > end->capacity)
		n_items = end->capacity;
	leat_word_publish(&end->own->wake_at, base + n_items);
	look_at_producer(end, leat_word_load_after_publish(&end->peer->index));
	return end->poisoned || end->seen - base >= n_items;
}

uint32_t leat_consumer_fill(struct leat_consumer *consumer)
{
	return fill_for(&consumer->end, UINT32_MAX);
}

uint64_t leat_consumer_index(const struct leat_consumer *consumer)
{
	return consumer->end.index;
}

uint64_t leat_consumer_newest(struct leat_consumer *consumer)
{
	struct leat_ring_end *end = &consumer->end;

	if (!end->poisoned)
		look_at_producer(end, leat_word_load(&end->peer->index));
	return end->seen;
}

bool leat_consumer_intact(struct leat_consumer *consumer,
			  uint32_t n_being_written)
{
	struct leat_ring_end *end = &consumer->end;

	leat_loads_before_loads();
	return leat_consumer_newest(consumer) + n_being_written - end->index <=
		       end->capacity &&
	       !end->poisoned;
}

bool leat_consumer_poisoned(const struct leat_consumer *consumer)
{
	return consumer->end.poisoned;
}
