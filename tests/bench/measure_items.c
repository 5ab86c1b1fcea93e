/* SPDX-License-Identifier: MIT */
/* Single items: as many as go through, and one there and one back. */
#include "bench.h"
#include "floor.h"
#include "pair.h"

#include <stdlib.h>

struct items {
	const struct bench_runs *runs;
	void *there;
	void *back; /* ping-pong only */
	uint64_t n_items;
	uint64_t n_wrong;
};

static void push(void *arg)
{
	struct items *items = arg;

	items->runs->push(items->there, items->n_items);
}

static void pop(void *arg)
{
	struct items *items = arg;

	items->n_wrong = items->runs->pop(items->there, items->n_items);
}

static void ping(void *arg)
{
	struct items *items = arg;

	items->n_wrong =
		items->runs->ping(items->there, items->back, items->n_items);
}

static void pong(void *arg)
{
	struct items *items = arg;

	items->runs->pong(items->there, items->back, items->n_items);
}

static const struct bench_runs *runs_of(const struct bench_contestant *c,
					size_t item_bytes)
{
	return item_bytes == 4 ? &c->runs4 : &c->runs8;
}

/* Returns whether to do it again. */
static bool through(struct bench *bench, const char *key,
		    const struct bench_contestant *c, size_t item_bytes,
		    unsigned *n_tries)
{
	const struct bench_shape shape = { item_bytes, 4096, 1, 0 };
	struct items items = {
		.runs = runs_of(c, item_bytes),
		.there = c->create(&shape),
		.n_items = bench_amount(bench, 100000, 20000),
	};
	struct bench_timing timing;

	if (!items.there)
		return false;
	timing = bench_pair(push, pop, &items);
	c->destroy(items.there);
	bench_expect(bench, items.n_wrong == 0, key, c->name);
	if (bench_again(bench, timing.disturbed, n_tries))
		return true;
	bench_record(&bench->figures, key, c->name,
		     (double)items.n_items * 1e3 / (double)timing.ns);
	return false;
}

/* Returns whether to do it again. */
static bool there_and_back(struct bench *bench,
			   const struct bench_contestant *c, unsigned *n_tries)
{
	const struct bench_shape shape = { 8, 1024, 1, 0 };
	struct items items = {
		.runs = &c->runs8,
		.there = c->create(&shape),
		.back = c->create(&shape),
		.n_items = bench_amount(bench, 5000, 1000),
	};
	struct bench_timing timing;

	if (!items.there || !items.back)
		abort();
	timing = bench_pair(ping, pong, &items);
	c->destroy(items.there);
	c->destroy(items.back);
	bench_expect(bench, items.n_wrong == 0, "ping-pong", c->name);
	if (bench_again(bench, timing.disturbed, n_tries))
		return true;
	bench_record(&bench->figures, "ping-pong", c->name,
		     (double)timing.ns / (double)items.n_items);
	return false;
}

static void contestant_round(struct bench *bench,
			     const struct bench_contestant *c)
{
	unsigned n_tries = 0;

	if (!c->runs8.push)
		return;
	while (there_and_back(bench, c, &n_tries))
		;
	n_tries = 0;
	while (through(bench, "items-4", c, 4, &n_tries))
		;
	n_tries = 0;
	while (through(bench, "items-8", c, 8, &n_tries))
		;
}

void bench_items_round(struct bench *bench)
{
	uint64_t n_trips = bench_amount(bench, 5000, 1000);
	const struct bench_contestant *c;
	struct bench_timing timing;
	unsigned n_tries = 0;

	do {
		timing = bench_floor_flags(n_trips);
	} while (bench_again(bench, timing.disturbed, &n_tries));
	bench_record(&bench->figures, "ping-pong", FLOOR_FLAGS,
		     (double)timing.ns / (double)n_trips);
	for (unsigned i = 0; (c = bench_contestants[i]); i++)
		if (bench_takes_part(bench, c))
			contestant_round(bench, c);
}
