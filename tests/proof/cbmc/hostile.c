/* SPDX-License-Identifier: MIT */
/*
 * One end of the shipped ring against a peer that writes anything, for all
 * values there are.
 *
 * By induction: an end that was set up is well formed, and any operation on any
 * well-formed end leaves it well formed, whatever it loads and whatever it is
 * asked for. So this holds after any number of operations, at every capacity.
 * Shown of each: spans lie inside the items and are no more than was asked for,
 * a poisoned end offers nothing, and it never waits for what cannot be.
 *
 * FUNCTION: which of the proofs below to do. Assertions of ring.c are off, so
 * that what stands behind them is looked at as well.
 */
#define NDEBUG
#include "ringbuf/ring.c"

uint32_t nondet_uint32(void);
bool nondet_bool(void);

/* assert() is off for ring.c. */
#define MUST(what) __CPROVER_assert(what, #what)
#define GIVEN(what) __CPROVER_assume(what)

static struct leat_ring_words own_words, peer_words;

/* ---- what a well-formed end is ---- */

static bool is_formed(const struct leat_ring_end *end)
{
	return end->own == &own_words && end->peer == &peer_words &&
	       end->capacity >= 1 && end->capacity <= LEAT_RING_CAPACITY_MAX &&
	       end->limit >= 1 && end->limit <= end->capacity &&
	       end->index - end->turn < end->capacity &&
	       end->begun <= end->capacity &&
	       (end->wrap_at == end->capacity || end->wrap_at == UINT32_MAX) &&
	       end->plain == (!end->timed && !end->poisoned);
}

static bool producer_is_formed(const struct leat_ring_end *end)
{
	return is_formed(end) &&
	       (end->timed || end->index - end->seen <= end->capacity);
}

static bool consumer_is_formed(const struct leat_ring_end *end)
{
	return is_formed(end) &&
	       (end->timed || end->seen - end->index <= end->capacity);
}

/* Structures that nothing is set in have any value in this proof. */
static struct leat_producer any_producer(void)
{
	struct leat_producer producer;

	producer.end.own = &own_words;
	producer.end.peer = &peer_words;
	GIVEN(producer_is_formed(&producer.end));
	return producer;
}

static struct leat_consumer any_consumer(void)
{
	struct leat_consumer consumer;

	consumer.end.own = &own_words;
	consumer.end.peer = &peer_words;
	GIVEN(consumer_is_formed(&consumer.end));
	return consumer;
}

static void must_lie_inside(const struct leat_spans *spans, uint32_t n_asked,
			    uint32_t n_given, const struct leat_ring_end *end)
{
	bool mirrored = end->wrap_at != end->capacity;
	uint64_t n_mapped = end->capacity * (mirrored ? UINT64_C(2) : 1);

	for (int i = 0; i < 2; i++) {
		uint64_t behind = (uint64_t)spans->span[i].offset +
				  spans->span[i].n_items;

		MUST(behind <= n_mapped);
	}
	MUST((uint64_t)spans->span[0].n_items + spans->span[1].n_items ==
	     spans->n_items);
	MUST(!mirrored || spans->span[1].n_items == 0);
	/* The second begins where the first does not get to. */
	MUST(spans->span[1].n_items == 0 ||
	     spans->span[1].n_items <= spans->span[0].offset);
	MUST(spans->n_items == n_given);
	MUST(n_given <= n_asked);
}

/* ---- set-up ---- */

static struct leat_ring_config any_config(void)
{
	return (struct leat_ring_config){
		.own = nondet_bool() ? &own_words : NULL,
		.peer = nondet_bool() ? &peer_words : NULL,
		.capacity = nondet_uint32(),
		.flags = nondet_uint32(),
	};
}

void producer_init(void)
{
	struct leat_ring_config config = any_config();
	struct leat_producer producer;

	if (leat_producer_init(&producer, &config) == 0)
		MUST(producer_is_formed(&producer.end));
}

void consumer_init(void)
{
	struct leat_ring_config config = any_config();
	struct leat_consumer consumer;

	if (leat_consumer_init(&consumer, &config) == 0)
		MUST(consumer_is_formed(&consumer.end));
}

/* ---- the producer ---- */

void producer_begin(void)
{
	struct leat_producer p = any_producer();
	uint32_t n_asked = nondet_uint32(), n;
	struct leat_spans spans;

	n = leat_producer_begin(&p, n_asked, &spans);
	MUST(producer_is_formed(&p.end));
	MUST(n <= p.end.limit);
	MUST(n == 0 || !p.end.poisoned);
	must_lie_inside(&spans, n_asked, n, &p.end);
}

void producer_begin_at(void)
{
	struct leat_producer p = any_producer();
	uint32_t n_asked = nondet_uint32(), n;
	uint64_t before = p.end.index;
	struct leat_spans spans;

	n = leat_producer_begin_at(&p, nondet_uint64(), n_asked, &spans);
	MUST(producer_is_formed(&p.end));
	MUST(!leat_index_before(p.end.index, before));
	must_lie_inside(&spans, n_asked, n, &p.end);
}

void producer_commit(void)
{
	struct leat_producer p = any_producer();

	leat_producer_commit(&p, nondet_uint32());
	MUST(producer_is_formed(&p.end));
	MUST(!p.end.timed || p.end.poisoned || p.end.begun == 0);
}

void producer_arm(void)
{
	struct leat_producer p = any_producer();

	asked = false;
	if (!leat_producer_arm(&p, nondet_uint32()))
		MUST(asked && !p.end.poisoned);
	MUST(producer_is_formed(&p.end));
	/* Never for more than an empty ring has. */
	MUST(!asked || p.end.index - asked_for <= p.end.limit);
}

void producer_rest(void)
{
	struct leat_producer p = any_producer();

	leat_producer_set_limit(&p, nondet_uint32());
	MUST(producer_is_formed(&p.end));
	MUST(leat_producer_room(&p) <= p.end.limit);
	MUST(producer_is_formed(&p.end));
	leat_producer_keep_wake(&p);
	MUST(leat_producer_take_wake(&p) && !leat_producer_take_wake(&p));
	MUST(leat_producer_poisoned(&p) == p.end.poisoned);
}

/* ---- the consumer ---- */

void consumer_begin(void)
{
	struct leat_consumer c = any_consumer();
	uint32_t n_asked = nondet_uint32(), n;
	struct leat_spans spans;

	n = leat_consumer_begin(&c, n_asked, &spans);
	MUST(consumer_is_formed(&c.end));
	MUST(n == 0 || !c.end.poisoned);
	must_lie_inside(&spans, n_asked, n, &c.end);
}

void consumer_begin_at(void)
{
	struct leat_consumer c = any_consumer();
	uint32_t n_asked = nondet_uint32(), n;
	struct leat_spans spans;

	n = leat_consumer_begin_at(&c, nondet_uint64(), n_asked, &spans);
	MUST(consumer_is_formed(&c.end));
	MUST(n == 0 || !c.end.poisoned);
	/* All of them were published, by what was seen. */
	MUST(c.end.seen - c.end.index >= n);
	must_lie_inside(&spans, n_asked, n, &c.end);
}

void consumer_commit(void)
{
	struct leat_consumer c = any_consumer();

	leat_consumer_commit(&c, nondet_uint32());
	MUST(consumer_is_formed(&c.end));
	MUST(!c.end.timed || c.end.poisoned || c.end.begun == 0);
}

void consumer_pass(void)
{
	struct leat_consumer c = any_consumer();

	leat_consumer_pass(&c, nondet_uint64());
	MUST(consumer_is_formed(&c.end));
	MUST(!c.end.timed || c.end.begun == 0);
}

void consumer_arm(void)
{
	struct leat_consumer c = any_consumer();
	uint64_t seen = c.end.seen;

	asked = false;
	if (!leat_consumer_arm(&c, nondet_uint32()))
		MUST(asked && !c.end.poisoned);
	MUST(consumer_is_formed(&c.end));
	/* Never for more than a full ring has. */
	MUST(!asked ||
	     asked_for - (c.end.timed ? seen : c.end.index) <= c.end.capacity);
}

void consumer_rest(void)
{
	struct leat_consumer c = any_consumer();

	MUST(leat_consumer_fill(&c) <= c.end.capacity);
	MUST(consumer_is_formed(&c.end));
	(void)leat_consumer_newest(&c);
	MUST(consumer_is_formed(&c.end));
	MUST(!leat_consumer_intact(&c, nondet_uint32()) || !c.end.poisoned);
	MUST(consumer_is_formed(&c.end));
	leat_consumer_keep_wake(&c);
	MUST(leat_consumer_take_wake(&c) && !leat_consumer_take_wake(&c));
}

int main(void)
{
	FUNCTION();
	return 0;
}
