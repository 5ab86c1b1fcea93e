/* SPDX-License-Identifier: MIT */
/*
 * Two ends of a ring in one memory, and a peer that writes its words at will
 * between their operations. A model of what <leat/ring.h> promises runs beside
 * it: spans stay inside, what was written is read, an index that cannot be
 * true poisons for good and nothing else does, and a wake-up is due when the
 * index passes wake_at and then only.
 */
#include "fuzz.h"

#include <leat/ring.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N_ITEMS_MAX 512u

enum { PRODUCER, CONSUMER, N_ENDS };

/* What is known of an end from outside. */
struct model {
	uint64_t index, published;
	uint64_t seen;	 /* of the peer: it was looked at not before this */
	bool seen_since; /* it may have been looked at again */
	bool word_kept;	 /* nobody else wrote the end's own index */
	bool due;	 /* a crossing was not taken yet */
	bool was_poison; /* and so it must stay */
};

struct rig {
	struct leat_ring_words words[N_ENDS];
	struct leat_producer producer;
	struct leat_consumer consumer;
	struct model end[N_ENDS];
	uint32_t capacity, limit;
	bool timed, poll;
	uint8_t *items; /* NULL: there are too many to hold */
};

static uint64_t word(const struct leat_word *word)
{
	return __atomic_load_n(&word->atomic_value, __ATOMIC_RELAXED);
}

static uint32_t least(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

static uint64_t peer_index(const struct rig *rig, int end)
{
	return word(&rig->words[1 - end].index);
}

static bool poisoned(const struct rig *rig, int end)
{
	return end == PRODUCER ? leat_producer_poisoned(&rig->producer)
			       : leat_consumer_poisoned(&rig->consumer);
}

/* Both kept to the rules so far: an end that was lied to passes it on. */
static bool honest(const struct rig *rig)
{
	return rig->end[PRODUCER].word_kept && rig->end[CONSUMER].word_kept;
}

/* ---- what is always so ---- */

static void look_at_end(struct rig *rig, int end)
{
	struct model *model = &rig->end[end];

	MUST(!model->was_poison || poisoned(rig, end));
	MUST(!honest(rig) || !poisoned(rig, end));
	model->was_poison = poisoned(rig, end);
	MUST(model->index == (end == PRODUCER
				      ? leat_producer_index(&rig->producer)
				      : leat_consumer_index(&rig->consumer)));
}

/* The end has just looked at its peer's index. */
static void has_looked(struct rig *rig, int end)
{
	struct model *model = &rig->end[end];
	uint64_t now = peer_index(rig, end), furthest = model->index;

	if (end == CONSUMER)
		furthest = rig->timed ? model->seen + INT64_MAX
				      : model->index + rig->capacity;
	/* On a timed ring it is reckoned from the last look, whichever it was. */
	if (now - model->seen > furthest - model->seen &&
	    !(rig->timed && model->seen_since))
		MUST(poisoned(rig, end));
	if (!poisoned(rig, end)) {
		model->seen = now;
		model->seen_since = false;
	}
}

static void look_at_spans(const struct rig *rig, const struct leat_spans *spans,
			  uint32_t n_asked, uint32_t n_given)
{
	uint64_t ends[2];

	for (int i = 0; i < 2; i++) {
		ends[i] = (uint64_t)spans->span[i].offset +
			  spans->span[i].n_items;
		MUST(ends[i] <= rig->capacity);
	}
	MUST(spans->n_items == n_given && n_given <= n_asked);
	MUST((uint64_t)spans->span[0].n_items + spans->span[1].n_items ==
	     n_given);
	MUST(spans->span[1].n_items == 0 ||
	     (spans->span[1].offset == 0 && ends[0] == rig->capacity &&
	      spans->span[1].n_items <= spans->span[0].offset));
}

static void fill(const struct rig *rig, const struct leat_spans *spans)
{
	uint64_t index = rig->end[PRODUCER].index;

	for (int s = 0; s < 2 && rig->items; s++)
		for (uint32_t i = 0; i < spans->span[s].n_items; i++)
			rig->items[spans->span[s].offset + i] =
				(uint8_t)(index++ * 7);
}

/* What an honest pair carries is what was written. */
static void read(const struct rig *rig, const struct leat_spans *spans)
{
	bool known = honest(rig) && !rig->timed;
	uint64_t index = rig->end[CONSUMER].index;

	for (int s = 0; s < 2 && rig->items; s++)
		for (uint32_t i = 0; i < spans->span[s].n_items; i++) {
			uint8_t item = rig->items[spans->span[s].offset + i];

			MUST(!known || item == (uint8_t)(index * 7));
			index++;
		}
}

/* old < mark <= now */
static bool crosses(uint64_t old, uint64_t now, uint64_t mark)
{
	return now != old && now - old < UINT64_C(1) << 63 && mark != old &&
	       mark - old <= now - old;
}

static void publish(struct rig *rig, int end, uint64_t index)
{
	struct model *model = &rig->end[end];
	uint64_t wake_at = word(&rig->words[1 - end].wake_at);

	if (!rig->poll && crosses(model->published, index, wake_at))
		model->due = true;
	model->index = model->published = index;
	MUST(word(&rig->words[end].index) == index);
}

static void committed(struct rig *rig, int end, uint32_t n_items)
{
	const struct model *model = &rig->end[end];

	if (n_items > 0 || model->index != model->published)
		publish(rig, end, model->index + n_items);
}

/* ---- the producer ---- */

/* By the consumer's word as it is now. */
static uint32_t room(const struct rig *rig)
{
	uint64_t used = rig->end[PRODUCER].index - peer_index(rig, PRODUCER);

	if (rig->timed)
		return rig->limit;
	return used < rig->limit ? rig->limit - (uint32_t)used : 0;
}

static void write_items(struct rig *rig, uint32_t n_asked, uint32_t n_less)
{
	struct leat_spans spans;
	uint32_t n = leat_producer_begin(&rig->producer, n_asked, &spans);

	look_at_spans(rig, &spans, n_asked, n);
	MUST(n <= rig->limit);
	MUST(!poisoned(rig, PRODUCER) || n == 0);
	if (honest(rig))
		MUST(n == least(n_asked, room(rig)));
	fill(rig, &spans);
	n -= least(n, n_less);
	leat_producer_commit(&rig->producer, n);
	committed(rig, PRODUCER, n);
}

static void write_items_at(struct rig *rig, int64_t ahead, uint32_t n_asked)
{
	uint64_t index = rig->end[PRODUCER].index + (uint64_t)ahead;
	struct leat_spans spans;
	uint32_t n =
		leat_producer_begin_at(&rig->producer, index, n_asked, &spans);

	look_at_spans(rig, &spans, n_asked, n);
	if (!rig->timed || ahead < 0 || n_asked > rig->capacity)
		MUST(n == 0);
	else
		rig->end[PRODUCER].index = index;
	MUST(n == 0 || n == n_asked);
	fill(rig, &spans);
	leat_producer_commit(&rig->producer, n);
	committed(rig, PRODUCER, n);
}

static void arm_producer(struct rig *rig, uint32_t n_items)
{
	bool there = leat_producer_arm(&rig->producer, n_items);

	if (rig->timed) {
		MUST(there);
		return;
	}
	has_looked(rig, PRODUCER);
	MUST(there || !poisoned(rig, PRODUCER));
	if (honest(rig))
		MUST(there == (room(rig) >= least(n_items, rig->limit)));
}

static void look_at_room(struct rig *rig)
{
	uint32_t n = leat_producer_room(&rig->producer);

	MUST(n <= rig->limit);
	if (!rig->timed)
		has_looked(rig, PRODUCER);
	MUST(n == (poisoned(rig, PRODUCER) ? 0 : room(rig)));
}

static void set_limit(struct rig *rig, uint32_t limit)
{
	leat_producer_set_limit(&rig->producer, limit);
	rig->limit = limit == 0 ? 1 : least(limit, rig->capacity);
}

/* ---- the consumer ---- */

static uint32_t fill_now(const struct rig *rig)
{
	uint64_t n = peer_index(rig, CONSUMER) - rig->end[CONSUMER].index;

	return n <= rig->capacity ? (uint32_t)n : 0;
}

static void read_items(struct rig *rig, uint32_t n_asked, uint32_t n_less)
{
	struct leat_spans spans;
	uint32_t n = leat_consumer_begin(&rig->consumer, n_asked, &spans);

	rig->end[CONSUMER].seen_since = true;
	look_at_spans(rig, &spans, n_asked, n);
	MUST(!poisoned(rig, CONSUMER) || n == 0);
	if (honest(rig) && !rig->timed)
		MUST(n == least(n_asked, fill_now(rig)));
	read(rig, &spans);
	n -= least(n, n_less);
	leat_consumer_commit(&rig->consumer, n);
	committed(rig, CONSUMER, n);
}

static void read_items_at(struct rig *rig, int64_t ahead, uint32_t n_asked,
			  bool pass)
{
	struct model *model = &rig->end[CONSUMER];
	uint64_t index = model->index + (uint64_t)ahead;
	struct leat_spans spans;
	uint32_t n =
		leat_consumer_begin_at(&rig->consumer, index, n_asked, &spans);
	bool there;

	has_looked(rig, CONSUMER);
	if (rig->timed)
		model->index = index;
	there = rig->timed && !poisoned(rig, CONSUMER) &&
		model->seen - index <= rig->capacity &&
		model->seen - index >= n_asked;
	look_at_spans(rig, &spans, n_asked, n);
	MUST(n == (there ? n_asked : 0));
	read(rig, &spans);
	if (leat_consumer_intact(&rig->consumer, n_asked))
		MUST(!poisoned(rig, CONSUMER));
	has_looked(rig, CONSUMER);
	if (!pass) {
		leat_consumer_commit(&rig->consumer, n);
		committed(rig, CONSUMER, n);
		return;
	}
	leat_consumer_pass(&rig->consumer, index + n_asked);
	if (rig->timed)
		publish(rig, CONSUMER, index + n_asked);
}

static void arm_consumer(struct rig *rig, uint32_t n_items)
{
	bool there = leat_consumer_arm(&rig->consumer, n_items);

	has_looked(rig, CONSUMER);
	MUST(there || !poisoned(rig, CONSUMER));
	if (honest(rig) && !rig->timed)
		MUST(there == (fill_now(rig) >= least(n_items, rig->capacity)));
}

static void look_at_fill(struct rig *rig)
{
	uint32_t n = leat_consumer_fill(&rig->consumer);

	MUST(n <= rig->capacity);
	has_looked(rig, CONSUMER);
	MUST(n == (poisoned(rig, CONSUMER) ? 0 : fill_now(rig)));
}

static void look_at_newest(struct rig *rig)
{
	uint64_t newest = leat_consumer_newest(&rig->consumer);

	has_looked(rig, CONSUMER);
	MUST(poisoned(rig, CONSUMER) || newest == peer_index(rig, CONSUMER));
}

/* ---- both ---- */

static void take_wake(struct rig *rig, int end)
{
	bool due = end == PRODUCER ? leat_producer_take_wake(&rig->producer)
				   : leat_consumer_take_wake(&rig->consumer);

	MUST(due == rig->end[end].due);
	rig->end[end].due = false;
}

static void keep_wake(struct rig *rig, int end)
{
	if (end == PRODUCER)
		leat_producer_keep_wake(&rig->producer);
	else
		leat_consumer_keep_wake(&rig->consumer);
	rig->end[end].due = true;
}

/* The peer writes a word: a little beside what it was, or anything. */
static void forge(struct rig *rig, int end, bool index,
		  struct fuzz_input *input)
{
	struct leat_ring_words *words = &rig->words[end];
	struct leat_word *target = index ? &words->index : &words->wake_at;
	uint64_t value = word(target) + (uint64_t)(int8_t)fuzz_u8(input);

	if (fuzz_u8(input) % 4 == 0)
		value = fuzz_u64(input);
	__atomic_store_n(&target->atomic_value, value, __ATOMIC_RELAXED);
	if (index)
		rig->end[end].word_kept = false;
}

static void operate(struct rig *rig, struct fuzz_input *input)
{
	unsigned what = fuzz_u8(input) % 20;
	uint32_t n = fuzz_u8(input);
	int end = what % 2;

	if (n >= 0xf0) /* some are beyond any ring */
		n = fuzz_u32(input);
	switch (what / 2) {
	case 0:
	case 1:
		if (end == PRODUCER)
			write_items(rig, n, what / 2 * fuzz_u8(input));
		else
			read_items(rig, n, what / 2 * fuzz_u8(input));
		break;
	case 2:
		if (end == PRODUCER)
			write_items_at(rig, (int8_t)fuzz_u8(input), n);
		else
			read_items_at(rig, (int8_t)fuzz_u8(input), n, false);
		break;
	case 3:
		if (end == PRODUCER)
			arm_producer(rig, n);
		else
			arm_consumer(rig, n);
		break;
	case 4:
		if (end == PRODUCER)
			look_at_room(rig);
		else
			look_at_fill(rig);
		break;
	case 5:
		if (end == PRODUCER)
			set_limit(rig, n);
		else
			look_at_newest(rig);
		break;
	case 6:
		take_wake(rig, end);
		break;
	case 7:
		if (end == PRODUCER)
			keep_wake(rig, (int)(n % 2));
		else
			read_items_at(rig, (int64_t)fuzz_u64(input), n, true);
		break;
	case 8:
		forge(rig, end, true, input);
		break;
	case 9:
		forge(rig, end, false, input);
		break;
	}
	look_at_end(rig, PRODUCER);
	look_at_end(rig, CONSUMER);
}

/* ---- set-up ---- */

static uint32_t take_capacity(struct fuzz_input *input)
{
	unsigned kind = fuzz_u8(input);

	if (kind < 128)
		return 1 + kind % 16;
	return kind < 240 ? 1 + fuzz_u16(input) % N_ITEMS_MAX : fuzz_u32(input);
}

static struct leat_ring_config config(struct rig *rig, int end, uint32_t flags)
{
	return (struct leat_ring_config){
		.own = &rig->words[end],
		.peer = &rig->words[1 - end],
		.capacity = rig->capacity,
		.flags = flags,
	};
}

static bool set_up(struct rig *rig, struct fuzz_input *input)
{
	uint32_t flags = fuzz_u8(input) % 4;
	uint64_t first = fuzz_u64(input);
	uint64_t ahead = (uint64_t)(int8_t)fuzz_u8(input);
	struct leat_ring_config producer = config(rig, PRODUCER, flags);
	struct leat_ring_config consumer = config(rig, CONSUMER, flags);
	bool possible;
	int res, res2;

	rig->timed = flags & LEAT_RING_TIMED;
	rig->poll = flags & LEAT_RING_POLL;
	rig->limit = rig->capacity;
	leat_ring_words_init(&rig->words[CONSUMER], first);
	leat_ring_words_init(&rig->words[PRODUCER], first + ahead);
	res = leat_producer_init(&rig->producer, &producer);
	res2 = leat_consumer_init(&rig->consumer, &consumer);
	MUST(res == res2);
	possible = rig->timed || ahead <= rig->capacity;
	if (rig->capacity == 0 || rig->capacity > LEAT_RING_CAPACITY_MAX)
		MUST(res == -EINVAL);
	else
		MUST(res == (possible ? 0 : -EPROTO));
	for (int end = 0; end < N_ENDS; end++)
		rig->end[end] = (struct model){
			.index = word(&rig->words[end].index),
			.published = word(&rig->words[end].index),
			.seen = peer_index(rig, end),
			/* Items that nobody wrote are there already. */
			.word_kept = ahead == 0,
		};
	return res == 0;
}

void fuzz_begin(void)
{
}

/* What the ring is like, and operations. */
void fuzz_one(struct fuzz_input *input)
{
	struct rig rig;

	memset(&rig, 0xa5, sizeof(rig));
	rig.items = NULL;
	rig.capacity = take_capacity(input);
	if (!set_up(&rig, input))
		return;
	if (rig.capacity <= N_ITEMS_MAX)
		rig.items = calloc(rig.capacity, 1);
	while (input->left > 0)
		operate(&rig, input);
	free(rig.items);
}

/* ---- seeds ---- */

static void put_ring(struct fuzz_seed *seed, unsigned capacity, unsigned flags,
		     uint64_t first)
{
	fuzz_put_u8(seed, capacity - 1);
	fuzz_put_u8(seed, flags);
	fuzz_put_u64(seed, first);
	fuzz_put_u8(seed, 0);
}

/* Write and read, wrapping; arm and look at each end; forge and look. */
static void put_operations(struct fuzz_seed *seed, unsigned forged)
{
	static const uint8_t operations[] = {
		7,  1, 0, 5, 12, 0, 1, 3, 6, 5, 0, 5, 1, 7, 13, 0,  2,
		2,  1, 3, 2, 1,	 4, 3, 1, 5, 4, 1, 8, 0, 9, 0,	10, 3,
		11, 0, 0, 9, 15, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};

	fuzz_put(seed, operations, sizeof(operations));
	fuzz_put_u8(seed, forged);
	fuzz_put_u8(seed, 0);
	fuzz_put_u8(seed, 20);
	fuzz_put_u8(seed, 1);
	fuzz_put(seed, (const uint8_t[]){ 8, 0, 9, 0, 0, 9, 1, 9 }, 8);
}

void fuzz_seeds(void)
{
	struct fuzz_seed seed = { .n_bytes = 0 };
	char name[16] = "ring-";

	for (unsigned flags = 0; flags < 4; flags++)
		for (unsigned end = 0; end < N_ENDS; end++) {
			name[5] = (char)('0' + flags);
			name[6] = (char)('0' + end);
			put_ring(&seed, 7, flags, UINT64_MAX - 9);
			put_operations(&seed, 16 + end);
			fuzz_write_seed(&seed, name);
		}
}
